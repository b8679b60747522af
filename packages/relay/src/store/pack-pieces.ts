// A pack's bytes in pieces: handed out where they are in memory, what is left of them, and the error for those that are not there.
import { toHex } from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import type { PackPlace, PackReader } from './pack-store.ts'

/** The error for a pack whose bytes are not there. */
export function packMissing({ pack }: PackPlace, cause?: unknown): RelayError {
  return new RelayError('pack-missing', 'the bytes of this pack are not here', {
    cause,
    data: { pack: toHex(pack) },
  })
}

/** Reads a pack that is in memory. */
export function readerOf(bytes: Uint8Array, place: PackPlace): PackReader {
  return {
    read: (offset, into) =>
      new Promise((resolve) => {
        let at = offset
        for (const piece of into) {
          if (at + piece.length > bytes.length) throw packMissing(place)
          piece.set(bytes.subarray(at, at + piece.length))
          at += piece.length
        }
        resolve()
      }),
    close: () => Promise.resolve(),
  }
}

/** What is left of them when the first so many bytes were dealt with. */
export function withoutFirst(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes
  return pieces.flatMap((piece) => {
    const rest = piece.subarray(Math.min(skip, piece.length))
    skip -= piece.length - rest.length
    return rest.length > 0 ? [rest] : []
  })
}
