// Extended headers of a POSIX tar (pax, IEEE Std 1003.1-2008): names, targets and times that the plain header cannot hold. Values are bytes: a name
// that is not UTF-8 stands in the archive as it is, under `hdrcharset=BINARY`.
import { concat } from '@grenier/crypto'
import { paddingBytes, tarHeader } from './tar-header.ts'

const text = new TextEncoder()

/** One `key=value`. */
export type PaxRecord = readonly [key: string, value: Uint8Array | string]

/** Header and records, in whole blocks: what stands right before the header of the thing they are about. */
export function paxHeader(records: readonly PaxRecord[]): Uint8Array {
  const body = concat(records.map(recordOf))
  const header = tarHeader({ type: 'records', name: 'PaxHeader', mode: 0o644, sizeBytes: body.length })
  return concat([header, body, new Uint8Array(paddingBytes(body.length))])
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
