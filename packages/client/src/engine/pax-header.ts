// Extended headers of a POSIX tar (pax, IEEE Std 1003.1-2008): names, targets and times that the plain header cannot hold. Values are bytes: a name
// that is not UTF-8 stands in the archive as it is, under `hdrcharset=BINARY`.
import { concat } from '@grenier/crypto'

const blockBytes = 512
const text = new TextEncoder()

/** One `key=value`. */
export type PaxRecord = readonly [key: string, value: Uint8Array | string]

/** Header and records, in whole blocks: what stands right before the header of the thing they are about. */
export function paxHeader(records: readonly PaxRecord[]): Uint8Array {
  const body = concat(records.map(recordOf))
  const padding = new Uint8Array((blockBytes - (body.length % blockBytes)) % blockBytes)
  return concat([headerBlock(body.length), body, padding])
}

/** `LENGTH key=value\n`, the length counting itself. */
function recordOf([key, value]: PaxRecord): Uint8Array {
  const bytes = concat([
    text.encode(` ${key}=`),
    typeof value === 'string' ? text.encode(value) : value,
    text.encode('\n'),
  ])
  let length = bytes.length + 1
  while (String(length).length + bytes.length !== length) length = String(length).length + bytes.length
  return concat([text.encode(String(length)), bytes])
}

/** A ustar header of type `x`. */
function headerBlock(sizeBytes: number): Uint8Array {
  const block = new Uint8Array(blockBytes)
  const put = (at: number, value: string): void => block.set(text.encode(value), at)
  put(0, 'PaxHeader')
  put(100, '0000644\0')
  put(108, '0000000\0')
  put(116, '0000000\0')
  put(124, `${sizeBytes.toString(8).padStart(11, '0')}\0`)
  put(136, '00000000000\0')
  put(148, '        ')
  put(156, 'x')
  put(257, 'ustar\0')
  put(263, '00')
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `)
  return block
}
