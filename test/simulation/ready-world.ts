// A vault that some machines share already, made once a process and copied for each run: opening the account, starting the vault and joining
// cost more than all that a short run does.
import type { FolderRecord, MemoryFolder, MemoryUser } from '@grenier/client'
import { canary } from './canary.ts'
import type { RelayDisk } from './relay-disk.ts'
import { ended, settleDown, World } from './world.ts'

/** An inode of a folder as it was left, by its number: the state knows files by it. */
interface KeptInode {
  readonly path: string
  readonly ino: number
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  readonly mode: number
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly bytes: Uint8Array
}

/** What a machine starts with. */
export interface KeptMachine {
  readonly folders: readonly FolderRecord[]
  readonly files: readonly KeptInode[]
  readonly state: readonly { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }[]
}

/** What a world starts with. */
export interface ReadyWorld {
  readonly nowMs: number
  readonly relay: RelayDisk
  readonly machines: readonly KeptMachine[]
  /** The contents that all have. */
  readonly versions: readonly Uint8Array[]
}

const made = new Map<number, Promise<ReadyWorld>>()

/** A world with a vault that this many machines have joined, and a small tree that all have; always the same. */
export function readyWorld(devices: number): Promise<ReadyWorld> {
  const known = made.get(devices)
  if (known !== undefined) return known
  const making = make(devices)
  made.set(devices, making)
  return making
}

async function make(devices: number): Promise<ReadyWorld> {
  const world = new World(devices, devices)
  await settleDown(world)
  const [first] = world.machines
  if (first === undefined) throw new RangeError('a world without machines')
  plant(first.user)
  await world.until(() => false, 60_000)
  for (const machine of [...world.machines, ...world.machines]) {
    machine.sync(true)
    await ended(world, machine)
    await world.until(() => false, 10_000)
  }
  const machines = world.machines.map((machine) => ({
    folders: machine.home.folders,
    files: filesOf(machine.folder),
    state: machine.disk.keysBetween('', '\x7f').map((key) => ({
      type: 'put' as const,
      key,
      value: machine.disk.get(key) ?? new Uint8Array(0),
    })),
  }))
  const versions = [...first.user.tree().values()]
    .filter(({ kind }) => kind === 'file')
    .map(({ bytes }) => bytes)
  return { nowMs: world.scheduler.nowMs, relay: world.relayDisk, machines, versions }
}

/** Directories in directories, files of one chunk, of several and of none, a link. */
function plant(user: MemoryUser): void {
  const at = (...names: string[]): string => names.map((name) => `${canary}-${name}`).join('/')
  user.makeDirectory(at('a'))
  user.makeDirectory(at('a', 'd'))
  user.makeDirectory(at('d'))
  user.write(at('b'), `${canary} 1`)
  user.write(at('a', 'b'), `${canary} 2`.repeat(50))
  user.write(at('a', 'd', 'b'), `${canary} 3`.repeat(9))
  user.write(at('d', 'b'), `${canary} 4`)
  user.write(at('d', 'c.txt'), `${canary} 5`.repeat(9))
  user.link(at('c.txt'), at('b'))
}

function filesOf(folder: MemoryFolder): KeptInode[] {
  const files: KeptInode[] = []
  const visit = (path: string): void => {
    for (const name of folder.directory(path).entries.keys()) {
      const below = path === '' ? name : `${path}/${name}`
      const { ino, kind, mode, mtimeNs, ctimeNs, bytes } = folder.at(below)
      files.push({ path: below, ino, kind, mode, mtimeNs, ctimeNs, bytes })
      if (kind === 'directory') visit(below)
    }
  }
  visit('')
  return files
}

/** Makes the same inodes in an empty folder, all flushed. */
export function copyFolder(files: readonly KeptInode[], folder: MemoryFolder): void {
  const { disk } = folder
  for (const { ino, kind, mode, bytes } of [...files].sort((a, b) => a.ino - b.ino)) {
    let inode = disk.make(kind, mode, bytes.slice())
    // Numbers are given in turn: those of files that are gone are left out.
    for (; inode.ino < ino; inode = disk.make(kind, mode, bytes.slice())) disk.inodes.delete(inode.ino)
    disk.flushBody(inode)
  }
  for (const { path, ino } of files) {
    const { directory, name } = folder.place(path)
    disk.rename([{ directory: directory.ino, name, ino }], { sure: true })
  }
  for (const { ino, mtimeNs, ctimeNs } of files) Object.assign(disk.inode(ino), { mtimeNs, ctimeNs })
}
