// The 512 bytes that stand before each thing of a POSIX tar (ustar, IEEE Std 1003.1-2008).
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

/** What all of them have in common. Owner and group are nobody's: the vault knows none. */
const blank = Buffer.alloc(blockBytes)
for (const at of [108, 116, 329, 337]) putOctal(blank, 0, { at, digits: 7 })
blank.write('ustar\0' + '00', 257, 'latin1')
blank.fill(sumField.space, sumField.at, sumField.at + sumField.length)

/** One block. */
export function tarHeader({
  type,
  name,
  mode,
  sizeBytes = 0,
  mtimeSeconds = 0,
  target = '',
}: TarHeader): Uint8Array {
  const block = Buffer.from(blank)
  block.write(name, 0, 'latin1')
  putOctal(block, mode & 0o7777, { at: 100, digits: 7 })
  if (sizeBytes <= octalSizeMax) putOctal(block, sizeBytes, { at: 124, digits: 11 })
  else binarySize(block.subarray(124, 136), sizeBytes)
  putOctal(block, mtimeSeconds, { at: 136, digits: 11 })
  block.write(typeLetters[type], 156, 'latin1')
  block.write(target, 157, 'latin1')
  let sum = 0
  for (let at = 0; at < blockBytes; at += 1) sum += block[at] ?? 0
  putOctal(block, sum, { at: sumField.at, digits: 6 })
  return block
}

/** So many zeros make whole blocks of what was written. */
export function paddingBytes(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes
}

/** Digits, and a zero behind them. */
function putOctal(block: Buffer, value: number, { at, digits }: { at: number; digits: number }): void {
  let rest = value
  for (let place = at + digits - 1; place >= at; place -= 1) {
    block[place] = 0x30 + (rest % 8)
    rest = Math.floor(rest / 8)
  }
  block[at + digits] = 0
}

/** The highest bit says that it is binary, most significant byte first. */
function binarySize(field: Uint8Array, sizeBytes: number): void {
  new DataView(field.buffer, field.byteOffset).setBigUint64(field.length - 8, BigInt(sizeBytes))
  field[0] = 0x80
}
