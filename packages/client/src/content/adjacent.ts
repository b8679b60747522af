// Chunks that follow each other in a pack mostly follow each other in a file, and lie so in memory when they were opened: a write for all of them costs what one
// for each does, and there are fewer.

/** Bytes, and where they go. */
export interface Piece {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** The same pieces, those together that follow each other both in memory and where they go. `isSame`: whether two go to the same place at all. */
export function* adjacent<P extends Piece>(
  pieces: Iterable<P>,
  isSame: (one: P, other: P) => boolean = () => true,
): Generator<P> {
  let last: P | undefined
  for (const piece of pieces) {
    const joined = last !== undefined && isSame(last, piece) ? join(last, piece) : undefined
    if (last !== undefined && joined === undefined) yield last
    last = joined ?? piece
  }
  if (last !== undefined) yield last
}

function join<P extends Piece>(one: P, other: P): P | undefined {
  const { buffer, byteOffset, length } = one.bytes
  if (other.bytes.buffer !== buffer || other.bytes.byteOffset !== byteOffset + length) return undefined
  if (other.offset !== one.offset + length) return undefined
  return { ...one, bytes: new Uint8Array(buffer, byteOffset, length + other.bytes.length) }
}
