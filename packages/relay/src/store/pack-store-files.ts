// PackStore on this machine: packs up to 64 KiB as rows, larger ones as plain files that `sha256sum` can check, a folder a vault:
// packs/VAULT/PACK. A file is written below incoming/ first and renamed once it is durable; what lies there at a start is left over.
import { mkdir, open, readdir, rm, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex, packId, toHex, vaultId, type VaultId } from '@grenier/crypto/verify'
import { freshBytes } from '../core/block-pool.ts'
import { RelayError } from '../errors.ts'
import { diskError, systemCode } from './disk-error.ts'
import { flushDirectory, FlushGroup } from './flush-group.ts'
import { FileSink } from './pack-file-sink.ts'
import { packMissing, readerOf, withoutFirst } from './pack-pieces.ts'
import type { PackArrival, PackPlace, PackReader, PackStore, PackUpload } from './pack-store.ts'
import { CheckedUpload, type PackSink } from './pack-upload.ts'
import { placeOfKey, smallKey, smallPrefix } from './row-keys.ts'
import { under, type Rows } from './rows.ts'

/** Packs up to this size are rows: a file for each would cost more than its bytes, and a flush of its own. */
const smallBytesMax = 64 * 1024
const hexName = /^[0-9a-f]{64}$/

/** @see PackStore */
export class FilePackStore implements PackStore {
  readonly #rows: Rows
  readonly #incoming: string
  readonly #packs: string
  readonly #folders = new Map<string, Promise<void>>()
  readonly #group = new FlushGroup()
  readonly #open = new Set<FileSink>()
  #temporaries = 0
  #closed = false

  private constructor(folder: string, rows: Rows) {
    this.#rows = rows
    this.#incoming = join(folder, 'incoming')
    this.#packs = join(folder, 'packs')
  }

  /** Opens the store below `folder` and removes what interrupted uploads left. `rows` is closed by its owner, after this. */
  static async open(folder: string, rows: Rows): Promise<FilePackStore> {
    const store = new FilePackStore(folder, rows)
    await rm(store.#incoming, { recursive: true, force: true })
    for (const made of [store.#incoming, store.#packs]) await mkdir(made, { recursive: true, mode: 0o700 })
    await flushDirectory(folder)
    return store
  }

  /** How many flushes were made for files so far. */
  get flushes(): number {
    return this.#group.groups
  }

  async begin(arrival: PackArrival): Promise<PackUpload> {
    this.#check()
    const sink = arrival.sizeBytes <= smallBytesMax ? this.#rowSink(arrival) : await this.#fileSink(arrival)
    return new CheckedUpload(arrival, sink)
  }

  async open(place: PackPlace): Promise<PackReader> {
    this.#check()
    const small = this.#rows.get(smallKey(place))
    if (small !== undefined) return readerOf(small, place)
    const handle = await this.#openPack(place)
    return {
      read: (offset, into) => fill(handle, { offset, into, place }),
      close: () => handle.close(),
    }
  }

  async delete(places: readonly PackPlace[]): Promise<void> {
    this.#check()
    const small = places.filter((place) => this.#rows.get(smallKey(place)) !== undefined)
    for (const place of places)
      await unlink(this.#pathOf(place)).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw diskError(error)
      })
    if (small.length > 0)
      await this.#rows.commit((view) => {
        for (const place of small) view.del(smallKey(place))
      })
  }

  async *list(vault?: VaultId): AsyncIterable<PackPlace> {
    this.#check()
    const files = this.listFiles(vault)[Symbol.asyncIterator]()
    let file = await files.next()
    for await (const [key] of this.#rows.range(under(smallPrefix(vault)))) {
      const place = placeOfKey(key)
      for (; file.done !== true && before(file.value, place); file = await files.next()) yield file.value
      yield place
    }
    for (; file.done !== true; file = await files.next()) yield file.value
  }

  /** The packs that are files, in order: what a start compares with the ledger. */
  async *listFiles(vault?: VaultId): AsyncGenerator<PackPlace> {
    const vaults = vault === undefined ? await hexNames(this.#packs) : [toHex(vault)]
    for (const name of vaults)
      for (const pack of await hexNames(join(this.#packs, name)))
        yield { vault: vaultId(fromHex(name)), pack: packId(fromHex(pack)) }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#open].map((sink) => sink.end()))
  }

  #rowSink(arrival: PackArrival): PackSink {
    // All of it was written when it is published: the size is checked before.
    const whole = freshBytes(arrival.sizeBytes)
    let at = 0
    return {
      write: (...pieces) => {
        for (const bytes of pieces) {
          whole.set(bytes, at)
          at += bytes.length
        }
        return Promise.resolve()
      },
      publish: () => {
        this.#check()
        return this.#rows.commit((view) => view.put(smallKey(arrival), whole))
      },
      discard: () => Promise.resolve(),
    }
  }

  async #fileSink(arrival: PackArrival): Promise<PackSink> {
    const sink = await FileSink.open({
      temporary: join(this.#incoming, `${toHex(arrival.pack)}-${this.#temporaries++}`),
      place: async (file) => {
        this.#check()
        await this.#makeFolder(toHex(arrival.vault))
        await this.#group.publish({ ...file, place: this.#pathOf(arrival) })
      },
      over: (one) => this.#open.delete(one),
    })
    this.#open.add(sink)
    return sink
  }

  // The folder of a vault is made and flushed once, before the first pack in it is durable.
  #makeFolder(vault: string): Promise<void> {
    const known = this.#folders.get(vault)
    if (known !== undefined) return known
    const made = mkdir(join(this.#packs, vault), { recursive: true, mode: 0o700 }).then(() =>
      flushDirectory(this.#packs),
    )
    this.#folders.set(vault, made)
    made.catch(() => this.#folders.delete(vault))
    return made
  }

  async #openPack(place: PackPlace): Promise<FileHandle> {
    try {
      return await open(this.#pathOf(place), 'r')
    } catch (error) {
      throw systemCode(error) === 'ENOENT' ? packMissing(place, error) : diskError(error)
    }
  }

  #pathOf({ vault, pack }: PackPlace): string {
    return join(this.#packs, toHex(vault), toHex(pack))
  }

  #check(): void {
    if (this.#closed) throw new RelayError('store-closed', 'the store is closed')
  }
}

// A read may give less than was asked for; at the end of the file it gives nothing.
async function fill(
  handle: FileHandle,
  { offset, into, place }: { offset: number; into: readonly Uint8Array[]; place: PackPlace },
): Promise<void> {
  let left = into.filter(({ length }) => length > 0)
  for (let at = offset; left.length > 0;) {
    const { bytesRead } = await handle.readv(left, at)
    if (bytesRead === 0) throw packMissing(place)
    at += bytesRead
    left = withoutFirst(left, bytesRead)
  }
}

// Names that are not ours (a hoster's notes, a file system's own) are left alone.
async function hexNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw diskError(error)
  })
  return names.filter((name) => hexName.test(name)).sort()
}

function before(a: PackPlace, b: PackPlace): boolean {
  return (Buffer.compare(a.vault, b.vault) || Buffer.compare(a.pack, b.pack)) < 0
}
