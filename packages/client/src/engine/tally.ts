// Counts what a run does and tells it, not more often than eyes can follow. Conflicts and problems are kept, each path once.
import type { Clock } from '../clock.ts'
import type { Conflict, Problem } from '../sync/action.ts'
import type { FolderEvent, Progress, Report } from './events.ts'

/** Progress is told at most this often. */
const progressEveryMs = 200

export interface TallyOptions {
  readonly clock: Clock
  readonly report: Report
  readonly device: string
  readonly traffic: () => { sentBytes: number; receivedBytes: number }
}

/** Where a problem was met: it is over when the same goes well again, or is not met any more. */
export type ProblemSource = 'look' | 'pass'

interface Met {
  readonly problem: Problem
  readonly source: ProblemSource
  readonly pass: number
}

/** One run's counts. */
export class Tally {
  readonly #options: TallyOptions
  readonly #startMs: number
  readonly #conflicts = new Map<string, Conflict>()
  readonly #problems = new Map<string, Met>()
  #pass = 0
  #lastProgressMs = Number.NEGATIVE_INFINITY
  #filesDone = 0
  #filesTotal = 0
  #bytesDone = 0
  /** Bytes of files that are not done yet. */
  #bytesBegun = 0
  #bytesTotal = 0

  constructor(options: TallyOptions) {
    this.#options = options
    this.#startMs = options.clock.monotonic()
  }

  get conflicts(): number {
    return this.#conflicts.size
  }

  get problems(): number {
    return this.#problems.size
  }

  /** Files done so far. */
  get done(): number {
    return this.#filesDone
  }

  get durationMs(): number {
    return Math.round(this.#options.clock.monotonic() - this.#startMs)
  }

  /** More work was found. */
  expect(files: number, bytes: number): void {
    this.#filesTotal += files
    this.#bytesTotal += bytes
  }

  /** Work was done. */
  did(files: number, bytes: number): void {
    this.#filesDone += files
    this.#bytesDone += bytes
    this.#bytesBegun = Math.max(0, this.#bytesBegun - bytes)
    this.#goOn()
  }

  /** Part of a file came, which is done later. */
  began(bytes: number): void {
    this.#bytesBegun += bytes
    this.#goOn()
  }

  #goOn(): void {
    const now = this.#options.clock.monotonic()
    if (now - this.#lastProgressMs < progressEveryMs) return
    this.#lastProgressMs = now
    this.tell()
  }

  /** Tells the progress now. */
  tell(): void {
    this.#options.report({ event: 'progress', ...this.progress })
  }

  get progress(): Progress {
    const { sentBytes, receivedBytes } = this.#options.traffic()
    const bytesTotal = Math.max(this.#bytesTotal, this.#bytesDone)
    return {
      filesDone: this.#filesDone,
      filesTotal: Math.max(this.#filesTotal, this.#filesDone),
      bytesDone: Math.min(bytesTotal, this.#bytesDone + this.#bytesBegun),
      bytesTotal,
      bytesSent: sentBytes,
      bytesReceived: receivedBytes,
    }
  }

  change(event: Omit<Extract<FolderEvent, { event: 'change' }>, 'event'>): void {
    this.#options.report({ event: 'change', ...event })
  }

  conflict(conflict: Conflict): void {
    if (this.#conflicts.has(conflict.keptAs)) return
    this.#conflicts.set(conflict.keptAs, conflict)
    this.#options.report({ event: 'conflict', ...conflict, device: this.#options.device })
  }

  problem(problem: Problem, source: ProblemSource = 'pass'): void {
    const known = this.#problems.get(problem.path)
    this.#problems.set(problem.path, { problem, source, pass: this.#pass })
    if (known?.problem.code !== problem.code) this.#options.report({ event: 'problem', ...problem })
  }

  /** What was a problem at this path is none any more. */
  solved(path: string): void {
    this.#problems.delete(path)
  }

  /** A walk over all that differs begins. */
  beginPass(): void {
    this.#pass += 1
  }

  /** It is through: problems that it did not meet again are over. */
  endPass(): void {
    for (const [path, { source, pass }] of this.#problems)
      if (source === 'pass' && pass < this.#pass) this.#problems.delete(path)
  }

  /** All of the folder was looked at: these are its problems. */
  lookedAtAll(problems: readonly Problem[]): void {
    const met = new Set<string>(problems.map(({ path }) => path))
    for (const [path, { source }] of this.#problems)
      if (source === 'look' && !met.has(path)) this.#problems.delete(path)
    for (const problem of problems) this.problem(problem, 'look')
  }

  /** Whether a problem may go away by itself: worth another try before anything changes here or there. */
  get hasPassing(): boolean {
    return [...this.#problems.values()].some(({ problem }) => passing.includes(problem.code))
  }
}

const passing: readonly Problem['code'][] = [
  'changing',
  'disk-full',
  'pack-unavailable',
  'unreadable',
  'unwritable',
  'vanished',
]
