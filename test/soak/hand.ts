// One person at one of the folders: edits, renames and removes by chance, so that what they wrote is theirs no more than once a spell: what
// they write is not written over, nor removed, by their own hand before everybody has it.
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Seeded } from '../simulation/seeded.ts'
import { bytesOfVersion, type Version } from './ledger.ts'

const moves = {
  edit: 30,
  save: 20,
  create: 20,
  rename: 12,
  renameFolder: 3,
  remove: 10,
  removeFolder: 1,
  touchAgain: 4,
} as const

export interface HandOptions {
  readonly device: string
  readonly folder: string
  readonly seeded: Seeded
  /** The next number of a version, of all hands. */
  readonly number: () => number
  readonly wrote: (version: Version) => void
}

/** A hand. What it finds changed under it by a sync is no surprise: such a move is left out. */
export class Hand {
  readonly #options: HandOptions
  /** Paths that this hand wrote in this spell, and all folders above them. */
  #own = new Set<string>()
  #files: string[] = []
  #folders: string[] = []

  constructor(options: HandOptions) {
    this.#options = options
  }

  /** Looks around, once a spell: everybody has what was written before. */
  beginSpell(): void {
    this.#own.clear()
    this.#files = []
    this.#folders = []
    this.#see('')
  }

  /** One move. */
  move(): void {
    const kind = this.#options.seeded.weighted(moves)
    try {
      this[kind]()
    } catch (error) {
      // The sync was quicker: the path is another one by now.
      if (!isGone(error)) throw error
    }
  }

  private edit(): void {
    const path = this.#someFile()
    if (path === undefined) return
    lstatSync(this.#at(path))
    this.#write(path, (target, bytes) => writeFileSync(target, bytes))
  }

  private save(): void {
    const path = this.#someFile()
    if (path === undefined) return
    this.#write(path, (target, bytes) => {
      writeFileSync(`${target}.saving`, bytes)
      renameSync(`${target}.saving`, target)
    })
  }

  private create(): void {
    const { seeded, device } = this.#options
    const folder = seeded.chance(0.2)
      ? join(this.#someFolder(), `new ${seeded.below(1e9)}`)
      : this.#someFolder()
    // Two people who think of the same name are to be had as well.
    const name = seeded.chance(0.3) ? `same ${seeded.below(20)}` : `${device} ${seeded.below(1e9)}`
    const path = join(folder, name)
    if (this.#own.has(path)) return
    mkdirSync(dirname(this.#at(path)), { recursive: true })
    this.#write(path, (target, bytes) => writeFileSync(target, bytes))
  }

  private rename(): void {
    const path = this.#someFile()
    if (path === undefined) return
    const to = join(this.#someFolder(), `moved ${this.#options.seeded.below(1e9)}`)
    renameSync(this.#at(path), this.#at(to))
  }

  private renameFolder(): void {
    const path = this.#someFolder()
    if (path === '' || this.#own.has(path)) return
    renameSync(this.#at(path), this.#at(`${path} moved ${this.#options.seeded.below(1e6)}`))
  }

  private remove(): void {
    const path = this.#someFile()
    if (path !== undefined) rmSync(this.#at(path))
  }

  private removeFolder(): void {
    const path = this.#someFolder()
    if (path === '' || this.#own.has(path)) return
    const count = readdirSync(this.#at(path), { recursive: true }).length
    if (count < 40) rmSync(this.#at(path), { recursive: true })
  }

  private touchAgain(): void {
    const path = this.#someFile()
    if (path === undefined) return
    const target = this.#at(path)
    renameSync(target, `${target}~`)
    renameSync(`${target}~`, target)
  }

  #write(path: string, how: (target: string, bytes: Uint8Array) => void): void {
    const { device, number, wrote } = this.#options
    const version = { number: number(), device, path }
    how(this.#at(path), bytesOfVersion(version.number))
    wrote(version)
    for (let at = path; at !== '.' && at !== ''; at = dirname(at)) this.#own.add(at)
  }

  #someFile(): string | undefined {
    if (this.#files.length === 0) return undefined
    const path = this.#options.seeded.pick(this.#files)
    return this.#own.has(path) ? undefined : path
  }

  #someFolder(): string {
    return this.#folders.length === 0 ? '' : this.#options.seeded.pick(this.#folders)
  }

  #see(folder: string): void {
    for (const entry of readdirSync(this.#at(folder), { withFileTypes: true })) {
      if (folder === '' && entry.name === '.grenier') continue
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isFile()) this.#files.push(path)
      if (!entry.isDirectory()) continue
      this.#folders.push(path)
      this.#see(path)
    }
  }

  #at(path: string): string {
    return join(this.#options.folder, path)
  }
}

function isGone(error: unknown): boolean {
  const codes = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST', 'EINVAL']
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
