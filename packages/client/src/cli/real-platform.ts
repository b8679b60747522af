// The world as it is: this machine's clock, randomness, disk, threads and network, put together for the engine.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemRandom } from '@grenier/crypto'
import { parseRelayUrl, type Wire } from '@grenier/protocol'
import { systemClock } from '../clock.ts'
import { besideWorkerPool } from '../content/worker-pool-beside.ts'
import { inlineWorkerPool } from '../content/worker-pool-inline.ts'
import { threadedWorkerPool } from '../content/worker-pool-threads.ts'
import type { WorkerPool } from '../content/worker-pool.ts'
import { openRealFileSystem } from '../disk/file-system-real.ts'
import type { FileSystem } from '../disk/file-system.ts'
import { folderFault } from '../disk/folder-fault.ts'
import { watchFolder } from '../disk/watch.ts'
import type { Platform } from '../engine/platform.ts'
import { Pace, pacedWire } from '../relay/pace.ts'
import { openScratch } from './scratch-state.ts'
import { LevelStateStore } from '../state/state-store-level.ts'
import type { StateStore } from '../state/state-store.ts'

/** Makes the platform; its threads end with `pool.close`. */
export function realPlatform(): Platform {
  const paces = { up: new Pace(systemClock), down: new Pace(systemClock) }
  return {
    clock: systemClock,
    random: systemRandom,
    pool: threadedWorkerPool(),
    dial: async (relayUrl) => pacedWire(await dial(relayUrl), paces),
    limit: ({ up, down }) => {
      paces.up.rate = up
      paces.down.rate = down
    },
    fileSystem: (folder) => new Promise((resolve) => resolve(openFileSystem(folder))),
    state: (directory) => openState(directory),
    scratch: openScratch,
    watch: (root, events) => watchFolder({ root, events, clock: systemClock }),
  }
}

/** What speaks to a relay is loaded when there is one to speak to: it takes 10 MiB. */
async function dial(relayUrl: string): Promise<Wire> {
  const { dialWebSocket } = await import('../relay/dial-websocket.ts')
  return await dialWebSocket(parseRelayUrl(relayUrl))
}

/** With a thread of 15 MiB more such a command stays below 150 MB. */
const besideRssMax = 118 << 20

/** The pool of an export: a small thread beside this one where there is room, since each of the usual ones takes 20 MiB. To be closed. */
export function exportPool(): WorkerPool {
  return besideWorkerPool(() => process.memoryUsage.rss() < besideRssMax)
}

/** The same for a command that goes through a whole vault once: this thread alone unless told, and little memory for its state, of which it reads nothing twice. */
export function frugal(platform: Platform, pool: WorkerPool = inlineWorkerPool()): Platform {
  return { ...platform, pool, state: (directory) => openState(directory, { small: true }) }
}

/** The database makes its own files durable, and not the name of the directory that it made for them. @throws ClientError as `LevelStateStore.open` */
async function openState(directory: string, { small = false } = {}): Promise<StateStore> {
  const parent = dirname(directory)
  const isNew = !existsSync(directory)
  mkdirSync(parent, { recursive: true, mode: 0o700 })
  const store = await LevelStateStore.open(directory, { small })
  if (isNew) for (const path of [parent, dirname(parent)]) flushDirectory(path)
  return store
}

function flushDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** @throws ClientError `folder-unusable`, `disk-failed` */
function openFileSystem(folder: string): FileSystem {
  try {
    return openRealFileSystem(folder)
  } catch (cause) {
    throw folderFault(cause, 'the folder cannot be opened', folder)
  }
}
