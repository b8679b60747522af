// Lets one process at a time change the files of a home: what one of them reads, changes and writes back would else undo what another wrote
// meanwhile. The lock goes with the process that holds it.
import { setTimeout } from 'node:timers/promises'
import { ClientError } from '../errors.ts'
import { LevelStateStore } from '../state/state-store-level.ts'

/** A file system tells nobody that a lock is free: it is tried again so often, ms. */
const againMs = 20
/** Who holds it does so for a few flushes of a disk, however slow it is. */
const triesMax = 1500

/** Does `work` while no other holder of the lock in `directory` does its own. @throws ClientError `home-locked` after half a minute */
export async function whileAlone<T>(directory: string, work: () => T): Promise<T> {
  const lock = await taken(directory)
  try {
    return work()
  } finally {
    await lock.close()
  }
}

async function taken(directory: string): Promise<LevelStateStore> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await LevelStateStore.open(directory, { small: true })
    } catch (error) {
      const isHeld = error instanceof ClientError && error.code === 'home-locked'
      if (!isHeld || tries >= triesMax) throw error
      await setTimeout(againMs)
    }
  }
}
