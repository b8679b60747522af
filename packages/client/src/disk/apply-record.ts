// Last part of a group: everything done is durable; now base and local say so, in one flushed transaction. What a user changed since is
// recorded as not read.
import type { RelativePath } from '../sync/name.ts'
import type { FileValue, LocalRow, NodeId, Row, Stamp } from '../sync/tree.ts'
import type { Aside, GroupOptions, Move, Put, Step } from './apply-step.ts'
import type { Look } from './file-system.ts'
import { parentOf } from './ignore.ts'
import { lookOrNothing } from './look-allowed.ts'
import type { OpenTransaction } from './look-report.ts'
import { isNear, sameBytesLikely, sameButChange, settled, unsettled } from './stamp.ts'

/** Whether what is there now is what was put there. */
type Check = (look: Look) => boolean

/** Writes the rows of what was done; says which directories have to be looked at again. */
export async function record(options: GroupOptions, done: readonly Step[]): Promise<readonly RelativePath[]> {
  if (done.length === 0) return []
  const tree = await options.trees.begin()
  try {
    const recorder = new Recorder(options, tree, !done.some(isMove))
    for (const step of done) await recorder.write(step)
    const lookAgain = await recorder.confirm()
    await tree.commit({ flush: true })
    return lookAgain
  } finally {
    tree.abandon()
  }
}

/** What was put at a path, and the stamp that it had in the staging area. */
interface Placed {
  readonly row: Row
  readonly staged: Stamp
  readonly path: RelativePath
}

function isMove({ change }: Step): boolean {
  return change.do === 'step-aside' || change.op === 'move'
}

class Recorder {
  readonly #options: GroupOptions
  readonly #tree: OpenTransaction
  /** Nodes to look at once all rows are written. */
  readonly #checks = new Map<NodeId, Check>()
  /** Whether what was put is still at the path where it was put. */
  readonly #isStill: boolean
  /** What was staged and put, and has no local row yet: it is written once, with the stamp that it has then. */
  readonly #placed = new Map<NodeId, Placed>()

  constructor(options: GroupOptions, tree: OpenTransaction, isStill: boolean) {
    this.#options = options
    this.#tree = tree
    this.#isStill = isStill
  }

  async write({ change, staged }: Step): Promise<void> {
    if (change.do === 'step-aside') await this.#writeAside(change)
    else if (change.op === 'put') this.#writePut(change, staged?.stamp)
    else if (change.op === 'move') this.#writeMove(change)
    else this.#writeRemove(change.id)
  }

  /** Looks at everything that was written and gives it the stamp it has now. */
  async confirm(): Promise<readonly RelativePath[]> {
    const lookAgain: RelativePath[] = []
    const nodes = [...this.#checks].flatMap(([id, check]) => {
      const path = this.#tree.pathOf('local', id)
      return path === undefined ? [] : [{ id, check, path }]
    })
    const placed = [...this.#placed]
    const nowMs = this.#options.clock.now()
    // What lies in a directory that is closed again is not known for sure, and is read when it may be.
    const paths = [...nodes, ...this.#placed.values()].map(({ path }) => path)
    const looks = await lookOrNothing(this.#options.files, paths)
    for (const [index, { id, check, path }] of nodes.entries()) {
      const row = this.#tree.get(id)?.local
      const look = looks[index]
      if (row === undefined) continue
      const good = look !== undefined && check(look)
      this.#tree.set('local', id, good ? { ...row, stamp: stampFor(row, look, nowMs) } : unread(row))
      if (!good) lookAgain.push(parentOf(path))
    }
    for (const [index, [id, { row, staged, path }]] of placed.entries()) {
      const look = looks[nodes.length + index]
      const good = look?.kind === row.value.kind && sameButChange(staged, look.stamp)
      const { parent, name, value } = row
      const local = { parent, name, value, stamp: good ? settled(look.stamp, nowMs) : staged }
      this.#tree.set('local', id, good ? local : unread(local))
      if (!good) lookAgain.push(parentOf(path))
    }
    return lookAgain
  }

  #writePut({ id, row, expect, path }: Put, staged: Stamp | undefined): void {
    this.#tree.set('base', id, row)
    if (staged !== undefined && this.#isStill) {
      this.#placed.set(id, { row, staged, path })
      return
    }
    const stamp = staged ?? expect?.stamp ?? noStamp
    this.#tree.set('local', id, { ...row, stamp })
    this.#checks.set(id, (look) => {
      if (look.kind !== row.value.kind) return false
      if (row.value.kind === 'directory') return true
      if (staged !== undefined) return sameButChange(staged, look.stamp)
      const { timeStepNs } = this.#options.traits
      const time = row.value.mtimeNs
      return (
        sameBytesLikely({ ...stamp, mtimeNs: look.stamp.mtimeNs }, look.stamp) &&
        isNear(time, look.stamp.mtimeNs, timeStepNs)
      )
    })
  }

  #writeMove({ id, parent, name, expect }: Move): void {
    const { base, local } = this.#tree.get(id) ?? {}
    if (base !== undefined) this.#tree.set('base', id, moved(base, { parent, name }))
    const row = local ?? expect
    this.#tree.set('local', id, { ...moved(row, { parent, name }), stamp: row.stamp })
    this.#checkMoved(id, expect)
  }

  #writeRemove(id: NodeId): void {
    this.#tree.set('base', id, undefined)
    this.#tree.set('local', id, undefined)
    this.#checks.delete(id)
    this.#placed.delete(id)
  }

  /** Under its own id it is a rename of this device; as a new node it leaves the id, and a directory's children go with it. */
  async #writeAside({ id, keptAs, newNode, expect }: Aside): Promise<void> {
    const row: LocalRow = { ...(this.#tree.get(id)?.local ?? expect), name: keptAs }
    const aside = newNode ? this.#tree.provisional() : id
    if (newNode) this.#tree.set('local', id, undefined)
    this.#tree.set('local', aside, row)
    this.#checkMoved(aside, expect)
    if (!newNode || row.value.kind !== 'directory') return
    const children: NodeId[] = []
    for await (const child of this.#tree.children('local', id)) children.push(child.id)
    for (const child of children) {
      const below = this.#tree.get(child)?.local
      if (below !== undefined) this.#tree.set('local', child, { ...below, parent: aside })
    }
  }

  #checkMoved(id: NodeId, { value, stamp }: LocalRow): void {
    this.#checks.set(id, (look) =>
      value.kind === 'directory'
        ? look.kind === 'directory' && look.stamp.ino === stamp.ino && look.stamp.mode === stamp.mode
        : look.kind === value.kind && sameButChange(stamp, look.stamp),
    )
  }
}

const noStamp: Stamp = { dev: 0n, ino: 0n, ctimeNs: 0n, mtimeNs: 0n, sizeBytes: 0, mode: 0 }

function moved(row: Row, place: Pick<Row, 'parent' | 'name'>): Row {
  return { value: row.value, ...place }
}

function stampFor(row: LocalRow, look: Look, nowMs: number): Stamp {
  return row.value.kind === 'directory' ? look.stamp : settled(look.stamp, nowMs)
}

/** Durable once, and changed since: base stands, and the next look finds out. */
function unread(row: LocalRow): LocalRow {
  const stamp = unsettled(row.stamp)
  if (row.value.kind !== 'file') return { ...row, stamp }
  const value: FileValue = { ...row.value, content: undefined }
  return { ...row, value, stamp }
}
