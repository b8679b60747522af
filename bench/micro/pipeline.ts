// The sending side as a whole, without a line: read, cut, hash, compress, seal, by the classes and threads that do it, into packs that nobody takes.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@grenier/crypto'
import { openRealFileSystem, systemClock, threadedWorkerPool, type WorkerPool } from '@grenier/client'
import { Ingest } from '../../packages/client/src/content/ingest.ts'
import { release } from '../../packages/client/src/content/moved-bytes.ts'
import { PackWriter } from '../../packages/client/src/content/pack-writer.ts'
import type { RelativePath } from '../../packages/client/src/sync/name.ts'
import { provisionalId } from '../../packages/client/src/sync/tree.ts'
import { randomFile } from '../data.ts'
import type { Figure } from '../figures.ts'
import { leastOf } from './cost.ts'

const key = new Uint8Array(32).fill(7)
const keys = { chunkerKey: key, chunkIdKey: key }
/** Large enough that starting the threads is little of it. */
const timesAll = 8

/** Measures it with one file that nothing compresses, `mib` times a few, made below `place`. */
export async function pipelineFigures(
  place: string,
  { mib, runs }: { mib: number; runs: number },
): Promise<Figure[]> {
  const folder = join(place, 'pipeline')
  const sizeMib = mib * timesAll
  randomFile(folder, sizeMib)
  const pool = threadedWorkerPool()
  try {
    const { wallMs, cpuMs } = await leastOf(runs, async () => {
      const bytes = await sendNowhere(folder, pool)
      if (bytes < sizeMib << 20) throw new Error('not all of it came into packs')
    })
    const name = `the sending pipeline alone, ${availableParallelism()} cores (random)`
    return [
      { name, value: (sizeMib * 1000) / wallMs, unit: 'MiB/s' },
      { name: `${name}, cpu a MiB`, value: cpuMs / sizeMib, unit: 'ms' },
    ]
  } finally {
    await pool.close()
  }
}

/** Gives the bytes of all packs. */
async function sendNowhere(folder: string, pool: WorkerPool): Promise<number> {
  let bytes = 0
  const writer = new PackWriter({
    pool,
    random: systemRandom,
    sealing: () => ({ key, binding: key, epoch: 0 }),
    emit: (pack) => {
      bytes += pack.bytes.length
      release([pack.bytes])
      return Promise.resolve()
    },
  })
  const known = (): boolean => false
  const fileSystem = openRealFileSystem(folder)
  const ingest = new Ingest({ fileSystem, pool, keys, writer, clock: systemClock, known })
  const file = { id: provisionalId(0), path: 'big.bin' as RelativePath, expected: undefined }
  for await (const result of ingest.read([file]))
    if (result.outcome !== 'part' && result.outcome !== 'read') throw new Error('the file could not be read')
  await writer.finish()
  return bytes
}
