// Keeps two processes of one home from writing one file at once. The lock lies in the home, where nobody else lays anything, and it goes with the process that
// holds it: what a crash leaves of it keeps nobody out. Whoever writes from another home is not kept out: the writers have to see one another.
import { createHash } from 'node:crypto'
import { mkdirSync, realpathSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ClientError } from '../errors.ts'
import { whileAlone } from '../home/home-files-lock.ts'
import { LevelStateStore } from '../state/state-store-level.ts'
import type { Invocation } from './invocation.ts'

/** Where no lock is to be had, and why not. */
export interface NoLock {
  readonly path: string
  readonly cause: unknown
}

interface Held {
  readonly directory: string
  readonly lock: LevelStateStore
}

/** Where the lock of a file lies in a home, by whatever way its directory is reached. @throws the system's errors where that is not there */
export function lockOf(homeDirectory: string, path: string): string {
  const place = join(realpathSync(dirname(resolve(path))), basename(path))
  return join(locksIn(homeDirectory), createHash('sha256').update(place).digest('hex').slice(0, 32))
}

/** Does `work` while nobody else of this home may on that file, as far as locks are to be had: it is told where none is. @throws ClientError `archive-busy` */
export async function whileLocked<T>(
  { homeDirectory }: Invocation,
  path: string,
  work: (noLock: NoLock | undefined) => Promise<T>,
): Promise<T> {
  const held = await taken(homeDirectory, path)
  if ('cause' in held) return await work(held)
  try {
    return await work(undefined)
  } finally {
    await released(homeDirectory, held)
  }
}

async function taken(homeDirectory: string, path: string): Promise<Held | NoLock> {
  try {
    const directory = lockOf(homeDirectory, path)
    mkdirSync(locksIn(homeDirectory), { recursive: true, mode: 0o700 })
    const lock = await whileAlone(guardIn(homeDirectory), () => opened(directory))
    if (lock !== undefined) return { directory, lock }
  } catch (cause) {
    return { path: locksIn(homeDirectory), cause }
  }
  throw new ClientError('archive-busy', 'another export writes this file', { data: { path } })
}

/** undefined where somebody has it. What is broken is nobody's, and is made anew once. */
async function opened(directory: string): Promise<LevelStateStore | undefined> {
  for (let isMended = false; ; isMended = true)
    try {
      return await LevelStateStore.open(directory, { small: true })
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      if (error.code === 'home-locked') return undefined
      if (error.code !== 'state-broken' || isMended) throw error
      rmSync(directory, { recursive: true, force: true })
    }
}

/** It is opened under the guard alone, so that under the guard nobody else is about to. Nothing fails because something of it lies about. */
async function released(homeDirectory: string, { directory, lock }: Held): Promise<void> {
  try {
    await whileAlone(guardIn(homeDirectory), async () => {
      await lock.close()
      rmSync(directory, { recursive: true, force: true })
    })
  } catch {
    await lock.close().catch(() => undefined)
  }
}

function locksIn(homeDirectory: string): string {
  return join(homeDirectory, 'locks')
}

function guardIn(homeDirectory: string): string {
  return join(locksIn(homeDirectory), 'guard')
}
