// The last line of a command that works on one folder and moves no files.
import type { Place } from './folder-lines.ts'

/** It, for `--json`. */
export function summaryFor(place: Place, durationMs: number): Record<string, unknown> & { event: 'summary' } {
  return { event: 'summary', ...place, conflicts: 0, problems: 0, durationMs, exitCode: 0 }
}
