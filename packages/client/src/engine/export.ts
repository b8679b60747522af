// The whole tree of a vault as it stands at the relay, decrypted, as a POSIX tar: names and times as pax records, contents fetched and checked
// in the order of the tree: small ones many at once, because they share packs, large ones in bounded windows.
import { isUtf8 } from 'node:buffer'
import { pipeline } from 'node:stream/promises'
import { pack as tarPack, type Pack } from 'tar-stream'
import type { Fetch } from '../content/fetch.ts'
import { ClientError } from '../errors.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { nameToBytes } from '../sync/name.ts'
import type { FileValue, NodeValue, Row } from '../sync/tree.ts'
import { contentBytes } from './content-stream.ts'
import { paxHeader, type PaxRecord } from './pax-header.ts'
import type { Tally } from './tally.ts'
import { walkTree } from './tree-walk.ts'

/** Files up to this are fetched together: so many rows, or bytes. Two such batches are there at a time. */
const smallBytesMax = 512 << 10
const batchRowsMax = 512
const batchBytesMax = 4 << 20
/** Bytes of a name that the plain header of a tar holds. */
const plainNameBytes = 100

type TarHeader = Parameters<Pack['entry']>[0]

export interface ExportOptions {
  /** Of which the remote column is written. */
  readonly trees: TreesStore
  readonly fetch: Fetch
  readonly tally: Tally
  readonly sink: NodeJS.WritableStream
}

/** Writes the tar and ends it. @throws ClientError `pack-unavailable`, `relay-corrupt`; what the sink fails with */
export async function exportTree(options: ExportOptions): Promise<{ files: number; bytes: number }> {
  const tar = tarPack()
  const piped = pipeline(tar, options.sink)
  // A sink that fails takes the tar along: whoever waits for room in it would wait for ever.
  const failed = piped.then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => {
      throw error
    },
  )
  failed.catch(() => undefined)
  try {
    const counts = await Promise.race([writeTree(options, tar), failed])
    await piped
    return counts
  } catch (error) {
    tar.destroy()
    throw error
  }
}

/** A row on its way. `bytes`: of a small file. */
interface Ready {
  readonly path: string
  readonly row: Row
  readonly bytes?: Uint8Array | undefined
}

async function writeTree(options: ExportOptions, tar: Pack): Promise<{ files: number; bytes: number }> {
  const counts = { files: 0, bytes: 0 }
  for await (const batch of fetched(options))
    for (const ready of batch) {
      const { value } = ready.row
      await writeRow(options, tar, ready)
      const sizeBytes = value.kind === 'file' ? value.sizeBytes : 0
      counts.bytes += sizeBytes
      if (value.kind !== 'directory') counts.files += 1
      options.tally.did(1, sizeBytes)
    }
  tar.finalize()
  return counts
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

async function writeRow(options: ExportOptions, tar: Pack, ready: Ready): Promise<void> {
  const { path, row } = ready
  const { value } = row
  const name = value.kind === 'directory' ? `${path}/` : path
  const plain = { name: isPlain(nameToBytes(name)) ? name : 'long', mtime: plainTime(value) }
  const records = recordsOf(nameToBytes(name), value)
  if (records.length > 0) tar.push(paxHeader(records))
  if (value.kind === 'directory') await entry(tar, { ...plain, type: 'directory', mode: value.mode })
  else if (value.kind === 'link') {
    const linkname = isPlain(value.target) ? Buffer.from(value.target).toString() : 'long'
    await entry(tar, { ...plain, type: 'symlink', linkname, mode: 0o777 })
  } else {
    const header: TarHeader = { ...plain, type: 'file', size: value.sizeBytes, mode: value.mode }
    await writeFile(tar, header, piecesOf(options, ready, value))
  }
}

async function* piecesOf(
  { fetch }: ExportOptions,
  { path, row, bytes }: Ready,
  value: FileValue,
): AsyncGenerator<Uint8Array> {
  if (!isSmall(row)) yield* contentBytes(fetch, value, path)
  else if (bytes !== undefined) yield bytes
  else throw new ClientError('pack-unavailable', 'the relay lacks a part of a file', { data: { path } })
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
function plainTime(value: NodeValue): Date {
  if (value.kind === 'directory') return new Date(0)
  const seconds = Number(value.mtimeNs / 1_000_000_000n)
  return new Date(Math.min(Math.max(seconds, 0), 0x7fff_ffff) * 1000)
}

async function writeFile(tar: Pack, header: TarHeader, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const stream = tar.entry(header)
  const done = new Promise<void>((resolve, reject) => {
    stream.on('finish', () => resolve())
    stream.on('error', reject)
  })
  done.catch(() => undefined)
  for await (const bytes of pieces) {
    if (bytes.length > 0 && !stream.write(bytes))
      await new Promise<void>((resolve) => stream.once('drain', () => resolve()))
  }
  stream.end(undefined)
  await done
}

async function entry(tar: Pack, header: TarHeader): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    tar.entry(header, (error) => {
      if (error) reject(error)
      else resolve()
    })
  })
}

/** Seconds with nanoseconds, as pax has them. */
function paxTime(mtimeNs: bigint): string {
  const sign = mtimeNs < 0n ? '-' : ''
  const absolute = mtimeNs < 0n ? -mtimeNs : mtimeNs
  return `${sign}${absolute / 1_000_000_000n}.${String(absolute % 1_000_000_000n).padStart(9, '0')}`
}
