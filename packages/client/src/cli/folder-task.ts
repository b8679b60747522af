// One folder at work in this process: opened, run, closed, its end told. Never rejects: how it ended is a value.
import type { EngineContext, FolderEngine } from '../engine/api.ts'
import type { FolderStatus, Summary } from '../engine/events.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import type { Home } from '../home/home.ts'
import { exitCodeOf } from './exit-code.ts'
import { summaryLine, summaryTexts, type Counts, type Place } from './folder-lines.ts'
import { FolderReport } from './folder-report.ts'
import type { Invocation } from './invocation.ts'
import { keepLastRun, lastRun, type Halt } from './last-run.ts'
import { printable } from './printable.ts'
import type { RunProgress } from './run-progress.ts'

/** How long a folder is run: until both sides agree, until told to stop, or the one and then the other. */
export type RunMode = 'once' | 'watch' | 'once-then-watch'

/** How often people see that something goes on. */
const tickMs = 1000

/** What a task is made of. `open`: opens, adds or joins. */
export interface FolderTaskOptions {
  readonly invocation: Invocation
  readonly home: Home
  readonly progress: RunProgress
  readonly place: Place
  readonly mode: RunMode
  /** A first transfer of everything: people see the bar, and each change only with `--verbose`. */
  readonly first?: boolean
  readonly open: (context: EngineContext) => Promise<FolderEngine>
  /** Told once the folder is open, before it runs. */
  readonly opened?: ((engine: FolderEngine) => void) | undefined
}

/** How a folder ended. */
export interface Outcome {
  readonly place: Place
  readonly exitCode: ExitCode
  readonly counts: Counts
}

/** One folder. `run` is called once. */
export class FolderTask {
  readonly report: FolderReport
  readonly #options: FolderTaskOptions
  readonly #stop = new AbortController()
  readonly #first = Promise.withResolvers<{ vault: string; summary: Summary }>()
  readonly #ended = Promise.withResolvers<undefined>()
  #engine: FolderEngine | undefined
  #watching = false
  #movedBytes = 0

  constructor(options: FolderTaskOptions) {
    this.#options = options
    const { output } = options.invocation
    this.report = new FolderReport(output, options.progress, options.place)
    this.report.showChanges = options.first !== true || output.verbose
    this.#first.promise.catch(() => undefined)
  }

  /** The open folder; undefined before it is open and once it is closed. */
  get engine(): FolderEngine | undefined {
    return this.#engine
  }

  /** The first time that both sides agree, in mode `once` and `once-then-watch`; rejects with what prevented it. */
  get first(): Promise<{ vault: string; summary: Summary }> {
    return this.#first.promise
  }

  /** Stops the run; resolves when the folder is closed. */
  async release(): Promise<void> {
    this.#stop.abort()
    await this.#ended.promise
  }

  async run(): Promise<Outcome> {
    try {
      return this.#told(await this.#attempt())
    } finally {
      this.#options.progress.rest(this.#options.place.folder)
      this.#ended.resolve(undefined)
    }
  }

  async #attempt(): Promise<Outcome> {
    const { invocation, home, open } = this.#options
    const signal = AbortSignal.any([invocation.interrupt.signal, this.#stop.signal])
    try {
      const engine = await open({ home, platform: invocation.platform(), report: this.report.take, signal })
      this.#engine = engine
      this.report.place = { folder: engine.record.path, vault: engine.record.vault }
      return await this.#runOpen(engine)
    } catch (error) {
      const outcome = this.#failed(error, undefined)
      this.#keepHalt(outcome, error)
      return outcome
    }
  }

  /** A folder that could not even be opened waits for a person, or is halted, for `status` too. */
  #keepHalt({ place: { vault }, exitCode }: Outcome, error: unknown): void {
    if (vault === undefined || (exitCode !== 6 && exitCode !== 7)) return
    const { home } = this.#options
    const before = lastRun(home, vault) ?? { conflicts: 0, problems: 0, lastContactMs: undefined }
    keepLastRun(home, vault, { ...before, state: exitCode === 6 ? 'halted' : 'braked', halt: haltOf(error) })
  }

  async #runOpen(engine: FolderEngine): Promise<Outcome> {
    this.#options.opened?.(engine)
    let outcome: Outcome
    let halt: Halt | undefined
    const ticking = setInterval(() => this.#tick(engine), tickMs)
    try {
      const summary = await this.#runAs(engine)
      outcome = this.#finished(summary)
    } catch (error) {
      outcome = this.#failed(error, await engine.status())
      halt = haltOf(error)
    } finally {
      clearInterval(ticking)
    }
    const { state, conflicts, problems, lastContactMs } = await engine.status()
    keepLastRun(this.#options.home, engine.record.vault, { state, conflicts, problems, lastContactMs, halt })
    this.#engine = undefined
    this.report.end()
    await engine.close()
    return outcome
  }

  /** On a slow line the next file may be done in an hour: what goes over it is told all the same. */
  #tick({ progress }: FolderEngine): void {
    const movedBytes = progress.bytesSent + progress.bytesReceived
    const isUnderWay = this.report.isSyncing && progress.filesDone < progress.filesTotal
    if (isUnderWay && movedBytes !== this.#movedBytes) this.report.take({ event: 'progress', ...progress })
    this.#movedBytes = movedBytes
  }

  async #runAs(engine: FolderEngine): Promise<Summary> {
    const { mode } = this.#options
    if (mode === 'watch') return await this.#watch(engine)
    const summary = await engine.run({ once: true })
    this.#first.resolve({ vault: engine.record.vault, summary })
    if (mode === 'once') return summary
    const { output } = this.#options.invocation
    for (const text of summaryTexts(output.words, output.language, summary)) output.result(text)
    return await this.#watch(engine)
  }

  async #watch(engine: FolderEngine): Promise<Summary> {
    this.#watching = true
    this.report.showChanges = true
    const { output } = this.#options.invocation
    const unlisten = this.report.listen((event) => {
      if (event.event !== 'state' || event.state !== 'synced') return
      output.note(output.words.syncWatching({ folder: printable(engine.record.path) }))
      unlisten()
    })
    return await engine.run({ once: false })
  }

  #finished(summary: Summary): Outcome {
    const { output } = this.#options.invocation
    for (const text of summaryTexts(output.words, output.language, summary)) output.result(text)
    const exitCode = summary.conflicts + summary.problems > 0 ? 3 : 0
    return { place: this.report.place, exitCode, counts: summary }
  }

  #failed(error: unknown, status: FolderStatus | undefined): Outcome {
    this.#first.reject(error)
    const { invocation } = this.#options
    const { place } = this.report
    invocation.output.progressDone()
    const counts = withStatus(this.report.counts, status)
    const asked = error instanceof ClientError && error.code === 'interrupted'
    if (!asked) return { place, counts, exitCode: invocation.output.failure(error, place) }
    // To be stopped is how watching ends; anything else was cut short, and says so.
    if (!this.#watching) invocation.output.failure(error, place)
    const released = this.#stop.signal.aborted && this.#watching
    return { place, counts, exitCode: invocation.interrupt.exitCode ?? (released ? 0 : exitCodeOf(error)) }
  }

  #told(outcome: Outcome): Outcome {
    this.#options.invocation.output.line(summaryLine(outcome.place, outcome.counts, outcome.exitCode))
    return outcome
  }
}

/** What a folder stands still for: the relay contradicts what was signed, it refuses, or a person has to look. */
function haltOf(error: unknown): Halt | undefined {
  if (!(error instanceof ClientError) || ![5, 6, 7].includes(exitCodeOf(error))) return undefined
  return { code: error.code, sinceMs: Date.now(), data: error.data }
}

function withStatus(counts: Counts, status: FolderStatus | undefined): Counts {
  if (status === undefined) return counts
  const { head, conflicts, problems } = status
  return { ...counts, head, conflicts, problems }
}
