// Sends what this device has to say: reads files into packs, ships the packs, and commits operations as soon as what they need is placed. While
// bulk work is queued its commits carry full packs only; the short one comes when the queue is empty.
import { Ingest, type IngestFile, type IngestResult } from '../content/ingest.ts'
import { PackWriter, type OutgoingPack } from '../content/pack-writer.ts'
import type { WalkOptions } from '../content/content-walk.ts'
import { settled } from '../disk/stamp.ts'
import type { FileSystem } from '../disk/file-system.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { ownPlaceOf } from '../state/chunk-index.ts'
import { droppedThrough } from '../state/log-cache.ts'
import type { Commit } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'
import { adoptAll } from './adopting.ts'
import type { Braking } from './brake.ts'
import { bulkBytes, endBulk } from './bulk-bytes.ts'
import { operationsInChange, packsInCommit } from './change-builder.ts'
import { Committer, type Committed } from './committer.ts'
import { pause } from './connection.ts'
import type { EntryWriter } from './entry-writer.ts'
import { freshCommits } from './fresh-commits.ts'
import { LeafCheck } from './leaf-check.ts'
import { splitDirectories } from './later-directories.ts'
import { during, type Meanwhile } from './meanwhile.ts'
import { outOfOrder, type PackShipper } from './pack-shipper.ts'
import type { Planning } from './planning.ts'
import { ReadNotes } from './read-notes.ts'
import { isAnother, isUnseen, withContent, type ReadResult } from './read-result.ts'
import type { Receiver } from './receiver.ts'
import { SmallSender } from './small-sender.ts'
import type { Tally } from './tally.ts'
import { contentKeysOf, mayWrite, sealingOf, type Vault } from './vault.ts'
import { knownOf, WaitingFiles, writeDown, type WaitingFile } from './waiting-files.ts'

/** A commit is made at the latest after so long, or `packsInCommit`: DESIGN's cadence. */
const commitEveryMs = 2000
/** Or when so much waits for it: packs that arrived stay in memory until the log claims them. */
const readyBytesMax = 16 << 20
/** Files that were read and wait for their packs: thousands of small ones share a pack, so that bytes alone do not bound them. */
const waitingFilesMaxDefault = 10_000
/** Files that are read only to be known are written down so many at a time. */
const learntAtOnce = 500
/** When two devices write at once, the one that came second waits up to this, and up to twice as long each further time. */
const jitterMs = 40
const jitterDoublingsMax = 6

export type { Meanwhile } from './meanwhile.ts'

export interface SenderParts {
  readonly vault: Vault
  readonly files: FileSystem
  readonly planning: Planning
  readonly shipper: PackShipper
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly tally: Tally
  readonly brake: Braking
  /** Where the relay has what the log says. */
  readonly walk: WalkOptions
  /** Called between two commits, where the log may grow: others' questions are answered there. */
  readonly between: (session: RelaySession) => Promise<void>
  /** What may be done while the sender waits for the disk or the line; not where nobody watches. */
  readonly meanwhile?: Meanwhile | undefined
  /** Files that may wait for packs on their way; for tests. */
  readonly waitingFilesMax?: number | undefined
}

/** One run's sender. Its calls are one after the other. */
export class Sender {
  readonly #parts: SenderParts
  readonly #writer: PackWriter
  readonly #ingest: Ingest
  /** For it, the vault has every chunk already: it packs nothing. */
  readonly #learning: Ingest
  readonly #committer: Committer
  readonly #leaves: LeafCheck
  readonly #small: SmallSender
  /** Ordinal of the last pack that was handed to the shipper. */
  #emitted = -1
  readonly #waiting = new WaitingFiles()
  #lastCommitMs: number
  /** Its writer has closed the pack that ends a run, and not all of the run is committed. */
  #endsRun = false
  #isOver = false
  /** New directories that wait for what is in them. */
  readonly #later = new Set<NodeId>()

  constructor(parts: SenderParts) {
    this.#parts = parts
    const { vault, files, shipper } = parts
    const { pool, random, clock } = vault.platform
    this.#lastCommitMs = clock.monotonic()
    const writing = {
      pool,
      random,
      sealing: () => sealingOf(vault),
      emit: async (pack: OutgoingPack) => {
        if (this.#isOver) return
        this.#emitted = pack.ordinal
        await shipper.take(pack)
      },
    }
    this.#writer = new PackWriter(writing, bulkBytes(vault.trees))
    this.#ingest = new Ingest({
      fileSystem: files,
      pool,
      clock,
      keys: contentKeysOf(vault),
      writer: this.#writer,
      // Who may not write has nothing to pack: files are read only to see what they are.
      known: (id) => !mayWrite(vault) || ownPlaceOf(vault.trees, id) !== undefined || this.#small.holds(id),
    })
    this.#learning = new Ingest({
      fileSystem: files,
      pool,
      clock,
      keys: contentKeysOf(vault),
      writer: this.#writer,
      known: () => true,
    })
    const claimed = (packs: readonly OutgoingPack[]): void => {
      this.#ingest.claimed(Math.max(...packs.map(({ ordinal }) => ordinal)))
      this.#lastCommitMs = clock.monotonic()
    }
    this.#leaves = new LeafCheck(vault.trees, parts.walk)
    this.#committer = new Committer({ ...parts, leaves: this.#leaves, claimed })
    this.#small = new SmallSender(parts, this.#committer, (id) => this.#ingest.holds(id))
  }

  /** Reads files, in order, committing on the way. Returns how many could be read, and where some were gone. */
  async read(
    session: RelaySession,
    files: readonly IngestFile[],
  ): Promise<{ count: number; lookAgain: readonly RelativePath[] }> {
    const { vault, tally, shipper } = this.#parts
    const asked = new Map(files.map(({ id }) => [id, vault.trees.get(id)?.local?.stamp]))
    const notes = new ReadNotes({
      tally,
      leaves: this.#leaves,
      waiting: this.#waiting,
      startedMs: vault.platform.clock.now(),
      dropped: droppedThrough(vault.trees),
      asked,
    })
    const seen = files.map((file) => ({ ...file, stamp: asked.get(file.id) }))
    for await (const results of this.#withMeanwhile(this.#ingest.readTogether(seen))) {
      for (const result of results) {
        shipper.check()
        if (!notes.take(result)) continue
        if (this.#isDue()) await this.#commitReady(session)
        if (this.#isCrowded()) await this.#roomForMore(session)
      }
    }
    return notes
  }

  /** Whether many files wait, and a pack is on its way. */
  #isCrowded(): boolean {
    const { shipper, waitingFilesMax = waitingFilesMaxDefault } = this.#parts
    return this.#waiting.count >= waitingFilesMax && shipper.readyLoad.packs < shipper.packs.length
  }

  /** When a pack that is on its way has arrived, some of the files that wait can be said. */
  async #roomForMore(session: RelaySession): Promise<void> {
    const { shipper } = this.#parts
    while (this.#isCrowded()) {
      shipper.check()
      await (this.#hasReady() ? this.#commitReady(session) : this.#during(shipper.moved()))
    }
  }

  /** What it still has under way goes nowhere: another one takes its place. */
  end(): void {
    this.#isOver = true
  }

  /** Begins to read a stream. Nothing else is read before it is at its end. */
  beginStream(file: IngestFile, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<IngestResult> {
    return this.#ingest.stream(file, pieces)
  }

  /**
   * Goes on with a stream to its end, committing on the way. After a failure of the relay it may be called again, for the same one.
   * @throws ClientError as the relay fails; what the stream fails with, and then nothing can be gone on with
   */
  async takeStream(session: RelaySession, taking: AsyncGenerator<IngestResult>): Promise<ReadResult> {
    const { tally, shipper } = this.#parts
    for (;;) {
      shipper.check()
      const next = await taking.next()
      if (next.done === true) throw new ClientError('interrupted', 'the stream broke off')
      const result = next.value
      if (result.outcome === 'read') return result
      if (result.outcome === 'part') tally.did(0, result.partBytes)
      if (this.#isDue()) await this.#commitReady(session)
    }
  }

  /** Reads files only to know what they hold: nothing is packed, and nothing sent. What cannot be read stays unknown. */
  async learn(files: readonly IngestFile[]): Promise<void> {
    const { trees, platform } = this.#parts.vault
    const startedMs = platform.clock.now()
    const asked = new Map(files.map(({ id }) => [id, trees.get(id)?.local?.stamp]))
    const learnt = new Map<NodeId, ReadResult>()
    const writeDown = (): Promise<void> =>
      trees.write({ flush: false }, (transaction) => {
        for (const [id, result] of learnt) {
          const local = transaction.get(id)?.local
          if (local === undefined || !isUnseen(local, asked.get(id)) || isAnother(result.stamp, local.stamp))
            continue
          transaction.set('local', id, withContent(local, result))
        }
        learnt.clear()
      })
    for await (const result of this.#learning.read(files)) {
      if (result.outcome === 'read')
        learnt.set(result.file.id, { ...result, stamp: settled(result.stamp, startedMs) })
      if (learnt.size >= learntAtOnce) await writeDown()
    }
    await writeDown()
  }

  /** The queue is empty: what waits goes in a short pack, and everything is committed. Returns how many operations. */
  async drain(session: RelaySession): Promise<number> {
    const { shipper } = this.#parts
    this.#endsRun ||= this.#writer.pending
    await this.#during(this.#writer.finish())
    let done = 0
    for (;;) {
      shipper.check()
      const before = shipper.packs.length
      done += await this.#commitReady(session)
      const left = shipper.packs.length
      if (left === 0 || (left === before && shipper.ready.length > 0)) break
      if (shipper.ready.length === 0) await this.#during(shipper.moved())
    }
    if (this.#endsRun && shipper.packs.length === 0) {
      await endBulk(this.#parts.vault.trees)
      this.#endsRun = false
    }
    return done + (await this.#commitLater(session))
  }

  /** Directories that nothing came for: what is in them could not be read. */
  async #commitLater(session: RelaySession): Promise<number> {
    const { trees } = this.#parts.vault
    let done = 0
    for (const ids of inPieces([...this.#later], operationsInChange)) {
      const left = ids.filter((id) => trees.get(id) !== undefined)
      if (left.length > 0) done += await this.#commitReady(session, left)
    }
    this.#later.clear()
    return done
  }

  /** Commits a few small edits, while bulk is under way. Gives directories that are not what was seen. */
  async sendSmall(session: RelaySession, ids: readonly NodeId[]): Promise<readonly RelativePath[]> {
    return await this.#small.send(session, ids)
  }

  /** Commits actions that need nothing read. New directories may wait for what is in them, until `drain` at the latest. */
  async commit(session: RelaySession, actions: readonly Commit[]): Promise<Committed> {
    const { vault } = this.#parts
    const { now, later } = mayWrite(vault)
      ? await splitDirectories(actions, vault.trees)
      : { now: actions, later: [] }
    for (const id of later) this.#later.add(id)
    return await this.#committer.commit(session, now)
  }

  /** What an iterator gives; small things are done while it is waited for. */
  async *#withMeanwhile<T>(from: AsyncGenerator<T>): AsyncGenerator<T> {
    try {
      for (;;) {
        const next = await this.#during(from.next())
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await from.return(undefined)
    }
  }

  #during<T>(work: Promise<T>): Promise<T> {
    return during(this.#parts.meanwhile, work)
  }

  /** The last pack up to which all are claimed, or may be now. */
  #readyOrdinal(): number {
    const { shipper } = this.#parts
    const isReady = new Set(shipper.ready)
    const first = shipper.packs.find((pack) => pack.ordinal !== outOfOrder && !isReady.has(pack))
    return first === undefined ? this.#emitted : first.ordinal - 1
  }

  #isDue(): boolean {
    const { shipper, vault } = this.#parts
    const { packs, bytes } = shipper.readyLoad
    if (packs >= packsInCommit || bytes >= readyBytesMax) return true
    if (this.#waiting.count >= operationsInChange && packs > 0) return true
    if (vault.platform.clock.monotonic() - this.#lastCommitMs < commitEveryMs) return false
    return packs > 0 || this.#hasReady()
  }

  /**
   * Commits the files whose chunks are placed, and other nodes, and claims the packs there are. When others write too, their entries are taken in first,
   * and what is to be said is planned anew.
   */
  async #commitReady(session: RelaySession, also: readonly NodeId[] = []): Promise<number> {
    const { planning, receiver, between, vault } = this.#parts
    const ids = new Set<NodeId>(also)
    let done = 0
    for (let moves = 0; ;) {
      await between(session)
      const ready = this.#waiting.take(this.#readyOrdinal(), operationsInChange)
      await planning.prepare()
      const fresh = ids.size === 0 ? freshCommits(vault.trees, ready) : undefined
      const committed = await (fresh === undefined
        ? this.#commitPlanned(session, { ready, ids })
        : this.#commitFresh(session, { ready, fresh, ids }))
      done += committed.done
      if (committed.moved) {
        moves += 1
        await this.#giveWay(moves)
        await receiver.receive(session)
        continue
      }
      if (!this.#hasReady()) return done
      ids.clear()
    }
  }

  /** What is known of these files is written down, and a plan says what becomes of them. Adds their nodes to `ids`. */
  async #commitPlanned(
    session: RelaySession,
    { ready, ids }: { readonly ready: readonly WaitingFile[]; readonly ids: Set<NodeId> },
  ): Promise<Committed> {
    const { planning, vault } = this.#parts
    await writeDown(vault.trees, ready)
    for (const { result } of ready) ids.add(result.file.id)
    const plan = await planning.about(ids)
    const adopts = plan.actions.filter((action) => action.do === 'adopt')
    if (adopts.length > 0)
      await vault.trees.write({ flush: false }, (transaction) => adoptAll(transaction, adopts))
    const commits = plan.actions.filter((action) => action.do === 'commit')
    return await this.#committer.commit(session, commits)
  }

  /**
   * What these files hold is written down together with what the log says of them: after a crash in between they are read again. Adds to `ids` what
   * could not be said.
   */
  async #commitFresh(
    session: RelaySession,
    {
      ready,
      fresh,
      ids,
    }: {
      readonly ready: readonly WaitingFile[]
      readonly fresh: readonly Commit[]
      readonly ids: Set<NodeId>
    },
  ): Promise<Committed> {
    const { trees } = this.#parts.vault
    const committed = await this.#committer.commit(session, fresh, { known: knownOf(ready) })
    const isLeft = ({ id }: IngestFile): boolean => !committed.renamed.has(id) && !committed.forgotten.has(id)
    const left = ready.filter(({ result }) => isLeft(result.file))
    await writeDown(trees, left)
    for (const { result } of left) ids.add(result.file.id)
    return committed
  }

  #hasReady(): boolean {
    return this.#waiting.hasReady(this.#readyOrdinal())
  }

  /** The first to come second tries again at once; who is beaten again and again leaves room for the others. */
  async #giveWay(moves: number): Promise<void> {
    if (moves < 2) return
    const { platform, signal } = this.#parts.vault
    const most = jitterMs * 2 ** Math.min(moves - 2, jitterDoublingsMax)
    const [share = 0] = platform.random.bytes(1)
    await pause({ clock: platform.clock, signal }, Math.round((most * share) / 255))
  }
}

function* inPieces<T>(list: readonly T[], most: number): Iterable<readonly T[]> {
  for (let at = 0; at < list.length; at += most) yield list.slice(at, at + most)
}
