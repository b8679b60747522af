// Guesses which of two vaults holds a file, learnt from vaults of which it is told: by ridge regression over standardized counts, and by the nearest
// ones; and what so many right guesses are worth. For games in which nobody may do better than chance.

/** What can be counted in a view, and how much of it there is. */
export type Counts = ReadonlyMap<string, number>

/** Two vaults, of which one holds it. */
export interface Pair {
  readonly holds: Counts
  readonly other: Counts
}

/** How alike a view is to those that hold it; above the score of another view: rather this one. */
type Score = (view: Counts) => number
/** Learns from pairs of which it is told. */
export type Learner = (told: readonly Pair[]) => Score

/** How many of the pairs are guessed right, each by who was told of all the others; one that cannot be told apart counts as a half. */
export function guessedRight(pairs: readonly Pair[], learner: Learner): number {
  let right = 0
  for (const pair of pairs) {
    const score = learner(pairs.filter((other) => other !== pair))
    const lead = score(pair.holds) - score(pair.other)
    right += Math.abs(lead) < 1e-9 ? 0.5 : lead > 0 ? 1 : 0
  }
  return right
}

/** Goes by the most alike of each kind. */
export const byNearest: Learner = (told) => (view) => {
  const nearest = (among: readonly Counts[]): number =>
    Math.min(...among.map((other) => distance(other, view)))
  return nearest(told.map(({ other }) => other)) - nearest(told.map(({ holds }) => holds))
}

/** Fits a weight to everything that can be counted, each as often as it varies. */
export const byWeights: Learner = (told) => {
  const views = told.flatMap(({ holds, other }) => [holds, other])
  const labels = told.flatMap(() => [1, -1])
  const scales = scalesOf(views)
  const rows = views.map((view) => scaled(view, scales))
  const kernel = rows.map((one) => rows.map((other) => dot(one, other)))
  const trace = kernel.reduce((sum, row, at) => sum + (row[at] ?? 0), 0)
  const ridge = trace / rows.length / 10 + 1e-9
  const weights = solved(
    kernel.map((row, at) => row.map((value, column) => value + (at === column ? ridge : 0))),
    labels,
  )
  return (view) => {
    const own = scaled(view, scales)
    return rows.reduce((sum, row, at) => sum + (weights[at] ?? 0) * dot(row, own), 0)
  }
}

/** The chance that tossing a coin guesses as many of so many right, or more. */
export function chanceOf(right: number, of: number): number {
  let sum = 0
  for (let count = Math.ceil(right); count <= of; count += 1) sum += chosen(of, count)
  return sum
}

/** Between which rates whoever guessed so many right truly guesses, at 95% (Wilson). */
export function intervalOf(right: number, of: number): readonly [low: number, high: number] {
  const z = 1.96
  const rate = right / of
  const middle = rate + (z * z) / (2 * of)
  const half = z * Math.sqrt((rate * (1 - rate)) / of + (z * z) / (4 * of * of))
  const whole = 1 + (z * z) / of
  return [(middle - half) / whole, (middle + half) / whole]
}

/** Chance of exactly so many heads of so many tosses. */
function chosen(of: number, count: number): number {
  let log = -of * Math.LN2
  for (let at = 1; at <= count; at += 1) log += Math.log(of - count + at) - Math.log(at)
  return Math.exp(log)
}

type Scales = ReadonlyMap<string, { readonly mean: number; readonly deviation: number }>

function scalesOf(views: readonly Counts[]): Scales {
  const keys = new Set(views.flatMap((view) => [...view.keys()]))
  const scales = new Map<string, { mean: number; deviation: number }>()
  for (const key of keys) {
    const values = views.map((view) => view.get(key) ?? 0)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    if (square > 0) scales.set(key, { mean, deviation: Math.sqrt(square) })
  }
  return scales
}

function scaled(view: Counts, scales: Scales): number[] {
  return [...scales].map(([key, { mean, deviation }]) => ((view.get(key) ?? 0) - mean) / deviation)
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0)
}

function distance(one: Counts, other: Counts): number {
  let sum = 0
  for (const key of new Set([...one.keys(), ...other.keys()]))
    sum += Math.abs((one.get(key) ?? 0) - (other.get(key) ?? 0))
  return sum
}

/** Solves `matrix` · x = `right`, of a matrix with a ridge, by elimination. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, at) => [...row, right[at] ?? 0])
  const size = rows.length
  for (let at = 0; at < size; at += 1) {
    const pivot = rows[at]
    const head = pivot?.[at]
    if (pivot === undefined || head === undefined || head === 0) throw new RangeError('no solution')
    for (const row of rows.slice(at + 1)) {
      const factor = (row[at] ?? 0) / head
      for (let column = at; column <= size; column += 1)
        row[column] = (row[column] ?? 0) - factor * (pivot[column] ?? 0)
    }
  }
  const found = new Array<number>(size).fill(0)
  for (let at = size - 1; at >= 0; at -= 1) {
    const row = rows[at] ?? []
    const known = found.reduce(
      (sum, value, column) => sum + (column > at ? value * (row[column] ?? 0) : 0),
      0,
    )
    found[at] = ((row[size] ?? 0) - known) / (row[at] ?? 1)
  }
  return found
}
