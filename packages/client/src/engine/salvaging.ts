// Makes what is left of a file of which a part is lost: beside its place, under a name that says that it is not whole, with zeros where it is lost.
import { salvage, type ByteRange, type Salvaged, type SalvageOptions } from '../content/salvage.ts'
import { parentOf } from '../disk/ignore.ts'
import type { FileReader, FileSystem, Look } from '../disk/file-system.ts'
import type { TreesReader } from '../state/trees.ts'
import { damagedPlaces } from '../sync/damaged-name.ts'
import type { RelativePath } from '../sync/name.ts'
import type { FileValue } from '../sync/tree.ts'
import type { MissingFile, Salvage } from './tree-writer.ts'

/** Who takes what there is. */
type Target = Pick<Salvaged, 'write' | 'settled'>

const zeros = new Uint8Array(256 << 10)

export interface SalvagingOptions {
  readonly content: SalvageOptions
  readonly files: FileSystem
  /** The tree that is written. */
  readonly trees: Pick<TreesReader, 'find'>
  /** What its staged files begin with. */
  readonly run: string
}

/** For `TreeWriter`. */
export class Salvaging {
  readonly #options: SalvagingOptions
  #staged = 0

  constructor(options: SalvagingOptions) {
    this.#options = options
  }

  /** undefined where nothing is left of it. @throws DiskError, and what reading the archive throws */
  async salvage({ path, value }: MissingFile): Promise<Salvage | undefined> {
    const { files, trees } = this.#options
    const { timeStepNs } = await files.traits()
    const isTaken = (place: RelativePath): boolean => trees.find('remote', place) !== undefined
    for (const place of damagedPlaces(path, isTaken)) {
      const [there] = await files.look([place])
      if (there === undefined) {
        const lost = await this.#make(place, value)
        return lost && { keptAs: place, lost }
      }
      if (!isLike(there, value, timeStepNs)) continue
      const lost = await this.#lostIn(place, value)
      if (lost !== 'another') return lost && { keptAs: place, lost }
    }
    return undefined
  }

  async #make(path: RelativePath, value: FileValue): Promise<readonly ByteRange[] | undefined> {
    const { files, run } = this.#options
    this.#staged += 1
    const name = `${run}-damaged-${this.#staged}`
    try {
      const lost = await this.#stage(name, value)
      if (lost === undefined) return undefined
      // A name whose bytes a power cut took would count as done the next time.
      await files.flush([])
      await files.change({ do: 'place', name, path, replace: false })
      await files.flush([parentOf(path)])
      return lost
    } finally {
      await files.change({ do: 'drop-staged', name })
    }
  }

  async #stage(name: string, value: FileValue): Promise<readonly ByteRange[] | undefined> {
    const { mode, mtimeNs, sizeBytes } = value
    const writer = await this.#options.files.openStaged(name)
    let isOpen = true
    try {
      // As long as it was, whatever of it comes.
      if (sizeBytes > 0) await writer.write(sizeBytes - 1, new Uint8Array(1))
      const lost = await this.#fill(value, writer)
      if (lost === undefined) return undefined
      isOpen = false
      await writer.finish({ mode, mtimeNs })
      return lost
    } finally {
      if (isOpen) await writer.close()
    }
  }

  /** undefined where nothing came. */
  async #fill({ content, sizeBytes }: FileValue, to: Target): Promise<readonly ByteRange[] | undefined> {
    if (content === undefined) return undefined
    const lost = await salvage(this.#options.content, {
      content,
      sizeBytes,
      write: (offset, bytes) => to.write(offset, bytes),
      settled: async (offset) => await to.settled?.(offset),
    })
    const lostBytes = lost?.reduce((sum, { length }) => sum + length, 0)
    return lostBytes === sizeBytes ? undefined : lost
  }

  /** What is lost in a file that is there, where it is to the byte what would be made: an earlier run of the same archive made it. */
  async #lostIn(path: RelativePath, value: FileValue): Promise<readonly ByteRange[] | 'another' | undefined> {
    const reader = await this.#options.files.openForReading(path)
    try {
      const compared = new Compared(reader)
      const lost = await this.#fill(value, compared)
      await compared.settled(value.sizeBytes)
      return compared.isSame ? lost : 'another'
    } finally {
      await reader.close()
    }
  }
}

/** Compares a file with what comes, and with zeros where nothing comes: stretches that are told as one may hold something between them. */
class Compared implements Target {
  readonly #reader: FileReader
  readonly #came: ByteRange[] = []
  #end = 0
  #isSame = true

  constructor(reader: FileReader) {
    this.#reader = reader
  }

  get isSame(): boolean {
    return this.#isSame
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.#came.push({ offset, length: bytes.length })
    this.#isSame &&= Buffer.compare(await this.#reader.read(offset, bytes.length), bytes) === 0
  }

  async settled(to: number): Promise<void> {
    const came = this.#came.splice(0).sort((a, b) => a.offset - b.offset)
    for (const { offset, length } of [...came, { offset: to, length: 0 }]) {
      const gap = { offset: this.#end, length: offset - this.#end }
      this.#isSame &&= await isZero(this.#reader, gap)
      this.#end = Math.max(this.#end, offset + length)
    }
  }
}

async function isZero(reader: FileReader, { offset, length }: ByteRange): Promise<boolean> {
  for (let at = 0; at < length; at += zeros.length) {
    const wanted = Math.min(length - at, zeros.length)
    const bytes = await reader.read(offset + at, wanted)
    if (Buffer.compare(bytes, zeros.subarray(0, wanted)) !== 0) return false
  }
  return true
}

function isLike({ kind, stamp }: Look, value: FileValue, timeStepNs: bigint): boolean {
  const apart = stamp.mtimeNs - value.mtimeNs
  return kind === 'file' && stamp.sizeBytes === value.sizeBytes && apart < timeStepNs && apart > -timeStepNs
}
