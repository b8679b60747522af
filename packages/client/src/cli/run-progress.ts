// The progress of all folders of a command, as one bar: sums, and a rate over the last seconds.
import type { Progress } from '../engine/events.ts'
import { formatBytes, formatCount } from './quantities.ts'
import type { Output } from './output.ts'

/** The rate is that of the last so many ms. */
const rateWindowMs = 5000

/** Draws what is under way. */
export class RunProgress {
  readonly #output: Output
  readonly #folders = new Map<string, Progress>()
  #samples: { readonly atMs: number; readonly movedBytes: number }[] = []

  constructor(output: Output) {
    this.#output = output
  }

  /** A folder went on. */
  take(folder: string, progress: Progress): void {
    this.#folders.set(folder, progress)
    const sum = (of: (one: Progress) => number): number =>
      [...this.#folders.values()].reduce((total, one) => total + of(one), 0)
    const [bytesDone, bytesTotal] = [sum((one) => one.bytesDone), sum((one) => one.bytesTotal)]
    const [filesDone, filesTotal] = [sum((one) => one.filesDone), sum((one) => one.filesTotal)]
    // Files count besides bytes, or a thousand empty files would stand at nothing for the whole run.
    const [done, total] = [bytesDone + filesDone * 4096, bytesTotal + filesTotal * 4096]
    const { words, language } = this.#output
    const text = words.progress({
      filesDone: formatCount(filesDone, language),
      filesTotal: formatCount(filesTotal, language),
      bytesDone: formatBytes(bytesDone, language),
      bytesTotal: formatBytes(bytesTotal, language),
      rate: formatBytes(this.#rate(sum((one) => one.bytesSent + one.bytesReceived)), language),
    })
    this.#output.progress(total === 0 ? 0 : done / total, text)
  }

  /** A folder has nothing under way any more. */
  rest(folder: string): void {
    this.#folders.delete(folder)
    if (this.#folders.size > 0) return
    this.#samples = []
    this.#output.progressDone()
  }

  /** Bytes a second over the wire. */
  #rate(movedBytes: number): number {
    const atMs = performance.now()
    this.#samples = this.#samples.filter((sample) => atMs - sample.atMs < rateWindowMs)
    this.#samples.push({ atMs, movedBytes })
    const first = this.#samples[0]
    if (first === undefined || atMs - first.atMs < 1) return 0
    return Math.max(0, ((movedBytes - first.movedBytes) * 1000) / (atMs - first.atMs))
  }
}
