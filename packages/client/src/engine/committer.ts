// Turns commits of the planner into entries of the log: claims the packs that wait, says what can be said over them, and settles what was said
// in the same transaction that folds it. What may not or cannot be sent is a problem of its path.
import { equal, openContainer, toHex, type ChunkId } from '@grenier/crypto'
import { readContent } from '../content/content-list.ts'
import type { OutgoingPack } from '../content/pack-writer.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { ownPlaceOf } from '../state/chunk-index.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { Commit } from '../sync/action.ts'
import type { LocalRow, NodeId } from '../sync/tree.ts'
import { settleCommits } from './adopting.ts'
import type { Braking } from './brake.ts'
import {
  buildChange,
  operationsInChange,
  packsInCommit,
  type BuilderView,
  type BuiltChange,
} from './change-builder.ts'
import type { ChangeAnswer, EntryWriter } from './entry-writer.ts'
import type { LeafCheck } from './leaf-check.ts'
import { outOfOrder, type PackShipper } from './pack-shipper.ts'
import { sentOf } from './sent-note.ts'
import type { Tally } from './tally.ts'
import { mayWrite, sealingOf, type Vault } from './vault.ts'
import { noteKnown, type Known } from './waiting-files.ts'

export interface CommitterParts {
  readonly vault: Vault
  readonly shipper: PackShipper
  readonly entries: EntryWriter
  readonly tally: Tally
  readonly brake: Braking
  readonly leaves: LeafCheck
  /** These packs are the log's now. */
  readonly claimed: (packs: readonly OutgoingPack[]) => void
}

/** What came of a commit. */
export interface Committed {
  /** Actions that are in the log now. */
  readonly done: number
  /** The log has grown meanwhile: receive, and plan again. */
  readonly moved: boolean
  /** Something has to be planned again before it can be committed. */
  readonly again: boolean
  /** Provisional nodes that the log gave an id. */
  readonly renamed: ReadonlyMap<NodeId, NodeId>
  /** Files whose content has no place: they are read again. */
  readonly forgotten: ReadonlySet<NodeId>
}

/** `out of order`: only packs that are in no order are claimed. `known`: a local row that is written down with the commit of its file. */
export interface CommitHow {
  readonly which?: 'ready' | 'out of order'
  readonly known?: Known | undefined
}

interface Appending {
  readonly packs: readonly OutgoingPack[]
  readonly built: BuiltChange
  readonly renamed: Map<NodeId, NodeId>
  readonly known: CommitHow['known']
}

/** How much one entry takes: less, when a payload grew too large. */
interface Room {
  readonly packs: number
  readonly operations: number
}

const roomMax: Room = { packs: packsInCommit, operations: operationsInChange }

/** Commits. Calls are one after the other. */
export class Committer {
  readonly #parts: CommitterParts

  constructor(parts: CommitterParts) {
    this.#parts = parts
  }

  /** Commits what can be; claims every pack that has arrived. */
  async commit(
    session: RelaySession,
    actions: readonly Commit[],
    { which = 'ready', known }: CommitHow = {},
  ): Promise<Committed> {
    const { shipper } = this.#parts
    const claimable = (): readonly OutgoingPack[] =>
      which === 'ready' ? shipper.ready : shipper.packs.filter(({ ordinal }) => ordinal === outOfOrder)
    const renamed = new Map<NodeId, NodeId>()
    const forgotten = new Set<NodeId>()
    const progress = { done: 0, again: false, moved: false, renamed, forgotten }
    if (this.#refuseReader(actions)) return progress
    let rest = actions
    let room = roomMax
    while (rest.length > 0 || claimable().length > 0) {
      const packs = await this.#currentPacks(() => claimable().slice(0, room.packs))
      const lacks = await this.#parts.leaves.lacks(rest)
      const view = { ...this.#view(packs), leavesOf: (node: NodeId) => lacks.get(node) }
      const built = buildChange(rest, { packs, operationsMax: room.operations }, view)
      if (built.unplaced.length > 0) {
        await this.#forgetContent(built.unplaced)
        for (const id of built.unplaced) forgotten.add(id)
        progress.again = true
      }
      if (built.operations.length === 0 && packs.length === 0) return progress
      const answer = await this.#append(session, { packs, built, renamed, known })
      if (answer === 'moved') return { ...progress, moved: true }
      if (answer === 'too-large') room = smaller(room)
      else {
        rest = without(rest, built, answer)
        if (answer === 'appended') progress.done += built.actions.length
        else if (built.actions.length === 0) throw notOurs(answer.void)
        room = roomMax
      }
    }
    return progress
  }

  async #append(session: RelaySession, { packs, built, renamed, known }: Appending): Promise<ChangeAnswer> {
    const { entries, shipper, tally, claimed, brake, vault } = this.#parts
    const commits = built.actions.map((action) => sentOf(action, vault.trees))
    const payload = { operations: built.operations, index: built.index }
    let given: ReadonlyMap<NodeId, NodeId> = new Map()
    const also = async (transaction: Transaction): Promise<void> => {
      if (known !== undefined) noteKnown(transaction, built.actions, known)
      const settled = await settleCommits(transaction, commits)
      brake.note(transaction, 'up', settled.lost)
      given = settled.given
    }
    const change = { packs, payload, commits }
    const answer = await entries.change(session, change, also).catch((error: unknown) => {
      // A pack that the relay lacks was refused before: why it was is the better answer.
      shipper.check()
      throw error
    })
    if (typeof answer === 'object') this.#tellVoid(built, answer)
    if (answer !== 'appended') return answer
    claimed(packs)
    shipper.claimed(packs)
    for (const [from, to] of given) renamed.set(from, to)
    for (const action of built.actions) tally.change(changeOf(action))
    return answer
  }

  /** What no device would take is not sent: it stays here, and is said. */
  #tellVoid(built: BuiltChange, { void: reason, operation }: Exclude<ChangeAnswer, string>): void {
    const at = operation === undefined ? built.actions : built.actions.slice(operation, operation + 1)
    for (const { path } of at) this.#parts.tally.problem({ path, code: 'entry-void', detail: reason })
  }

  /** Whether this device may only read: then nothing goes, and each change is said. */
  #refuseReader(actions: readonly Commit[]): boolean {
    const { vault, tally } = this.#parts
    if (mayWrite(vault)) return false
    for (const { path } of actions) tally.problem({ path, code: 'read-only' })
    return true
  }

  #view(packs: readonly OutgoingPack[]): Omit<BuilderView, 'leavesOf'> {
    const { vault, shipper } = this.#parts
    const { trees } = vault
    let onTheirWay: ReadonlySet<string> | undefined
    const chunksOnTheirWay = (): ReadonlySet<string> => {
      const later = shipper.packs.filter((pack) => !packs.includes(pack))
      return new Set(later.flatMap(({ chunks }) => chunks.map(({ id }) => toHex(id))))
    }
    return {
      isPlaced: (chunk, node) =>
        ownPlaceOf(trees, chunk) !== undefined || isPartOf(trees.get(node)?.remote?.value, chunk),
      // Asked seldom: it is made when it is.
      isOnItsWay: (chunk) => (onTheirWay ??= chunksOnTheirWay()).has(toHex(chunk)),
      isRemoteDirectory: (id) => trees.get(id)?.remote?.value.kind === 'directory',
    }
  }

  /** Content that was read but never placed, because a crash came between: read again. */
  async #forgetContent(ids: readonly NodeId[]): Promise<void> {
    await this.#parts.vault.trees.write({ flush: false }, (transaction) => {
      for (const id of ids) {
        const local = transaction.get(id)?.local
        if (local !== undefined) transaction.set('local', id, unread(local))
      }
    })
  }

  /** The packs to be claimed next. Those that were sealed under an epoch that is over are sealed again: no entry may claim them any more. */
  async #currentPacks(claimable: () => readonly OutgoingPack[]): Promise<readonly OutgoingPack[]> {
    const { vault, shipper } = this.#parts
    for (;;) {
      const { epoch } = sealingOf(vault)
      const packs = claimable()
      const stale = packs.filter((pack) => pack.epoch !== epoch)
      if (stale.length === 0) return packs
      const fresh = await Promise.all(stale.map((pack) => this.#reseal(pack)))
      shipper.replace(stale.map((old, at) => ({ old, fresh: fresh[at] ?? old })))
    }
  }

  async #reseal(pack: OutgoingPack): Promise<OutgoingPack> {
    const { vault } = this.#parts
    const { key, binding, epoch } = sealingOf(vault)
    const oldKey = vault.log.keys.packKey(pack.epoch)
    const { plain } = openContainer({ type: 'pack', key: oldKey, binding, bytes: pack.bytes })
    const salt = vault.platform.random.bytes(32)
    const used = pack.chunks.reduce((sum, chunk) => sum + chunk.storedBytes, 0)
    const task = { key, binding, epoch, salt, plain: plain.slice(0, used), storedBytes: pack.bytes.length }
    return { ...pack, ...(await vault.platform.pool.seal(task)), epoch }
  }
}

/** What is left to be committed: neither what was, nor what cannot be. */
function without(rest: readonly Commit[], built: BuiltChange, answer: ChangeAnswer): readonly Commit[] {
  const unplaced = new Set(built.unplaced)
  const operation = typeof answer === 'object' ? answer.operation : undefined
  const gone = new Set(
    operation === undefined ? built.actions : built.actions.slice(operation, operation + 1),
  )
  return rest.filter((action) => !gone.has(action) && !unplaced.has(action.id))
}

function smaller({ packs, operations }: Room): Room {
  if (packs === 1 && operations === 1)
    throw new ClientError('state-broken', 'one operation over one pack is larger than an entry may be')
  return { packs: Math.ceil(packs / 2), operations: Math.ceil(operations / 2) }
}

/** Packs alone never make an entry void, unless this program is wrong. */
function notOurs(reason: string): ClientError {
  return new ClientError('state-broken', `an entry without operations would be void: ${reason}`)
}

function isPartOf(value: LocalRow['value'] | undefined, chunk: ChunkId): boolean {
  if (value?.kind !== 'file' || value.content === undefined) return false
  return readContent(value.content).ids.some((id) => equal(id, chunk))
}

function unread(local: LocalRow): LocalRow {
  return local.value.kind === 'file' ? { ...local, value: { ...local.value, content: undefined } } : local
}

function changeOf(action: Commit): Parameters<Tally['change']>[0] {
  const from = action.op === 'move' ? { from: action.from } : {}
  return { path: action.path, action: action.op, direction: 'up', ...from }
}
