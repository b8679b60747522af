// Ids of chunks by machine code alone, for a thread that has nothing else to do: who imports this loads no WebAssembly, which takes some 15 MiB.
import { labelBytes, type Label } from './label.ts'
import { machineCodeHash } from './sodium-machine-code.ts'

/** What makes a hash the id of a chunk. */
export const chunkIdLabel: Label = 'grenier/v1/chunk'

/** Where a chunk lies in some bytes. */
export interface ChunkRange {
  readonly start: number
  readonly length: number
}

/** Whether this machine has machine code. */
export function hasMachineCode(): boolean {
  return machineCodeHash() !== undefined
}

/** The ids of chunks as `chunkIdOf` gives them, 32 bytes each, one after the other. @throws RangeError where there is no machine code, or a range lies beyond the bytes */
export function chunkIdsOf(key: Uint8Array, bytes: Uint8Array, ranges: readonly ChunkRange[]): Uint8Array {
  const hash = machineCodeHash()
  if (hash === undefined) throw new RangeError('no machine code for this machine')
  const label = labelBytes(chunkIdLabel)
  const ids = new Uint8Array(ranges.length * 32)
  for (const [at, { start, length }] of ranges.entries()) {
    if (start < 0 || length < 0 || start + length > bytes.length)
      throw new RangeError('a chunk that is not there')
    ids.set(hash(key, [label, bytes.subarray(start, start + length)]), at * 32)
  }
  return ids
}
