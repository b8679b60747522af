// Publishes written files: flush each, rename each into place, flush the directories once. Whoever comes while a group is being
// flushed is in the next one, so that many uploads share the flushes of their directories and of the file system's journal.
import { type FileHandle, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A complete temporary file, and where it belongs (same file system, its directory exists). */
export interface WrittenFile {
  readonly handle: FileHandle
  readonly temporary: string
  readonly place: string
}

interface Waiting {
  readonly file: WrittenFile
  resolve(): void
  reject(error: unknown): void
}

/** The files of one group are flushed at the same time; more would only wait for each other in the thread pool. */
const groupMax = 64

/** One line of files that become durable. */
export class FlushGroup {
  #line: Waiting[] = []
  #working: Promise<void> | undefined
  /** How many groups were flushed so far. */
  groups = 0

  /** Resolves when the file is durable in its place. Its handle is closed in any case. */
  publish(file: WrittenFile): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#line.push({ file, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  async #work(): Promise<void> {
    await Promise.resolve()
    while (this.#line.length > 0) await this.#publishGroup(this.#line.splice(0, groupMax))
    this.#working = undefined
  }

  async #publishGroup(group: readonly Waiting[]): Promise<void> {
    const renamed = await Promise.all(group.map((one) => moved(one)))
    const placed = renamed.filter((one) => one !== undefined)
    try {
      const directories = new Set(placed.map(({ file }) => dirname(file.place)))
      await Promise.all([...directories].map((directory) => flushDirectory(directory)))
      this.groups++
      for (const one of placed) one.resolve()
    } catch (error) {
      for (const one of placed) one.reject(error)
    }
  }
}

/** Makes what was renamed, made or removed in a directory durable. */
export async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

// A file that cannot be flushed or moved fails alone.
async function moved(one: Waiting): Promise<Waiting | undefined> {
  const { handle, temporary, place } = one.file
  try {
    try {
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(temporary, place)
    return one
  } catch (error) {
    one.reject(error)
    return undefined
  }
}
