// Directories of one real folder, reached from its root component by component, never through a link. On Linux each is held open
// (O_PATH) and named through /proc/self/fd, so that what was checked is what is used, and paths may be longer than the system takes at
// once; elsewhere the components are checked by lstat. What is observed is reached anew for each call; effects share handles within
// one turn of the event loop: a disk stays unmountable, and a stale one is at most some milliseconds old.
import * as fs from 'node:fs'
import { isPlain, nameToBytes } from '../sync/name.ts'
import { DiskError } from './file-system.ts'

/** Linux's O_PATH, which Node has no name for. */
const openPath = 0o10000000
const directoryFlags = fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW
/** Handles kept from one call to the next within a turn of the loop. */
const handlesMax = 128
/** Components of a path; each is a handle while a call goes on, and a process has about a thousand at least. */
const depthMax = 500

/** A path as the system takes it: text where its bytes are its characters, which costs less. */
export type SystemPath = string | Buffer

/** One open directory: paths of what is in it, for synchronous calls of this turn. */
export interface OpenDirectory {
  /** The directory itself. */
  readonly self: Buffer
  /** What has this name in it. */
  at(name: string): SystemPath
}

interface Handle extends OpenDirectory {
  readonly fd: number | undefined
}

/** Opens directories below a root. Throws system errors: ENOENT, ENOTDIR or ELOOP for a link, ESTALE when the root is another now. */
export class RealDirectories {
  readonly #root: Buffer
  readonly #identity: { readonly dev: bigint; readonly ino: bigint }
  readonly #handles = new Map<string, Handle>()
  readonly #byHandle: boolean
  #scheduled = false

  /** `byHandle`: whether /proc is there to name open directories. @throws DiskError when `root` is no directory */
  constructor(root: string, byHandle = process.platform === 'linux' && fs.existsSync('/proc/self/fd')) {
    this.#root = Buffer.from(fs.realpathSync(root))
    const stat = fs.statSync(this.#root, { bigint: true })
    if (!stat.isDirectory()) throw new DiskError('ENOTDIR', `not a directory: ${root}`)
    this.#identity = { dev: stat.dev, ino: stat.ino }
    this.#byHandle = byHandle
  }

  /** The root, as bytes. */
  get root(): Buffer {
    return this.#root
  }

  /** The directory at a path relative to the root; the root itself is the empty string. */
  open(path: string): OpenDirectory {
    const known = this.#handles.get(path)
    if (known !== undefined) return known
    const handle = path === '' ? this.#openRoot() : this.#openBelow(path)
    this.#handles.set(path, handle)
    this.#schedule()
    return handle
  }

  /** A handle of its own on a directory, for a call that outlasts this turn. */
  hold(path: string): { readonly self: Buffer; close(): void } {
    const { fd, self } = this.#hold(this.open(path).at('.'))
    return { self, close: () => fd !== undefined && fs.closeSync(fd) }
  }

  /** To be called between effects: paths handed out before are good no more. */
  trim(): void {
    if (this.#handles.size > handlesMax) this.forget()
  }

  /** Closes all handles: before an observation, after a directory was moved or removed, and at each turn of the loop. */
  forget(): void {
    for (const handle of this.#handles.values()) if (handle.fd !== undefined) fs.closeSync(handle.fd)
    this.#handles.clear()
  }

  #openRoot(): Handle {
    const handle = this.#hold(this.#root)
    const stat =
      handle.fd === undefined
        ? fs.statSync(this.#root, { bigint: true })
        : fs.fstatSync(handle.fd, { bigint: true })
    if (stat.ino === this.#identity.ino && stat.dev === this.#identity.dev) return handle
    if (handle.fd !== undefined) fs.closeSync(handle.fd)
    throw new DiskError('ESTALE', 'the folder is not the one that was opened')
  }

  #openBelow(path: string): Handle {
    if (path.length > depthMax && path.split('/').length > depthMax)
      throw new DiskError('ENAMETOOLONG', 'the path is too deep')
    const { parent, name } = splitPath(path)
    return this.#hold(this.open(parent).at(name))
  }

  #hold(path: SystemPath): Handle {
    if (this.#byHandle) {
      const fd = fs.openSync(path, openPath | directoryFlags)
      return handleAt(Buffer.from(`/proc/self/fd/${fd}`), fd)
    }
    if (!fs.lstatSync(path).isDirectory())
      throw new DiskError('ENOTDIR', 'a link, or no directory, in a path')
    return handleAt(typeof path === 'string' ? Buffer.from(path) : path, undefined)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.forget()
    })
  }
}

/** Changes the permission bits of what is no link, without following one. Throws ELOOP for a link. */
export function changeMode(path: SystemPath, mode: number): void {
  if (process.platform === 'linux') {
    const fd = fs.openSync(path, openPath | fs.constants.O_NOFOLLOW)
    try {
      if (fs.fstatSync(fd).isSymbolicLink()) throw new DiskError('ELOOP', 'a link has no permission bits')
      fs.chmodSync(`/proc/self/fd/${fd}`, mode)
    } finally {
      fs.closeSync(fd)
    }
    return
  }
  if (fs.lstatSync(path).isSymbolicLink()) throw new DiskError('ELOOP', 'a link has no permission bits')
  fs.chmodSync(path, mode)
}

function handleAt(self: Buffer, fd: number | undefined): Handle {
  const prefix = Buffer.concat([self, Buffer.from('/')])
  // What is named by a handle is plain; a root of one's own may have any bytes.
  const text = fd === undefined ? undefined : prefix.toString('latin1')
  const at = (name: string): SystemPath =>
    text !== undefined && isPlain(name) ? text + name : Buffer.concat([prefix, nameToBytes(name)])
  return { self, fd, at }
}

/** A path cut into the directory and the name in it. */
export function splitPath(path: string): { readonly parent: string; readonly name: string } {
  const cut = path.lastIndexOf('/')
  return { parent: cut < 0 ? '' : path.slice(0, cut), name: path.slice(cut + 1) }
}
