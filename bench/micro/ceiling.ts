// How fast the whole path could be on this machine if nothing but its stages took time, and what holds it there. Pure.
import { cpuMsPerMib, type StageCost, type Thread } from './stage-cost.ts'

/** What a MiB takes of one thing that can be busy, milliseconds. */
export interface Bound {
  readonly name: string
  readonly msPerMib: number
}

/** The most that goes through. */
export interface Ceiling {
  readonly mibPerSecond: number
  /** What is busy all the time then. */
  readonly boundBy: string
  /** The stage that takes most of that. */
  readonly largestStage: string
  /** All of them, the tightest first. */
  readonly bounds: readonly Bound[]
}

interface Share {
  readonly stage: StageCost
  readonly cpuMs: number
  readonly diskMs: number
}

const threads: readonly Thread[] = ['sender', 'relay', 'receiver']

/**
 * Adds up. Sender, relay and receiver share the machine, so that its cores carry all stages together; each of their threads carries its own;
 * and the disk, where stages wait for it. `storedShare`: how much compression leaves.
 */
export function ceilingOf(
  stages: readonly StageCost[],
  { cores, storedShare }: { cores: number; storedShare: number },
): Ceiling {
  const shares = stages.map((stage): Share => {
    const part = stage.isStored ? storedShare : 1
    const waitMs = Math.max(0, stage.wallMs - stage.cpuMs) / stage.mib
    return { stage, cpuMs: cpuMsPerMib(stage) * part, diskMs: stage.waitsForDisk ? waitMs * part : 0 }
  })
  const kinds = [
    {
      name: `processor time of all stages on ${cores} cores`,
      by: cores,
      of: shares,
      ms: ({ cpuMs }: Share) => cpuMs,
    },
    ...threads.map((thread) => ({
      name: `the ${thread}'s own thread`,
      by: 1,
      of: shares.filter(({ stage }) => stage.thread === thread),
      ms: ({ cpuMs }: Share) => cpuMs,
    })),
    { name: 'the disk', by: 1, of: shares, ms: ({ diskMs }: Share) => diskMs },
  ]
  const summed = kinds
    .map((kind) => ({ ...kind, msPerMib: kind.of.reduce((sum, share) => sum + kind.ms(share), 0) / kind.by }))
    .sort((a, b) => b.msPerMib - a.msPerMib)
  const [tightest] = summed
  if (tightest === undefined) throw new RangeError('no stage')
  const [largest] = [...tightest.of].sort((a, b) => tightest.ms(b) - tightest.ms(a))
  return {
    mibPerSecond: 1000 / tightest.msPerMib,
    boundBy: tightest.name,
    largestStage: largest?.stage.name ?? 'none',
    bounds: summed.map(({ name, msPerMib }) => ({ name, msPerMib })),
  }
}
