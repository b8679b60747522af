// The whole tree of a vault as it stands at the relay, decrypted, as a POSIX tar: names and times as pax records, contents fetched and checked
// in bounded windows, in the order of the tree.
import { pack as tarPack, type Pack } from 'tar-stream'
import type { Fetch } from '../content/fetch.ts'
import { contentOf } from '../content/content-list.ts'
import { ClientError } from '../errors.ts'
import { nameToBytes, type RelativePath } from '../sync/name.ts'
import { rootId, type FileValue, type NodeId, type Row } from '../sync/tree.ts'
import type { Tally } from './tally.ts'
import type { Vault } from './vault.ts'

type TarHeader = Parameters<Pack['entry']>[0]

/** Chunks fetched at once: at most 32 MiB. */
const windowChunks = 32

export interface ExportOptions {
  readonly vault: Vault
  readonly fetch: Fetch
  readonly tally: Tally
  readonly sink: NodeJS.WritableStream
}

/** Writes the tar and ends it. @throws ClientError `pack-unavailable`, `relay-corrupt` */
export async function exportTree(options: ExportOptions): Promise<{ files: number; bytes: number }> {
  const tar = tarPack()
  tar.pipe(options.sink)
  const ended = new Promise<void>((resolve, reject) => {
    options.sink.on('finish', resolve)
    options.sink.on('error', reject)
  })
  const counts = { files: 0, bytes: 0 }
  for await (const [path, row] of walk(options.vault, rootId, '' as RelativePath)) {
    await writeRow(options, tar, { path, row })
    if (row.value.kind !== 'directory') counts.files += 1
    if (row.value.kind === 'file') counts.bytes += row.value.sizeBytes
    options.tally.did(1, row.value.kind === 'file' ? row.value.sizeBytes : 0)
  }
  tar.finalize()
  await ended
  return counts
}

/** The remote tree, directories before what is in them, by name. */
async function* walk(
  vault: Vault,
  parent: NodeId,
  path: RelativePath,
): AsyncGenerator<readonly [string, Row]> {
  for await (const { id, name } of vault.trees.children('remote', parent)) {
    const row = vault.trees.get(id)?.remote
    if (row === undefined) continue
    const own = (path === '' ? name : `${path}/${name}`) as RelativePath
    yield [own, row]
    if (row.value.kind === 'directory') yield* walk(vault, id, own)
  }
}

async function writeRow(options: ExportOptions, tar: Pack, at: { path: string; row: Row }): Promise<void> {
  const { value } = at.row
  // Names that are not UTF-8 go into the tar as the bytes they are, which is what tar was made for.
  const name = at.path.isWellFormed() ? at.path : Buffer.from(nameToBytes(at.path)).toString('latin1')
  if (value.kind === 'directory') {
    await entry(tar, { name: `${name}/`, type: 'directory', mode: value.mode })
    return
  }
  const times = {
    mtime: new Date(Number(value.mtimeNs / 1_000_000n)),
    pax: { mtime: paxTime(value.mtimeNs) },
  }
  if (value.kind === 'link') {
    const linkname = Buffer.from(value.target).toString()
    await entry(tar, { name, type: 'symlink', linkname, mode: 0o777, ...times })
    return
  }
  await writeFile(options, tar, {
    header: { name, type: 'file', size: value.sizeBytes, mode: value.mode, ...times },
    value,
  })
}

async function writeFile(
  options: ExportOptions,
  tar: Pack,
  file: { header: TarHeader; value: FileValue },
): Promise<void> {
  const { value, header } = file
  const missing = (): ClientError =>
    new ClientError('pack-unavailable', 'the relay lacks a part of a file', { data: { path: header.name } })
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
