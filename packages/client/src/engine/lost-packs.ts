// Content that the relay lost, sent again by who holds it: the files here that have chunks of lost packs are read, and only those chunks go into new
// packs, claimed by changes that do nothing else. What lies in packs that this device kept (of large payloads) goes back as it was.
import { equal, packIdOf, toHex, type ChunkId, type PackId, type SealedBytes } from '@grenier/crypto'
import { readContent } from '../content/content-list.ts'
import type { Fetch } from '../content/fetch.ts'
import { Ingest, type IngestFile, type IngestResult } from '../content/ingest.ts'
import { PackWriter, type OutgoingPack } from '../content/pack-writer.ts'
import type { FileSystem } from '../disk/file-system.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { payloadPackAt } from '../state/entry-keep.ts'
import {
  chunksIn,
  chunksWithoutPlace,
  discredit,
  forgetLost,
  isElsewhere,
  isLostByWriter,
  keepLost,
  knownLost,
  noteLostBy,
} from '../state/lost-packs.ts'
import { claimsOf } from '../state/pack-table.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { sameContent, type FileValue, type NodeId } from '../sync/tree.ts'
import { bulkBytes } from './bulk-bytes.ts'
import { packsInCommit } from './change-builder.ts'
import type { EntryWriter } from './entry-writer.ts'
import { noteHealed } from './healed-note.ts'
import type { Receiver } from './receiver.ts'
import { forgetResent, noteResent, spentAmong } from './resent-note.ts'
import { contentKeysOf, mayWrite, sealingOf, type Vault } from './vault.ts'

/** After this long, what a file that was missed may have is looked for again; after twice that the next time, and so on, so often. */
const missedMs = 10 * 60_000
const missedDoublings = 7
/** Files that are read at once: one group of the reader's. */
const filesAtOnce = 256
/** Rows that one transaction discredits: packs, of some hundred chunks each. */
const packsAtOnce = 64

export interface LostPacksParts {
  readonly vault: Vault
  readonly files: FileSystem
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly fetch: Fetch
  /** Whether something else is to be done: this can wait, it takes long. */
  readonly isBusy: () => boolean
}

/** What is under way: packs that are lost, chunks that are wanted, files that may have them. */
interface Work {
  readonly packs: readonly PackId[]
  readonly wanted: Set<string>
  readonly queue: NodeId[]
  readonly writer: PackWriter
  readonly ingest: Ingest
  /** A file that may have some of the chunks could not be read as it was known, or is not known yet: it was moved, or changed, and is looked at again. */
  isMissed: boolean
}

/** Whether a file that was read to its end is what was looked at: somebody may have put another one in its place since. */
function isAsKnown(result: IngestResult, trees: Pick<TreesStore, 'get'>): boolean {
  if (result.outcome !== 'read') return true
  const value = trees.get(result.file.id)?.local?.value
  return value?.kind === 'file' && value.content !== undefined && equal(value.content, result.content)
}

/** The duty of one open vault. Calls are one after the other. */
export class LostPacks {
  readonly #parts: LostPacksParts
  /** The relay was asked on it. */
  #session: RelaySession | undefined
  /** By one that might write then. */
  #writes = false
  #work: Work | undefined
  /** When it is asked again on the same session, by the monotonic clock; undefined where nothing was missed. */
  #dueMs: number | undefined
  #missedTimes = 0
  readonly #outgoing: OutgoingPack[] = []
  /** Packs that this device found hurt, whatever the relay says of them. */
  readonly #hurt = new Map<string, PackId>()
  #sent = { packs: 0, bytes: 0 }

  constructor(parts: LostPacksParts) {
    this.#parts = parts
  }

  /** All that the relay lacks is dealt with again, also what was before. */
  async again(): Promise<void> {
    const { trees } = this.#parts.vault
    const known = [...(await knownLost(trees)).values()]
    await trees.write({ flush: false }, (rows) => forgetLost(rows, known))
    await forgetResent(trees)
    this.#reset()
  }

  /** These packs were found hurt: what is in them is sent anew like what is lost. */
  hurt(packs: readonly PackId[]): void {
    if (packs.length === 0) return
    for (const pack of packs) this.#hurt.set(toHex(pack), pack)
    this.#reset()
  }

  /** All that were found so since this was made. */
  get hurtSoFar(): readonly PackId[] {
    return [...this.#hurt.values()]
  }

  /**
   * Does some of what is to be done; returns whether there may be more. Asks the relay once a session, and again where a file was missed, or where this
   * device may write now and might not then, or the reverse.
   * @throws ClientError
   */
  async step(session: RelaySession): Promise<boolean> {
    try {
      const { vault } = this.#parts
      const writes = mayWrite(vault)
      const isDue = (this.#dueMs ?? Infinity) <= vault.platform.clock.monotonic()
      if (session !== this.#session || isDue || writes !== this.#writes) {
        this.#reset()
        this.#writes = writes
        this.#work = await this.#begin(session)
        this.#session = session
      }
      const work = this.#work
      if (work === undefined) return false
      while ((await this.#some(session, work)) && !this.#parts.isBusy());
      return true
    } catch (error) {
      this.#reset()
      throw error
    }
  }

  #reset(): void {
    this.#session = undefined
    this.#work = undefined
    this.#dueMs = undefined
    this.#outgoing.length = 0
    this.#sent = { packs: 0, bytes: 0 }
  }

  async #begin(session: RelaySession): Promise<Work | undefined> {
    const { vault } = this.#parts
    const { trees } = vault
    const lost = await session.lost(vault.log.vault)
    const known = await knownLost(trees)
    const names = new Set([...lost.map(toHex), ...this.#hurt.keys()])
    // What a reader took note of is still to be sent by one that may write.
    const isAnew = this.#writes && !isLostByWriter(trees)
    const back = [...known].flatMap(([name, pack]) => (names.has(name) && !isAnew ? [] : [pack]))
    if (back.length > 0) await trees.write({ flush: false }, (rows) => forgetLost(rows, back))
    const lacking = new Map([...lost.map((pack) => [toHex(pack), pack] as const), ...this.#hurt])
    const fresh = await this.#withoutSpent(
      [...lacking.values()].filter(
        (pack) => (isAnew || !known.has(toHex(pack))) && claimsOf(trees, pack).length > 0,
      ),
    )
    if (fresh.length === 0) return undefined
    const wanted = await this.#wanted(fresh)
    if (this.#writes) await this.#putAsTheyWere(session, fresh)
    const { files, isPending } =
      this.#writes && wanted.size > 0 ? await this.#filesWith(wanted) : { files: [], isPending: false }
    const queue = this.#turned(files)
    const writer = new PackWriter(this.#writing(session, wanted), bulkBytes(trees))
    const { pool, clock } = vault.platform
    // Somebody else may have sent it meanwhile.
    const held = (id: ChunkId): boolean => !wanted.has(toHex(id)) || isElsewhere(trees, id)
    const keys = contentKeysOf(vault)
    const ingest = new Ingest({ fileSystem: this.#parts.files, pool, clock, keys, writer, known: held })
    return { packs: fresh, wanted, queue, writer, ingest, isMissed: isPending }
  }

  /** A relay that says of the same contents again and again that it lost them is given them a few times a day, and a person is told. */
  async #withoutSpent(packs: readonly PackId[]): Promise<readonly PackId[]> {
    const { trees, platform, report } = this.#parts.vault
    const nowMs = platform.clock.now()
    await forgetResent(trees, nowMs)
    const spent = new Set(spentAmong(trees, packs, nowMs).map(toHex))
    if (spent.size > 0) report({ event: 'problem', path: '', code: 'lost-again' })
    return packs.filter((pack) => !spent.has(toHex(pack)))
  }

  #writing(session: RelaySession, wanted: Set<string>): ConstructorParameters<typeof PackWriter>[0] {
    const { vault } = this.#parts
    const { pool, random } = vault.platform
    const emit = async (pack: OutgoingPack): Promise<void> => {
      await session.put(vault.log.vault, pack)
      for (const { id } of pack.chunks) wanted.delete(toHex(id))
      this.#outgoing.push(pack)
    }
    return { pool, random, sealing: () => sealingOf(vault), emit }
  }

  /** Nothing lies in these packs any more. Gives the chunks that lie nowhere else. */
  async #wanted(packs: readonly PackId[]): Promise<Set<string>> {
    const { trees } = this.#parts.vault
    for (let at = 0; at < packs.length; at += packsAtOnce)
      await trees.write({ flush: false }, (rows) => {
        for (const pack of packs.slice(at, at + packsAtOnce)) discredit(rows, pack)
      })
    return await trees.write({ flush: false }, (rows) => chunksWithoutPlace(rows, packs))
  }

  /** Packs of payloads are kept as they were sent. */
  async #putAsTheyWere(session: RelaySession, packs: readonly PackId[]): Promise<void> {
    const { trees, log } = this.#parts.vault
    for (const pack of packs) {
      const [claim] = claimsOf(trees, pack)
      if (claim === undefined || claim.chunkCount > 0) continue
      const { sequence } = claim.place
      for (let position = 0; ; position += 1) {
        const bytes = payloadPackAt(trees, { sequence, position })
        if (bytes === undefined) break
        if (toHex(packIdOf(bytes)) !== toHex(pack)) continue
        // It was sealed when it was first sent: only such packs are kept, under the name that their bytes have.
        await session.put(log.vault, { id: pack, bytes: bytes as SealedBytes })
        await this.#note([{ id: pack, chunks: [] }])
      }
    }
  }

  async #note(packs: readonly Pick<OutgoingPack, 'id' | 'chunks'>[]): Promise<void> {
    const { trees, platform } = this.#parts.vault
    const nowMs = platform.clock.now()
    await trees.write({ flush: false }, (rows) => {
      for (const pack of packs) noteResent(rows, pack, nowMs)
    })
  }

  /**
   * Files here that have one of these chunks, whatever the log has by now; those that say it themselves come first. `isPending`: whether there are some that
   * are not sent yet: a file that has one may be among them, as a new one that will turn out to have been moved.
   */
  async #filesWith(wanted: ReadonlySet<string>): Promise<{ files: NodeId[]; isPending: boolean }> {
    const { vault, fetch } = this.#parts
    const sure: NodeId[] = []
    const deep: [NodeId, FileValue][] = []
    let isPending = false
    for await (const [id, { base, local }] of vault.trees.all()) {
      const [before, now] = [base?.value, local?.value]
      const isAgreed = before?.kind === 'file' && now?.kind === 'file' && sameContent(now, before)
      isPending ||= !isAgreed && (before?.kind === 'file' || now?.kind === 'file')
      if (now?.kind !== 'file' || now.content === undefined) continue
      const { depth, ids } = readContent(now.content)
      if (ids.some((chunk) => wanted.has(toHex(chunk)))) sure.push(id)
      else if (depth > 0) deep.push([id, now])
    }
    for (const [id, { content, sizeBytes }] of deep) {
      const chunks = content && (await fetch.chunksOf(content, sizeBytes))
      if (chunks?.every((chunk) => !wanted.has(toHex(chunk.id))) !== true) sure.push(id)
    }
    return { files: sure, isPending }
  }

  /** From somewhere in the middle on: who is at it at the same time has another part done by then. */
  #turned(files: readonly NodeId[]): NodeId[] {
    const [share = 0] = this.#parts.vault.platform.random.bytes(1)
    const start = Math.floor((files.length * share) / 256)
    return [...files.slice(start), ...files.slice(0, start)]
  }

  /** Reads some of the files; whether there are more. */
  async #some(session: RelaySession, work: Work): Promise<boolean> {
    const { trees } = this.#parts.vault
    const files = work.queue.splice(0, filesAtOnce).flatMap((id): IngestFile[] => {
      const [path, local] = [trees.pathOf('local', id), trees.get(id)?.local]
      if (path !== undefined && local?.value.kind === 'file')
        return [{ id, path, expected: undefined, stamp: local.stamp }]
      // It went, or was moved, since it was queued.
      work.isMissed = true
      return []
    })
    for await (const result of work.ingest.read(files)) {
      // What cannot be read now, or is another file by now, is with others, or here under another name: the files themselves are the planner's business.
      if (result.outcome === 'problem' || !isAsKnown(result, trees)) work.isMissed = true
      if (this.#outgoing.length >= packsInCommit) await this.#claim(session)
    }
    if (work.queue.length > 0) return true
    await work.writer.finish()
    await this.#claim(session)
    // A new epoch came in between: what was not claimed is sealed anew, from the beginning.
    if (this.#work === work) await this.#end(work)
    return false
  }

  async #end({ packs, wanted, isMissed }: Work): Promise<void> {
    const { vault } = this.#parts
    const { trees, platform, report } = vault
    // What a file that was missed may have is still to be dealt with.
    const isDone = (pack: PackId): boolean =>
      !isMissed || chunksIn(trees, pack).every((id) => !wanted.has(toHex(id)))
    await trees.write({ flush: false }, (rows) => {
      keepLost(rows, packs.filter(isDone))
      noteLostBy(rows, { writes: this.#writes })
    })
    if (!packs.every(isDone)) {
      this.#dueMs = platform.clock.monotonic() + missedMs * 2 ** Math.min(this.#missedTimes, missedDoublings)
      this.#missedTimes += 1
    }
    this.#work = undefined
    const sent = this.#sent
    this.#sent = { packs: 0, bytes: 0 }
    if (sent.packs === 0) return
    await noteHealed(trees, { atMs: platform.clock.now(), entries: 0, ...sent })
    report({ event: 'healed', entries: 0, ...sent })
  }

  /** Claims what has arrived, by changes without an operation. */
  async #claim(session: RelaySession): Promise<void> {
    const { vault, entries, receiver } = this.#parts
    while (this.#outgoing.length > 0) {
      const packs = this.#outgoing.slice(0, packsInCommit)
      const { epoch } = sealingOf(vault)
      if (!mayWrite(vault) || packs.some((pack) => pack.epoch !== epoch)) {
        this.#reset()
        return
      }
      const index = packs.map(({ chunks }, pack) => ({ pack, chunks }))
      const change = { packs, payload: { operations: [], index }, commits: [] }
      const answer = await entries.change(session, change, () => Promise.resolve())
      if (answer === 'moved') await receiver.receive(session)
      else if (answer === 'appended') {
        this.#outgoing.splice(0, packs.length)
        await this.#note(packs)
        this.#sent.packs += packs.length
        this.#sent.bytes += packs.reduce((sum, { bytes }) => sum + bytes.length, 0)
      } else throw new RangeError('an index of chunks that were just packed does not apply')
    }
  }
}
