// The whole tree of a vault as it stands at the relay, decrypted, as a POSIX tar: names and times as pax records, contents fetched and checked
// in bounded windows, in the order of the tree.
import { isUtf8 } from 'node:buffer'
import { pipeline } from 'node:stream/promises'
import { pack as tarPack, type Pack } from 'tar-stream'
import type { Fetch } from '../content/fetch.ts'
import { contentOf } from '../content/content-list.ts'
import { ClientError } from '../errors.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { nameToBytes, type RelativePath } from '../sync/name.ts'
import { rootId, type FileValue, type NodeId, type NodeValue, type Row } from '../sync/tree.ts'
import { paxHeader, type PaxRecord } from './pax-header.ts'
import type { Tally } from './tally.ts'

/** Chunks fetched at once: at most 32 MiB. */
const windowChunks = 32
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

async function writeTree(options: ExportOptions, tar: Pack): Promise<{ files: number; bytes: number }> {
  const counts = { files: 0, bytes: 0 }
  for await (const [path, row] of walk(options.trees, rootId, '' as RelativePath)) {
    await writeRow(options, tar, { path, row })
    if (row.value.kind !== 'directory') counts.files += 1
    if (row.value.kind === 'file') counts.bytes += row.value.sizeBytes
    options.tally.did(1, row.value.kind === 'file' ? row.value.sizeBytes : 0)
  }
  tar.finalize()
  return counts
}

/** The remote tree, directories before what is in them, by name. */
async function* walk(
  trees: TreesStore,
  parent: NodeId,
  path: RelativePath,
): AsyncGenerator<readonly [string, Row]> {
  for await (const { id, name } of trees.children('remote', parent)) {
    const row = trees.get(id)?.remote
    if (row === undefined) continue
    const own = (path === '' ? name : `${path}/${name}`) as RelativePath
    yield [own, row]
    if (row.value.kind === 'directory') yield* walk(trees, id, own)
  }
}

async function writeRow(options: ExportOptions, tar: Pack, at: { path: string; row: Row }): Promise<void> {
  const { value } = at.row
  const name = value.kind === 'directory' ? `${at.path}/` : at.path
  const plain = { name: isPlain(nameToBytes(name)) ? name : 'long', mtime: plainTime(value) }
  const records = recordsOf(nameToBytes(name), value)
  if (records.length > 0) tar.push(paxHeader(records))
  if (value.kind === 'directory') await entry(tar, { ...plain, type: 'directory', mode: value.mode })
  else if (value.kind === 'link') {
    const linkname = isPlain(value.target) ? Buffer.from(value.target).toString() : 'long'
    await entry(tar, { ...plain, type: 'symlink', linkname, mode: 0o777 })
  } else {
    const header: TarHeader = { ...plain, type: 'file', size: value.sizeBytes, mode: value.mode }
    await writeFile(options, tar, { path: at.path, header, value })
  }
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

async function writeFile(
  options: ExportOptions,
  tar: Pack,
  file: { path: string; header: TarHeader; value: FileValue },
): Promise<void> {
  const { value, header, path } = file
  const missing = (): ClientError =>
    new ClientError('pack-unavailable', 'the relay lacks a part of a file', { data: { path } })
  if (value.content === undefined) throw missing()
  const chunks = await options.fetch.chunksOf(value.content, value.sizeBytes)
  if (chunks === undefined) throw missing()
  const stream = tar.entry(header)
  const done = new Promise<void>((resolve, reject) => {
    stream.on('finish', () => resolve())
    stream.on('error', reject)
  })
  for (let at = 0; at < chunks.length; at += windowChunks) {
    const window = chunks.slice(at, at + windowChunks)
    const sizeBytes = window.reduce((sum, chunk) => sum + chunk.plainBytes, 0)
    const content = contentOf(
      0,
      window.map((chunk) => chunk.id),
    )
    const [bytes] = await options.fetch.read([{ content, sizeBytes }])
    if (bytes === undefined) throw missing()
    if (!stream.write(bytes)) await new Promise<void>((resolve) => stream.once('drain', () => resolve()))
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
