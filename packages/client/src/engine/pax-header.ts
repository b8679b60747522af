// Extended headers of a POSIX tar (pax, IEEE Std 1003.1-2008): names, targets and times that the plain header cannot hold. Values are bytes: a name
// that is not UTF-8 stands in the archive as it is, under `hdrcharset=BINARY`.
import { blockBytes, paddingBytes, tarHeader } from './tar-header.ts'

/** One `key=value`. */
export type PaxRecord = readonly [key: string, value: Uint8Array | string]

/** Header and records, in whole blocks: what stands right before the header of the thing they are about. */
export function paxHeader(records: readonly PaxRecord[]): Uint8Array {
  const lines = records.map(recordOf)
  const sizeBytes = lines.reduce((sum, { length }) => sum + length, 0)
  const header = tarHeader({ type: 'records', name: 'PaxHeader', mode: 0o644, sizeBytes })
  const blocks = Buffer.allocUnsafe(blockBytes + sizeBytes + paddingBytes(sizeBytes))
  let at = blockBytes
  blocks.set(header)
  for (const line of lines) {
    blocks.set(line, at)
    at += line.length
  }
  return blocks.fill(0, at)
}

/** `LENGTH key=value\n`, the length counting itself. */
function recordOf([key, value]: PaxRecord): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  const rest = key.length + bytes.length + 3
  let length = rest + 1
  while (String(length).length + rest !== length) length = String(length).length + rest
  const line = Buffer.allocUnsafe(length)
  line.set(bytes, line.write(`${length} ${key}=`, 'latin1'))
  line[length - 1] = 0x0a
  return line
}
