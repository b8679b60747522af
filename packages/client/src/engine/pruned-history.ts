// What a prune lets go of the log: how many entries, of how many bytes, and how many versions they made.
import { CryptoError, decodeEntry, isSpineKind, type Header } from '@grenier/crypto'
import { entryAt } from '../state/entry-keep.ts'
import type { Vault } from './vault.ts'

/** Entries that retire. `versions`: those that were changes. `entryBytes`: what they take at the relay. */
export interface History {
  readonly versions: number
  readonly entries: number
  readonly entryBytes: number
}

/** What lies behind `after` up to `through`, and is kept here; nothing when `through` is undefined. */
export function historyFrom(
  { trees }: Pick<Vault, 'trees'>,
  after: number,
  through: number | undefined,
): History {
  const sum = { versions: 0, entries: 0, entryBytes: 0 }
  for (let sequence = after + 1; sequence <= (through ?? -1); sequence += 1) {
    const bytes = entryAt(trees, sequence)
    const kind = bytes === undefined ? undefined : decodeEntry(bytes).header.kind
    if (bytes === undefined || kind === undefined || isSpineKind(kind)) continue
    sum.entries += 1
    sum.entryBytes += bytes.length
    if (kind === 'change') sum.versions += 1
  }
  return sum
}

/** The header of an entry that is kept here. */
export function headerOf({ trees }: Pick<Vault, 'trees'>, sequence: number): Header | undefined {
  const bytes = entryAt(trees, sequence)
  try {
    return bytes === undefined ? undefined : decodeEntry(bytes).header
  } catch (error) {
    if (error instanceof CryptoError) return undefined
    throw error
  }
}
