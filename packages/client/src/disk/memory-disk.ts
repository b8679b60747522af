// The inodes behind the file system in memory: what processes see, and what a loss of power would leave. Deterministic: time and chance
// are given.
import { DiskError } from './file-system.ts'

/** One choice of chance: an integer from 0 up to, and without, `below`. */
export type Choose = (below: number) => number

export type InodeKind = 'file' | 'directory' | 'link' | 'other'

/** What is flushed or lost with a file's bytes. */
interface Body {
  bytes: Uint8Array
  mode: number
  mtimeNs: bigint
}

/** One inode. */
export interface Inode extends Body {
  readonly ino: number
  readonly kind: InodeKind
  readonly bornNs: bigint
  ctimeNs: bigint
  /** Of a directory: inodes by name. */
  readonly entries: Map<string, number>
  /** What the disk surely has of the body; undefined when it is all there. */
  durable: Body | undefined
}

/** A change of names, kept or lost as a whole: in a directory, a name got an inode, or none. */
interface NameChange {
  readonly parts: readonly {
    readonly directory: number
    readonly name: string
    readonly ino: number | undefined
  }[]
  /** Directories that have to be flushed before it is sure. */
  readonly waitsFor: Set<number>
}

const pageBytes = 512

/** Inodes, and the journal of what is not flushed yet. */
export class MemoryDisk {
  readonly inodes = new Map<number, Inode>()
  readonly rootIno = 1
  readonly #now: () => bigint
  /** Names as the disk surely has them: differs from `entries` by the journal. */
  readonly #sure = new Map<number, Map<string, number>>()
  #journal: NameChange[] = []
  #nextIno = 2

  constructor(now: () => bigint) {
    this.#now = now
    this.inodes.set(this.rootIno, this.#inode(this.rootIno, 'directory', 0o755))
    this.#sure.set(this.rootIno, new Map())
  }

  /** The inode. @throws DiskError ENOENT */
  inode(ino: number | undefined): Inode {
    const inode = ino === undefined ? undefined : this.inodes.get(ino)
    if (inode === undefined) throw new DiskError('ENOENT', 'no such file or directory')
    return inode
  }

  make(kind: InodeKind, mode: number, bytes = new Uint8Array(0)): Inode {
    const inode = this.#inode(this.#nextIno, kind, mode)
    this.#nextIno += 1
    inode.bytes = bytes
    inode.durable = { bytes: new Uint8Array(0), mode, mtimeNs: inode.mtimeNs }
    this.inodes.set(inode.ino, inode)
    if (kind === 'directory') this.#sure.set(inode.ino, new Map())
    return inode
  }

  /** Before an inode's bytes, bits or time change. */
  touch(inode: Inode): void {
    inode.durable ??= { bytes: inode.bytes, mode: inode.mode, mtimeNs: inode.mtimeNs }
    inode.ctimeNs = this.#now()
  }

  write(inode: Inode, bytes: Uint8Array): void {
    this.touch(inode)
    inode.bytes = bytes
    inode.mtimeNs = this.#now()
  }

  /** Changes names, as one step. `sure`: as if flushed at once (what a user does is not ours to lose). */
  rename(parts: NameChange['parts'], options: { sure: boolean }): void {
    for (const { directory, name, ino } of parts) {
      const inode = this.inode(directory)
      if (ino === undefined) inode.entries.delete(name)
      else inode.entries.set(name, ino)
      inode.mtimeNs = this.#now()
      inode.ctimeNs = this.#now()
      if (ino !== undefined) this.inode(ino).ctimeNs = this.#now()
    }
    const change = { parts, waitsFor: new Set(parts.map(({ directory }) => directory)) }
    this.#journal.push(change)
    if (!options.sure) return
    for (const { directory } of parts) this.assure(directory)
    this.#assureKeys(new Set(parts.map(({ directory, name }) => `${directory}/${name}`)))
  }

  /** The inode's body is on the disk. */
  flushBody(inode: Inode): void {
    inode.durable = undefined
  }

  /** The names in this directory are on the disk; the bits of what is in it are not, they belong to each file. */
  flushNames(directory: number): void {
    for (const change of this.#journal) change.waitsFor.delete(directory)
    this.#settleJournal()
  }

  /** Names in the staging area are nothing that anybody waits for. */
  neverWaitFor(directory: number): void {
    for (const change of this.#journal) if (change.waitsFor.size > 1) change.waitsFor.delete(directory)
  }

  /** Loses power: each unflushed change of names is kept or lost, unflushed bytes are torn. */
  crash(choose: Choose): void {
    for (const change of this.#journal) if (choose(2) === 0) this.#makeSure(change.parts)
    this.#journal = []
    for (const [ino, names] of this.#sure) {
      const entries = this.inodes.get(ino)?.entries
      if (entries === undefined) continue
      entries.clear()
      for (const [name, child] of names) entries.set(name, child)
    }
    for (const inode of this.inodes.values()) tear(inode, choose)
    this.#sweep()
  }

  /** A change is sure once all its directories are flushed, but never before an earlier one of the same name. */
  #settleJournal(): void {
    const waiting = new Set<string>()
    this.#journal = this.#journal.filter((change) => {
      const keys = change.parts.map(({ directory, name }) => `${directory}/${name}`)
      const held = change.waitsFor.size > 0 || keys.some((key) => waiting.has(key))
      if (held) for (const key of keys) waiting.add(key)
      else this.#makeSure(change.parts)
      return held
    })
  }

  /** The names that lead to an inode are on the disk. */
  assure(ino: number): void {
    for (let at: number | undefined = ino; at !== undefined && at !== this.rootIno;) {
      const found = this.#nameOf(at)
      if (found !== undefined) this.#assureKeys(new Set([`${found.directory}/${found.name}`]))
      at = found?.directory
    }
  }

  /** Settles what was done to these names before, and whatever that came after. */
  #assureKeys(keys: Set<string>): void {
    const settled = new Set<NameChange>()
    for (const change of this.#journal.toReversed()) {
      const own = change.parts.map(({ directory, name }) => `${directory}/${name}`)
      if (!own.some((key) => keys.has(key))) continue
      settled.add(change)
      for (const key of own) keys.add(key)
    }
    this.#journal = this.#journal.filter((change) => {
      if (settled.has(change)) this.#makeSure(change.parts)
      return !settled.has(change)
    })
  }

  #nameOf(ino: number): { readonly directory: number; readonly name: string } | undefined {
    for (const [directory, { entries }] of this.inodes)
      for (const [name, child] of entries) if (child === ino) return { directory, name }
    return undefined
  }

  #makeSure(parts: NameChange['parts']): void {
    for (const { directory, name, ino } of parts) {
      const names = this.#sure.get(directory)
      if (ino === undefined) names?.delete(name)
      else names?.set(name, ino)
    }
  }

  /** Inodes that no name leads to are gone after a crash. */
  #sweep(): void {
    const reached = new Set<number>()
    const visit = (ino: number): void => {
      if (reached.has(ino)) return
      reached.add(ino)
      for (const child of this.inodes.get(ino)?.entries.values() ?? []) visit(child)
    }
    visit(this.rootIno)
    for (const ino of [...this.inodes.keys()]) {
      if (reached.has(ino)) continue
      this.inodes.delete(ino)
      this.#sure.delete(ino)
    }
  }

  #inode(ino: number, kind: InodeKind, mode: number): Inode {
    const now = this.#now()
    return {
      ino,
      kind,
      bytes: new Uint8Array(0),
      mode,
      mtimeNs: now,
      bornNs: now,
      ctimeNs: now,
      entries: new Map(),
      durable: undefined,
    }
  }
}

/** What power loss leaves of a body: each page old or new, at a length between, bits and time old or new. */
function tear(inode: Inode, choose: Choose): void {
  const { durable } = inode
  inode.durable = undefined
  if (durable === undefined || inode.kind === 'directory') return
  if (choose(2) === 0) {
    inode.mode = durable.mode
    inode.mtimeNs = durable.mtimeNs
  }
  if (inode.kind !== 'file' || durable.bytes === inode.bytes) return
  const [shorter, longer] = [durable.bytes.length, inode.bytes.length].sort((a, b) => a - b)
  const length = (shorter ?? 0) + choose((longer ?? 0) - (shorter ?? 0) + 1)
  const torn = new Uint8Array(length)
  for (let at = 0; at < length; at += pageBytes) {
    const source = choose(2) === 0 ? durable.bytes : inode.bytes
    torn.set(source.subarray(at, Math.min(at + pageBytes, length)), at)
  }
  inode.bytes = torn
}
