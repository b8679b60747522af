// The user's hands on a folder in memory: edits that are complete, and on the disk, at once.
import { DiskError } from './file-system.ts'
import type { MemoryFolder } from './memory-folder.ts'
import type { Inode, InodeKind } from './memory-disk.ts'

/** One thing in the folder, for comparing whole trees. */
export interface Seen {
  readonly kind: InodeKind
  readonly mode: number
  readonly mtimeNs: bigint
  /** Content, or a link's target. */
  readonly bytes: Uint8Array
}

/** Edits as programs make them. Paths are relative; parents must be there. All throw `DiskError`. */
export class MemoryUser {
  readonly #folder: MemoryFolder

  constructor(folder: MemoryFolder) {
    this.#folder = folder
  }

  /** Writes in place, or makes the file. */
  write(path: string, bytes: Uint8Array | string): void {
    const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes.slice()
    const { disk } = this.#folder
    const { directory, name } = this.#folder.place(path)
    const there = directory.entries.get(name)
    const inode = there === undefined ? disk.make('file', 0o644) : disk.inode(there)
    if (inode.kind !== 'file') throw new DiskError('EISDIR', `not a file: ${path}`)
    disk.write(inode, data)
    disk.flushBody(inode)
    if (there === undefined) this.#name(directory, name, inode.ino)
    else disk.assure(inode.ino)
  }

  append(path: string, bytes: Uint8Array | string): void {
    const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
    this.write(path, Buffer.concat([this.#folder.at(path).bytes, data]))
  }

  /** As editors save: another file takes the name. */
  replace(path: string, bytes: Uint8Array | string): void {
    const temporary = `${path}.saving`
    this.write(temporary, bytes)
    this.#folder.at(temporary).mode = this.#folder.at(path).mode
    this.rename(temporary, path)
  }

  makeDirectory(path: string, mode = 0o755): void {
    this.#make(path, 'directory', mode)
  }

  link(path: string, target: string): void {
    this.#make(path, 'link', 0o777).bytes = new TextEncoder().encode(target)
  }

  hardLink(from: string, to: string): void {
    const { directory, name } = this.#folder.place(to)
    const inode = this.#folder.at(from)
    if (inode.kind === 'directory') throw new DiskError('EPERM', `a directory: ${from}`)
    this.#name(directory, name, inode.ino)
  }

  /** A fifo, socket or device. */
  special(path: string): void {
    this.#make(path, 'other', 0o644)
  }

  /** Replaces a file that has the name, as rename(2) does. */
  rename(from: string, to: string): void {
    const source = this.#folder.place(from)
    const target = this.#folder.place(to)
    const { ino } = this.#folder.at(from)
    const there = target.directory.entries.get(target.name)
    // The same inode under another spelling: the new one stays.
    const name = there === ino ? to.slice(to.lastIndexOf('/') + 1) : target.name
    if (`${to}/`.startsWith(`${from}/`)) throw new DiskError('EINVAL', `into itself: ${to}`)
    this.#folder.disk.rename(
      [
        { directory: source.directory.ino, name: source.name, ino: undefined },
        { directory: target.directory.ino, name, ino },
      ],
      { sure: true },
    )
  }

  /** With everything below. */
  remove(path: string): void {
    const { directory, name } = this.#folder.place(path)
    this.#folder.at(path)
    this.#name(directory, name, undefined)
  }

  setMode(path: string, mode: number): void {
    const inode = this.#folder.at(path)
    this.#folder.disk.touch(inode)
    inode.mode = mode
    this.#folder.disk.flushBody(inode)
    this.#folder.disk.assure(inode.ino)
  }

  setTime(path: string, mtimeNs: bigint): void {
    const inode = this.#folder.at(path)
    this.#folder.disk.touch(inode)
    inode.mtimeNs = mtimeNs
    this.#folder.disk.flushBody(inode)
    this.#folder.disk.assure(inode.ino)
  }

  read(path: string): Uint8Array {
    return this.#folder.at(path).bytes.slice()
  }

  exists(path: string): boolean {
    try {
      this.#folder.at(path)
      return true
    } catch {
      return false
    }
  }

  /** Everything but `.grenier`, by path, sorted. */
  tree(): ReadonlyMap<string, Seen> {
    const out = new Map<string, Seen>()
    const visit = (inode: Inode, prefix: string): void => {
      for (const name of [...inode.entries.keys()].sort()) {
        const path = prefix + name
        if (path === '.grenier') continue
        const child = this.#folder.disk.inode(inode.entries.get(name))
        const { kind, mode, mtimeNs, bytes } = child
        out.set(path, { kind, mode, mtimeNs, bytes: bytes.slice() })
        visit(child, `${path}/`)
      }
    }
    visit(this.#folder.disk.inode(this.#folder.disk.rootIno), '')
    return out
  }

  #make(path: string, kind: InodeKind, mode: number): Inode {
    const { directory, name } = this.#folder.place(path)
    const inode = this.#folder.disk.make(kind, mode)
    this.#folder.disk.flushBody(inode)
    this.#name(directory, name, inode.ino)
    return inode
  }

  #name(directory: Inode, name: string, ino: number | undefined): void {
    this.#folder.disk.rename([{ directory: directory.ino, name, ino }], { sure: true })
  }
}
