// Writes a tree into a folder that it may not overwrite anything in: each file is made in the staging area, checked chunk by chunk, and put in
// its place only where nothing is. What is there already and the same counts as done, so that an interrupted run goes on.
import type { ContentSource, WantedFile } from '../disk/content-source.ts'
import { parentOf } from '../disk/ignore.ts'
import { DiskError, type DiskTraits, type FileSystem, type Look } from '../disk/file-system.ts'
import type { Problem, ProblemCode } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { FileValue, LinkValue } from '../sync/tree.ts'
import type { Tally } from './tally.ts'
import type { WalkedRow } from './tree-walk.ts'

/** Files that are made together, because small ones share packs; and their bytes. */
const groupFilesMax = 400
const groupBytesMax = 64 << 20

/** A file that is to be made. */
export interface MissingFile {
  readonly path: RelativePath
  readonly value: FileValue
}

export interface TreeWriterOptions {
  readonly files: FileSystem
  readonly content: ContentSource
  readonly tally: Tally
  readonly signal: AbortSignal
  /** What its staged files are called by: another run may be at work in the same folder. */
  readonly run: string
  /** A file of which something is lost: what is left of it is made beside its place. undefined where that is nothing. @throws DiskError */
  readonly salvage?: ((file: MissingFile) => Promise<Salvage | undefined>) | undefined
}

/** What is left of a file. */
export type Salvage = Required<Pick<Problem, 'keptAs' | 'lost'>>

/** What came of it. */
export interface WrittenCounts {
  readonly files: number
  readonly bytes: number
}

/** A file, and what is in its place already. */
interface Looked {
  readonly file: MissingFile
  readonly there: Look | undefined
}

/** One tree on its way into a folder. `take` each row, directories first; then `end`. */
export class TreeWriter {
  readonly #options: TreeWriterOptions
  #group: MissingFile[] = []
  #groupBytes = 0
  #staged = 0
  /** Modes that would keep this very run out, from the last to the first. */
  readonly #modes: { readonly path: RelativePath; readonly mode: number }[] = []
  /** Directories that could not be made: what is in them cannot be either. */
  readonly #barred = new Set<string>()
  /** Directories whose entries are not durable yet. */
  readonly #touched = new Set<RelativePath>()
  #files = 0
  #bytes = 0
  #traits: DiskTraits | undefined

  constructor(options: TreeWriterOptions) {
    this.#options = options
  }

  /** @throws ClientError what stops it all */
  async take({ path, row }: WalkedRow): Promise<void> {
    const { value } = row
    if (this.#isBarred(path)) {
      if (value.kind === 'directory') this.#barred.add(path)
      this.#problem(path, 'unwritable', 'ENOTDIR')
      return
    }
    if (value.kind === 'directory') await this.#makeDirectory(path, value.mode)
    else if (value.kind === 'link') await this.#makeLink(path, value)
    else await this.#addFile({ path, value })
  }

  async end(): Promise<WrittenCounts> {
    await this.#makeGroup()
    for (const { path, mode } of this.#modes.reverse())
      await this.#trying(path, () => this.#options.files.change({ do: 'set-mode', path, mode }))
    await this.#options.files.flush([...this.#touched])
    return { files: this.#files, bytes: this.#bytes }
  }

  #isBarred(path: string): boolean {
    const slash = path.lastIndexOf('/')
    return slash > 0 && this.#barred.has(path.slice(0, slash))
  }

  async #makeDirectory(path: RelativePath, mode: number): Promise<void> {
    const { files } = this.#options
    // Writable for now: what is in it comes first.
    const made = await this.#trying(path, async () => {
      const [there] = await files.look([path])
      if (there === undefined) await files.change({ do: 'make-directory', path, mode: mode | 0o700 })
      else if (there.kind !== 'directory') throw new DiskError('EEXIST', 'not a directory')
      if (there === undefined) this.#touched.add(parentOf(path))
      if (there === undefined && (mode & 0o700) !== 0o700) this.#modes.push({ path, mode })
    })
    if (!made) this.#barred.add(path)
  }

  async #makeLink(path: RelativePath, value: LinkValue): Promise<void> {
    const { files } = this.#options
    const done = await this.#trying(path, async () => {
      const [there] = await files.look([path])
      if (there?.kind === 'link' && Buffer.compare(await files.readLink(path), value.target) === 0) return
      const name = this.#stagedName()
      await files.change({ do: 'stage-link', name, target: value.target, mtimeNs: value.mtimeNs })
      await this.#place(name, path)
    })
    if (done) this.#did(0)
  }

  async #addFile(file: MissingFile): Promise<void> {
    this.#group.push(file)
    this.#groupBytes += file.value.sizeBytes
    if (this.#group.length >= groupFilesMax || this.#groupBytes >= groupBytesMax) await this.#makeGroup()
  }

  async #makeGroup(): Promise<void> {
    const { files, content, signal } = this.#options
    const group = this.#group
    this.#group = []
    this.#groupBytes = 0
    const wanted: { file: MissingFile; staged: WantedFile }[] = []
    for (const { file, there } of await this.#looks(group)) {
      if (there !== undefined && (await this.#isSame(there, file.value))) this.#did(file.value.sizeBytes)
      else if (there !== undefined) this.#problem(file.path, 'not-overwritten')
      else wanted.push({ file, staged: this.#wantedOf(file) })
    }
    signal.throwIfAborted()
    if (wanted.length === 0) return
    const failures = await content.fill(wanted.map(({ staged }) => staged))
    // A name whose bytes a power cut took would count as done the next time.
    await files.flush([])
    for (const [at, { file, staged }] of wanted.entries()) {
      const failure = failures[at]
      if (failure === undefined) {
        if (await this.#trying(file.path, () => this.#place(staged.staged, file.path)))
          this.#did(file.value.sizeBytes)
        continue
      }
      await files.change({ do: 'drop-staged', name: staged.staged })
      const isLost = failure.code === 'pack-unavailable' || failure.code === 'entry-void'
      if (isLost) await this.#tellLost(file)
      else this.#problem(file.path, failure.code, failure.detail)
    }
  }

  async #tellLost(file: MissingFile): Promise<void> {
    let salvage: Salvage | undefined
    let detail: { readonly detail?: string } = {}
    try {
      salvage = await this.#options.salvage?.(file)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      detail = { detail: error.code }
    }
    this.#options.tally.problem({ path: file.path, code: 'archive-damaged', ...detail, ...salvage })
  }

  /** What is where the files go, of those that the disk can look at: what it refuses is told, and costs no other file. */
  async #looks(group: readonly MissingFile[]): Promise<readonly Looked[]> {
    const { files } = this.#options
    try {
      const looks = await files.look(group.map(({ path }) => path))
      return group.map((file, at) => ({ file, there: looks[at] }))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
    const looked: Looked[] = []
    for (const file of group)
      await this.#trying(file.path, async () => {
        const [there] = await files.look([file.path])
        looked.push({ file, there })
      })
    return looked
  }

  #wantedOf({ path, value }: MissingFile): WantedFile {
    const { content, sizeBytes, mode, mtimeNs } = value
    if (content === undefined) throw new RangeError('a file of the log without its content')
    const finish = { bits: { mode, mtimeNs }, done: () => undefined }
    return { content, sizeBytes, staged: this.#stagedName(), path, finish }
  }

  async #isSame({ kind, stamp }: Look, value: FileValue): Promise<boolean> {
    this.#traits ??= await this.#options.files.traits()
    const apart = stamp.mtimeNs - value.mtimeNs
    const { timeStepNs } = this.#traits
    return kind === 'file' && stamp.sizeBytes === value.sizeBytes && apart < timeStepNs && apart > -timeStepNs
  }

  async #place(name: string, path: RelativePath): Promise<void> {
    await this.#options.files.change({ do: 'place', name, path, replace: false })
    this.#touched.add(parentOf(path))
  }

  /** Whether it went well; what the file system refuses is told. */
  async #trying(path: RelativePath, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#problem(path, codeOf(error), error.code)
      return false
    }
  }

  #problem(path: RelativePath, code: ProblemCode, detail?: string): void {
    this.#options.tally.problem({ path, code, ...(detail === undefined ? {} : { detail }) })
  }

  #did(bytes: number): void {
    this.#files += 1
    this.#bytes += bytes
    this.#options.tally.did(1, bytes)
  }

  #stagedName(): string {
    this.#staged += 1
    return `${this.#options.run}-${this.#staged}`
  }
}

function codeOf({ code }: DiskError): ProblemCode {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'disk-full'
  if (code === 'EEXIST') return 'not-overwritten'
  return code === 'ENAMETOOLONG' || code === 'EILSEQ' ? 'name-unholdable' : 'unwritable'
}
