// Puts a moment before each call of `node:fs` that changes something below given directories, and writes down what it changed. To be installed
// before anything else is imported: some keep a function from when they are loaded.
import childProcess, { type ChildProcess, type SpawnOptions } from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, resolve } from 'node:path'
import type { Places } from './journal.ts'
import type { Moments } from './moments.ts'

type Call = (...given: unknown[]) => unknown
type Callback = (...results: unknown[]) => void

const real = { ...fs }

/** Installs it for this process, for good; what is done matters from `watch` on. */
export function hookSystemCalls(): SystemCalls {
  const calls = new SystemCalls()
  calls.install()
  syncBuiltinESMExports()
  return calls
}

/** The hooks of this process. */
export class SystemCalls {
  #watched: ({ readonly moments: Moments } & Places) | undefined
  /** Open files and directories. */
  readonly #paths = new Map<number, string>()
  #flushes = 0

  /** From here on, what changes in these directories counts. They have no links in their paths. */
  watch(moments: Moments, { folder, home }: Places): void {
    this.#watched = { moments, folder, home }
  }

  install(): void {
    this.#hookHandles()
    this.#hookContents()
    this.#hookNames()
    this.#hookFlushes()
  }

  #hookHandles(): void {
    hook('openSync', (call, [path, flags, mode]) => {
      const at = this.#pathOf(path)
      const makes =
        typeof flags === 'number'
          ? (flags & fs.constants.O_CREAT) !== 0
          : typeof flags === 'string' && /[wa]/.test(flags)
      const isOurs = makes && this.#matters(at)
      if (isOurs) this.#moments.reach(`make ${at}`)
      const fd = call(path, flags, mode) as number
      this.#paths.set(fd, at)
      if (isOurs) {
        this.#wrote(at)
        this.#renamed(at)
      }
      return fd
    })
    hook('closeSync', (call, [fd]) => {
      call(fd)
      this.#paths.delete(Number(fd))
    })
  }

  #hookContents(): void {
    for (const name of ['writeSync', 'ftruncateSync', 'fchmodSync', 'futimesSync'] as const)
      hook(name, (call, given) => {
        const at = this.#pathOf(given[0])
        if (!this.#matters(at)) return call(...given)
        this.#moments.reach(`${name} ${at}`)
        const result = call(...given)
        this.#wrote(at)
        return result
      })
    hook('write', (call, given) => {
      const at = this.#pathOf(given[0])
      const done = given.at(-1) as Callback
      if (!this.#matters(at)) return call(...given)
      this.#moments.reach(`write ${at}`)
      return call(...given.slice(0, -1), (...results: unknown[]) => {
        this.#wrote(at)
        this.#moments.reach(`after write ${at}`)
        done(...results)
      })
    })
    for (const name of ['chmodSync', 'lutimesSync', 'writeFileSync'] as const)
      hook(name, (call, given) => {
        const at = this.#pathOf(given[0])
        if (!this.#matters(at)) return call(...given)
        this.#moments.reach(`${name} ${at}`)
        const result = call(...given)
        this.#wrote(at)
        if (name === 'writeFileSync') this.#renamed(at)
        return result
      })
  }

  #hookNames(): void {
    for (const name of ['mkdirSync', 'rmdirSync', 'unlinkSync', 'rmSync'] as const)
      hook(name, (call, given) => {
        const at = this.#pathOf(given[0])
        // What is not there is not removed.
        const isThere = real.lstatSync(at, { throwIfNoEntry: false }) !== undefined
        if (!this.#matters(at) || isThere === (name === 'mkdirSync')) return call(...given)
        this.#moments.reach(`${name} ${at}`)
        const gone = this.#goes(at)
        const result = call(...given)
        this.#renamed(at)
        gone()
        return result
      })
    hook('symlinkSync', (call, given) => {
      const at = this.#pathOf(given[1])
      if (!this.#matters(at)) return call(...given)
      this.#moments.reach(`symlinkSync ${at}`)
      const result = call(...given)
      this.#renamed(at)
      return result
    })
    for (const name of ['linkSync', 'renameSync'] as const)
      hook(name, (call, given) => {
        const [from, to] = [this.#pathOf(given[0]), this.#pathOf(given[1])]
        if (!this.#matters(to)) return call(...given)
        this.#moments.reach(`${name} ${from} ${to}`)
        const gone = this.#goes(to)
        const result = call(...given)
        gone()
        if (name === 'renameSync') this.#renamed(from)
        this.#renamed(to)
        if (dirname(from) !== dirname(to) || from.endsWith('.new'))
          this.#moments.note({ do: 'place', inode: inodeOf(to), from, path: to })
        return result
      })
  }

  #hookFlushes(): void {
    hook('fsyncSync', (call, [fd]) => {
      const at = this.#pathOf(fd)
      if (!this.#matters(at)) return call(fd)
      this.#moments.reach(`flush ${at}`)
      const flushed = this.#flush(this.#idOf(at))
      const result = call(fd)
      flushed()
      return result
    })
    hook('fsync', (call, [fd, given]) => {
      const at = this.#pathOf(fd)
      const done = given as Callback
      if (!this.#matters(at)) return call(fd, done)
      this.#moments.reach(`flush ${at}`)
      const flushed = this.#flush(this.#idOf(at))
      return call(fd, (...results: unknown[]) => {
        flushed()
        this.#moments.reach(`after flush ${at}`)
        done(...results)
      })
    })
    const { spawn } = childProcess
    const spying = (command: string, args: readonly string[], options: SpawnOptions): ChildProcess => {
      const child = spawn(command, args, options)
      if (args.some((arg) => arg.includes('sync -f'))) this.#watchFlusher(child)
      return child
    }
    Reflect.set(childProcess, 'spawn', spying)
  }

  /** The process that flushes everything: a line asks, a digit answers. */
  #watchFlusher({ stdin, stdout }: ChildProcess): void {
    if (stdin === null || stdout === null) return
    const asked: (() => void)[] = []
    const write = stdin.write.bind(stdin) as Call
    const writing = (...given: unknown[]): unknown => {
      const counts = this.#watched !== undefined
      if (counts) this.#moments.reach('flush everything')
      const flushed = counts ? this.#flush(undefined) : undefined
      asked.push(() => {
        flushed?.()
        if (counts) this.#moments.reach('after flush everything')
      })
      return write(...given)
    }
    Reflect.set(stdin, 'write', writing)
    stdout.on('data', (answers: Buffer) => {
      for (let count = answers.length; count > 0; count -= 1) asked.shift()?.()
    })
  }

  #flush(inode: string | undefined): () => void {
    const flush = ++this.#flushes
    this.#moments.note({ do: 'flush', flush, inode })
    return () => this.#moments.note({ do: 'flushed', flush })
  }

  /** A link has no bytes of its own to flush: its target is written with its name. */
  #wrote(path: string): void {
    if (real.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) return
    this.#moments.note({ do: 'write', inode: inodeOf(path), path })
  }

  /** What has this name is another than before. */
  #renamed(path: string): void {
    const directory = dirname(path)
    this.#moments.note({ do: 'entry', inode: this.#idOf(directory), path: directory })
  }

  /** What has this name is about to lose it. Gives what to call when it has: an inode without a name may be another file's next. */
  #goes(path: string): () => void {
    const stat = real.lstatSync(path, { throwIfNoEntry: false })
    const isLast = stat !== undefined && (stat.isDirectory() || stat.nlink === 1)
    const inode = inodeOf(path)
    return () => isLast && this.#moments.note({ do: 'gone', inode })
  }

  /** Directories of the home are never renamed, and one is known before it is there. */
  #idOf(path: string): string {
    const isFixed = path === this.#watched?.home || path === `${this.#watched?.home ?? ''}/state`
    return isFixed ? path : inodeOf(path)
  }

  get #moments(): Moments {
    if (this.#watched === undefined) throw new RangeError('nothing is watched yet')
    return this.#watched.moments
  }

  #matters(path: string): boolean {
    const { folder, home } = this.#watched ?? {}
    return [folder, home].some((root) => root !== undefined && (path === root || path.startsWith(`${root}/`)))
  }

  /** Open directories are named by their handle. */
  #pathOf(given: unknown): string {
    if (typeof given === 'number') return this.#paths.get(given) ?? ''
    const text = Buffer.isBuffer(given) ? given.toString() : String(given)
    const [, fd, rest = ''] = /^\/proc\/self\/fd\/(\d+)(\/.*)?$/.exec(text) ?? []
    return fd === undefined ? resolve(text) : resolve((this.#paths.get(Number(fd)) ?? '/') + rest)
  }
}

/** Replaces a function; what hangs on it goes with it, as `promisify` needs. */
function hook(name: keyof typeof fs, replacement: (call: Call, given: unknown[]) => unknown): void {
  const original = real[name] as unknown as Call
  const hooked = (...given: unknown[]): unknown => replacement(original, given)
  Object.defineProperties(hooked, Object.getOwnPropertyDescriptors(original))
  Reflect.set(fs, name, hooked)
}

function inodeOf(path: string): string {
  const stat = real.lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? `gone ${path}` : `${stat.dev}.${stat.ino}`
}
