// Figures and how they are summed up.

/** One figure. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: 'ms' | 'MiB' | 'MiB/s' | 'files/s' | 'packs/s' | '%'
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
