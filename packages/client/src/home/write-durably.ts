// Writing one of the home's own files: a crash leaves the old file or the new one, whole.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a file is called while it is written. */
export function unfinished(name: string): string {
  return `${name}.new`
}

/** Temporary file, flush, rename, flush of the directory. Mode 0600 from the first byte. */
export function writeDurably(directory: string, name: string, bytes: Uint8Array): void {
  const temporary = join(directory, unfinished(name))
  rmSync(temporary, { force: true })
  const file = openSync(temporary, 'wx', 0o600)
  try {
    // Unlike writeSync, all of it or an error.
    writeFileSync(file, bytes)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, join(directory, name))
  const parent = openSync(directory, 'r')
  try {
    fsyncSync(parent)
  } finally {
    closeSync(parent)
  }
}
