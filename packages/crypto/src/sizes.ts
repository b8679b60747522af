// How large stored things may be: what a relay can see of content is sizes, so sizes are made dull. Pure arithmetic on
// the container's layout; every stored size is one of a few hundred.
import { CryptoError } from './errors.ts'

/** Plaintext of a full cell. */
export const cellPlainBytes = 65_536
/** A full cell as stored: plaintext and tag. */
export const cellBytes = 65_552
/** Prefix (46) and commitment (32) in front of the cells. */
export const containerFrontBytes = 78
/** The stored size of every pack of a large commit but the last, and the largest of any: 4 MiB. */
export const packBytesMax = 4_194_304
/** The smallest pack. */
export const packBytesMin = 4096
/** The smallest payload. */
export const payloadBytesMin = 1024
/** Payloads of commits of several packs, and of checkpoints, are multiples of this. */
export const payloadBulkGranuleBytes = 16_384

const tag = cellBytes - cellPlainBytes

/** floor(log2 n) of a safe integer ≥ 1, exactly. */
function log2Floor(n: number): number {
  return n < 2 ** 31 ? 31 - Math.clz32(n) : 31 + log2Floor(Math.floor(n / 2 ** 31))
}

/** The granule of Padmé at n: sizes around n are multiples of it. A power of two; 1 for n < 8. */
export function padmeGranule(n: number): number {
  if (n < 2) return 1
  const exponent = log2Floor(n)
  const mantissa = log2Floor(exponent) + 1
  return 2 ** Math.max(0, exponent - mantissa)
}

function roundUp(n: number, granule: number): number {
  return Math.ceil(n / granule) * granule
}

/** Padmé: the next size with as many significant bits as its exponent has bits; at most 12 % more. PURBs (Nikitin et al., PoPETs 2019), §4. */
export function padme(n: number): number {
  return roundUp(n, padmeGranule(n))
}

/** Stored bytes of a container of `plainBytes`, padding zeros included. @throws CryptoError `limit` unless ≥ 1: a cell is never empty. */
export function storedBytesFor(plainBytes: number): number {
  if (!Number.isSafeInteger(plainBytes) || plainBytes < 1)
    throw new CryptoError('limit', 'a container holds one byte at least')
  return containerFrontBytes + plainBytes + tag * Math.ceil(plainBytes / cellPlainBytes)
}

/**
 * Whether a container can have this stored size: its last cell holds a byte at least, so that in each 65,552 sizes
 * the 16 after a full cell are none.
 */
export function isReachableSize(storedBytes: number): boolean {
  const cells = storedBytes - containerFrontBytes
  return (
    Number.isSafeInteger(storedBytes) && cells > tag && (cells % cellBytes === 0 || cells % cellBytes > tag)
  )
}

/** The plaintext that a container of this stored size holds, padding zeros included. @throws CryptoError `limit` if no container has this size */
export function plainCapacity(storedBytes: number): number {
  if (!isReachableSize(storedBytes))
    throw new CryptoError('limit', `no container has a stored size of ${storedBytes} bytes`)
  const cells = storedBytes - containerFrontBytes
  return cells - tag * Math.ceil(cells / cellBytes)
}

/** The plaintext that a full pack holds. */
export const packPlainBytesMax = plainCapacity(packBytesMax)

/** `granuleAt` steps up from a wanted size to the next allowed one that a container can have. */
function nextReachable(wanted: number, granuleAt: (bytes: number) => number): number {
  let size = wanted
  // One step at most: where sizes are unreachable (above 65,630) every granule is more than the 16 that are missing.
  while (!isReachableSize(size)) size = roundUp(size + 1, granuleAt(size + 1))
  return size
}

function checkPack(plainBytes: number): void {
  if (plainBytes > packPlainBytesMax)
    throw new CryptoError('limit', `${plainBytes} bytes do not fit a pack of ${packPlainBytesMax}`)
}

/**
 * The stored size of the pack of a commit of one pack: Padmé of what it needs, at least 4 KiB; where no container has
 * that size, the next Padmé size. @throws CryptoError `limit` if it does not fit one pack
 */
export function packBytesAlone(plainBytes: number): number {
  checkPack(plainBytes)
  return nextReachable(Math.max(packBytesMin, padme(storedBytesFor(plainBytes))), padmeGranule)
}

/**
 * The stored size of the short pack that ends a bulk run: what it needs, rounded up to a multiple of min(4 MiB, Padmé
 * granule of T), at least 4 KiB; where no container has that size, the next multiple. `bulkTotalBytes` is T: the
 * stored bytes of the run, those of the full packs since the last short one and what this pack needs
 * (`storedBytesFor(plainBytes)`). @throws CryptoError `limit` if it does not fit one pack
 */
export function packBytesShort(plainBytes: number, bulkTotalBytes: number): number {
  checkPack(plainBytes)
  const needed = storedBytesFor(plainBytes)
  const granule = Math.min(packBytesMax, padmeGranule(Math.max(bulkTotalBytes, needed)))
  return nextReachable(Math.max(packBytesMin, roundUp(needed, granule)), () => granule)
}

/**
 * The stored size of a payload. `bulk`: of a commit of several packs, or of a checkpoint: a multiple of 16 KiB;
 * others: Padmé, at least 1 KiB; where no container has that size, the next of its rule.
 * @throws CryptoError `limit` unless `plainBytes` ≥ 1
 */
export function payloadBytes(plainBytes: number, bulk: boolean): number {
  const needed = storedBytesFor(plainBytes)
  if (bulk) {
    const granuleAt = () => payloadBulkGranuleBytes
    return nextReachable(roundUp(needed, payloadBulkGranuleBytes), granuleAt)
  }
  return nextReachable(Math.max(payloadBytesMin, padme(needed)), padmeGranule)
}

/**
 * Whether a pack may have this stored size. Each rule above gives Padmé sizes, for a multiple of the granule of a total
 * T ≥ size is a multiple of the granule of the size: some 250 sizes from 4 KiB to 4 MiB.
 */
export function isAllowedPackSize(storedBytes: number): boolean {
  return (
    isReachableSize(storedBytes) &&
    storedBytes >= packBytesMin &&
    storedBytes <= packBytesMax &&
    padme(storedBytes) === storedBytes
  )
}

/** Whether a payload may have this stored size. */
export function isAllowedPayloadSize(storedBytes: number): boolean {
  if (!isReachableSize(storedBytes) || storedBytes < payloadBytesMin) return false
  return padme(storedBytes) === storedBytes || storedBytes % payloadBulkGranuleBytes === 0
}

/** An aligned run of whole cells. `offset`, `length`: in the stored bytes; `skip`: plaintext bytes of the first cell before the wanted ones. */
export interface CellRange {
  readonly firstCell: number
  readonly cellCount: number
  readonly offset: number
  readonly length: number
  readonly skip: number
}

/** Which cells hold the plaintext bytes `offset` … `offset + length`. @throws CryptoError `limit` if they are not within the pack */
export function cellRange(wanted: { packBytes: number; offset: number; length: number }): CellRange {
  const { packBytes, offset, length } = wanted
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 1
  if (!inside || offset + length > plainCapacity(packBytes))
    throw new CryptoError('limit', 'the range is not within the pack')
  const firstCell = Math.floor(offset / cellPlainBytes)
  const cellCount = Math.floor((offset + length - 1) / cellPlainBytes) - firstCell + 1
  const start = containerFrontBytes + firstCell * cellBytes
  return {
    firstCell,
    cellCount,
    offset: start,
    length: Math.min(packBytes - start, cellCount * cellBytes),
    skip: offset - firstCell * cellPlainBytes,
  }
}
