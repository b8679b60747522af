// Disks of their own for tests: small ones, read-only ones, ones that can be taken away. Only root can mount; elsewhere such tests say so and
// are left out.
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Why nothing can be mounted here; undefined when it can. */
export const cannotMount: string | undefined = tried('tmpfs', ['size=64k'])

/** Mounts of one file of tests. */
export class Mounts {
  readonly #at = new Set<string>()

  /** A disk in memory, of this size, on a directory that is there. */
  tmpfs(directory: string, size: string): void {
    this.#mount('tmpfs', directory, ['-o', `size=${size},mode=755`, 'tmpfs'])
  }

  /** The file system in a file, on a directory that is there. */
  image(directory: string, file: string): void {
    this.#mount(undefined, directory, ['-o', 'loop', file])
  }

  readOnly(directory: string): void {
    run('mount', '-o', 'remount,ro', directory)
  }

  writable(directory: string): void {
    run('mount', '-o', 'remount,rw', directory)
  }

  /** Takes it away, also from under programs that have files of it open. */
  unmount(directory: string): void {
    run('umount', '--lazy', directory)
    this.#at.delete(directory)
  }

  end(): void {
    for (const directory of this.#at) this.unmount(directory)
  }

  #mount(type: string | undefined, directory: string, how: readonly string[]): void {
    run('mount', ...(type === undefined ? [] : ['-t', type]), ...how, directory)
    this.#at.add(directory)
  }
}

/** Whether a file system of this type can be made in a file and mounted; else why not. */
export function cannotMake(command: readonly [string, ...string[]]): string | undefined {
  if (cannotMount !== undefined) return cannotMount
  const base = fs.mkdtempSync(join(tmpdir(), 'grenier-image-'))
  try {
    const file = makeImage(join(base, 'image'), command)
    if (file !== undefined) return file
    fs.mkdirSync(join(base, 'at'))
    const { status, stderr } = spawnSync('mount', ['-o', 'loop', join(base, 'image'), join(base, 'at')])
    if (status !== 0) return `${command.join(' ')}: ${String(stderr).trim().split('\n')[0]}`
    spawnSync('umount', [join(base, 'at')])
    return undefined
  } finally {
    fs.rmSync(base, { recursive: true, force: true })
  }
}

/** Makes a file system in a file of 32 MiB; says what prevented it. */
export function makeImage(
  file: string,
  [command, ...args]: readonly [string, ...string[]],
): string | undefined {
  fs.writeFileSync(file, '')
  fs.truncateSync(file, 32 << 20)
  const { error, status, stderr } = spawnSync(command, [...args, file])
  if (error !== undefined) return `no ${command} here`
  return status === 0 ? undefined : `${command}: ${String(stderr).trim()}`
}

function tried(type: string, options: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can mount a disk'
  const at = fs.mkdtempSync(join(tmpdir(), 'grenier-mount-'))
  try {
    const { error, status, stderr } = spawnSync('mount', ['-t', type, '-o', options.join(','), type, at])
    if (error !== undefined) return 'no mount here'
    if (status !== 0) return `no disk can be mounted here: ${String(stderr).trim()}`
    spawnSync('umount', [at])
    return undefined
  } finally {
    fs.rmdirSync(at)
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${String(stderr)}`)
}
