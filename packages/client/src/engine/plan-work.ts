// Carries out one plan: base follows, commits go to the log, changes of the log to the disk, and files that must be known are read. Stops early
// when the plan has grown old: what is left is planned again.
import type { FolderApplier } from '../disk/apply.ts'
import type { IngestFile } from '../content/ingest.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Action, Apply, Plan, StepAside } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import { sameContent, type NodeId, type NodeValue } from '../sync/tree.ts'
import { adoptAll } from './adopting.ts'
import type { Braking } from './brake.ts'
import { expectedContent } from './expected-content.ts'
import { smallBytesMax, smallChangesMax, smallFileBytesMax, type Meanwhile } from './meanwhile.ts'
import type { Questions } from './questions.ts'
import type { Receiver } from './receiver.ts'
import type { Sender } from './sender.ts'
import { SmallBeside } from './small-beside.ts'
import type { Tally } from './tally.ts'
import type { Vault } from './vault.ts'

/**
 * Changes given to the disk at once: between two such parts a run can turn to what came meanwhile. Half a batch of a plan, which is all that it looks
 * at: what is left over as a small part costs flushes of its own.
 */
export const partChangesMax = 1_250
const partBytesMax = 256 * 1024 * 1024

export interface PlanWorkParts {
  readonly vault: Vault
  readonly sender: () => Sender
  readonly receiver: Receiver
  readonly questions: Questions
  readonly applier: Pick<FolderApplier, 'run' | 'tidy'>
  readonly tally: Tally
  readonly brake: Braking
  /** What may be done while contents come; not where nobody watches. */
  readonly meanwhile?: Meanwhile | undefined
  /** @throws ClientError `folder-unmarked`, `state-foreign` */
  readonly checkFolder: () => Promise<void>
}

/** What was done: what brings both sides nearer, and files that were read, which may say nothing new. */
export interface Done {
  readonly lasting: number
  readonly read: number
}

export interface WorkDone extends Done {
  /** The plan was not carried out to its end, or not all of it could be: plan again. */
  readonly replan: boolean
  /** Directories that are not what the plan saw. */
  readonly lookAgain: readonly RelativePath[]
}

type Change = Apply | StepAside

/** What came of changes for the disk. `complete`: nothing cut them short. */
interface ApplyDone {
  readonly done: number
  readonly complete: boolean
}

/** Carries out plans. Calls are one after the other. */
export class PlanWork {
  readonly #parts: PlanWorkParts
  /** Directories that are not what a plan saw, wherever that came out: to be looked at by the next walk. */
  readonly again = new Set<RelativePath>()
  /** News cut the last plan short, and mostly goes on to come. */
  #isOvertaken = false

  constructor(parts: PlanWorkParts) {
    this.#parts = parts
  }

  /** How many differing nodes the next plan had best be about, if not as many as usual: what is not carried out is planned in vain. */
  get seedsMax(): number | undefined {
    return this.#isOvertaken ? partChangesMax : undefined
  }

  /** @throws ClientError as the parts do */
  async carryOut(session: RelaySession, plan: Plan): Promise<WorkDone> {
    const { vault, sender, tally } = this.#parts
    for (const conflict of plan.conflicts) tally.conflict(conflict)
    for (const problem of plan.problems) tally.problem(problem)
    const adopts = plan.actions.filter((action) => action.do === 'adopt')
    if (adopts.length > 0)
      await vault.trees.write({ flush: false }, (transaction) => adoptAll(transaction, adopts))
    const commits = plan.actions.filter((action) => action.do === 'commit')
    const committed = await sender().commit(session, commits)
    const soFar = adopts.length + committed.done
    const changes = plan.actions.filter(isForDisk)
    const isOld = committed.moved || changes.some((change) => speaksOf(change, committed.renamed))
    if (isOld) return { lasting: soFar, read: 0, replan: true, lookAgain: [] }
    const applied = await this.#apply(changes, this.#parts.meanwhile)
    const lasting = soFar + applied.done
    if (!applied.complete) return { lasting, read: 0, replan: true, lookAgain: [] }
    const files = this.#filesToRead(plan.actions, changes.length > 0)
    const read = await sender().read(session, files)
    this.#isOvertaken &&= this.#hasNews
    return {
      lasting,
      read: read.count,
      replan: committed.again || (this.#isOvertaken && applied.done > 0),
      lookAgain: read.lookAgain,
    }
  }

  /** Both sides agree. */
  async tidy(): Promise<void> {
    await this.#parts.applier.tidy()
  }

  /** Carries out a plan for the disk if it is small, and nothing else is to be done in it. */
  async applySmall({ actions, conflicts, problems }: Plan): Promise<void> {
    const changes = actions.filter(isForDisk)
    const adopts = actions.filter((action) => action.do === 'adopt')
    const isAll =
      changes.length + adopts.length === actions.length && conflicts.length + problems.length === 0
    const isSmall = changes.length <= smallChangesMax && bytesOf(changes) <= smallBytesMax
    if (!isAll || !isSmall) return
    if (adopts.length > 0)
      await this.#parts.vault.trees.write({ flush: false }, (transaction) => adoptAll(transaction, adopts))
    await this.#apply(changes)
  }

  /** `meanwhile`: small things that may be done beside it. */
  async #apply(changes: readonly Change[], meanwhile?: Meanwhile): Promise<ApplyDone> {
    const { vault, tally, checkFolder } = this.#parts
    const small = meanwhile && new SmallBeside(meanwhile)
    let done = 0
    if (changes.length > 0) await checkFolder()
    tally.expect(changes.length, bytesOf(changes))
    const parts = [...partsOf(changes)]
    for (const [at, part] of parts.entries()) {
      // What is put in place must be known again after any crash, or it would be taken for somebody's new file.
      await vault.trees.write({ flush: true }, () => undefined)
      const report = await this.#parts.applier.run(part, small?.beside)
      await this.#noteLost(report.done)
      done += report.done.length
      for (const directory of report.lookAgain) this.again.add(directory)
      for (const problem of report.problems) tally.problem(problem)
      for (const action of report.done) this.#tell(action)
      const left = [...report.left, ...parts.slice(at + 1).flat()]
      const isOld = this.#hasNews || small?.isOvertaken === true
      const isCut = report.left.length > 0 || (left.length > 0 && isOld)
      if (isCut) tally.expect(-left.length, -bytesOf(left))
      small?.check()
      if (!isCut) continue
      this.#isOvertaken = true
      return { done, complete: false }
    }
    return { done, complete: true }
  }

  get #hasNews(): boolean {
    const { receiver, questions } = this.#parts
    return receiver.waiting || questions.waiting
  }

  async #noteLost(done: readonly Change[]): Promise<void> {
    const { vault, brake } = this.#parts
    const lost = new Map(done.flatMap((change) => lossOf(change)))
    if (lost.size > 0)
      await vault.trees.write({ flush: false }, (transaction) => {
        brake.note(transaction, 'down', lost)
      })
  }

  #tell(action: Change): void {
    const { tally } = this.#parts
    tally.did(1, bytesOf([action]))
    tally.solved(action.path)
    if (action.do === 'apply')
      tally.change({ path: action.path, action: action.op, direction: 'down', ...from(action) })
  }

  #filesToRead(actions: readonly Action[], hasApplied: boolean): SizedFile[] {
    const { vault, tally } = this.#parts
    const { trees } = vault
    const files: SizedFile[] = []
    for (const action of actions) {
      if (action.do !== 'read') continue
      const { id } = action
      // What was applied meanwhile may have moved it, and another file to where it was.
      const path = (hasApplied ? trees.pathOf('local', id) : undefined) ?? action.path
      const local = trees.get(id)?.local?.value
      if (hasApplied && !isUnread(local)) continue
      const sizeBytes = local?.kind === 'file' ? local.sizeBytes : 0
      files.push({ id, path, expected: expectedContent(trees, id), sizeBytes })
    }
    tally.expect(files.length, sumOf(files))
    // A small one need not wait for a large one.
    const isSmall = ({ sizeBytes }: SizedFile): boolean => sizeBytes <= smallFileBytesMax
    return [...files.filter(isSmall), ...files.filter((file) => !isSmall(file))]
  }
}

type SizedFile = IngestFile & { readonly sizeBytes: number }

function isUnread(value: NodeValue | undefined): boolean {
  return value?.kind === 'file' && value.content === undefined
}

function sumOf(files: readonly SizedFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

/** Cuts a long list of changes. */
function* partsOf(changes: readonly Change[]): Iterable<readonly Change[]> {
  let part: Change[] = []
  let bytes = 0
  for (const change of changes) {
    const size = bytesOf([change])
    if (part.length >= partChangesMax || (part.length > 0 && bytes + size > partBytesMax)) {
      yield part
      part = []
      bytes = 0
    }
    part.push(change)
    bytes += size
  }
  if (part.length > 0) yield part
}

/** Whether a change names a node that got another id since it was planned. */
function speaksOf(change: Change, renamed: ReadonlyMap<NodeId, NodeId>): boolean {
  if (renamed.size === 0) return false
  const named: (NodeId | undefined)[] = [
    change.id,
    change.do === 'step-aside' ? change.expect.parent : undefined,
  ]
  if (change.do === 'apply') {
    if (change.op === 'put') named.push(change.row.parent)
    if (change.op === 'move') named.push(change.parent)
    named.push(change.expect?.parent)
  }
  return named.some((id) => id !== undefined && renamed.has(id))
}

/** What an applied change took from this folder, for the brake. */
function lossOf(change: Change): [NodeId, 'gone' | 'changed'][] {
  if (change.do !== 'apply' || change.expect?.value.kind !== 'file') return []
  if (change.op === 'remove') return [[change.id, 'gone']]
  if (change.op !== 'put' || change.row.value.kind !== 'file') return []
  return sameContent(change.expect.value, change.row.value) ? [] : [[change.id, 'changed']]
}

function isForDisk(action: Action): action is Change {
  return action.do === 'apply' || action.do === 'step-aside'
}

function bytesOf(actions: readonly Change[]): number {
  return actions.reduce((sum, action) => {
    if (action.do !== 'apply' || action.op !== 'put' || action.row.value.kind !== 'file') return sum
    return sum + action.row.value.sizeBytes
  }, 0)
}

function from(action: Apply): { from?: string } {
  return action.op === 'move' ? { from: action.from } : {}
}
