// A folder, its trees, and a source of content, put together for tests of look and apply, on a real disk or in memory.
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { ProblemCode } from '../sync/action.ts'
import { joinPath, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import { rootId, type Content, type LocalRow, type NodeId, type Row } from '../sync/tree.ts'
import { MemoryDisk } from '../state/state-store-memory.ts'
import { TreesStore } from '../state/trees-store.ts'
import { FolderApplier } from './apply.ts'
import type { ContentSource } from './content-source.ts'
import type { FileSystem } from './file-system.ts'
import { openMemoryFileSystem } from './file-system-memory.ts'
import { openRealFileSystem } from './file-system-real.ts'
import { IgnoreRules } from './ignore.ts'
import { FolderLook } from './look.ts'
import { MemoryFolder, type MemoryOptions } from './memory-folder.ts'
import { MemoryUser } from './memory-user.ts'
import { settled } from './stamp.ts'

/** The user's hands. */
export interface User {
  write(path: string, text: string): void
  replace(path: string, text: string): void
  read(path: string): string
  makeDirectory(path: string): void
  link(path: string, target: string): void
  hardLink(from: string, to: string): void
  special(path: string): void
  rename(from: string, to: string): void
  remove(path: string): void
  exists(path: string): boolean
  setMode(path: string, mode: number): void
}

export interface Ground {
  readonly files: FileSystem
  readonly user: User
  readonly clock: Clock & { skew(ms: number): void }
}

export const at = (path: string): RelativePath => path as RelativePath
export const named = (name: string): Name => name as Name

/** The content that the fake source has for a text. */
export function contentOf(text: string): Content {
  return new Uint8Array([0, ...createHash('sha256').update(text).digest()]) as Content
}

/** A ground on a real directory. The clock runs ahead, so that what was just written is settled. */
export function realGround(root: string): Ground {
  const full = (path: string): string => join(root, path)
  const write = (path: string, text: string): void => fs.writeFileSync(full(path), text)
  return {
    files: openRealFileSystem(root),
    clock: clockOf(() => Date.now()),
    user: {
      write,
      replace(path, text) {
        write(`${path}.saving`, text)
        fs.renameSync(full(`${path}.saving`), full(path))
      },
      read: (path) => fs.readFileSync(full(path), 'utf8'),
      makeDirectory(path) {
        fs.mkdirSync(full(path))
      },
      link: (path, target) => fs.symlinkSync(target, full(path)),
      hardLink: (from, to) => fs.linkSync(full(from), full(to)),
      special: (path) => makeFifo(full(path)),
      rename: (from, to) => fs.renameSync(full(from), full(to)),
      remove: (path) => fs.rmSync(full(path), { recursive: true }),
      exists: (path) => fs.lstatSync(full(path), { throwIfNoEntry: false }) !== undefined,
      setMode: (path, mode) => fs.chmodSync(full(path), mode),
    },
  }
}

/** A ground in memory. */
export function memoryGround(
  fault?: MemoryOptions['fault'],
  traits: Pick<MemoryOptions, 'timeStepNs'> = {},
): Ground & { readonly folder: MemoryFolder } {
  let now = 1_700_000_000_000
  const clock = clockOf(() => (now += 5))
  const folder = new MemoryFolder({ clock: { ...clock, now: () => (now += 5) }, fault, ...traits })
  const user = new MemoryUser(folder)
  const hands: User = {
    write: (path, text) => user.write(path, text),
    replace: (path, text) => user.replace(path, text),
    read: (path) => Buffer.from(user.read(path)).toString(),
    makeDirectory: (path) => user.makeDirectory(path),
    link: (path, target) => user.link(path, target),
    hardLink: (from, to) => user.hardLink(from, to),
    special: (path) => user.special(path),
    rename: (from, to) => user.rename(from, to),
    remove: (path) => user.remove(path),
    exists: (path) => user.exists(path),
    setMode: (path, mode) => user.setMode(path, mode),
  }
  return { folder, files: openMemoryFileSystem(folder), clock, user: hands }
}

function clockOf(read: () => number): Ground['clock'] {
  let skewMs = 10_000
  return {
    now: () => read() + skewMs,
    monotonic: () => performance.now(),
    after: () => ({ cancel: () => undefined }),
    skew: (ms) => (skewMs = ms),
  }
}

function makeFifo(path: string): void {
  // Node has no call that makes a fifo.
  const made = process.getBuiltinModule('node:child_process').spawnSync('mkfifo', [path])
  if (made.status !== 0) throw new Error(`no fifo at ${path}`)
}

/** Everything together. */
export class Bench {
  readonly ground: Ground
  readonly trees: TreesStore
  readonly ignore: IgnoreRules
  readonly look: FolderLook
  readonly applier: FolderApplier
  /** Texts that the source has, by content. */
  readonly texts = new Map<string, string>()
  /** Paths for which the source fails. */
  readonly failing = new Map<string, ProblemCode>()
  /** Runs before each group is filled, in the user's place. */
  meanwhile: () => void = () => undefined

  constructor(ground: Ground, state = new MemoryDisk()) {
    this.ground = ground
    this.trees = TreesStore.open(state.open())
    this.ignore = new IgnoreRules(ground.files)
    const { files, clock } = ground
    const { trees, ignore } = this
    this.look = new FolderLook({ files, trees, ignore, clock })
    this.applier = new FolderApplier({ files, trees, ignore, clock, content: this.#source() })
  }

  /** The local tree by path, as lines: kind, bits, size or target. */
  async lines(): Promise<readonly string[]> {
    const out: string[] = []
    for await (const { path, row } of this.rows()) out.push(lineOf(path, row))
    return out.sort()
  }

  /** Rows of the local tree, parents first. */
  async *rows(): AsyncIterable<{ id: NodeId; path: RelativePath; row: LocalRow }> {
    const open = [{ id: rootId, path: rootPath }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for await (const { name, id } of this.trees.children('local', next.id)) {
        const row = this.trees.get(id)?.local
        if (row === undefined) throw new Error(`no local row for ${name}`)
        const path = joinPath(next.path, name)
        yield { id, path, row }
        open.push({ id, path })
      }
    }
  }

  /** Ids of the local tree by path. */
  async ids(): Promise<Map<string, NodeId>> {
    const out = new Map<string, NodeId>()
    for await (const { id, path } of this.rows()) out.set(path, id)
    return out
  }

  idAt(path: string): NodeId {
    const id = this.trees.find('local', at(path))
    if (id === undefined) throw new Error(`no node at ${path}`)
    return id
  }

  localAt(path: string): LocalRow {
    const row = this.trees.get(this.idAt(path))?.local
    if (row === undefined) throw new Error(`no row at ${path}`)
    return row
  }

  /** Reads what is unread, as the engine does. Returns how many files that were. */
  async readAll(): Promise<number> {
    const unread: { id: NodeId; path: RelativePath; row: LocalRow }[] = []
    for await (const entry of this.rows())
      if (entry.row.value.kind === 'file' && entry.row.value.content === undefined) unread.push(entry)
    await this.trees.write({ flush: false }, (tree) => {
      for (const { id, path, row } of unread) {
        if (row.value.kind !== 'file') continue
        const text = this.ground.user.read(path)
        this.texts.set(Buffer.from(contentOf(text)).toString('hex'), text)
        const stamp = settled(row.stamp, this.ground.clock.now())
        tree.set('local', id, { ...row, value: { ...row.value, content: contentOf(text) }, stamp })
      }
    })
    return unread.length
  }

  /** Looks at everything, reads, and lets base and remote follow: both sides agree. */
  async agree(): Promise<void> {
    await this.look.whole()
    await this.readAll()
    await this.trees.write({ flush: true }, async (tree) => {
      for await (const { id, row } of this.rows()) {
        const { parent, name, value } = row
        tree.set('base', id, { parent, name, value })
        tree.set('remote', id, { parent, name, value })
      }
    })
  }

  /** A file's row, its content known to the source. */
  fileRow(
    place: { parent?: NodeId; name: string },
    text: string,
    bits: { mode?: number; mtimeNs?: bigint } = {},
  ): Row {
    this.texts.set(Buffer.from(contentOf(text)).toString('hex'), text)
    const { mode = 0o644, mtimeNs = 1_600_000_000_123_456_789n } = bits
    const sizeBytes = Buffer.byteLength(text)
    return {
      parent: place.parent ?? rootId,
      name: named(place.name),
      value: { kind: 'file', mode, mtimeNs, sizeBytes, content: contentOf(text) },
    }
  }

  #source(): ContentSource {
    return {
      fill: async (wanted) => {
        this.meanwhile()
        return Promise.all(
          wanted.map(async ({ content, staged, path, finish }) => {
            const code = this.failing.get(path)
            if (code !== undefined) return { code }
            const text = this.texts.get(Buffer.from(content).toString('hex'))
            if (text === undefined) return { code: 'pack-unavailable' as const }
            const writer = await this.ground.files.openStaged(staged)
            await writer.write(0, new TextEncoder().encode(text))
            finish?.done(await writer.finish(finish.bits))
            await writer.close()
            return undefined
          }),
        )
      },
    }
  }
}

/** One row as a line. */
export function lineOf(path: string, { value }: Row): string {
  if (value.kind === 'directory') return `${path}/`
  if (value.kind === 'link') return `${path} -> ${Buffer.from(value.target).toString()}`
  return `${path} ${value.sizeBytes}`
}
