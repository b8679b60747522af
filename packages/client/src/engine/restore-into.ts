// Writes a part of a former tree to a directory elsewhere: each file whole and checked before it has its name, nothing overwritten. What is in the
// way is left as it is, and told; but what is there to the byte, with its bits and time, is done already: a run that was cut off goes on.
import { Fetch, type FetchOptions, type FetchResult, type WantedFile } from '../content/fetch.ts'
import { folderFault, onFolder } from '../disk/folder-fault.ts'
import { parentOf } from '../disk/ignore.ts'
import {
  DiskError,
  ownDirectory,
  stagingDirectory,
  type DiskChange,
  type FileSystem,
  type FileWriter,
} from '../disk/file-system.ts'
import { ClientError } from '../errors.ts'
import type { ProblemCode } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { FileValue, LinkValue, Row } from '../sync/tree.ts'
import { lackCode } from './damaged-member.ts'
import type { LookQuery, TakeRow } from './history-query.ts'
import { above, foundAt, nodeRow, withBelow, type HistoryTree } from './history-tree.ts'
import { thereAlready } from './there-already.ts'
import type { Vault } from './vault.ts'

/** Files brought together: their packs are read once for all of them. */
const batchFilesMax = 256
const batchBytesMax = 64 << 20
/** Where nothing can be made, nothing below can. */
const ownerBits = 0o700

export interface RestoreIntoParts {
  readonly vault: Vault
  readonly tree: HistoryTree
  readonly take: TakeRow
}

interface Item {
  readonly path: RelativePath
  readonly row: Row
}
interface FileItem {
  readonly path: RelativePath
  readonly row: Row
  readonly value: FileValue
}

/** One restoring. */
export class RestoreInto {
  readonly #parts: RestoreIntoParts
  /** Directories that could not be made: all below is left out. */
  readonly #closed = new Set<RelativePath>()
  /** Bits that would keep us from writing into it: set at the end. */
  readonly #bitsLater: { readonly path: RelativePath; readonly mode: number }[] = []
  readonly #touched = new Set<RelativePath>()
  /** What is damaged is told of its files, and costs no other. */
  readonly #content: FetchOptions
  readonly #fetch: Fetch
  #batch: FileItem[] = []
  #batchBytes = 0
  #staged = 0

  constructor(parts: RestoreIntoParts) {
    this.#parts = parts
    this.#content = { ...parts.tree.content, damaged: 'corrupt' }
    this.#fetch = new Fetch(this.#content)
  }

  /** @throws ClientError `path-unknown`, `folder-unusable`, `disk-full`, `disk-failed`, `interrupted`; as content fails to come */
  async restore({ path, into }: Extract<LookQuery, { do: 'restore-into' }>): Promise<void> {
    const { vault, tree } = this.#parts
    const found = foundAt(tree, path)
    const files = await onFolder(into, () => vault.platform.fileSystem(into))
    const isMarked = (await files.list(ownDirectory)) !== undefined
    try {
      for (const one of above(tree, found.path))
        if (one.row !== undefined) await this.#one(files, { path: one.path, row: one.row })
      for await (const one of withBelow(tree, found)) await this.#one(files, one)
      await this.#bring(files)
      for (const { path: at, mode } of this.#bitsLater.reverse())
        await files.change({ do: 'set-mode', path: at, mode })
      await files.flush([...this.#touched])
    } catch (error) {
      throw folderFault(error, 'the directory cannot be written to', into)
    } finally {
      await clearStaging(files, isMarked)
    }
  }

  async #one(files: FileSystem, item: Item): Promise<void> {
    const { vault } = this.#parts
    if (vault.signal.aborted) throw new ClientError('interrupted', 'stopped')
    const { path, row } = item
    if (this.#closed.has(parentOf(path))) {
      if (row.value.kind === 'directory') this.#closed.add(path)
      return
    }
    if (row.value.kind === 'directory') await this.#directory(files, item, row.value.mode)
    else await this.#leaf(files, item, row.value)
  }

  async #leaf(files: FileSystem, item: Item, value: FileValue | LinkValue): Promise<void> {
    const { path, row } = item
    const [there] = await files.look([path])
    if (there !== undefined) await this.#meet(files, item, { path, there, value })
    else if (value.kind === 'link') await this.#link(files, item, value)
    else await this.#file(files, { path, row, value })
  }

  /** What is there is not fetched in vain. */
  async #meet(files: FileSystem, item: Item, at: Parameters<typeof thereAlready>[2]): Promise<void> {
    const { take, vault } = this.#parts
    const verdict = await thereAlready({ ...this.#content, signal: vault.signal }, files, at)
    if (verdict === 'same') await take({ ...nodeRow(item), row: 'restored', already: true })
    else await this.#refuse(at.path, verdict)
  }

  async #file(files: FileSystem, item: FileItem): Promise<void> {
    this.#batch.push(item)
    this.#batchBytes += item.value.sizeBytes
    if (this.#batch.length >= batchFilesMax || this.#batchBytes >= batchBytesMax) await this.#bring(files)
  }

  async #directory(files: FileSystem, item: Item, mode: number): Promise<void> {
    const { path } = item
    try {
      await files.change({ do: 'make-directory', path, mode: mode | ownerBits })
      this.#touched.add(parentOf(path))
      this.#bits(path, mode)
      await this.#parts.take({ ...nodeRow(item), row: 'restored' })
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      const [there] = error.code === 'EEXIST' ? await files.look([path]) : []
      if (there?.kind === 'directory') {
        // As a run that was cut off left it.
        if (there.stamp.mode === (mode | ownerBits)) this.#bits(path, mode)
        return
      }
      this.#closed.add(path)
      await this.#refuseFor(path, error)
    }
  }

  #bits(path: RelativePath, mode: number): void {
    if ((mode & ownerBits) !== ownerBits) this.#bitsLater.push({ path, mode })
  }

  async #link(files: FileSystem, item: Item, value: LinkValue): Promise<void> {
    const name = this.#nextName()
    const { target, mtimeNs } = value
    await this.#placed(files, item, [
      { do: 'stage-link', name, target, mtimeNs },
      { do: 'place', name, path: item.path, replace: false },
    ])
  }

  /** Fills what is gathered, and gives each file that is whole its name. */
  async #bring(files: FileSystem): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    const open: { readonly item: FileItem; readonly name: string; readonly writer: FileWriter }[] = []
    try {
      for (const item of batch) {
        const name = this.#nextName()
        open.push({ item, name, writer: await files.openStaged(name) })
      }
      const results = await this.#fetch.fill(open.map(({ item, writer }) => wanted(item, writer)))
      for (const [at, { item, name, writer }] of open.entries()) {
        const { mode, mtimeNs } = item.value
        if (results[at] !== 'filled') {
          await this.#refuse(item.path, codeOf(results[at]))
          continue
        }
        await writer.finish({ mode, mtimeNs })
        await this.#placed(files, item, [{ do: 'place', name, path: item.path, replace: false }])
      }
    } finally {
      for (const { writer } of open) await writer.close().catch(() => undefined)
    }
  }

  async #placed(files: FileSystem, item: Item, steps: readonly DiskChange[]): Promise<void> {
    try {
      for (const step of steps) await files.change(step)
      this.#touched.add(parentOf(item.path))
      await this.#parts.take({ ...nodeRow(item), row: 'restored' })
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      await this.#refuseFor(item.path, error)
    }
  }

  #nextName(): string {
    return `restored-${++this.#staged}`
  }

  async #refuseFor(path: RelativePath, error: DiskError): Promise<void> {
    if (['ENOSPC', 'EDQUOT', 'EIO'].includes(error.code)) throw error
    const unholdable = ['ENAMETOOLONG', 'EILSEQ', 'EINVAL']
    const code =
      error.code === 'EEXIST'
        ? 'not-overwritten'
        : unholdable.includes(error.code)
          ? 'name-unholdable'
          : 'unwritable'
    await this.#refuse(path, code)
  }

  async #refuse(path: RelativePath, code: ProblemCode): Promise<void> {
    await this.#parts.take({ row: 'problem', path, code })
  }
}

function codeOf(result: FetchResult | undefined): ProblemCode {
  return result === 'wrong' || result === 'corrupt' ? lackCode(result) : 'pack-unavailable'
}

function wanted({ value }: FileItem, writer: FileWriter): WantedFile {
  const { content, sizeBytes } = value
  if (content === undefined) throw new TypeError('a file of the log without its content')
  const write = async (offset: number, bytes: Uint8Array): Promise<boolean> => {
    await writer.write(offset, bytes)
    return true
  }
  return { content, sizeBytes, write }
}

/** What was staged and got no name goes; of a directory that was none of ours, our own goes too. */
async function clearStaging(files: FileSystem, isMarked: boolean): Promise<void> {
  try {
    for (const name of (await files.list(stagingDirectory)) ?? [])
      if (name.startsWith('restored-')) await files.change({ do: 'drop-staged', name })
    if (isMarked) return
    for (const path of [stagingDirectory, ownDirectory]) await files.change({ do: 'remove-directory', path })
  } catch (error) {
    // It is told what went wrong before; a directory that stays does no harm.
    if (!(error instanceof DiskError)) throw error
  }
}
