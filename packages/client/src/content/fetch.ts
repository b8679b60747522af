// Fills files from chunks: walks through their contents, and brings chunks in windows that bound memory whatever the size of a file. Chunks
// that many files share are brought once a window, and so is each pack read.
import { toHex, type ChunkId } from '@grenier/crypto'
import type { Content } from '../sync/tree.ts'
import { adjacent, type Piece } from './adjacent.ts'
import { bring, type Lack, type Wanted } from './bring.ts'
import { chunksAtHand, chunksIn, type LocatedChunk, type WalkOptions } from './content-walk.ts'
import { chunksNearby, takeNearby, type Nearby, type NearbyChunk } from './nearby.ts'

/** A file to be filled. */
export interface WantedFile {
  readonly content: Content
  readonly sizeBytes: number
  /** An older version, at hand: chunks that both have are not fetched. */
  readonly nearby?: Nearby | undefined
  /** Whether a chunk is where it belongs already: then it counts as written. Asked once for each, in order, before those around it are written. */
  readonly has?: ((id: ChunkId, at: ChunkSpan) => Promise<boolean>) | undefined
  /** Where a chunk of it, which belongs at this offset, may be had on this disk. */
  readonly find?: ((id: ChunkId, at: ChunkSpan) => NearbyChunk | undefined) | undefined
  /** Takes the file whole where it is one chunk: many such at once. Then `write` is not called. */
  readonly whole?: WholeFiles | undefined
  /** Takes chunks that follow each other together. */
  readonly takesRuns?: boolean | undefined
  /** May be called in any order of offsets, also several times at once; the bytes are good until it resolves. Says whether more is wanted; not after `false`. */
  write(offset: number, bytes: Uint8Array): Promise<boolean>
}

/** Takes small files that came together. Resolves when the bytes may go. */
export interface WholeFiles {
  write(files: readonly WantedFile[], bytes: readonly Uint8Array[]): Promise<void>
}

/** Where a chunk lies in a file. */
export interface ChunkSpan {
  readonly offset: number
  readonly plainBytes: number
}

/**
 * How it went with one file. `missing`: the relay says that it lacks a pack. `wrong`: sizes and chunks do not agree, a member's fault.
 * `abandoned`: it wanted no more.
 */
export type FetchResult = 'filled' | 'abandoned' | Lack

export type FetchOptions = WalkOptions

/** Chunks that are looked up before they are brought: some 4 GiB of large files, or so many small ones. */
const windowChunksMax = 16_384
/** Bytes that `read` takes at once. */
const readBytesMax = 64 << 20
/** Contents up to this lie in one buffer with others that are read with them. */
const togetherBytesMax = 64 << 10

/** Fetches content. Calls may overlap. */
export class Fetch {
  readonly #options: FetchOptions

  constructor(options: FetchOptions) {
    this.#options = options
  }

  /**
   * Fills files, reading each pack once for all of them as far as a window goes. Results stand in the order of the files; one that is
   * not `filled` may be written in part.
   * @throws ClientError `relay-corrupt`; and what `get` and `write` throw
   */
  async fill(files: readonly WantedFile[]): Promise<FetchResult[]> {
    const filling = new Filling(this.#options, files)
    for (const [file, { content, sizeBytes, nearby, has }] of files.entries()) {
      const isSimple = nearby === undefined && has === undefined
      const atHand = isSimple ? chunksAtHand(this.#options, content, sizeBytes) : undefined
      if (atHand !== undefined) {
        if (typeof atHand === 'string') filling.refuse(file, atHand)
        else filling.wantAll(atHand, file)
        if (filling.isFull) await filling.bring()
        continue
      }
      const near = nearby === undefined ? undefined : await chunksNearby(this.#options, nearby)
      let offset = 0
      for await (const part of chunksIn(this.#options, content, sizeBytes)) {
        if (typeof part === 'string') filling.refuse(file, part)
        else offset = await filling.want(part, { file, offset }, near)
        if (filling.isFull) await filling.bring()
        if (!filling.isWanted(file)) break
      }
    }
    await filling.bring()
    return filling.results
  }

  /** Reads small contents whole, into memory. undefined where one is not to be had. @throws RangeError when one is above 64 MiB; and as `fill` */
  async read(
    contents: readonly { content: Content; sizeBytes: number }[],
  ): Promise<(Uint8Array | undefined)[]> {
    const read = await this.readOrLack(contents)
    return read.map((bytes) => (typeof bytes === 'string' ? undefined : bytes))
  }

  /** The same, and why one is not to be had. Small ones lie together in one buffer. */
  async readOrLack(
    contents: readonly { content: Content; sizeBytes: number }[],
  ): Promise<(Uint8Array | Lack)[]> {
    const buffers = roomFor(contents)
    const files = contents.map((one, at) => ({
      ...one,
      write: (offset: number, bytes: Uint8Array) => {
        buffers[at]?.set(bytes, offset)
        return Promise.resolve(true)
      },
    }))
    const results = await this.fill(files)
    return buffers.map((buffer, at) => {
      const result = results[at]
      return result === 'filled' ? buffer : lackIn(result)
    })
  }

  /** The chunks of a content, in order, with their lengths; undefined when it is not to be had. Takes memory as the content is long. */
  async chunksOf(
    content: Content,
    sizeBytes: number,
  ): Promise<{ id: ChunkId; plainBytes: number }[] | undefined> {
    const chunks: { id: ChunkId; plainBytes: number }[] = []
    for await (const part of this.chunks(content, sizeBytes)) {
      if (typeof part === 'string') return undefined
      for (const { id, plainBytes } of part) chunks.push({ id, plainBytes })
    }
    return chunks
  }

  /** The same in parts, each as it is asked for; ends with what lacks, if anything does. */
  chunks(content: Content, sizeBytes: number): AsyncIterable<readonly LocatedChunk[] | Lack> {
    return chunksIn(this.#options, content, sizeBytes)
  }

  /** Whether the lists of a content are to be had, and agree with its length. */
  async isSound(content: Content, sizeBytes: number): Promise<boolean> {
    for await (const part of this.chunks(content, sizeBytes)) if (typeof part === 'string') return false
    return true
  }
}

/** A place for each; a buffer of its own for each small one would be thousands, between which memory that is given back stays in pieces. */
function roomFor(contents: readonly { readonly sizeBytes: number }[]): Uint8Array[] {
  let togetherBytes = 0
  for (const { sizeBytes } of contents) {
    if (sizeBytes > readBytesMax) throw new RangeError('too much content to be read into memory')
    if (sizeBytes <= togetherBytesMax) togetherBytes += sizeBytes
  }
  const together = new Uint8Array(togetherBytes)
  let used = 0
  return contents.map(({ sizeBytes }) => {
    if (sizeBytes > togetherBytesMax) return new Uint8Array(sizeBytes)
    used += sizeBytes
    return together.subarray(used - sizeBytes, used)
  })
}

/** Nobody abandons what he has not got a part of. */
export function lackIn(result: Exclude<FetchResult, 'filled'> | undefined): Lack {
  return result === undefined || result === 'abandoned' ? 'missing' : result
}

/** Where a chunk goes. */
interface Target {
  readonly file: number
  readonly offset: number
}

/** A chunk of the window: where it may be had, and where it goes. */
class InWindow implements Wanted {
  readonly id
  readonly places
  readonly near: NearbyChunk | undefined
  readonly targets: Target[] = []
  readonly #filling: Filling

  constructor(filling: Filling, { id, places }: LocatedChunk, near: NearbyChunk | undefined) {
    this.#filling = filling
    this.id = id
    this.places = places
    this.near = near
  }

  hand(bytes: Uint8Array): Promise<void> {
    return this.#filling.handAll([{ wanted: this, bytes }])
  }

  isWanted(): boolean {
    return this.targets.some(({ file }) => this.#filling.isWanted(file))
  }
}

/** One call of `fill`: what came of the files, and the window of chunks that are looked up and not yet brought. */
class Filling {
  readonly results: FetchResult[]
  readonly #options: FetchOptions
  readonly #files: readonly WantedFile[]
  #window = new Map<string, InWindow>()
  #targetCount = 0

  constructor(options: FetchOptions, files: readonly WantedFile[]) {
    this.#options = options
    this.#files = files
    this.results = files.map(() => 'filled')
  }

  get isFull(): boolean {
    return this.#targetCount >= windowChunksMax
  }

  isWanted(file: number): boolean {
    return this.results[file] === 'filled'
  }

  refuse(file: number, why: Exclude<FetchResult, 'filled'>): void {
    if (this.isWanted(file)) this.results[file] = why
  }

  /** Adds chunks of a file from an offset on, but for those that it has; gives the offset after them. */
  async want(
    chunks: readonly LocatedChunk[],
    from: Target,
    near?: ReadonlyMap<string, NearbyChunk>,
  ): Promise<number> {
    const { file } = from
    const wanted = this.#files[file]
    let { offset } = from
    for (const chunk of chunks) {
      const { id, plainBytes } = chunk
      const start = offset
      offset += plainBytes
      if (wanted?.has !== undefined && (await wanted.has(id, { offset: start, plainBytes }))) continue
      this.#add(chunk, { file, offset: start }, near)
    }
    return offset
  }

  /** Adds all chunks of a file that has none of them. */
  wantAll(chunks: readonly LocatedChunk[], file: number): void {
    let offset = 0
    for (const chunk of chunks) {
      this.#add(chunk, { file, offset })
      offset += chunk.plainBytes
    }
  }

  #add(chunk: LocatedChunk, target: Target, near?: ReadonlyMap<string, NearbyChunk>): void {
    const key = toHex(chunk.id)
    let one = this.#window.get(key)
    if (one === undefined) {
      const { offset, file } = target
      const span = { offset, plainBytes: chunk.plainBytes }
      const at = near?.get(key) ?? this.#files[file]?.find?.(chunk.id, span)
      one = new InWindow(this, chunk, at)
      this.#window.set(key, one)
    }
    one.targets.push(target)
    this.#targetCount += 1
  }

  /** Brings what is in the window, and hands it to the files: from this disk what it has, meanwhile the rest from the relay. */
  async bring(): Promise<void> {
    const window = [...this.#window.values()]
    this.#window = new Map()
    this.#targetCount = 0
    const elsewhere = window.filter(({ near }) => near === undefined)
    const onDisk = window.flatMap((one) => (one.near === undefined ? [] : [{ one, near: one.near }]))
    const near = takeNearby(this.#options, onDisk, ({ one }, bytes) => one.hand(bytes))
    if (onDisk.some(({ near: { isFirst } }) => isFirst === true)) {
      await this.#bringFar([...(await near).map(({ one }) => one), ...elsewhere])
      return
    }
    const far = this.#bringFar(elsewhere)
    await Promise.allSettled([far, near])
    await far
    await this.#bringFar((await near).map(({ one }) => one))
  }

  async #bringFar(window: readonly InWindow[]): Promise<void> {
    const lacks = await bring(this.#options, window, (brought) => this.handAll(brought))
    for (const [{ targets }, why] of lacks) for (const { file } of targets) this.refuse(file, why)
  }

  /** What is a whole file that takes itself so goes together, the rest one by one. */
  async handAll(
    brought: readonly { readonly wanted: InWindow; readonly bytes: Uint8Array }[],
  ): Promise<void> {
    const wholes = new Map<WholeFiles, { readonly files: WantedFile[]; readonly bytes: Uint8Array[] }>()
    const writes: (Target & Piece)[] = []
    for (const { wanted, bytes } of brought) {
      for (const target of wanted.targets) {
        const file = this.#files[target.file]
        if (file?.whole === undefined || file.sizeBytes !== bytes.length) {
          writes.push({ ...target, bytes })
          continue
        }
        const together = wholes.get(file.whole) ?? { files: [], bytes: [] }
        together.files.push(file)
        together.bytes.push(bytes)
        wholes.set(file.whole, together)
      }
    }
    const isOfRun = (one: Target, { file }: Target): boolean =>
      one.file === file && this.#files[file]?.takesRuns === true
    for (const write of adjacent(writes, isOfRun)) await this.#hand(write)
    for (const [to, { files, bytes }] of wholes) await to.write(files, bytes)
  }

  async #hand({ file, offset, bytes }: Target & Piece): Promise<void> {
    if (!this.isWanted(file)) return
    const goesOn = await this.#files[file]?.write(offset, bytes)
    if (goesOn !== true) this.refuse(file, 'abandoned')
  }
}
