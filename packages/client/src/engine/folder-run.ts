// The run of one folder: receive, look, plan, carry out, until nothing differs; then wait for a hint, a push or a timer. Nothing here is
// remembered across a crash: what is kept are observations, and from them everything is planned again.
import { ClientError } from '../errors.ts'
import type { FolderApplier } from '../disk/apply.ts'
import type { FolderLook } from '../disk/look.ts'
import type { IngestFile } from '../content/ingest.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Action, Apply, Plan, StepAside } from '../sync/action.ts'
import { rootPath, type RelativePath } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'
import { adoptAll } from './adopting.ts'
import { Bell } from './bell.ts'
import { pause, type Connection } from './connection.ts'
import type { PackShipper } from './pack-shipper.ts'
import type { Planning } from './planning.ts'
import type { Receiver } from './receiver.ts'
import type { Sender } from './sender.ts'
import type { Tally } from './tally.ts'
import type { Vault } from './vault.ts'

/** Hints may be lost: everything is looked at again after this long. */
const rescanMs = 10 * 60_000
/** Editors write in several steps: a hint is acted on after this long. */
const settleMs = 30
/** Passes in a row that changed something; a folder that never settles is left to the next wake-up. */
const passesMax = 200
/** What changed so lately that a further change might not show is looked at again after this long, at most so often. */
const settleFileMs = 60
const settleFileMax = 40

/** The first wait after a refusal, and the longest. */
const refusedMs = 500
const refusedMsMax = 60_000

export interface FolderRunParts {
  readonly vault: Vault
  readonly connection: Connection
  readonly receiver: Receiver
  readonly shipper: PackShipper
  readonly planning: Planning
  readonly sender: Sender
  readonly look: FolderLook
  readonly applier: FolderApplier
  readonly tally: Tally
  /** How often in a row the relay may refuse for now before the run gives up. */
  readonly refusalsMax: number
  /** Own entries that are due besides changes: new keys, checkpoints. Returns whether something was appended. */
  readonly duties: (session: RelaySession) => Promise<boolean>
  /** Asked before each look: the folder must still be the one of this vault. @throws ClientError `folder-unmarked`, `state-foreign` */
  readonly checkFolder: () => Promise<void>
}

/** One run. `hint` and `ring` may be called at any time. */
export class FolderRun {
  readonly #parts: FolderRunParts
  readonly #bell = new Bell()
  readonly #hinted = new Set<RelativePath>()
  #lookAtAll = true
  #refusals = 0
  #session: RelaySession | undefined

  constructor(parts: FolderRunParts) {
    this.#parts = parts
  }

  /** Something may have changed in this directory. */
  hint(directory: RelativePath): void {
    this.#hinted.add(directory)
    this.#bell.ring()
  }

  /** Something happened that is worth a look at the relay or the state. */
  ring(): void {
    this.#bell.ring()
  }

  /** Everything is to be looked at again. */
  rescan(): void {
    this.#lookAtAll = true
    this.#bell.ring()
  }

  /** Until both sides agree. @throws ClientError */
  async once(): Promise<void> {
    for (;;) {
      this.#stopIfAborted()
      try {
        await this.#settle(await this.#online())
        this.#refusals = 0
        return
      } catch (error) {
        await this.#afterFailure(error)
      }
    }
  }

  /** Until aborted. @throws ClientError `interrupted`, or what halts the folder */
  async watch(): Promise<void> {
    const { vault } = this.#parts
    const { signal } = vault
    const ring = (): void => this.#bell.ring()
    signal.addEventListener('abort', ring)
    try {
      for (;;) {
        await this.once()
        vault.report({ event: 'state', state: 'synced' })
        await this.#wait()
        this.#stopIfAborted()
        vault.report({ event: 'state', state: 'syncing' })
        await pause({ clock: vault.platform.clock, signal }, settleMs)
      }
    } finally {
      signal.removeEventListener('abort', ring)
    }
  }

  async #wait(): Promise<void> {
    const timer = this.#parts.vault.platform.clock.after(rescanMs, () => this.rescan())
    const idle = (): boolean =>
      !this.#lookAtAll &&
      this.#hinted.size === 0 &&
      !this.#parts.receiver.waiting &&
      this.#session !== undefined
    try {
      do await this.#bell.wait()
      while (idle() && !this.#parts.vault.signal.aborted)
    } finally {
      timer.cancel()
    }
  }

  /** A session that is logged in, subscribed, and knows which packs arrived. */
  async #online(): Promise<RelaySession> {
    const { connection, receiver, shipper, vault } = this.#parts
    const session = await connection.session()
    if (session === this.#session) return session
    await session.subscribe(vault.log.vault, (entry) => {
      receiver.pushed(entry)
      this.#bell.ring()
    })
    receiver.missed()
    await receiver.receive(session)
    await shipper.online(session)
    this.#session = session
    void session.closed.then(() => {
      if (this.#session === session) this.#session = undefined
      this.#bell.ring()
    })
    return session
  }

  /** What a broken connection or a busy relay mends by itself is tried again; all else ends the run. */
  async #afterFailure(error: unknown): Promise<void> {
    const { connection, vault } = this.#parts
    if (!(error instanceof ClientError) || !(error.retryable || isPassing(error))) throw error
    this.#session = undefined
    await connection.drop()
    if (error.code === 'relay-unreachable') return
    // The relay is there and cannot: it is asked again, more and more rarely; a run that is to end says so in the end.
    if (++this.#refusals > this.#parts.refusalsMax) throw error
    const on = { clock: vault.platform.clock, signal: vault.signal }
    await pause(on, Math.min(refusedMs * 2 ** (this.#refusals - 1), refusedMsMax))
  }

  async #settle(session: RelaySession): Promise<void> {
    const { receiver, sender, tally } = this.#parts
    let waits = 0
    for (let pass = 0; pass < passesMax; pass += 1) {
      this.#stopIfAborted()
      const received = await receiver.receive(session)
      const looked = await this.#look()
      const done = await this.#pass(session)
      await sender.drain(session)
      const owed = await this.#parts.duties(session)
      if (received + done.lasting > 0 || owed || receiver.waiting) continue
      if (this.#hinted.size === 0) {
        if (looked + done.read > 0) continue
        return
      }
      if (waits++ >= settleFileMax) break
      await pause({ clock: this.#parts.vault.platform.clock, signal: this.#parts.vault.signal }, settleFileMs)
    }
    tally.problem({ path: rootPath, code: 'changing' })
  }

  /** Looks where hints point, or everywhere. Returns how many rows changed. */
  async #look(): Promise<number> {
    const { look, tally, checkFolder } = this.#parts
    if (!this.#lookAtAll && this.#hinted.size === 0) return 0
    await checkFolder()
    const directories = [...this.#hinted]
    this.#hinted.clear()
    const all = this.#lookAtAll
    this.#lookAtAll = false
    const seen = all ? await look.whole() : await look.some(directories)
    for (const problem of seen.problems) tally.problem(problem)
    return seen.came + seen.changed + seen.vanished
  }

  /** One walk over what differs. */
  async #pass(session: RelaySession): Promise<Done> {
    const { planning } = this.#parts
    const done = { lasting: 0, read: 0 }
    let after: NodeId | undefined
    for (;;) {
      const next = await planning.next(after)
      if (next === undefined) return done
      const outcome = await this.#carryOut(session, next.plan)
      done.lasting += outcome.lasting + (outcome.replan ? 1 : 0)
      done.read += outcome.read
      if (outcome.replan || next.batch.final) return done
      after = next.batch.last
    }
  }

  async #carryOut(session: RelaySession, plan: Plan): Promise<Done & { replan: boolean }> {
    const { vault, sender, tally } = this.#parts
    for (const conflict of plan.conflicts) tally.conflict(conflict)
    for (const problem of plan.problems) tally.problem(problem)
    const adopts = plan.actions.filter((action) => action.do === 'adopt')
    if (adopts.length > 0)
      await vault.trees.write({ flush: false }, (transaction) => adoptAll(transaction, adopts))
    const commits = plan.actions.filter((action) => action.do === 'commit')
    const committed = await sender.commit(session, commits)
    if (committed.moved) return { lasting: adopts.length + committed.done, read: 0, replan: true }
    const applied = await this.#apply(plan.actions.filter(isForDisk))
    const read = await sender.read(session, this.#filesToRead(plan.actions))
    return { lasting: adopts.length + committed.done + applied, read, replan: false }
  }

  async #apply(actions: readonly (Apply | StepAside)[]): Promise<number> {
    if (actions.length === 0) return 0
    const { applier, tally } = this.#parts
    tally.expect(actions.length, bytesOf(actions))
    const report = await applier.run(actions)
    for (const directory of report.lookAgain) this.#hinted.add(directory)
    for (const problem of report.problems) tally.problem(problem)
    for (const action of report.done) {
      tally.did(1, bytesOf([action]))
      tally.solved(action.path)
      if (action.do === 'apply')
        tally.change({ path: action.path, action: action.op, direction: 'down', ...from(action) })
    }
    return report.done.length
  }

  #filesToRead(actions: readonly Action[]): IngestFile[] {
    const { vault, tally } = this.#parts
    const reads = actions.filter((action) => action.do === 'read')
    const files = reads.map(({ id, path }) => {
      const remote = vault.trees.get(id)?.remote?.value
      return { id, path, expected: remote?.kind === 'file' ? remote.content : undefined }
    })
    const bytes = reads.reduce((sum, { id }) => {
      const local = vault.trees.get(id)?.local?.value
      return sum + (local?.kind === 'file' ? local.sizeBytes : 0)
    }, 0)
    tally.expect(files.length, bytes)
    return files
  }

  #stopIfAborted(): void {
    if (this.#parts.vault.signal.aborted) throw new ClientError('interrupted', 'stopped')
  }
}

/** What a walk did: what brings both sides nearer, and files that were read, which may say nothing new. */
interface Done {
  readonly lasting: number
  readonly read: number
}

/** Packs that were acknowledged and are not there any more: what is missing is sent again on the next session. */
function isPassing(error: ClientError): boolean {
  return error.code === 'relay-refused' && error.data['reason'] === 'pack-missing'
}

function isForDisk(action: Action): action is Apply | StepAside {
  return action.do === 'apply' || action.do === 'step-aside'
}

function bytesOf(actions: readonly (Apply | StepAside)[]): number {
  return actions.reduce((sum, action) => {
    if (action.do !== 'apply' || action.op !== 'put' || action.row.value.kind !== 'file') return sum
    return sum + action.row.value.sizeBytes
  }, 0)
}

function from(action: Apply): { from?: string } {
  return action.op === 'move' ? { from: action.from } : {}
}
