// Gathers hints: a save is several events, an unpacked archive thousands. Hands on each directory once, when it is quiet for a moment.
import type { Clock, Timer } from '../clock.ts'
import { asName, rootPath, type RelativePath } from '../sync/name.ts'
import type { Stamp } from '../sync/tree.ts'
import { ownDirectory, type BlindReason, type WatchEvents } from './file-system.ts'

/** A save of an editor is over by then. */
const quietMs = 50
/** While something is written on and on, hints come at least this often. */
const latestMs = 400
/** The kernel's queue holds 16,384 events, and drops the rest unsaid (libuv does not tell): with as many at once, some may be lost. */
const eventsMax = 12_000

/** Between a watcher and the engine. */
export class WatchHints {
  readonly #events: WatchEvents
  readonly #clock: Clock
  readonly #directories = new Set<RelativePath>()
  #timer: Timer | undefined
  #firstMs = 0
  #count = 0
  #closed = false

  constructor(events: WatchEvents, clock: Clock) {
    this.#events = events
    this.#clock = clock
  }

  /** Something happened in a directory, by its path with `/`; one that cannot be named counts for the nearest above that can. */
  add(directory: string): void {
    if (this.#closed) return
    const path = nearestNamed(directory)
    if (path === ownDirectory || path.startsWith(`${ownDirectory}/`)) return
    this.#directories.add(path)
    this.heard()
  }

  /** Whether an event tells only of what this program did itself. It counts all the same: it took a place in the system's queue. */
  tellsOfOwn(path: string, there: Stamp | undefined): boolean {
    if (this.#events.isOwn?.(path as RelativePath, there) !== true) return false
    this.heard()
    return true
  }

  /** Whether an event tells only of a directory that this program made itself. It counts all the same. `there`: the directory, if it is one. */
  tellsOfMade(path: string, there: Stamp | undefined): boolean {
    if (this.#events.isMade?.(path as RelativePath, there) !== true) return false
    this.heard()
    return true
  }

  /** The system told of something, whatever it was. */
  heard(): void {
    if (this.#closed) return
    if (this.#count === 0) this.#firstMs = this.#clock.monotonic()
    this.#count += 1
    const waitMs = Math.min(quietMs, this.#firstMs + latestMs - this.#clock.monotonic())
    this.#timer?.cancel()
    this.#timer = this.#clock.after(Math.max(0, waitMs), () => this.#fire())
  }

  /** Nothing comes from the watcher any more. */
  blind(reason: BlindReason): void {
    if (this.#closed) return
    this.close()
    this.#events.blind(reason)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #fire(): void {
    const directories = [...this.#directories].sort()
    const overflow = this.#count >= eventsMax
    this.#directories.clear()
    this.#count = 0
    this.#timer = undefined
    for (const directory of directories) this.#events.hint(directory)
    if (overflow) this.#events.overflow?.()
  }
}

/** Why a watcher failed, by the system's code. */
export function blindReason(error: unknown): BlindReason {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE' ? 'watch-limit' : 'watch-failed'
}

function nearestNamed(path: string): RelativePath {
  const names = path === rootPath ? [] : path.split('/')
  // Watchers put U+FFFD where a name is not UTF-8.
  const bad = names.findIndex((name) => asName(name) === undefined || name.includes('\ufffd'))
  return (bad < 0 ? path : names.slice(0, bad).join('/')) as RelativePath
}
