// What tests of content share: bytes that a seed fixes, a folder in memory, and a vault as content sees it: packs that were put, places that
// were claimed, and how they were read.
import { createCipheriv, createHash } from 'node:crypto'
import {
  chunkIdOf,
  concat,
  packIdOf,
  storedBytesFor,
  toHex,
  type ChunkId,
  type PackId,
  type Random,
} from '@grenier/crypto'
import { systemClock, type Clock } from '../clock.ts'
import { openMemoryFileSystem } from '../disk/file-system-memory.ts'
import type { DiskChange, FileSystem } from '../disk/file-system.ts'
import { MemoryFolder } from '../disk/memory-folder.ts'
import { MemoryUser } from '../disk/memory-user.ts'
import { placeOneByOne, stageOneByOne } from '../disk/one-by-one.ts'
import { readOneByOne } from '../disk/read-whole.ts'
import type { ChunkPlace } from '../state/chunk-index.ts'
import type { RelativePath } from '../sync/name.ts'
import { provisionalId, type Content } from '../sync/tree.ts'
import { Fetch, type FetchOptions } from './fetch.ts'
import { Ingest, type IngestFile, type IngestResult } from './ingest.ts'
import { PackWriter, type OutgoingPack, type PackedChunk, type PackWriterOptions } from './pack-writer.ts'
import { seal } from './work.ts'
import { inlineWorkerPool } from './worker-pool-inline.ts'
import type { ContentKeys, WorkerPool } from './worker-pool.ts'

/** The keystream of AES-256-CTR under SHA-256(seed), counter block from zero. */
export function bytesOf(seed: string, length: number): Uint8Array {
  const key = createHash('sha256').update(seed).digest()
  return new Uint8Array(createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(new Uint8Array(length)))
}

/** The same that zstd makes something of: each byte has four values. */
export function textOf(seed: string, length: number): Uint8Array {
  return bytesOf(seed, length).map((byte) => 97 + (byte & 3))
}

export function seededRandom(seed: string): Random {
  let call = 0
  return { bytes: (count) => bytesOf(`${seed} ${(call += 1)}`, count) }
}

export const keys: ContentKeys = {
  chunkIdKey: bytesOf('chunk id key', 32),
  chunkerKey: bytesOf('chunker key', 32),
}
export const binding = bytesOf('vault', 32)
export const packKey = (epoch: number): Uint8Array => bytesOf(`pack key ${epoch}`, 32)
export const idOf = (chunk: Uint8Array): ChunkId => chunkIdOf(keys.chunkIdKey, chunk)

/** Time goes on whenever it is asked, so that no two changes have the same. */
function hastyClock(): Clock {
  let nowMs = 1_700_000_000_000
  return { ...systemClock, now: () => (nowMs += 10) }
}

/** A folder in memory and its user. `fault`: as `MemoryOptions`. */
export function folder(
  fault?: (call: string, path: string) => string | undefined,
  clock: Clock = hastyClock(),
): {
  readonly files: FileSystem
  readonly user: MemoryUser
} {
  const memory = new MemoryFolder({ clock, fault })
  return { files: openMemoryFileSystem(memory), user: new MemoryUser(memory) }
}

/** The file system with other methods in place of some. */
export function over(files: FileSystem, other: Partial<FileSystem>): FileSystem {
  const openForReading = other.openForReading ?? ((path: RelativePath) => files.openForReading(path))
  const openStaged = other.openStaged ?? ((name: string) => files.openStaged(name))
  const change = other.change ?? ((one: DiskChange) => files.change(one))
  return {
    list: (path) => files.list(path),
    look: (paths) => files.look(paths),
    readLink: (path) => files.readLink(path),
    openForReading,
    readWhole: (paths) => readOneByOne({ openForReading }, paths),
    openStaged,
    stageWhole: (wanted) => stageOneByOne({ openStaged }, wanted),
    resumeStaged: (name, from) => files.resumeStaged(name, from),
    change,
    placeNew: (places) => placeOneByOne({ change }, places),
    flush: (directories) => files.flush(directories),
    traits: () => files.traits(),
    ...other,
  }
}

/** The file system, and the files that are open and were read there. */
export function watchedReading(files: FileSystem): {
  files: FileSystem
  open: () => number
  reads: { path: string; offset: number }[]
} {
  let open = 0
  const reads: { path: string; offset: number }[] = []
  const openForReading: FileSystem['openForReading'] = async (path) => {
    const reader = await files.openForReading(path)
    open += 1
    return {
      stamp: reader.stamp,
      read: (offset, lengthMax) => {
        reads.push({ path, offset })
        return reader.read(offset, lengthMax)
      },
      stampNow: () => reader.stampNow(),
      close: async () => {
        open -= 1
        await reader.close()
      },
    }
  }
  return { files: over(files, { openForReading }), open: () => open, reads }
}

export function wanted(path: string, expected?: Content): IngestFile {
  return { id: provisionalId(0), path: path as RelativePath, expected }
}

/** One call of `get`. */
export interface Get {
  readonly pack: string
  readonly offset: number
  readonly length: number
}

/** A vault as content sees it. Fields may be replaced by a test. */
export class MemoryVault {
  /** Far from the times of the files in the folder above. */
  clock: Pick<Clock, 'now'> = systemClock
  readonly pool: WorkerPool
  readonly packs = new Map<string, Uint8Array>()
  readonly claimed: OutgoingPack[] = []
  readonly gets: Get[] = []
  readonly found: { readonly id: string; readonly pack: string; readonly known: 'good' | 'bad' }[] = []
  epoch = 0
  emit: (pack: OutgoingPack) => Promise<void> = () => Promise.resolve()
  /** What the relay gives instead of what it holds. */
  tamper: (bytes: Uint8Array, get: Get) => Uint8Array | undefined = (bytes) => bytes
  readonly #places = new Map<string, ChunkPlace[]>()
  #sequence = 0

  constructor(pool: WorkerPool = inlineWorkerPool()) {
    this.pool = pool
  }

  writer(options: Partial<PackWriterOptions> = {}, bulkBytes = 0): PackWriter {
    const emit = async (pack: OutgoingPack): Promise<void> => {
      this.put(pack.id, pack.bytes)
      this.claim(pack)
      await this.emit(pack)
    }
    const sealing = () => ({ key: packKey(this.epoch), binding, epoch: this.epoch })
    const random = seededRandom('salts')
    return new PackWriter({ pool: this.pool, random, sealing, emit, ...options }, bulkBytes)
  }

  /** The relay holds these bytes under this name. */
  put(id: PackId, bytes: Uint8Array): void {
    this.packs.set(toHex(id), bytes)
  }

  /** A pack of these chunks, as they are, at the relay and claimed. `claims`: what its index says instead of the truth. */
  pack(chunks: readonly Uint8Array[], claims?: readonly PackedChunk[]): { id: PackId; name: string } {
    const { epoch } = this
    const plain = concat(chunks)
    const salt = bytesOf(`salt ${this.packs.size}`, 32)
    const storedBytes = storedBytesFor(plain.length)
    const { bytes } = seal({ key: packKey(epoch), binding, epoch, salt, plain, storedBytes })
    const id = packIdOf(bytes)
    this.put(id, bytes)
    const told = chunks.map((chunk) => ({
      id: idOf(chunk),
      plainBytes: chunk.length,
      storedBytes: chunk.length,
    }))
    this.claim({ id, bytes, epoch, chunks: claims ?? told })
    return { id, name: toHex(id) }
  }

  /** A claim of the log: places of chunks, whatever the pack holds. */
  claim(pack: Pick<OutgoingPack, 'id' | 'epoch' | 'chunks'> & { bytes: { length: number } }): void {
    if ('ordinal' in pack) this.claimed.push(pack as OutgoingPack)
    this.#sequence += 1
    let offset = 0
    for (const [position, { id, plainBytes, storedBytes }] of pack.chunks.entries()) {
      const { epoch } = pack
      const where = { pack: pack.id, packBytes: pack.bytes.length, epoch, offset, plainBytes, storedBytes }
      this.place(id, {
        ...where,
        claim: { sequence: this.#sequence, position: 0 },
        position,
        known: 'unknown',
      })
      offset += storedBytes
    }
  }

  /** One place more of a chunk, tried before the others. */
  place(id: ChunkId, place: ChunkPlace): void {
    this.#places.set(toHex(id), [place, ...this.places(id)])
  }

  places(id: ChunkId): readonly ChunkPlace[] {
    const places = this.#places.get(toHex(id)) ?? []
    return [...places].sort((a, b) => Number(a.known === 'bad') - Number(b.known === 'bad'))
  }

  forget(id: ChunkId): void {
    this.#places.delete(toHex(id))
  }

  fetch(options: Partial<FetchOptions> = {}): Fetch {
    return new Fetch({ ...this.walking(), ...options })
  }

  walking(): FetchOptions {
    return {
      pool: this.pool,
      keys: () => keys,
      binding,
      packKey,
      places: (id) => this.places(id),
      get: (pack, range) => this.get(pack, range),
      found: (id, place, known) => {
        this.found.push({ id: toHex(id), pack: toHex(place.pack), known })
      },
    }
  }

  get(pack: PackId, { offset, length }: { offset: number; length: number }): Promise<Uint8Array | undefined> {
    const get = { pack: toHex(pack), offset, length }
    this.gets.push(get)
    if (length < 1 || offset < 0) return Promise.reject(new RangeError('a get of nothing'))
    const bytes = this.packs.get(get.pack)?.slice(offset, offset + length)
    return Promise.resolve(bytes === undefined ? undefined : this.tamper(bytes, get))
  }

  ingest(files: FileSystem, writer: PackWriter, known: (id: ChunkId) => boolean = () => false): Ingest {
    return new Ingest({ fileSystem: files, pool: this.pool, keys, writer, clock: this.clock, known })
  }

  /** Reads files into packs, all claimed. */
  async store(files: FileSystem, paths: readonly string[]): Promise<ReadFile[]> {
    const writer = this.writer()
    const read = await readAll(
      this.ingest(files, writer),
      paths.map((path) => wanted(path)),
    )
    await writer.finish()
    return read
  }
}

export type ReadFile = Extract<IngestResult, { outcome: 'read' }>

/** All results but parts. */
export async function resultsOf(ingest: Ingest, files: readonly IngestFile[]): Promise<IngestResult[]> {
  const results: IngestResult[] = []
  for await (const result of ingest.read(files)) if (result.outcome !== 'part') results.push(result)
  return results
}

/** Results of files that must all be readable. */
export async function readAll(ingest: Ingest, files: readonly IngestFile[]): Promise<ReadFile[]> {
  return (await resultsOf(ingest, files)).map((result) => {
    if (result.outcome !== 'read') throw new Error(`${result.file.path}: ${JSON.stringify(result)}`)
    return result
  })
}
