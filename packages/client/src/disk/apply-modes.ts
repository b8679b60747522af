// Permission bits of directories while a group works in them: a read-only one is opened for the work and gets its bits back; a new one
// gets its own at the end.
import type { RelativePath } from '../sync/name.ts'
import type { Change } from './apply-report.ts'
import type { GroupOptions } from './apply-step.ts'
import { DiskError } from './file-system.ts'
import { parentOf } from './ignore.ts'
import { movedPath } from './moved-path.ts'
import { openedName } from './staging-names.ts'
import { noteOpened, workBits } from './opened-note.ts'

/** Bits, and the change that they are all of. */
interface Wanted {
  readonly mode: number
  readonly of: Change | undefined
}

/** The bits that directories are to have when the group ends. */
export class ApplyModes {
  readonly #options: Pick<GroupOptions, 'files' | 'nextCount'>
  readonly #wanted = new Map<RelativePath, Wanted>()
  /** Notes in the staging area about what has to be set back, should a crash come. */
  readonly #notes: string[] = []

  constructor(options: Pick<GroupOptions, 'files' | 'nextCount'>) {
    this.#options = options
  }

  /** Bits for a new directory now; its own follow at the end. */
  forNew(path: RelativePath, mode: number): number {
    if ((mode & workBits) !== workBits) this.#wanted.set(path, { mode, of: undefined })
    return mode | workBits
  }

  /** At the end, the directory shall have these bits. `of`: the change that is about nothing else. */
  set(path: RelativePath, mode: number, of?: Change): void {
    this.#wanted.set(path, { mode, of })
  }

  /** Runs an effect in these directories; when their bits forbid it, with bits that allow it. */
  async writable<T>(directories: readonly RelativePath[], effect: () => Promise<T>): Promise<T> {
    try {
      return await effect()
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'EACCES') throw error
      const opened = await Promise.all(directories.map((path) => this.#openUp(path)))
      if (!opened.some((did) => did)) throw error
      return await effect()
    }
  }

  /** A directory has another path now. */
  moved(from: RelativePath, to: RelativePath): void {
    for (const [path, wanted] of [...this.#wanted]) {
      const moved = movedPath(path, { from, to })
      if (moved === undefined) continue
      this.#wanted.delete(path)
      this.#wanted.set(moved, wanted)
    }
  }

  /** Sets all bits, the deepest first. Says in which directories something changed, and which changes found nothing at their path. */
  async finish(): Promise<{ readonly touched: readonly RelativePath[]; readonly missed: readonly Change[] }> {
    const { files } = this.#options
    const missed: Change[] = []
    const deepestFirst = [...this.#wanted].sort(([a], [b]) => b.length - a.length)
    for (const [path, { mode, of }] of deepestFirst) {
      try {
        await files.change({ do: 'set-mode', path, mode })
      } catch (error) {
        // It is gone, or a file system that knows no bits: the record says what is there.
        if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
        if (of !== undefined && isGone(error)) missed.push(of)
      }
    }
    for (const name of this.#notes) await files.change({ do: 'drop-staged', name })
    return { touched: deepestFirst.map(([path]) => parentOf(path)), missed }
  }

  async #openUp(path: RelativePath): Promise<boolean> {
    const { files, nextCount } = this.#options
    const [look] = await files.look([path])
    if (look?.kind !== 'directory' || (look.stamp.mode & workBits) === workBits) return false
    const note = openedName(nextCount())
    this.#notes.push(note)
    await noteOpened(files, note, { path, mode: look.stamp.mode })
    await files.change({ do: 'set-mode', path, mode: look.stamp.mode | workBits })
    if (!this.#wanted.has(path)) this.#wanted.set(path, { mode: look.stamp.mode, of: undefined })
    return true
  }
}

/** Nothing is there, or a link, or something in place of a directory above it: the user was quicker. */
function isGone({ code }: DiskError): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP'
}
