// The relay alone: ready-made packs from a second process, stored durably, against writing and flushing the same sizes one after the
// other on the same disk in the same run; and what it takes of a processor and of memory.
import { fork, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Figure } from './figures.ts'
import type { Done, Order } from './relay-load.ts'
import { Stage, type Running } from './stage.ts'

const KiB = 1024
const MiB = 1024 * KiB

interface Size {
  readonly name: string
  readonly sizeBytes: number
  readonly packs: number
  /** Packs that each client has under way. */
  readonly atOnce: number
  /** Files that the disk is measured with, before and after. */
  readonly files: number
}

const sizes: readonly Size[] = [
  { name: '64 KiB', sizeBytes: 64 * KiB, packs: 4096, atOnce: 16, files: 256 },
  { name: '4 MiB', sizeBytes: 4 * MiB, packs: 128, atOnce: 2, files: 16 },
]
const clients = 16
const uploading = { clients: 8, atOnce: 4, packs: 128 }

/** Measures writing and reading, then memory on a relay of its own. Linux only. */
export async function measureRelay(): Promise<Figure[]> {
  const figures: Figure[] = []
  await withRelay(clients, async (stage, relay, load) => {
    for (const size of sizes) figures.push(...(await measureSize(size, stage, { relay, load })))
  })
  figures.push(await measureMemory())
  return figures
}

async function measureSize(size: Size, stage: Stage, parts: Parts): Promise<Figure[]> {
  const { name, sizeBytes, packs, atOnce } = size
  const before = sequentialMs(stage.folder('disk'), size)
  await parts.load.do({ act: 'prepare', packs, sizeBytes })
  const put = await cost(parts, { act: 'put', atOnce })
  const disk = (before + sequentialMs(stage.folder('disk'), size)) / 2
  const get = await cost(parts, { act: 'get', atOnce })
  const mib = (packs * sizeBytes) / MiB
  return [
    { name: `${name}, put`, value: packs / (put.ms / 1000), unit: 'packs/s' },
    { name: `${name}, put`, value: mib / (put.ms / 1000), unit: 'MiB/s' },
    { name: `${name}, put, of sequential flushed writes`, value: (disk * packs * 100) / put.ms, unit: '%' },
    { name: `${name}, put, of one core`, value: (put.cpuMs / put.ms) * 100, unit: '%' },
    { name: `${name}, put, cpu a GiB`, value: (put.cpuMs * 1024) / mib, unit: 'ms' },
    { name: `${name}, get`, value: mib / (get.ms / 1000), unit: 'MiB/s' },
    { name: `${name}, get, of one core`, value: (get.cpuMs / get.ms) * 100, unit: '%' },
    { name: `${name}, get, cpu a GiB`, value: (get.cpuMs * 1024) / mib, unit: 'ms' },
  ]
}

async function measureMemory(): Promise<Figure> {
  const { atOnce, packs } = uploading
  let value = 0
  await withRelay(uploading.clients, async (_stage, relay, load) => {
    await load.do({ act: 'prepare', packs, sizeBytes: 4 * MiB })
    await load.do({ act: 'put', atOnce })
    value = relay.memoryMiB().most
  })
  return { name: `memory with ${uploading.clients} clients uploading, most`, value, unit: 'MiB' }
}

/** Milliseconds a file: written whole, flushed, the next. */
function sequentialMs(folder: string, { sizeBytes, files }: Size): number {
  const bytes = randomBytes(sizeBytes)
  const paths = Array.from({ length: files }, (_, at) => join(folder, String(at)))
  const start = performance.now()
  for (const path of paths) {
    const file = openSync(path, 'wx')
    writeSync(file, bytes)
    fdatasyncSync(file)
    closeSync(file)
  }
  const took = performance.now() - start
  for (const path of paths) rmSync(path)
  return took / files
}

interface Parts {
  readonly relay: Running
  readonly load: Load
}

async function cost({ relay, load }: Parts, order: Order): Promise<{ ms: number; cpuMs: number }> {
  const before = relay.cpuSeconds()
  const { ms } = await load.do(order)
  return { ms, cpuMs: (relay.cpuSeconds() - before) * 1000 }
}

async function withRelay(
  many: number,
  work: (stage: Stage, relay: Running, load: Load) => Promise<void>,
): Promise<void> {
  const stage = new Stage()
  const load = new Load()
  try {
    const { relay, url } = await stage.relay()
    await load.do({ act: 'connect', url, clients: many })
    await work(stage, relay, load)
  } finally {
    load.end()
    await stage.close()
  }
}

/** The process with the clients. */
class Load {
  readonly #process: ChildProcess = fork(fileURLToPath(new URL('relay-load.ts', import.meta.url)))

  do(order: Order): Promise<Done> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error(`the clients ended during ${order.act}`))
      this.#process.once('close', ended)
      this.#process.once('message', (done: Done) => {
        this.#process.off('close', ended)
        resolve(done)
      })
      this.#process.send(order)
    })
  }

  end(): void {
    if (this.#process.connected) this.#process.disconnect()
  }
}
