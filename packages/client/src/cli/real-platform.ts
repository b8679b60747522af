// The world as it is: this machine's clock, randomness, disk, threads and network, put together for the engine.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemRandom } from '@grenier/crypto'
import { parseRelayUrl } from '@grenier/protocol'
import { systemClock } from '../clock.ts'
import { threadedWorkerPool } from '../content/worker-pool-threads.ts'
import { openRealFileSystem } from '../disk/file-system-real.ts'
import type { FileSystem } from '../disk/file-system.ts'
import { folderFault } from '../disk/folder-fault.ts'
import { watchFolder } from '../disk/watch.ts'
import type { Platform } from '../engine/platform.ts'
import { dialWebSocket } from '../relay/dial-websocket.ts'
import { LevelStateStore } from '../state/state-store-level.ts'

/** Makes the platform; its threads end with `pool.close`. */
export function realPlatform(): Platform {
  return {
    clock: systemClock,
    random: systemRandom,
    pool: threadedWorkerPool(),
    dial: (relayUrl) => dialWebSocket(parseRelayUrl(relayUrl)),
    fileSystem: (folder) => new Promise((resolve) => resolve(openFileSystem(folder))),
    state: async (directory) => {
      mkdirSync(dirname(directory), { recursive: true, mode: 0o700 })
      return await LevelStateStore.open(directory)
    },
    watch: (root, events) => watchFolder({ root, events, clock: systemClock }),
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
