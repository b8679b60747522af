// What this program itself has just put into the folder or taken out of it. The watcher hears of each of these, too; as long as what it finds is
// what was put there, that is no news, and no directory has to be listed again for it. Whatever anybody else does is another event.
import type { RelativePath } from '../sync/name.ts'
import type { Stamp } from '../sync/tree.ts'
import { parentOf } from './ignore.ts'
import { sameButChange } from './stamp.ts'

/** Between the applier, which leaves traces, and the watcher, which comes upon them. */
export class OwnTraces {
  readonly #missed: (directory: RelativePath) => void
  /** Of the group under way, and of the one before: its last events may come late. Nothing there: it was taken away. */
  #now = new Map<RelativePath, Stamp | undefined>()
  #before = new Map<RelativePath, Stamp | undefined>()

  /** `missed`: hears of the directories in which traces were left by a group that then failed. */
  constructor(missed: (directory: RelativePath) => void = () => undefined) {
    this.#missed = missed
  }

  /** This is there now, or, without a stamp, nothing is. */
  left(path: RelativePath, stamp: Stamp | undefined): void {
    this.#now.set(path, stamp)
  }

  /** Whether what is at a path is what was left there. The time of change does not count: a second name sets it. */
  isOwn(path: RelativePath, there: Stamp | undefined): boolean {
    const traces = this.#now.has(path) ? this.#now : this.#before
    if (!traces.has(path)) return false
    const left = traces.get(path)
    return left === undefined || there === undefined ? left === there : sameButChange(left, there)
  }

  /** What was left is in the rows. */
  recorded(): void {
    this.#before = this.#now
    this.#now = new Map()
  }

  /** What was left is in no row: it is found by a look alone. */
  failed(): void {
    const directories = new Set([...this.#now.keys()].map(parentOf))
    this.recorded()
    this.#before.clear()
    for (const directory of directories) this.#missed(directory)
  }
}
