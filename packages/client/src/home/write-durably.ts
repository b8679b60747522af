// Writing one of the home's own files: a crash leaves the old file or the new one, whole.
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../clock.ts'

/** Only a writer who cannot be seen, on another machine or in a container, is taken for one that crashed; and by no more commands than these meanwhile. */
const takenAwayMax = 100
/** No flush takes that long: it is not its writer that lives, but another process which has its number now, ms. */
const unfinishedMsMax = 600_000

/** Takes away what crashes left of a file of this name, half written; not what another process is writing. */
export function dropUnfinished(directory: string, name: string): void {
  for (const other of readdirSync(directory)) {
    if (!other.startsWith(`${name}.`) || !other.endsWith('.new')) continue
    const number = other.slice(name.length + 1, -'.new'.length)
    // A file with another name of the kind is somebody's own.
    if (!/^\d*$/.test(number)) continue
    const path = join(directory, other)
    const writer = Number(number)
    if (!isRunning(writer) || isOld(path)) rmSync(path, { force: true })
  }
}

/** Whether another process of this user has this number. */
function isRunning(writer: number): boolean {
  if (!Number.isSafeInteger(writer) || writer <= 0 || writer === process.pid) return false
  try {
    return process.kill(writer, 0)
  } catch {
    return false
  }
}

/** Whether it was begun longer ago than any flush takes. One that is gone meanwhile was not. */
function isOld(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found !== undefined && Math.abs(systemClock.now() - found.mtimeMs) > unfinishedMsMax
}

/** Temporary file, flush, rename, flush of the directory. Mode 0600 from the first byte. Several processes may write the same file. */
export function writeDurably(directory: string, name: string, bytes: Uint8Array): void {
  closeSync(writtenDurably(directory, name, bytes))
}

/** The same; the file is left open, to be written on, for whoever closes it. */
export function writtenDurably(directory: string, name: string, bytes: Uint8Array): number {
  // Of this process alone: what another one has half written would get the name.
  const temporary = join(directory, `${name}.${process.pid}.new`)
  dropUnfinished(directory, name)
  for (let taken = 0; taken <= takenAwayMax; taken += 1) {
    const file = written(temporary, join(directory, name), bytes)
    if (file !== undefined) return flushedWith(directory, file)
  }
  throw new Error(`${temporary} is taken away again and again`)
}

/** The file, when it has its name; undefined where somebody took it away before that. */
function written(temporary: string, path: string, bytes: Uint8Array): number | undefined {
  rmSync(temporary, { force: true })
  const file = openSync(temporary, 'wx', 0o600)
  try {
    // Unlike writeSync, all of it or an error.
    writeFileSync(file, bytes)
    fsyncSync(file)
    renameSync(temporary, path)
    return file
  } catch (error) {
    closeSync(file)
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function flushedWith(directory: string, file: number): number {
  try {
    flushDirectory(directory)
    return file
  } catch (error) {
    closeSync(file)
    throw error
  }
}

function flushDirectory(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
