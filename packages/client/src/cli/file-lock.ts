// Keeps two processes of this machine from writing one file at once, whatever home they have. The lock lies beside the file and goes with the
// process that holds it: what a crash leaves of it keeps nobody out.
import { existsSync, readdirSync, rmSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ClientError } from '../errors.ts'
import type { StateStore } from '../state/state-store.ts'
import type { Invocation } from './invocation.ts'

/** What a state store names its files. */
const ours = /^(LOCK|LOG|LOG\.old|CURRENT|MANIFEST-\d+|\d+\.(log|ldb|dbtmp))$/

/** Where the lock of a file lies. */
export function lockOf(path: string): string {
  return `${path}.grenier-lock`
}

/** Does `work` while nobody else may on that file, as far as locks are to be had: it is told whether this one is held. @throws ClientError `archive-busy` */
export async function whileLocked<T>(
  invocation: Invocation,
  path: string,
  work: (isHeld: boolean) => Promise<T>,
): Promise<T> {
  const directory = lockOf(path)
  const lock = await taken(invocation, path, directory)
  if (lock === undefined) return await work(false)
  try {
    return await work(true)
  } finally {
    // While it is held: whoever makes it anew comes after all that was written here, and nothing of his is taken away.
    removed(directory)
    const isKept = existsSync(join(directory, 'LOCK'))
    await lock.close()
    // Some file systems keep what is open until it is closed.
    if (isKept) removed(directory)
    else removedEmpty(directory)
  }
}

/** Nothing of what somebody else laid there goes, and nothing fails because this lies about. */
function removed(directory: string): void {
  try {
    for (const name of namesIn(directory)) if (ours.test(name)) rmSync(join(directory, name), { force: true })
    rmdirSync(directory)
  } catch {
    // Not empty, or gone already.
  }
}

function removedEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch {
    // Gone already, or somebody else's by now.
  }
}

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : []
}

/** undefined where the file system has no locks, or nothing can be made: what is to be written fails by itself then, or is alone. */
async function taken(
  { platform }: Invocation,
  path: string,
  directory: string,
): Promise<StateStore | undefined> {
  if (!existsSync(dirname(path)) || !isOurs(directory)) return undefined
  try {
    return await platform().state(directory)
  } catch (cause) {
    if (!(cause instanceof ClientError)) throw cause
    if (cause.code !== 'home-locked') return undefined
    throw new ClientError('archive-busy', 'another export writes this file', { cause, data: { path } })
  }
}

/** Free to be made, or made by this and left by a crash. */
function isOurs(directory: string): boolean {
  try {
    return namesIn(directory).every((name) => ours.test(name))
  } catch {
    // A file, or one that may not be read.
    return false
  }
}
