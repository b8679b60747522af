// Writing one of the home's own files: a crash leaves the old file or the new one, whole.
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Nobody takes away what is half written more often than a command begins. */
const takenAwayMax = 100

/** Takes away what crashes left of a file of this name, half written. A writer that is still at it writes it once more. */
export function dropUnfinished(directory: string, name: string): void {
  const isOf = (other: string): boolean => other.startsWith(`${name}.`) && other.endsWith('.new')
  for (const other of readdirSync(directory).filter(isOf)) rmSync(join(directory, other), { force: true })
}

/** Temporary file, flush, rename, flush of the directory. Mode 0600 from the first byte. Several processes may write the same file. */
export function writeDurably(directory: string, name: string, bytes: Uint8Array): void {
  // Of this process alone: what another one has half written would get the name.
  const temporary = join(directory, `${name}.${process.pid}.new`)
  dropUnfinished(directory, name)
  for (let taken = 0; !isWritten(temporary, join(directory, name), bytes); taken += 1)
    if (taken >= takenAwayMax) throw new Error(`${temporary} is taken away again and again`)
  flushDirectory(directory)
}

/** Whether it has its name now; not where somebody took it away before that. */
function isWritten(temporary: string, path: string, bytes: Uint8Array): boolean {
  rmSync(temporary, { force: true })
  const file = openSync(temporary, 'wx', 0o600)
  try {
    // Unlike writeSync, all of it or an error.
    writeFileSync(file, bytes)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  try {
    renameSync(temporary, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
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
