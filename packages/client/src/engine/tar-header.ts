// The 512 bytes that stand before each thing of a POSIX tar (ustar, IEEE Std 1003.1-2008).
const text = new TextEncoder()

/** All of a tar is in blocks of this. */
export const blockBytes = 512
/** Bytes of a name, or of a target, that the plain header holds. */
export const plainNameBytes = 100
/** What eleven octal digits hold; above it, the size is binary, as the tars that are in use read it. */
const octalSizeMax = 0o77777777777
/** The sum of a header counts its own eight bytes as spaces. */
const sumField = { at: 148, length: 8, space: 0x20 }

const typeLetters = { file: '0', link: '2', directory: '5', records: 'x' } as const

/** What a header says. `name` and `target`: ASCII, at most 100 bytes. */
export interface TarHeader {
  readonly type: keyof typeof typeLetters
  readonly name: string
  readonly mode: number
  readonly sizeBytes?: number | undefined
  /** Seconds since 1970, 0 to 2^33. */
  readonly mtimeSeconds?: number | undefined
  readonly target?: string | undefined
}

/** One block. Owner and group are nobody's: the vault knows none. */
export function tarHeader({
  type,
  name,
  mode,
  sizeBytes = 0,
  mtimeSeconds = 0,
  target = '',
}: TarHeader): Uint8Array {
  const block = new Uint8Array(blockBytes)
  const put = (at: number, value: string): void => void text.encodeInto(value, block.subarray(at))
  put(0, name)
  put(100, octal(mode & 0o7777, 7))
  put(108, octal(0, 7))
  put(116, octal(0, 7))
  if (sizeBytes <= octalSizeMax) put(124, octal(sizeBytes, 11))
  else binarySize(block.subarray(124, 136), sizeBytes)
  put(136, octal(mtimeSeconds, 11))
  block.fill(sumField.space, sumField.at, sumField.at + sumField.length)
  put(156, typeLetters[type])
  put(157, target)
  put(257, 'ustar\0')
  put(263, '00')
  put(329, octal(0, 7))
  put(337, octal(0, 7))
  let sum = 0
  for (const byte of block) sum += byte
  put(sumField.at, `${octal(sum, 6)} `)
  return block
}

/** So many zeros make whole blocks of what was written. */
export function paddingBytes(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, '0')}\0`
}

/** The highest bit says that it is binary, most significant byte first. */
function binarySize(field: Uint8Array, sizeBytes: number): void {
  new DataView(field.buffer, field.byteOffset).setBigUint64(field.length - 8, BigInt(sizeBytes))
  field[0] = 0x80
}
