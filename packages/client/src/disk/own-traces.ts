// What this program itself has just put into the folder or taken out of it. The watcher hears of each of these, too; as long as what it finds is
// what was put there, that is no news, and no directory has to be listed again for it. Whatever anybody else does is another event.
import { joinPath, type RelativePath } from '../sync/name.ts'
import type { Stamp } from '../sync/tree.ts'
import { ignoreFile, parentOf } from './ignore.ts'
import { sameButChange } from './stamp.ts'

/** Between the applier, which leaves traces, and the watcher, which comes upon them. */
export class OwnTraces {
  readonly #look: (directory: RelativePath) => void
  /** Of the group under way, and of the one before: its last events may come late. Nothing there: it was taken away. */
  #now = new Map<RelativePath, Stamp | undefined>()
  #before = new Map<RelativePath, Stamp | undefined>()

  /** Directories that were made, in the same two groups. */
  #madeNow = new Map<RelativePath, Stamp>()
  #madeBefore = new Map<RelativePath, Stamp>()

  /** Directories where ignore rules changed: what they say of all below is found by a look. */
  readonly #ruled = new Set<RelativePath>()

  /** `look`: hears of directories that are to be looked at all the same: of a group that failed, or where rules came. */
  constructor(look: (directory: RelativePath) => void = () => undefined) {
    this.#look = look
  }

  /** This is there now, or, without a stamp, nothing is. */
  left(path: RelativePath, stamp: Stamp | undefined): void {
    this.#now.set(path, stamp)
    const directory = parentOf(path)
    if (path === joinPath(directory, ignoreFile)) this.#ruled.add(directory)
  }

  /** What was to be left there is not, or not by this. */
  forget(path: RelativePath): void {
    for (const known of [this.#now, this.#before]) known.delete(path)
  }

  /** This directory was made there, with the bits that it keeps. */
  made(path: RelativePath, stamp: Stamp): void {
    this.#madeNow.set(path, stamp)
  }

  /** Whether the directory at a path, if there is one, is the one that was made there, with the bits that it was given. */
  isMade(path: RelativePath, there: Stamp | undefined): boolean {
    const stamp = this.#madeNow.get(path) ?? this.#madeBefore.get(path)
    const isSame =
      there !== undefined && stamp?.ino === there.ino && stamp.dev === there.dev && stamp.mode === there.mode
    // As below: who gives it other bits and these again has done something.
    if (!isSame) for (const known of [this.#madeNow, this.#madeBefore]) known.delete(path)
    return isSame
  }

  /** Whether what is at a path is what was left there. The time of change does not count: a second name sets it. */
  isOwn(path: RelativePath, there: Stamp | undefined): boolean {
    const traces = this.#now.has(path) ? this.#now : this.#before
    if (!traces.has(path)) return false
    const left = traces.get(path)
    const isSame = left === undefined || there === undefined ? left === there : sameButChange(left, there)
    // Somebody was here: if it is as we left it some day again, that is their doing.
    if (!isSame) this.forget(path)
    return isSame
  }

  /** What was left is in the rows. */
  recorded(): void {
    this.#before = this.#now
    this.#now = new Map()
    this.#madeBefore = this.#madeNow
    this.#madeNow = new Map()
    for (const directory of this.#ruled) this.#look(directory)
    this.#ruled.clear()
  }

  /** What was left is in no row: it is found by a look alone. */
  failed(): void {
    const directories = new Set([...this.#now.keys(), ...this.#madeNow.keys()].map(parentOf))
    this.recorded()
    this.#before.clear()
    this.#madeBefore.clear()
    for (const directory of directories) this.#look(directory)
  }
}
