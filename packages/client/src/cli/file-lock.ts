// Keeps two processes of this machine from writing one file at once, whatever home they have. The lock lies beside the file and goes with the
// process that holds it: what a crash leaves of it keeps nobody out.
import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { ClientError } from '../errors.ts'
import type { StateStore } from '../state/state-store.ts'
import type { Invocation } from './invocation.ts'

/** Does `work` while nobody else may on that file. @throws ClientError `archive-busy` */
export async function whileLocked<T>(
  invocation: Invocation,
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  const directory = `${path}.lock`
  const lock = await taken(invocation, path, directory)
  if (lock === undefined) return await work()
  try {
    return await work()
  } finally {
    // While it is held: whoever makes it anew comes after all that was written here.
    rmSync(directory, { recursive: true, force: true })
    await lock.close()
  }
}

/** undefined where the file system has no locks, or nothing can be made: what is to be written fails by itself then, or is alone. */
async function taken(
  { platform }: Invocation,
  path: string,
  directory: string,
): Promise<StateStore | undefined> {
  if (!existsSync(dirname(path))) return undefined
  try {
    return await platform().state(directory)
  } catch (cause) {
    if (!(cause instanceof ClientError)) throw cause
    if (cause.code !== 'home-locked') return undefined
    throw new ClientError('archive-busy', 'another export writes this file', { cause, data: { path } })
  }
}
