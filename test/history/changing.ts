// A folder that changes by chance: files that are written, written on, renamed, removed, given other bits and times; directories that move; links.
// Never a share of it at once that would make the brake ask.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Seeded } from '../simulation/seeded.ts'

const moves = {
  create: 25,
  edit: 30,
  rename: 12,
  renameDirectory: 3,
  remove: 12,
  link: 5,
  bits: 6,
  times: 5,
  kind: 2,
} as const

/** Bits that leave a file readable for who owns it, and a directory open. */
const fileBits = [0o644, 0o600, 0o755, 0o440, 0o777]
const directoryBits = [0o755, 0o700, 0o775]
const perDirectory = 50
/** So few files are of several chunks. */
const largeChance = 0.005

/** One folder. */
export class Changing {
  readonly #root: string
  readonly #seeded: Seeded
  #files: string[] = []
  #directories: string[] = []
  #count = 0

  constructor(root: string, seeded: Seeded) {
    this.#root = root
    this.#seeded = seeded
  }

  /** Makes so many files. */
  fill(files: number): void {
    for (let at = 0; at < files; at += 1) {
      const directory = `d${Math.floor(at / perDirectory / 20)}/e${Math.floor(at / perDirectory)}`
      this.#write(`${directory}/file ${this.#next()}`)
    }
  }

  /** So many moves, after a look around. */
  change(count: number): void {
    this.#files = []
    this.#directories = []
    this.#see('')
    for (let at = 0; at < count; at += 1) {
      try {
        this[this.#seeded.weighted(moves)]()
      } catch (error) {
        // An earlier move took it away.
        if (!(error instanceof Error && 'code' in error)) throw error
      }
    }
  }

  private create(): void {
    const path = `${this.#someDirectory()}/new ${this.#next()}`
    this.#write(this.#seeded.chance(0.2) ? `${path}/file` : path)
  }

  private edit(): void {
    this.#write(this.#someFile())
  }

  private rename(): void {
    const path = this.#someFile()
    renameSync(this.#at(path), this.#at(`${this.#someDirectory()}/moved ${this.#next()}`))
  }

  /** Only ones with few files: none that hold others. */
  private renameDirectory(): void {
    const path = this.#someDirectory()
    if (path.split('/').length < 2) return
    renameSync(this.#at(path), this.#at(`${dirname(path)}/moved ${this.#next()}`))
  }

  private remove(): void {
    rmSync(this.#at(this.#someFile()))
  }

  private link(): void {
    const path = `${this.#someDirectory()}/link ${this.#next()}`
    symlinkSync(`../target ${this.#seeded.below(1000)}`, this.#at(path))
  }

  private bits(): void {
    const isFile = this.#seeded.chance(0.8)
    const path = isFile ? this.#someFile() : this.#someDirectory()
    chmodSync(this.#at(path), this.#seeded.pick(isFile ? fileBits : directoryBits))
  }

  private times(): void {
    const path = this.#someFile()
    utimesSync(this.#at(path), 1, this.#seeded.below(2_000_000_000))
  }

  /** A file that becomes a directory, or a link. */
  private kind(): void {
    const path = this.#someFile()
    rmSync(this.#at(path))
    if (this.#seeded.chance(0.5)) symlinkSync('elsewhere', this.#at(path))
    else this.#write(`${path}/inside`)
  }

  #write(path: string): void {
    const target = this.#at(path)
    mkdirSync(dirname(target), { recursive: true })
    const sizeBytes = this.#seeded.chance(largeChance)
      ? this.#seeded.below(3 << 20)
      : this.#seeded.below(this.#seeded.pick([60, 900, 6000]))
    writeFileSync(target, this.#seeded.bytes(sizeBytes))
  }

  #someFile(): string {
    return this.#seeded.pick(this.#files)
  }

  #someDirectory(): string {
    return this.#seeded.pick(this.#directories)
  }

  #next(): number {
    return (this.#count += 1)
  }

  #see(directory: string): void {
    for (const name of readdirSync(this.#at(directory)).sort()) {
      if (name === '.grenier') continue
      const path = directory === '' ? name : `${directory}/${name}`
      const stat = lstatSync(this.#at(path))
      if (stat.isFile()) this.#files.push(path)
      if (!stat.isDirectory()) continue
      this.#directories.push(path)
      this.#see(path)
    }
  }

  #at(path: string): string {
    return join(this.#root, path)
  }
}
