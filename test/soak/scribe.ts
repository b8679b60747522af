// One person who writes, writes on, renames and removes among a bounded number of files: much of what was stored dies, and little is there at once.
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Seeded } from '../simulation/seeded.ts'

const moves = { write: 60, writeOn: 15, rename: 10, remove: 12, shared: 3 } as const

export interface ScribeOptions {
  readonly name: string
  readonly folder: string
  readonly seeded: Seeded
  /** So many paths are its own. */
  readonly paths: number
  /** Of one write, at most; one in twenty is ten times that. */
  readonly bytesMax: number
}

/** A hand at one folder. */
export class Scribe {
  readonly #options: ScribeOptions

  constructor(options: ScribeOptions) {
    this.#options = options
  }

  /** Every path of its own is written once. */
  fill(): void {
    for (let at = 0; at < this.#options.paths; at += 1) this.#write(this.#pathOf(at))
  }

  move(): void {
    try {
      this[this.#options.seeded.weighted(moves)]()
    } catch (error) {
      // The sync was quicker: the path is another one by now.
      if (!(error instanceof Error && 'code' in error)) throw error
    }
  }

  private write(): void {
    this.#write(this.#some())
  }

  private writeOn(): void {
    const { seeded, bytesMax } = this.#options
    const target = this.#some()
    if (existsSync(target)) appendFileSync(target, seeded.bytes(1 + seeded.below(bytesMax)))
  }

  private rename(): void {
    const from = this.#some()
    const to = this.#some()
    if (existsSync(from)) renameSync(from, to)
  }

  private remove(): void {
    rmSync(this.#some(), { force: true })
  }

  /** What the other one writes, too: conflicts. */
  private shared(): void {
    this.#write(join(this.#options.folder, 'shared', `${this.#options.seeded.below(4)}`))
  }

  #some(): string {
    return this.#pathOf(this.#options.seeded.below(this.#options.paths))
  }

  #pathOf(at: number): string {
    const { folder, name } = this.#options
    return join(folder, `${name} ${at % 5}`, `file ${at}`)
  }

  #write(target: string): void {
    const { seeded, bytesMax } = this.#options
    const most = seeded.chance(0.05) ? bytesMax * 10 : bytesMax
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, seeded.bytes(1 + seeded.below(most)))
  }
}
