// What many runs add up to: medians, spread, and how each tool stands to Grenier. Pure.
import type { LoadName } from '../data.ts'
import { median } from '../figures.ts'
import type { Job } from '../peers/peer.ts'
import type { Measured } from './one-run.ts'

/** A load as it was. */
export interface Load {
  readonly name: LoadName
  readonly files: number
  readonly bytes: number
}

/** A tool, and its version; or what it lacks. */
export interface Tool {
  readonly key: string
  readonly name: string
  readonly version?: string
  readonly missing?: string
}

/** What became of one job of one tool in one round, or why nothing did. Round 0 counts bytes and no time. */
export interface Outcome {
  readonly tool: string
  readonly load: LoadName
  readonly round: number
  readonly measured?: Measured
  readonly problem?: string
}

/** The median of several, and the least and most of them. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** One tool on one job of one load. */
export interface Result {
  readonly tool: string
  readonly load: LoadName
  readonly job: Job
  readonly rounds: number
  readonly wallMs: Spread
  readonly pushMs: Spread | undefined
  readonly clientCpuMs: Spread
  readonly serverCpuMs: Spread
  readonly clientPeakMiB: Spread
  readonly serverPeakMiB: Spread
  /** Of all clients to the server, and back. */
  readonly sentBytes: number | undefined
  readonly receivedBytes: number | undefined
  /** The median over the rounds of its time divided by Grenier's in the same round: 2 is twice as long. */
  readonly timesGrenier: number | undefined
  readonly problem: string | undefined
}

const reference = 'grenier'

/** Sums up, in the order in which things came. */
export function resultsOf(outcomes: readonly Outcome[]): Result[] {
  const keys = new Map<string, { tool: string; load: LoadName; job: Job }>()
  for (const { tool, load, measured } of outcomes)
    if (measured !== undefined) keys.set(`${load} ${measured.job} ${tool}`, { tool, load, job: measured.job })
  const sorted = [...keys.values()].sort(
    (a, b) => compareText(a.load, b.load) || jobOrder(a.job) - jobOrder(b.job),
  )
  return sorted.map((key) => resultOf(key, outcomes))
}

function resultOf(
  { tool, load, job }: { tool: string; load: LoadName; job: Job },
  outcomes: readonly Outcome[],
): Result {
  const mine = of(outcomes, { tool, load, job })
  const timed = [...mine].filter(([round]) => round > 0).map(([, measured]) => measured)
  const spread = (value: (one: Measured) => number): Spread => spreadOf(timed.map(value))
  const pushes = timed.map(({ pushMs }) => pushMs).filter((ms) => ms !== undefined)
  const traffic = mine.get(0)?.traffic
  const problem = outcomes.find(
    (one) => one.tool === tool && one.load === load && one.problem !== undefined,
  )?.problem
  return {
    tool,
    load,
    job,
    rounds: timed.length,
    wallMs: spread(({ wallMs }) => wallMs),
    pushMs: pushes.length === 0 ? undefined : spreadOf(pushes),
    clientCpuMs: spread(({ clientCpuMs }) => clientCpuMs),
    serverCpuMs: spread(({ serverCpuMs }) => serverCpuMs),
    clientPeakMiB: spread(({ clientPeakMiB }) => clientPeakMiB),
    serverPeakMiB: spread(({ serverPeakMiB }) => serverPeakMiB),
    sentBytes: traffic?.sentBytes,
    receivedBytes: traffic?.receivedBytes,
    timesGrenier: ratio(mine, of(outcomes, { tool: reference, load, job })),
    problem,
  }
}

/** What was measured, by round. */
function of(
  outcomes: readonly Outcome[],
  { tool, load, job }: { tool: string; load: LoadName; job: Job },
): Map<number, Measured> {
  const found = new Map<number, Measured>()
  for (const { measured, round, ...one } of outcomes)
    if (one.tool === tool && one.load === load && measured?.job === job) found.set(round, measured)
  return found
}

function ratio(
  mine: ReadonlyMap<number, Measured>,
  theirs: ReadonlyMap<number, Measured>,
): number | undefined {
  const ratios = [...mine].flatMap(([round, { wallMs }]) => {
    const other = theirs.get(round)
    return round === 0 || other === undefined ? [] : [wallMs / other.wallMs]
  })
  return ratios.length === 0 ? undefined : median(ratios)
}

function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) }
}

function jobOrder(job: Job): number {
  return ['full', 'prepend', 'rename', 'nothing'].indexOf(job)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
