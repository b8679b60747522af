// Compares a checkpoint that came with this device's own fold, as long as that is the very state it claims to hold.
import { equal, type CheckpointPayload } from '@grenier/crypto'
import { stateHashOf } from '../state/checkpoint.ts'
import { foldedSequence } from '../state/log-cache.ts'
import type { TreesStore } from '../state/trees-store.ts'

/** Whether this device's state is the one; undefined when it holds another sequence, and cannot tell. */
export async function isStateAsSaid(
  trees: TreesStore,
  holds: number,
  { stateHash, stateBytes }: Pick<CheckpointPayload, 'stateHash' | 'stateBytes'>,
): Promise<boolean | undefined> {
  if (foldedSequence(trees) !== holds) return undefined
  const own = await stateHashOf(trees)
  return own.stateBytes === stateBytes && equal(own.stateHash, stateHash)
}
