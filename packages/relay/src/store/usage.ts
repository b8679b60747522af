// What is charged to an identity, and what a plan allows. Plain arithmetic, shared by every implementation of the stores.
import { protectingBytes } from '../limits.ts'

/** Bytes and counts that are charged to an identity, over all its vaults. */
export interface Usage {
  /** Claimed packs. */
  readonly liveBytes: number
  /** Packs that nothing claimed yet, also those still on their way in. */
  readonly pendingBytes: number
  /** Dropped packs that the floor still keeps. */
  readonly keptBytes: number
  /** Entries that are not retired, as bytes. */
  readonly entryBytes: number
  /** Entries that are not retired. */
  readonly entries: number
  readonly vaults: number
}

/** Limits of a plan that a store holds inside its transactions. */
export interface Quota {
  /** Against `usedBytes`. */
  readonly bytesMax: number
  readonly entriesMax: number
  readonly vaultsMax: number
  /** Against the bytes of entries alone; no such limit where it is left out. */
  readonly entryBytesMax?: number | undefined
}

/** Nothing used. */
export const noUsage: Usage = {
  liveBytes: 0,
  pendingBytes: 0,
  keptBytes: 0,
  entryBytes: 0,
  entries: 0,
  vaults: 0,
}

/** The bytes that a quota is held against: live, pending, kept and those of entries. */
export function usedBytes(usage: Usage): number {
  return usage.liveBytes + usage.pendingBytes + usage.keptBytes + usage.entryBytes
}

/** a + b, field by field. */
export function addUsage(a: Usage, b: Partial<Usage>): Usage {
  return {
    liveBytes: a.liveBytes + (b.liveBytes ?? 0),
    pendingBytes: a.pendingBytes + (b.pendingBytes ?? 0),
    keptBytes: a.keptBytes + (b.keptBytes ?? 0),
    entryBytes: a.entryBytes + (b.entryBytes ?? 0),
    entries: a.entries + (b.entries ?? 0),
    vaults: a.vaults + (b.vaults ?? 0),
  }
}

/** −a, field by field: what a vault that moves to another identity takes along. */
export function negateUsage(a: Usage): Usage {
  return {
    liveBytes: -a.liveBytes,
    pendingBytes: -a.pendingBytes,
    keptBytes: -a.keptBytes,
    entryBytes: -a.entryBytes,
    entries: -a.entries,
    vaults: -a.vaults,
  }
}

/**
 * What entries that protect or free space are held against, in an account that is full or not: they may go on when nothing else may,
 * but not without end.
 */
export function protectingQuota({ bytesMax }: Quota): Quota {
  const none = Number.MAX_SAFE_INTEGER
  return { bytesMax: none, entriesMax: none, vaultsMax: none, entryBytesMax: bytesMax + protectingBytes }
}

/** What a quota forbids about this usage, if anything. */
export function overQuota(usage: Usage, quota: Quota): 'bytes' | 'entries' | 'vaults' | undefined {
  if (usedBytes(usage) > quota.bytesMax || usage.entryBytes > (quota.entryBytesMax ?? Infinity))
    return 'bytes'
  if (usage.entries > quota.entriesMax) return 'entries'
  if (usage.vaults > quota.vaultsMax) return 'vaults'
  return undefined
}
