// Sends what this device has to say: reads files into packs, ships the packs, and commits operations as soon as what they need is placed. While
// bulk work is queued its commits carry full packs only; the short one comes when the queue is empty.
import { chunkId, currentEpoch, fromHex, openContainer } from '@grenier/crypto'
import { Ingest, type IngestFile, type IngestResult } from '../content/ingest.ts'
import { PackWriter, type OutgoingPack } from '../content/pack-writer.ts'
import { settled } from '../disk/stamp.ts'
import type { FileSystem } from '../disk/file-system.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { hasPlace, ownPlaceOf } from '../state/chunk-index.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { Commit } from '../sync/action.ts'
import type { LocalRow, NodeId } from '../sync/tree.ts'
import { bulkBytes } from './bulk-bytes.ts'
import { adoptAll, settleCommits } from './adopting.ts'
import { buildChange, operationsInChange, type BuiltChange } from './change-builder.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { PackShipper } from './pack-shipper.ts'
import type { Planning } from './planning.ts'
import type { Tally } from './tally.ts'
import { contentKeysOf, type Vault } from './vault.ts'

/** A commit is made at the latest after so many packs, or so long. DESIGN's cadence; one entry claims no more packs than this. */
const packsInCommit = 16
const commitEveryMs = 2000

export interface SenderParts {
  readonly vault: Vault
  readonly files: FileSystem
  readonly planning: Planning
  readonly shipper: PackShipper
  readonly entries: EntryWriter
  readonly tally: Tally
}

type ReadResult = Extract<IngestResult, { outcome: 'read' }>

/** One run's sender. Its calls are one after the other. */
export class Sender {
  readonly #parts: SenderParts
  readonly #writer: PackWriter
  readonly #ingest: Ingest
  /** Ordinal of the last pack that was handed to the shipper. */
  #emitted = -1
  #waiting: ReadResult[] = []
  #lastCommitMs: number

  constructor(parts: SenderParts) {
    this.#parts = parts
    const { vault, files, shipper } = parts
    const { pool, random, clock } = vault.platform
    this.#lastCommitMs = clock.monotonic()
    const writing = {
      pool,
      random,
      sealing: () => this.#sealing(),
      emit: async (pack: OutgoingPack) => {
        await shipper.take(pack)
        this.#emitted = pack.ordinal
      },
    }
    this.#writer = new PackWriter(writing, bulkBytes(vault.trees))
    const known = (id: Parameters<typeof ownPlaceOf>[1]): boolean => ownPlaceOf(vault.trees, id) !== undefined
    this.#ingest = new Ingest({
      fileSystem: files,
      pool,
      keys: contentKeysOf(vault),
      writer: this.#writer,
      known,
    })
  }

  /** Whether read files wait for their packs, or packs for their claim. */
  get pending(): boolean {
    return this.#waiting.length > 0 || this.#writer.pending || this.#parts.shipper.packs.length > 0
  }

  /** Reads files, in order, committing on the way. Returns how many could be read. */
  async read(session: RelaySession, files: readonly IngestFile[]): Promise<number> {
    const { vault, tally } = this.#parts
    const startedMs = vault.platform.clock.now()
    let count = 0
    for await (const result of this.#ingest.read(files)) {
      if (result.outcome === 'problem') {
        if (result.problem !== 'vanished')
          tally.problem({ path: result.file.path, code: result.problem, detail: result.detail })
        continue
      }
      if (result.outcome === 'part') {
        if (this.#isDue()) await this.#commitReady(session)
        continue
      }
      tally.solved(result.file.path)
      tally.did(1, result.sizeBytes)
      this.#waiting.push({ ...result, stamp: settled(result.stamp, startedMs) })
      count += 1
      if (this.#isDue()) await this.#commitReady(session)
    }
    return count
  }

  /** The queue is empty: what waits goes in a short pack, and everything is committed. */
  async drain(session: RelaySession): Promise<void> {
    await this.#writer.finish()
    await this.#commitReady(session)
  }

  /** Commits actions that need nothing read. Returns how many were; `moved` when the log went on meanwhile. */
  async commit(session: RelaySession, actions: readonly Commit[]): Promise<{ done: number; moved: boolean }> {
    const { vault, shipper, tally } = this.#parts
    const { trees } = vault
    await this.#resealStale()
    let [rest, done] = [actions, 0]
    while (rest.length > 0 || shipper.packs.length > 0) {
      const packs = shipper.packs.slice(0, packsInCommit)
      const built = buildChange(rest, packs, {
        hasPlace: (chunk) => hasPlace(trees, chunkId(fromHex(chunk))),
        isRemoteDirectory: (id) => trees.get(id)?.remote?.value.kind === 'directory',
      })
      if (built.unplaced.length > 0) await this.#forgetContent(built.unplaced)
      if (built.operations.length === 0 && packs.length === 0) break
      const moved = await this.#append(session, packs, built)
      if (moved) return { done, moved }
      for (const action of built.actions) tally.change(changeOf(action))
      done += built.actions.length
      const made = new Set(built.actions)
      rest = rest.filter((action) => !made.has(action))
      if (built.left === 0 && shipper.packs.length === 0) break
      if (built.actions.length === 0 && shipper.packs.length === 0) break
    }
    return { done, moved: false }
  }

  async #append(session: RelaySession, packs: readonly OutgoingPack[], built: BuiltChange): Promise<boolean> {
    const { entries, shipper } = this.#parts
    const payload = { operations: built.operations, index: built.index }
    const also = (transaction: Transaction): Promise<void> => settleCommits(transaction, built.actions)
    const answer = await entries.change(session, { packs, payload }, also)
    if (answer === 'moved') return true
    shipper.claimed(packs)
    const last = packs.at(-1)
    if (last !== undefined) this.#ingest.claimed(last.ordinal)
    this.#lastCommitMs = this.#parts.vault.platform.clock.monotonic()
    return false
  }

  #isDue(): boolean {
    const { shipper, vault } = this.#parts
    if (shipper.packs.length >= packsInCommit) return true
    if (this.#waiting.length >= operationsInChange) return shipper.packs.length > 0
    const late = vault.platform.clock.monotonic() - this.#lastCommitMs >= commitEveryMs
    return (
      late && (shipper.packs.length > 0 || this.#waiting.some((result) => result.readyAfter <= this.#emitted))
    )
  }

  /** Commits the files whose chunks are placed, and claims the packs there are. */
  async #commitReady(session: RelaySession): Promise<void> {
    const { planning, vault } = this.#parts
    for (;;) {
      const ready = this.#waiting.filter((result) => result.readyAfter <= this.#emitted)
      this.#waiting = this.#waiting.filter((result) => result.readyAfter > this.#emitted)
      await this.#writeDown(ready)
      const plan = await planning.about(ready.map((result) => result.file.id))
      const adopts = plan.actions.filter((action) => action.do === 'adopt')
      if (adopts.length > 0)
        await vault.trees.write({ flush: false }, (transaction) => adoptAll(transaction, adopts))
      const commits = plan.actions.filter((action) => action.do === 'commit')
      const { moved } = await this.commit(session, commits)
      if (moved) return
      if (this.#waiting.every((result) => result.readyAfter > this.#emitted)) return
    }
  }

  /** The local rows now know their content. */
  async #writeDown(results: readonly ReadResult[]): Promise<void> {
    if (results.length === 0) return
    const { trees } = this.#parts.vault
    await trees.write({ flush: false }, (transaction) => {
      for (const { file, content, sizeBytes, stamp } of results) {
        const local = transaction.get(file.id)?.local
        if (local?.value.kind !== 'file') continue
        // What the look saw stands where the stamp is the same: it knows what this file system rounds.
        const mtimeNs = stamp.mtimeNs === local.stamp.mtimeNs ? local.value.mtimeNs : stamp.mtimeNs
        const mode = stamp.mode === local.stamp.mode ? local.value.mode : stamp.mode & 0o777
        const value = { ...local.value, mode, mtimeNs, sizeBytes, content }
        transaction.set('local', file.id, { ...local, value, stamp })
      }
    })
  }

  /** Content that was read but never placed, because a crash came between: read again. */
  async #forgetContent(ids: readonly NodeId[]): Promise<void> {
    await this.#parts.vault.trees.write({ flush: false }, (transaction) => {
      for (const id of ids) {
        const local = transaction.get(id)?.local
        if (local?.value.kind === 'file') transaction.set('local', id, unread(local))
      }
    })
  }

  /** Packs that were sealed under an epoch that is over are sealed again: no entry may claim them any more. */
  async #resealStale(): Promise<void> {
    const { vault, shipper } = this.#parts
    const epoch = currentEpoch(vault.log.state.spine).number
    const stale = shipper.packs.filter((pack) => pack.epoch !== epoch)
    if (stale.length === 0) return
    const fresh = await Promise.all(stale.map((pack) => this.#reseal(pack)))
    shipper.replace(stale.map((old, at) => ({ old, fresh: fresh[at] ?? old })))
  }

  async #reseal(pack: OutgoingPack): Promise<OutgoingPack> {
    const { vault } = this.#parts
    const { key, binding, epoch } = this.#sealing()
    const oldKey = vault.log.keys.packKey(pack.epoch)
    const { plain } = openContainer({ type: 'pack', key: oldKey, binding, bytes: pack.bytes })
    const salt = vault.platform.random.bytes(32)
    const used = pack.chunks.reduce((sum, chunk) => sum + chunk.storedBytes, 0)
    const task = { key, binding, epoch, salt, plain: plain.slice(0, used), storedBytes: pack.bytes.length }
    return { ...pack, ...(await vault.platform.pool.seal(task)), epoch }
  }

  #sealing(): { key: Uint8Array; binding: Uint8Array; epoch: number } {
    const { log } = this.#parts.vault
    const epoch = currentEpoch(log.state.spine).number
    return { key: log.keys.packKey(epoch), binding: log.vault, epoch }
  }
}

function unread(local: LocalRow): LocalRow {
  return local.value.kind === 'file' ? { ...local, value: { ...local.value, content: undefined } } : local
}

function changeOf(action: Commit): Parameters<Tally['change']>[0] {
  const from = action.op === 'move' ? { from: action.from } : {}
  return { path: action.path, action: action.op, direction: 'up', ...from }
}
