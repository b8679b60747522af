// What stands before a thing of the tree in a tar: its header, and before that, as pax records, what the header does not hold.
import { isUtf8 } from 'node:buffer'
import { nameToBytes } from '../sync/name.ts'
import type { NodeValue } from '../sync/tree.ts'
import { paxHeader, type PaxRecord } from './pax-header.ts'
import { plainNameBytes, tarHeader, type TarHeader } from './tar-header.ts'

/** Whole blocks, one after the other. */
export function memberHeaders(path: string, value: NodeValue): Uint8Array[] {
  const name = value.kind === 'directory' ? `${path}/` : path
  const bytes = nameToBytes(name)
  const records = recordsOf(bytes, value)
  const header = tarHeader(headerOf(isPlain(bytes) ? name : 'long', value))
  return records.length > 0 ? [paxHeader(records), header] : [header]
}

function headerOf(name: string, value: NodeValue): TarHeader {
  if (value.kind === 'directory') return { type: 'directory', name, mode: value.mode }
  const mtimeSeconds = plainTime(value.mtimeNs)
  if (value.kind === 'file')
    return { type: 'file', name, mode: value.mode, sizeBytes: value.sizeBytes, mtimeSeconds }
  const target = isPlain(value.target) ? Buffer.from(value.target).toString() : 'long'
  return { type: 'link', name, mode: 0o777, mtimeSeconds, target }
}

/** What the plain header does not hold: long and foreign names and targets as the bytes they are, and times to the nanosecond. */
function recordsOf(name: Uint8Array, value: NodeValue): PaxRecord[] {
  const records: PaxRecord[] = []
  if (!isPlain(name)) records.push(['path', name])
  if (value.kind === 'link' && !isPlain(value.target)) records.push(['linkpath', value.target])
  const isBinary = records.some(([, bytes]) => typeof bytes !== 'string' && !isUtf8(bytes))
  if (value.kind !== 'directory') records.push(['mtime', paxTime(value.mtimeNs)])
  return isBinary ? [['hdrcharset', 'BINARY'], ...records] : records
}

function isPlain(name: Uint8Array): boolean {
  if (name.length > plainNameBytes) return false
  for (let at = 0; at < name.length; at += 1) {
    const byte = name[at] ?? 0
    if (byte === 0 || byte >= 0x80) return false
  }
  return true
}

/** Seconds, as far as the plain header goes. */
function plainTime(mtimeNs: bigint): number {
  return Math.min(Math.max(Number(mtimeNs / 1_000_000_000n), 0), 0x7fff_ffff)
}

/** Seconds with nanoseconds, as pax has them. */
function paxTime(mtimeNs: bigint): string {
  const sign = mtimeNs < 0n ? '-' : ''
  const absolute = mtimeNs < 0n ? -mtimeNs : mtimeNs
  return `${sign}${absolute / 1_000_000_000n}.${String(absolute % 1_000_000_000n).padStart(9, '0')}`
}
