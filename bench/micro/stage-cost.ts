// The stages of the whole path, in order, and where each runs.
import type { Cost } from './cost.ts'

/** The threads that work: each process has one that moves bytes, and clients have as many more as there are cores. */
export type Thread = 'sender' | 'relay' | 'receiver' | 'workers'

/** What one stage costs. */
export interface StageCost extends Cost {
  readonly name: string
  readonly thread: Thread
  /** Of content, before compression, that this was for. */
  readonly mib: number
  /** Whether its bytes are those after compression: less of them, where the content compresses. */
  readonly isStored: boolean
  /** Whether it stands and waits for the disk. */
  readonly waitsForDisk: boolean
}

/** Processor milliseconds for one MiB that goes through it. */
export function cpuMsPerMib({ cpuMs, mib }: StageCost): number {
  return cpuMs / mib
}

/** How much of it goes through by the clock, when nothing else runs. */
export function mibPerSecond({ wallMs, mib }: StageCost): number {
  return (mib / wallMs) * 1000
}
