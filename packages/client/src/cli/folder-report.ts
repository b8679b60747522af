// What one folder's run tells, as it comes: to the lines, to the progress bar, and to whoever else listens; and what of it is remembered.
import type { FolderEvent, FolderState, Progress, Report } from '../engine/events.ts'
import { eventLine, eventText, type Counts, type Place } from './folder-lines.ts'
import type { Output } from './output.ts'
import { printable } from './printable.ts'
import type { RunProgress } from './run-progress.ts'

/** An event with where it happened. */
export type PlacedReport = (event: FolderEvent, place: Place) => void

type State = Extract<FolderEvent, { event: 'state' }>

/** The events of one folder. */
export class FolderReport {
  readonly #output: Output
  readonly #progress: RunProgress
  readonly #listeners = new Set<PlacedReport>()
  readonly #startMs = performance.now()
  place: Place
  /** Whether people see each change: of a first transfer of everything the bar is enough. */
  showChanges = true
  /** Whether people need to be told which folder a line is about. */
  namesFolder: () => boolean = () => false
  #state: State | undefined
  /** What people were told of the relay, until that is over. */
  #trouble: { readonly said: string; readonly isRefusal: boolean } | undefined
  #conflicts = 0
  #problems = new Set<string>()
  #last: Progress | undefined
  #over = false

  constructor(output: Output, progress: RunProgress, place: Place) {
    this.#output = output
    this.#progress = progress
    this.place = place
  }

  /** What the engine calls. */
  readonly take: Report = (event) => {
    if (this.#over || this.#isOldNews(event)) return
    const over = event.event === 'state' ? this.#overNow(event.state) : undefined
    this.#remember(event)
    if (over !== undefined) this.#output.note(this.#named(over))
    this.#output.line(eventLine(this.place, event))
    for (const listener of this.#listeners) listener(event, this.place)
    const said = eventText(this.#output.words, event)
    if (said === undefined) return
    if (event.event === 'state') {
      if (said === this.#trouble?.said) return
      this.#trouble = { said, isRefusal: event.code !== undefined }
    }
    const text = this.#named(said)
    if (event.event === 'change') {
      if (this.showChanges) this.#output.result(text)
    } else if (event.event === 'conflict') this.#output.result(text)
    else this.#output.note(text)
  }

  /** The run is over: that the line goes down when it is closed is no news. */
  end(): void {
    this.#over = true
  }

  /** Someone else who wants to know; returns how to stop it. */
  listen(report: PlacedReport): () => void {
    this.#listeners.add(report)
    return () => this.#listeners.delete(report)
  }

  /** Whether something is going on. */
  get isSyncing(): boolean {
    return this.#state?.state === 'syncing'
  }

  /** What is known of a run that did not end by itself. */
  get counts(): Counts {
    return {
      files: undefined,
      bytes: undefined,
      head: undefined,
      bytesSent: this.#last?.bytesSent ?? 0,
      bytesReceived: this.#last?.bytesReceived ?? 0,
      conflicts: this.#conflicts,
      problems: this.#problems.size,
      durationMs: Math.round(performance.now() - this.#startMs),
    }
  }

  /** What there is to say of a relay that was away, or refused. One that refuses is dialled again for each attempt: that it is there then says nothing. */
  #overNow(state: FolderState): string | undefined {
    const { words } = this.#output
    const trouble = this.#trouble
    if (trouble === undefined || state === 'offline' || (trouble.isRefusal && state === 'syncing'))
      return undefined
    this.#trouble = undefined
    if (!trouble.isRefusal) return words.relayBack({})
    return state === 'synced' ? words.relayAble({}) : undefined
  }

  #named(text: string): string {
    return this.namesFolder() ? `${printable(this.place.folder)}  ${text}` : text
  }

  /** Each attempt to reach the relay says anew that it failed. */
  #isOldNews(event: FolderEvent): boolean {
    if (event.event !== 'state') return false
    const last = this.#state
    return event.state === last?.state && event.code === last.code && event.reason === last.reason
  }

  #remember(event: FolderEvent): void {
    if (event.event === 'conflict') this.#conflicts += 1
    if (event.event === 'problem') this.#problems.add(event.path)
    if (event.event === 'change') this.#problems.delete(event.path)
    if (event.event === 'state') {
      this.#state = event
      if (event.state !== 'syncing') this.#progress.rest(this.place.folder)
    }
    if (event.event === 'progress') {
      this.#last = event
      this.#progress.take(this.place.folder, event)
    }
  }
}
