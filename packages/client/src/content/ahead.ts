// Chunks that come before it is known what they are for. Who sends a large file claims its packs while it still reads on, and says at the end
// what they make; meanwhile there is time to bring them. They are written one after the other into one staged file, in the order in which they
// were claimed: as a rule that is the file that comes, which then takes this one over and lacks little. What lies otherwise is copied. Short
// chunks are left to whoever wants them: lists of the file's chunks are claimed among them, and would move all that follows from its place; and small
// files are quicker brought many at once.
import { toHex, type ChunkId, type Operation } from '@grenier/crypto'
import type { Clock } from '../clock.ts'
import { ClientError } from '../errors.ts'
import { DiskError, type FileReader, type FileSystem, type FileWriter } from '../disk/file-system.ts'
import { aheadName, stagedPath } from '../disk/staging-names.ts'
import { adjacent } from './adjacent.ts'
import { bring, type Wanted } from './bring.ts'
import { listChunkSizes } from './chunker.ts'
import type { WalkOptions } from './content-walk.ts'
import { isPossible } from './fetch-plan.ts'
import type { NearbyChunk } from './nearby.ts'

/** Disk that is taken at most; what is claimed beyond is fetched when it is wanted. */
const bytesMax = 4 * 1024 ** 3
/** Claimed chunks kept in mind. */
const queueMax = 65_536
/** A chunk of a list has no more bytes than this; one of a large file has them only at its end. */
const shortBytes = listChunkSizes.maxBytes
/** Bytes brought between two looks at what else there is to do: four packs; less where that takes longer than this. */
const bytesAtOnceMost = 16 << 20
const bytesAtOnceLeast = 1 << 20
const onceMs = 1000
/** Who claimed nothing more for so long will say nothing of it: the file is gone, or the device. Was it only asleep, what is wanted is fetched again. */
const openMs = 3_600_000

/** What a device said: claims, and perhaps what they are for. */
export interface Heard {
  readonly operations: readonly Operation[]
  readonly index: readonly {
    readonly chunks: readonly { readonly id: ChunkId; readonly plainBytes: number }[]
  }[]
}

interface Part {
  readonly name: string
  /** Closed and cut off there when something failed, until it is written on. */
  writer: FileWriter | undefined
  reader: Promise<FileReader> | undefined
  length: number
  readonly offsets: Map<string, number>
}

/** A chunk on its way to its place in the part. */
interface Placed {
  readonly wanted: Wanted & { readonly offset: number }
  readonly device: string
  readonly offset: number
  readonly plainBytes: number
}

/** A part that was taken over: where its chunks lie, and who writes on. */
export interface TakenOver {
  readonly writer: FileWriter
  has(id: ChunkId, offset: number): boolean
}

/** One run's. `work` is never called while a large fill goes on; small ones may come beside it. */
export class Ahead {
  readonly #options: WalkOptions
  readonly #files: FileSystem
  /** Claimed and not brought, by chunk, with the device that will say what for. */
  readonly #queue = new Map<string, { readonly id: ChunkId; readonly device: string }>()
  /** Devices that have claimed and not yet said what for; when they claimed last. */
  readonly #open = new Map<string, number>()
  readonly #clock: Pick<Clock, 'monotonic'>
  #part: Part | undefined
  #count = 0
  #bytesAtOnce = bytesAtOnceMost
  /** The part is written to by `work`: it is neither given away nor given back. */
  #isAtWork = false
  /** The part is being given this name. */
  #opening: string | undefined

  constructor(options: WalkOptions, files: FileSystem, clock: Pick<Clock, 'monotonic'>) {
    this.#options = options
    this.#files = files
    this.#clock = clock
  }

  /** A change of another device was folded. */
  heard(device: string, { operations, index }: Heard): void {
    if (operations.length > 0) {
      // A small edit that overtook the large file says nothing of it.
      if (!operations.some((operation) => this.#isAbout(operation))) return
      this.#forget(device)
      return
    }
    const long = index.flatMap(({ chunks }) => chunks.filter(({ plainBytes }) => plainBytes > shortBytes))
    for (const { id } of long) if (this.#queue.size < queueMax) this.#queue.set(toHex(id), { id, device })
    if (long.length > 0) this.#open.set(device, this.#clock.monotonic())
  }

  #forget(device: string): void {
    this.#open.delete(device)
    for (const [key, one] of this.#queue) if (one.device === device) this.#queue.delete(key)
  }

  #forgetSilent(): void {
    const nowMs = this.#clock.monotonic()
    for (const [device, claimedMs] of this.#open) if (nowMs - claimedMs > openMs) this.#forget(device)
  }

  /** Whether an operation may be what claims were for: a large file, or one that has a chunk of them. */
  #isAbout(operation: Operation): boolean {
    if (operation.op !== 'put' || operation.node.kind !== 'file') return false
    const { depth, chunks } = operation.node
    const isClaimed = (key: string): boolean => this.#queue.has(key) || this.#part?.offsets.has(key) === true
    return depth > 0 || chunks.some((chunk) => 'id' in chunk && isClaimed(toHex(chunk.id)))
  }

  /** Whether `work` has anything to do. */
  get isDue(): boolean {
    this.#forgetSilent()
    return this.#queue.size > 0 || (this.#part !== undefined && this.#open.size === 0)
  }

  /** Whether nothing came ahead that may be of use. */
  get isEmpty(): boolean {
    return this.#part === undefined
  }

  /** Whether something of this name in the staging area is in use here. */
  isHeld(staged: string): boolean {
    return this.#part?.name === staged || this.#opening === staged
  }

  /**
   * When nothing else is to be done: brings what was claimed, until there is something again; gives back the disk when all was said.
   * @throws ClientError as `bring`, but for `relay-corrupt`: whoever wants the chunk will meet that
   */
  async work(isBusy: () => boolean): Promise<void> {
    this.#isAtWork = true
    try {
      this.#forgetSilent()
      if (this.#open.size === 0) await this.#drop()
      await this.#bringQueued(isBusy)
    } finally {
      this.#isAtWork = false
    }
  }

  async #bringQueued(isBusy: () => boolean): Promise<void> {
    while (this.#queue.size > 0 && !isBusy()) {
      const portion = this.#portion()
      if (portion.length === 0) continue
      try {
        await this.#bring(portion)
      } catch (error) {
        const isGood = await this.#close()
        const isOfDisk = error instanceof DiskError
        const isOver = !isOfDisk && !(error instanceof ClientError && error.code === 'relay-corrupt')
        if (isOfDisk || !isGood) await this.#giveUp()
        else if (isOver) this.#wantAgain(portion)
        if (isOver) throw error
      }
    }
  }

  /**
   * Takes over, under another name, what begins with this chunk. Not for a file of less than half its length: that would be thrown away.
   * undefined when there is nothing of the kind.
   */
  async takeOver(name: string, first: ChunkId, sizeBytes: number): Promise<TakenOver | undefined> {
    const part = this.#isAtWork ? undefined : this.#part
    if (part?.offsets.get(toHex(first)) !== 0 || part.length > 2 * sizeBytes) return undefined
    // Nobody else takes it meanwhile.
    this.#part = undefined
    if (!(await this.#closePart(part))) {
      await this.#files.change({ do: 'drop-staged', name: part.name })
      return undefined
    }
    const lengthMax = Math.min(part.length, sizeBytes)
    const writer = await this.#resumed(part, name, lengthMax)
    if (writer === undefined) return undefined
    return { writer, has: (id, offset) => part.offsets.get(toHex(id)) === offset }
  }

  /** What cannot be taken over is of no use to anybody. */
  async #resumed(part: Part, name: string, lengthMax: number): Promise<FileWriter | undefined> {
    try {
      return await this.#files.resumeStaged(name, { name: part.name, lengthMax })
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      await this.#files.change({ do: 'drop-staged', name: part.name })
      return undefined
    }
  }

  /** Where a chunk may be copied from. */
  find(id: ChunkId, plainBytes: number): NearbyChunk | undefined {
    const part = this.#part
    const offset = part?.offsets.get(toHex(id))
    if (part === undefined || offset === undefined) return undefined
    return { id, offset, plainBytes, from: { read: (at, length) => this.#read(part, at, length) } }
  }

  /** Gives back the disk; says whether any could be. */
  async drop(): Promise<boolean> {
    return this.#isAtWork ? false : await this.#drop()
  }

  async #drop(): Promise<boolean> {
    const part = this.#part
    if (part === undefined) return false
    this.#part = undefined
    await this.#closePart(part)
    await this.#files.change({ do: 'drop-staged', name: part.name })
    return true
  }

  /** The next chunks to be brought, and where they go. Those that are known here, or leave doubt, wait until they are wanted. */
  #portion(): Placed[] {
    const portion: Placed[] = []
    let end = this.#part?.length ?? 0
    for (const [key, { id, device }] of this.#queue) {
      const places = this.#options.places(id)
      const plainBytes = places[0]?.plainBytes ?? 0
      if (portion.length > 0 && end + plainBytes - (this.#part?.length ?? 0) > this.#bytesAtOnce) break
      this.#queue.delete(key)
      const isPlain = places.every((place) => isPossible(place) && place.plainBytes === plainBytes)
      if (!isPlain || plainBytes === 0 || places.some(({ known }) => known !== 'unknown')) continue
      if (end + plainBytes > bytesMax) continue
      const offset = end
      const hand = async (bytes: Uint8Array): Promise<void> => {
        await (await this.#writer()).write(offset, bytes)
      }
      portion.push({ wanted: { id, places, hand, offset }, device, offset, plainBytes })
      end += plainBytes
    }
    return portion
  }

  /** In the same order, before the others. */
  #wantAgain(portion: readonly Placed[]): void {
    const others = [...this.#queue]
    this.#queue.clear()
    for (const { wanted, device } of portion) this.#queue.set(toHex(wanted.id), { id: wanted.id, device })
    for (const [key, one] of others) this.#queue.set(key, one)
  }

  async #bring(portion: readonly Placed[]): Promise<void> {
    await this.#writer()
    const startMs = this.#clock.monotonic()
    const lacks = await bring(
      this.#options,
      portion.map(({ wanted }) => wanted),
      async (brought) => {
        const pieces = brought.map(({ wanted, bytes }) => ({ offset: wanted.offset, bytes }))
        for (const { offset, bytes } of adjacent(pieces)) await (await this.#writer()).write(offset, bytes)
      },
    )
    const next = this.#clock.monotonic() - startMs > onceMs ? this.#bytesAtOnce / 2 : this.#bytesAtOnce * 2
    this.#bytesAtOnce = Math.min(bytesAtOnceMost, Math.max(bytesAtOnceLeast, next))
    const part = this.#part
    if (part === undefined) return
    for (const { wanted, offset, plainBytes } of portion) {
      part.length = offset + plainBytes
      if (!lacks.has(wanted)) part.offsets.set(toHex(wanted.id), offset)
    }
  }

  /** Of the file that is written to. After a failure it is cut to what is known to be good. */
  async #writer(): Promise<FileWriter> {
    const part = this.#part
    if (part?.writer !== undefined) return part.writer
    const name = aheadName(++this.#count)
    this.#opening = name
    try {
      const open = part ?? { name, reader: undefined, length: 0, offsets: new Map() }
      const writer =
        part === undefined
          ? await this.#files.openStaged(name)
          : await this.#files.resumeStaged(name, { name: part.name, lengthMax: part.length })
      this.#part = { ...open, name, writer }
      return writer
    } finally {
      this.#opening = undefined
    }
  }

  async #read(part: Part, offset: number, length: number): Promise<Uint8Array | undefined> {
    // It goes, or went to the file that it was for.
    if (part !== this.#part) return undefined
    try {
      part.reader ??= this.#files.openForReading(stagedPath(part.name))
      return await (await part.reader).read(offset, length)
    } catch (error) {
      if (error instanceof DiskError) return undefined
      throw error
    }
  }

  /** Says whether the disk has taken what it was given. */
  async #close(): Promise<boolean> {
    return this.#part === undefined || (await this.#closePart(this.#part))
  }

  async #closePart(part: Part): Promise<boolean> {
    const { writer, reader } = part
    part.writer = undefined
    part.reader = undefined
    let isGood = true
    try {
      await writer?.close()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      // Nobody knows what it has.
      part.offsets.clear()
      isGood = false
    }
    await (await reader?.catch(() => undefined))?.close()
    return isGood
  }

  /** The disk is full, or refuses: all that came ahead makes room. */
  async #giveUp(): Promise<void> {
    this.#queue.clear()
    await this.#drop()
  }
}
