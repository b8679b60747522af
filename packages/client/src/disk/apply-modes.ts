// Permission bits of directories while a group works in them: a read-only one is opened for the work and gets its bits back; a new one
// gets its own at the end.
import type { RelativePath } from '../sync/name.ts'
import type { GroupOptions } from './apply-step.ts'
import { DiskError } from './file-system.ts'
import { parentOf } from './ignore.ts'
import { openedName } from './staging-names.ts'
import { noteOpened, workBits } from './opened-note.ts'

/** The bits that directories are to have when the group ends. */
export class ApplyModes {
  readonly #options: Pick<GroupOptions, 'files' | 'nextCount'>
  readonly #wanted = new Map<RelativePath, number>()
  /** Notes in the staging area about what has to be set back, should a crash come. */
  readonly #notes: string[] = []

  constructor(options: Pick<GroupOptions, 'files' | 'nextCount'>) {
    this.#options = options
  }

  /** Bits for a new directory now; its own follow at the end. */
  forNew(path: RelativePath, mode: number): number {
    if ((mode & workBits) !== workBits) this.#wanted.set(path, mode)
    return mode | workBits
  }

  /** At the end, the directory shall have these bits. */
  set(path: RelativePath, mode: number): void {
    this.#wanted.set(path, mode)
  }

  /** Runs an effect in these directories; when their bits forbid it, with bits that allow it. */
  async writable(directories: readonly RelativePath[], effect: () => Promise<void>): Promise<void> {
    try {
      await effect()
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'EACCES') throw error
      const opened = await Promise.all(directories.map((path) => this.#openUp(path)))
      if (!opened.some((did) => did)) throw error
      await effect()
    }
  }

  /** A directory has another path now. */
  moved(from: RelativePath, to: RelativePath): void {
    for (const [path, mode] of [...this.#wanted]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      this.#wanted.delete(path)
      this.#wanted.set((to + path.slice(from.length)) as RelativePath, mode)
    }
  }

  /** Sets all bits, the deepest first; says in which directories something changed. */
  async finish(): Promise<readonly RelativePath[]> {
    const { files } = this.#options
    const deepestFirst = [...this.#wanted].sort(([a], [b]) => b.length - a.length)
    for (const [path, mode] of deepestFirst) {
      try {
        await files.change({ do: 'set-mode', path, mode })
      } catch (error) {
        // It is gone, or a file system that knows no bits: the record says what is there.
        if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
      }
    }
    for (const name of this.#notes) await files.change({ do: 'drop-staged', name })
    return deepestFirst.map(([path]) => parentOf(path))
  }

  async #openUp(path: RelativePath): Promise<boolean> {
    const { files, nextCount } = this.#options
    const [look] = await files.look([path])
    if (look?.kind !== 'directory' || (look.stamp.mode & workBits) === workBits) return false
    const note = openedName(nextCount())
    this.#notes.push(note)
    await noteOpened(files, note, { path, mode: look.stamp.mode })
    await files.change({ do: 'set-mode', path, mode: look.stamp.mode | workBits })
    if (!this.#wanted.has(path)) this.#wanted.set(path, look.stamp.mode)
    return true
  }
}
