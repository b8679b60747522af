// What a file costs whatever is in it: our calls beside the least that the system wants for the same.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@grenier/crypto'
import { systemClock } from '../../packages/client/src/clock.ts'
import { Ingest } from '../../packages/client/src/content/ingest.ts'
import { PackWriter } from '../../packages/client/src/content/pack-writer.ts'
import type { WorkerPool } from '../../packages/client/src/content/worker-pool.ts'
import { threadedWorkerPool } from '../../packages/client/src/content/worker-pool-threads.ts'
import { openRealFileSystem } from '../../packages/client/src/disk/file-system-real.ts'
import type { FileSystem } from '../../packages/client/src/disk/file-system.ts'
import type { RelativePath } from '../../packages/client/src/sync/name.ts'
import { provisionalId } from '../../packages/client/src/sync/tree.ts'
import { textOf } from '../data.ts'
import { leastOf, type Cost } from './cost.ts'

const fileBytes = 4096
const perFolder = 100
/** Files that are flushed together, about as many as the receiver does. */
const groupFiles = 500
const key = new Uint8Array(32).fill(7)

/** What is done to each of many files, with the least that it could take. */
export interface FileCost {
  readonly name: string
  readonly files: number
  readonly ours: Cost
  readonly floor: { readonly name: string; readonly cost: Cost }
}

/** Measures with so many files of 4 KiB below `folder`. */
export async function fileCosts(
  folder: string,
  { files, runs }: { files: number; runs: number },
): Promise<FileCost[]> {
  const root = join(folder, 'files')
  const paths = Array.from(
    { length: files },
    (_, at) => `d${Math.floor(at / perFolder)}/f${at}` as RelativePath,
  )
  for (let at = 0; at < files; at += perFolder)
    fs.mkdirSync(join(root, `d${at / perFolder}`), { recursive: true })
  const bytes = textOf(fileBytes)
  const fileSystem = openRealFileSystem(root)
  const create = await leastOf(runs, () => createAll(root, paths, bytes))
  const place = await leastOf(runs, () => placeAll(fileSystem, paths, bytes))
  const read = await leastOf(runs, () => readAll(root, paths))
  const openOurs = await leastOf(runs, () => openAll(fileSystem, paths))
  const look = await leastOf(runs, () => fileSystem.look(paths))
  const stat = await leastOf(runs, () => {
    for (const path of paths) fs.lstatSync(join(root, path))
  })
  const pool = threadedWorkerPool()
  // Once for nothing: the threads start.
  await ingestAll(fileSystem, pool, paths)
  const ingest = await leastOf(runs, () => ingestAll(fileSystem, pool, paths))
  await pool.close()
  const reading = { name: 'open, read, close', cost: read }
  return [
    {
      name: 'stage, write, finish, place, flush in groups',
      files,
      ours: place,
      floor: { name: 'create, write, rename', cost: create },
    },
    { name: 'open, read, check that it is still the same, close', files, ours: openOurs, floor: reading },
    { name: 'look', files, ours: look, floor: { name: 'lstat', cost: stat } },
    { name: 'from the file to the sealed pack, all threads', files, ours: ingest, floor: reading },
  ]
}

function createAll(root: string, paths: readonly string[], bytes: Uint8Array): void {
  const staged = join(root, 'staged')
  for (const path of paths) {
    fs.writeFileSync(staged, bytes)
    fs.renameSync(staged, join(root, path))
  }
}

async function placeAll(
  fileSystem: FileSystem,
  paths: readonly RelativePath[],
  bytes: Uint8Array,
): Promise<void> {
  for (let from = 0; from < paths.length; from += groupFiles) {
    const group = paths.slice(from, from + groupFiles)
    for (const [at, path] of group.entries()) {
      const name = `s${at}`
      const writer = await fileSystem.openStaged(name)
      await writer.write(0, bytes)
      await writer.close()
      await fileSystem.change({ do: 'finish-staged', name, mode: 0o644, mtimeNs: 1_700_000_000_000_000_000n })
      await fileSystem.change({ do: 'place', name, path, replace: true })
    }
    const directories = new Set(group.map((path) => path.slice(0, path.indexOf('/')) as RelativePath))
    await fileSystem.flush([...directories])
  }
}

function readAll(root: string, paths: readonly string[]): void {
  const buffer = Buffer.alloc(fileBytes)
  for (const path of paths) {
    const file = fs.openSync(join(root, path), 'r')
    fs.readSync(file, buffer)
    fs.closeSync(file)
  }
}

async function openAll(fileSystem: FileSystem, paths: readonly RelativePath[]): Promise<void> {
  for (const path of paths) {
    const reader = await fileSystem.openForReading(path)
    await reader.read(0, reader.stamp.sizeBytes)
    await reader.stampNow()
    await reader.close()
  }
}

async function ingestAll(
  fileSystem: FileSystem,
  pool: WorkerPool,
  paths: readonly RelativePath[],
): Promise<void> {
  const writer = new PackWriter({
    pool,
    random: systemRandom,
    sealing: () => ({ key, binding: key, epoch: 0 }),
    emit: () => Promise.resolve(),
  })
  const keys = { chunkIdKey: key, chunkerKey: key }
  const reading = new Ingest({ fileSystem, pool, keys, writer, clock: systemClock, known: () => false })
  const files = paths.map((path, at) => ({ id: provisionalId(at), path, expected: undefined }))
  for await (const result of reading.read(files))
    if (result.outcome === 'problem') throw new Error(`${result.file.path}: ${result.problem}`)
  await writer.finish()
}
