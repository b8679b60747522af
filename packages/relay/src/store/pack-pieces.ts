// How a pack's bytes are handed out: a range as pieces of at most 64 KiB, or `pack-missing` when the range is not all there.
import { toHex } from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import type { PackPlace, PackRange } from './pack-store.ts'

/** A part of the wire. */
export const pieceBytesMax = 64 * 1024

/** The error for a pack whose bytes are not there. */
export function packMissing({ pack }: PackPlace, cause?: unknown): RelayError {
  return new RelayError('pack-missing', 'the bytes of this pack are not here', {
    cause,
    data: { pack: toHex(pack) },
  })
}

/** Pieces of a pack that is in memory. @throws RelayError `pack-missing` when it ends before the range does */
export function* piecesOf(bytes: Uint8Array, range: PackRange, place: PackPlace): Generator<Uint8Array> {
  const end = range.offset + range.length
  if (end > bytes.length) throw packMissing(place)
  for (let at = range.offset; at < end; at += pieceBytesMax)
    yield bytes.subarray(at, Math.min(at + pieceBytesMax, end))
}
