// The whole tree of a vault as it stands at the relay, decrypted, as a POSIX tar: names and times as pax records, contents fetched and checked
// in the order of the tree: small ones many at once, because they share packs, large ones in bounded windows.
import { isUtf8 } from 'node:buffer'
import type { Fetch } from '../content/fetch.ts'
import { release } from '../content/moved-bytes.ts'
import { ClientError } from '../errors.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { nameToBytes } from '../sync/name.ts'
import type { FileValue, NodeValue, Row } from '../sync/tree.ts'
import { contentBytes } from './content-stream.ts'
import { paxHeader, type PaxRecord } from './pax-header.ts'
import type { Tally } from './tally.ts'
import { plainNameBytes, tarHeader, type TarHeader } from './tar-header.ts'
import { TarWriter, type TakeBytes } from './tar-writer.ts'
import { walkTree } from './tree-walk.ts'

/** Files up to this are fetched together: so many rows, or bytes. Two such batches are there at a time. */
const smallBytesMax = 512 << 10
const batchRowsMax = 256
const batchBytesMax = 1 << 20

export interface ExportOptions {
  /** Of which the remote column is written. */
  readonly trees: TreesStore
  readonly fetch: Fetch
  readonly tally: Tally
  readonly signal: AbortSignal
  readonly take: TakeBytes
}

/** Writes the tar to its end. @throws ClientError `pack-unavailable`, `relay-corrupt`, `interrupted`; what the taker fails with */
export async function exportTree(options: ExportOptions): Promise<{ files: number; bytes: number }> {
  const tar = new TarWriter(options.take)
  const counts = { files: 0, bytes: 0 }
  for await (const batch of fetched(options)) {
    if (options.signal.aborted) throw new ClientError('interrupted', 'stopped')
    for (const ready of batch) {
      const { value } = ready.row
      await writeRow(options, tar, ready)
      const sizeBytes = value.kind === 'file' ? value.sizeBytes : 0
      counts.bytes += sizeBytes
      if (value.kind !== 'directory') counts.files += 1
      options.tally.did(value.kind === 'directory' ? 0 : 1, sizeBytes)
    }
  }
  await tar.end()
  return counts
}

/** A row on its way. `bytes`: of a small file. */
interface Ready {
  readonly path: string
  readonly row: Row
  readonly bytes?: Uint8Array | undefined
}

/** The remote tree in batches, with the bytes of small files; one batch is under way while one is written. */
async function* fetched({ trees, fetch }: ExportOptions): AsyncGenerator<readonly Ready[]> {
  let before: Promise<readonly Ready[]> | undefined
  for await (const batch of batches(trees)) {
    const next = filled(fetch, batch)
    // Who takes no more leaves it behind.
    next.catch(() => undefined)
    if (before !== undefined) yield await before
    before = next
  }
  if (before !== undefined) yield await before
}

async function* batches(trees: TreesStore): AsyncGenerator<readonly Ready[]> {
  let batch: Ready[] = []
  let batchBytes = 0
  for await (const { path, row } of walkTree(trees)) {
    batch.push({ path, row })
    if (isSmall(row)) batchBytes += row.value.sizeBytes
    if (batch.length < batchRowsMax && batchBytes < batchBytesMax) continue
    yield batch
    batch = []
    batchBytes = 0
  }
  yield batch
}

async function filled(fetch: Fetch, batch: readonly Ready[]): Promise<readonly Ready[]> {
  const small = batch.flatMap(({ path, row }) => {
    const { content, sizeBytes } = isSmall(row) ? row.value : {}
    return content === undefined || sizeBytes === undefined ? [] : [{ path, content, sizeBytes }]
  })
  const read = await fetch.read(small)
  const bytesOf = new Map(small.map(({ path }, at) => [path, read[at]]))
  return batch.map((ready) => ({ ...ready, bytes: bytesOf.get(ready.path) }))
}

function isSmall(row: Row): row is Row & { readonly value: FileValue } {
  return row.value.kind === 'file' && row.value.sizeBytes <= smallBytesMax
}

async function writeRow(options: ExportOptions, tar: TarWriter, ready: Ready): Promise<void> {
  const { path, row } = ready
  const { value } = row
  const name = value.kind === 'directory' ? `${path}/` : path
  const records = recordsOf(nameToBytes(name), value)
  if (records.length > 0) await tar.add(paxHeader(records))
  await tar.add(tarHeader(headerOf(isPlain(nameToBytes(name)) ? name : 'long', value)))
  if (value.kind !== 'file') return
  if (isSmall(row)) await writeSmall(tar, ready)
  else for await (const bytes of contentBytes(options.fetch, value, path)) await tar.add(bytes)
  await tar.pad(value.sizeBytes)
}

function headerOf(name: string, value: NodeValue): TarHeader {
  if (value.kind === 'directory') return { type: 'directory', name, mode: value.mode }
  const mtimeSeconds = plainTime(value.mtimeNs)
  if (value.kind === 'file')
    return { type: 'file', name, mode: value.mode, sizeBytes: value.sizeBytes, mtimeSeconds }
  const target = isPlain(value.target) ? Buffer.from(value.target).toString() : 'long'
  return { type: 'link', name, mode: 0o777, mtimeSeconds, target }
}

/** A small content, which is nobody else's. */
async function writeSmall(tar: TarWriter, { path, bytes }: Ready): Promise<void> {
  if (bytes === undefined)
    throw new ClientError('pack-unavailable', 'the relay lacks a part of a file', { data: { path } })
  await tar.add(bytes)
  release([bytes])
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
  return name.length <= plainNameBytes && name.every((byte) => byte > 0 && byte < 0x80)
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
