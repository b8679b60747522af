// The whole tree of a vault as it stands at the relay, decrypted, as a POSIX tar: names and times as pax records, contents fetched and checked
// in the order of the tree: small ones many at once, because they share packs, large ones in bounded windows. What is whole comes out, whatever else is
// not to be had; of a file of which a part is lost the rest stands under a name that says so, and only one that was begun before that was seen keeps its own.
import type { Clock } from '../clock.ts'
import type { Lack } from '../content/bring.ts'
import { Fetch, lackIn, type FetchOptions } from '../content/fetch.ts'
import { release } from '../content/moved-bytes.ts'
import { Presence } from '../content/presence.ts'
import { ClientError } from '../errors.ts'
import type { TreesStore } from '../state/trees-store.ts'
import type { Problem } from '../sync/action.ts'
import { damagedPlaces } from '../sync/damaged-name.ts'
import { likenessOf } from '../sync/likeness.ts'
import type { RelativePath } from '../sync/name.ts'
import type { FileValue, Row } from '../sync/tree.ts'
import { contentPieces } from './content-stream.ts'
import { DamagedMember, lackCode, type WholeValue } from './damaged-member.ts'
import { givenCharsMax, type MarkPace, type TarMark } from './export-mark.ts'
import type { Tally } from './tally.ts'
import { memberHeaders } from './tar-member.ts'
import { TarWriter, type TakeBytes } from './tar-writer.ts'
import { isThereAlike, walkFrom, walkTree, type WalkedRow } from './tree-walk.ts'

/** Files up to this are fetched together: so many rows, or bytes. Two such batches are there at a time. */
const smallBytesMax = 512 << 10
const batchRowsMax = 256
const batchBytesMax = 1 << 20
/** Of larger ones it is looked whether they are there, so many bytes before they are written. */
const aheadBytesMax = 64 << 20

export interface ExportOptions {
  /** Of which the remote column is written. */
  readonly trees: TreesStore
  readonly content: FetchOptions
  readonly tally: Tally
  readonly signal: AbortSignal
  readonly take: TakeBytes
  /** Told of each file that is not in the tar as it is in the vault. */
  readonly problem: (problem: Problem) => Promise<void>
  /** Where it goes on: of the same tree, and all before it was taken. */
  readonly from?: TarMark | undefined
  /** Told now and then how far it is, when all up to there was taken. */
  readonly marks?: Marks | undefined
}

/** @see ExportOptions */
export interface Marks extends MarkPace {
  readonly clock: Clock
  readonly take: (mark: TarMark) => Promise<void>
}

/** Writes the tar to its end. @throws ClientError `relay-unreachable`, `interrupted`; what the taker fails with */
export async function exportTree(options: ExportOptions): Promise<void> {
  await new Exporting(options).run()
}

/** A row on its way: of a small file with its bytes, where they were to be had; of any what is known to lack. */
interface Ready extends WalkedRow {
  readonly bytes?: Uint8Array | undefined
  readonly lack?: Lack | undefined
}

/** How far a file came that did not come to its end, and why not. */
interface Broken {
  readonly begunBytes: number
  readonly lack: Lack
}

/** One export. */
class Exporting {
  readonly #options: ExportOptions
  /** What is damaged ends nothing. */
  readonly #content: FetchOptions
  readonly #fetch: Fetch
  readonly #presence: Presence
  readonly #tar: TarWriter
  /** What names of damaged files so far are like: two long names may be cut to the same. */
  readonly #given: Set<string>
  #givenChars = 0
  #marked: { bytes: number; ms: number }

  constructor(options: ExportOptions) {
    const { from, marks } = options
    this.#options = options
    this.#given = new Set(from?.given)
    for (const like of this.#given) this.#givenChars += like.length
    this.#marked = { bytes: from?.tarBytes ?? 0, ms: marks?.clock.monotonic() ?? 0 }
    this.#content = { ...options.content, damaged: 'corrupt' }
    this.#fetch = new Fetch(this.#content)
    this.#presence = new Presence(this.#content)
    this.#tar = new TarWriter(options.take, from?.tarBytes)
  }

  async run(): Promise<void> {
    const { signal, tally, from } = this.#options
    if (from !== undefined) tally.did(from.filesDone, from.bytesDone)
    for await (const batch of this.#fetched()) {
      if (signal.aborted) throw new ClientError('interrupted', 'stopped')
      for (const ready of batch) {
        const { value } = ready.row
        await this.#markAt(ready.path)
        const isWhole = value.kind === 'file' ? await this.#file(ready, value) : await this.#header(ready)
        const sizeBytes = value.kind === 'file' ? value.sizeBytes : 0
        if (isWhole) tally.did(value.kind === 'directory' ? 0 : 1, sizeBytes)
      }
      // Small contents are nobody else's, and all of them are in the tar.
      release(batch.flatMap(({ bytes }) => bytes ?? []))
    }
    await this.#tar.end()
  }

  /** The remote tree in batches, with the bytes of small files; one batch is under way while one is written. */
  async *#fetched(): AsyncGenerator<readonly Ready[]> {
    let before: Promise<readonly Ready[]> | undefined
    const { trees, from } = this.#options
    for await (const batch of batches(from === undefined ? walkTree(trees) : walkFrom(trees, from.path))) {
      const next = this.#filled(batch)
      // Who takes no more leaves it behind.
      next.catch(() => undefined)
      if (before !== undefined) yield await before
      before = next
    }
    if (before !== undefined) yield await before
  }

  async #filled(batch: readonly WalkedRow[]): Promise<readonly Ready[]> {
    const small = batch.flatMap(({ path, row }) => {
      const { content, sizeBytes } = isSmall(row) ? row.value : {}
      return content === undefined || sizeBytes === undefined ? [] : [{ path, content, sizeBytes }]
    })
    const read = await this.#fetch.readOrLack(small)
    const bytesOf = new Map(small.map(({ path }, at) => [path, read[at]]))
    const ready: Ready[] = []
    for (const walked of batch) {
      const { value } = walked.row
      const isLarge = value.kind === 'file' && !isSmall(walked.row)
      // Of what is begun its header is written: what lacks is seen when it is fetched.
      const isAsked = isLarge && this.#begunBytes(walked.path) === undefined
      const got = isAsked
        ? await this.#presence.lackOf(wholeValue(value).content, value.sizeBytes)
        : bytesOf.get(walked.path)
      ready.push({ ...walked, ...(typeof got === 'string' ? { lack: got } : { bytes: got }) })
    }
    return ready
  }

  async #header({ path, row }: WalkedRow): Promise<true> {
    for (const block of memberHeaders(path, row.value)) await this.#tar.add(block)
    return true
  }

  /** Whether it is in the tar as it is in the vault. */
  async #file(ready: Ready, value: FileValue): Promise<boolean> {
    const { path, bytes, lack } = ready
    if (lack !== undefined) {
      await this.#besideItsPlace(path, wholeValue(value), lack)
      return false
    }
    if (this.#begunBytes(path) === undefined) await this.#header(ready)
    if (bytes !== undefined) await this.#tar.add(bytes)
    const broken = bytes === undefined ? await this.#stream(path, wholeValue(value)) : undefined
    if (broken !== undefined) return await this.#rest(path, wholeValue(value), broken)
    await this.#tar.pad(value.sizeBytes)
    return true
  }

  /** The rest of a file that was begun. Whether all of it came after all. */
  async #rest(path: RelativePath, value: WholeValue, { begunBytes, lack }: Broken): Promise<boolean> {
    const member = new DamagedMember(this.#tar, value, { path, begunBytes })
    const { code, lost } = await member.write({ ...this.#content, signal: this.#options.signal }, lack)
    if (lost?.length === 0) return true
    await this.#options.problem({ path, code, ...(lost && { keptAs: path, lost }) })
    return false
  }

  /** Gives how far it came, where it did not come to the end. */
  async #stream(path: RelativePath, value: WholeValue): Promise<Broken | undefined> {
    let begunBytes = this.#begunBytes(path) ?? 0
    const pieces = contentPieces(this.#fetch, value, begunBytes)
    for (;;) {
      const next = await pieces.next()
      if (next.done === true)
        return next.value === 'filled' ? undefined : { begunBytes, lack: lackIn(next.value) }
      await this.#tar.add(next.value)
      begunBytes += next.value.length
      await this.#markAt(path, begunBytes)
    }
  }

  /** Of the one file that somebody wrote the beginning of. */
  #begunBytes(path: RelativePath): number | undefined {
    const { from } = this.#options
    return from?.path === path ? from.begunBytes : undefined
  }

  /** Marks where it is, where that is due. */
  async #markAt(path: RelativePath, begunBytes?: number): Promise<void> {
    const { marks, tally } = this.#options
    if (marks === undefined || this.#givenChars > givenCharsMax) return
    const [bytes, ms] = [this.#tar.addedBytes, marks.clock.monotonic()]
    const passedBytes = bytes - this.#marked.bytes
    if (passedBytes === 0 || (passedBytes < marks.everyBytes && ms - this.#marked.ms < marks.everyMs)) return
    await this.#tar.flush()
    const { filesDone, bytesDone } = tally.progress
    const begun = begunBytes === undefined ? {} : { begunBytes }
    await marks.take({ tarBytes: bytes, path, ...begun, filesDone, bytesDone, given: [...this.#given] })
    // What the disk takes for it is no time in which something was written.
    this.#marked = { bytes, ms: marks.clock.monotonic() }
  }

  /** What is left of a file never has its name: nobody shall take it for the whole. */
  async #besideItsPlace(path: RelativePath, value: WholeValue, lack: Lack): Promise<void> {
    const { trees, problem, signal } = this.#options
    // Nobody knows which names the disk that it is unpacked onto takes for one.
    const isTaken = (place: RelativePath): boolean =>
      this.#given.has(likenessOf(place)) || isThereAlike(trees, place)
    const [place] = damagedPlaces(path, isTaken)
    if (place === undefined) {
      await problem({ path, code: lackCode(lack) })
      return
    }
    const member = new DamagedMember(this.#tar, value, { path: place })
    const { code, lost } = await member.write({ ...this.#content, signal }, lack)
    if (lost !== undefined) this.#noteGiven(place)
    await problem({ path, code, ...(lost && { keptAs: place, lost }) })
  }

  #noteGiven(place: RelativePath): void {
    const like = likenessOf(place)
    this.#given.add(like)
    this.#givenChars += like.length
  }
}

function wholeValue(value: FileValue): WholeValue {
  const { content } = value
  if (content === undefined) throw new TypeError('a file of the log without its content')
  return { ...value, content }
}

async function* batches(walk: AsyncIterable<WalkedRow>): AsyncGenerator<readonly WalkedRow[]> {
  let batch: WalkedRow[] = []
  let [smallBytes, aheadBytes] = [0, 0]
  for await (const { path, row } of walk) {
    batch.push({ path, row })
    const sizeBytes = row.value.kind === 'file' ? row.value.sizeBytes : 0
    if (isSmall(row)) smallBytes += sizeBytes
    else aheadBytes += sizeBytes
    if (batch.length < batchRowsMax && smallBytes < batchBytesMax && aheadBytes < aheadBytesMax) continue
    yield batch
    batch = []
    ;[smallBytes, aheadBytes] = [0, 0]
  }
  yield batch
}

function isSmall(row: Row): row is Row & { readonly value: FileValue } {
  return row.value.kind === 'file' && row.value.sizeBytes <= smallBytesMax
}
