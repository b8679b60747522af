// Figures and how they are summed up.

/** One figure; where it is the median of several, with the least and the most of them. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: 'ms' | 'µs' | 'MiB' | 'MiB/s' | 'files/s' | 'packs/s' | 'bytes' | '%' | 'times'
  readonly least?: number
  readonly most?: number
}

/** The value below which half of them lie. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** The value below which this share of them lies (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

/** The same figures measured several times, as their medians: each run has the same ones in the same order. */
export function summed(runs: readonly (readonly Figure[])[]): Figure[] {
  return (runs[0] ?? []).map(({ name, unit }, at) => {
    const values = runs.map((run) => run[at]?.value ?? Number.NaN)
    return { name, unit, value: median(values), least: Math.min(...values), most: Math.max(...values) }
  })
}

/** A figure as a line of a table. */
export function lineOf({ name, value, unit, least, most }: Figure): string {
  const spread = least === undefined || most === undefined ? '' : `   ${short(least)} to ${short(most)}`
  return `${name.padEnd(52)} ${short(value).padStart(9)} ${unit}${spread}`
}

/** As many digits as mean something. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2)
}
