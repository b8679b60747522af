// Lets one process at a time change the files of a home: what one of them reads, changes and writes back would else undo what another wrote
// meanwhile. The lock goes with the process that holds it.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ClientError } from '../errors.ts'
import { LevelStateStore } from '../state/state-store-level.ts'

/** A file system tells nobody that a lock is free: it is tried again so often, ms. */
const againMs = 20
/** Who holds it does so for a few flushes of a disk, however slow it is. */
const triesMax = 1500

/**
 * Does `work` while no other holder of the lock in `directory` does its own. Without it where the file system has no locks: who cannot lock can still write.
 * @throws ClientError `home-locked` after half a minute, `disk-full`
 */
export async function whileAlone<T>(directory: string, work: () => T | Promise<T>): Promise<T> {
  const lock = await taken(directory)
  try {
    return await work()
  } finally {
    await lock?.close()
  }
}

async function taken(directory: string): Promise<LevelStateStore | undefined> {
  let isMended = false
  for (let tries = 1; ; tries += 1) {
    const lock = await tried(directory)
    if (lock instanceof LevelStateStore) return lock
    if (lock.code === 'state-broken' && isMended) return undefined
    if (lock.code === 'state-broken') {
      dropContents(directory)
      isMended = true
    } else if (lock.code === 'home-locked' && tries < triesMax) await setTimeout(againMs)
    else throw lock
  }
}

async function tried(directory: string): Promise<LevelStateStore | ClientError> {
  try {
    return await LevelStateStore.open(directory, { small: true })
  } catch (error) {
    if (error instanceof ClientError) return error
    throw error
  }
}

/** Nothing is kept there. The file that is locked stays: another process may have it meanwhile. */
function dropContents(directory: string): void {
  try {
    for (const name of readdirSync(directory))
      if (name !== 'LOCK') rmSync(join(directory, name), { recursive: true, force: true })
  } catch {
    // No such directory, or none that may be changed: the write that the lock is for says so.
  }
}
