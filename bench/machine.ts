// What a figure was measured on: without it no two of them can be compared.
import { availableParallelism, cpus, release, totalmem } from 'node:os'

/** The machine, as far as it matters. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryMiB: number
  readonly kernel: string
  readonly node: string
}

/** This machine. */
export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / (1 << 20)),
    kernel: release(),
    node: process.version,
  }
}
