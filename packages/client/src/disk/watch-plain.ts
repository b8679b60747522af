// One plain `fs.watch` a directory: light enough for hundreds of thousands of files. Paths are bytes, so that any name can be watched.
import * as fs from 'node:fs'
import { nameFromBytes, nameToBytes } from '../sync/name.ts'
import { ownDirectory, type Watcher } from './file-system.ts'
import { stampOf } from './real-io.ts'
import { blindReason, type WatchHints } from './watch-hints.ts'

const plainPath = /^[\x01-\x7f]*$/

/** What we need of `fs.watch`. */
export type WatchDirectory = (
  path: Buffer | string,
  options: { encoding: 'buffer' },
  heard: (type: string, name: Buffer | null) => void,
) => Pick<fs.FSWatcher, 'close' | 'on'>

/** Watches a folder with all below it. Follows directories as they come, go and move. */
export class PlainWatch implements Watcher {
  readonly ready: Promise<void>
  readonly #root: Buffer
  readonly #rootText: string
  readonly #hints: WatchHints
  readonly #watchers = new Map<string, ReturnType<WatchDirectory>>()
  readonly #watchDirectory: WatchDirectory
  #closed = false

  constructor(root: string, hints: WatchHints, watchDirectory: WatchDirectory = fs.watch) {
    this.#root = Buffer.from(root)
    this.#rootText = root
    this.#watchDirectory = watchDirectory
    this.#hints = hints
    this.ready = this.#add('').then(() => undefined)
  }

  close(): Promise<void> {
    this.#closed = true
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
    return Promise.resolve()
  }

  /** Watches a directory and those below it. Gives those that were not watched before. */
  async #add(path: string): Promise<readonly string[]> {
    const paths = [path]
    const added: string[] = []
    for (let next = paths.pop(); next !== undefined && !this.#closed; next = paths.pop()) {
      if (!this.#watch(next)) continue
      added.push(next)
      for (const name of await this.#directoriesIn(next)) paths.push(next === '' ? name : `${next}/${name}`)
    }
    return added
  }

  /** False when there is nothing to go into. */
  #watch(path: string): boolean {
    if (this.#watchers.has(path) || path === ownDirectory) return false
    try {
      const watcher = this.#watchDirectory(this.#full(path), { encoding: 'buffer' }, (type, name) =>
        this.#heard(path, type, name),
      )
      watcher.on('error', () => this.#forget(path))
      this.#watchers.set(path, watcher)
      return true
    } catch (error) {
      if (blindReason(error) === 'watch-limit') this.#giveUp(error)
      // Gone again, or not ours to read: the directory above has it in its events.
      return false
    }
  }

  #heard(path: string, type: string, bytes: Buffer | null): void {
    const name = bytes === null ? undefined : nameFromBytes(bytes)
    if (type === 'change' || name === undefined) {
      this.#hints.add(path)
      return
    }
    const child = path === '' ? name : `${path}/${name}`
    const there = this.#lookAt(child)
    const isDirectory = there?.isDirectory() ?? false
    const mayBeOwn = !isDirectory && !this.#watchers.has(child)
    if (mayBeOwn && this.#hints.tellsOfOwn(child, there && stampOf(there))) return
    const isMade = this.#hints.tellsOfMade(child, there?.isDirectory() === true ? stampOf(there) : undefined)
    // What is beside a directory of our own making need not be looked at: of thousands, each would have all others listed.
    if (!isMade) this.#hints.add(path)
    // It came, went, or another took its name: whatever was watched there may be elsewhere now.
    this.#forget(child)
    if (!isDirectory) return
    // What came into it before it was watched has no event.
    void this.#add(child).then((added) => {
      for (const below of added) this.#hints.add(below)
    })
  }

  #forget(path: string): void {
    if (!this.#watchers.has(path)) return
    for (const [other, watcher] of [...this.#watchers]) {
      if (!isAtOrBelow(other, path)) continue
      watcher.close()
      this.#watchers.delete(other)
    }
  }

  #giveUp(error: unknown): void {
    void this.close()
    this.#hints.blind(blindReason(error))
  }

  /** undefined when nothing is there, or nothing that could be reached. */
  #lookAt(path: string): fs.BigIntStats | undefined {
    try {
      return fs.lstatSync(this.#full(path), { bigint: true, throwIfNoEntry: false })
    } catch {
      return undefined
    }
  }

  async #directoriesIn(path: string): Promise<readonly string[]> {
    const entries = await fs.promises
      .readdir(this.#full(path), { withFileTypes: true, encoding: 'buffer' })
      .catch(() => [])
    return entries.flatMap((entry) => (entry.isDirectory() ? (nameFromBytes(entry.name) ?? []) : []))
  }

  /** As text where its bytes are its characters, which costs less. */
  #full(path: string): Buffer | string {
    if (path === '') return this.#root
    if (plainPath.test(path)) return `${this.#rootText}/${path}`
    return Buffer.concat([
      this.#root,
      ...path.split('/').flatMap((name) => [Buffer.from('/'), nameToBytes(name)]),
    ])
  }
}

function isAtOrBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`)
}
