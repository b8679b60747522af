// What users do to a folder: one edit at a time, as programs do it, each told to the ledger.
import type { Seen } from '@grenier/client'
import { canary } from './canary.ts'
import type { Ledger } from './ledger.ts'
import type { Machine } from './machine.ts'
import type { Seeded } from './seeded.ts'

/** Names: some that collide where case or Unicode form is folded, one of 255 bytes. */
const names = [
  `${canary}-a`,
  `${canary}-b`,
  `${canary}-c.txt`,
  `${canary}-d`,
  `${canary}-D`,
  `${canary}-e\u0301`,
  `${canary}-\u00e9`,
  `${canary}-${'l'.repeat(244)}.txt`,
]

const weights = {
  create: 14,
  overwrite: 8,
  overwriteSameSize: 6,
  append: 4,
  truncate: 2,
  saveByRename: 5,
  saveByBackup: 3,
  copy: 3,
  makeDirectory: 8,
  fill: 2,
  rename: 8,
  move: 10,
  swap: 3,
  respell: 2,
  renameOver: 2,
  remove: 7,
  link: 3,
  changeKind: 4,
  setMode: 3,
  setTime: 3,
}
type Verb = keyof typeof weights
/** All edits that a user may make. */
export const userVerbs = Object.keys(weights)

/** A place in a folder. */
interface Spot {
  readonly path: string
  readonly seen: Seen
}

/** One user at one machine, for one edit. */
export class UserMove {
  readonly #machine: Machine
  readonly #random: Seeded
  readonly #ledger: Ledger
  readonly #spots: readonly Spot[]

  constructor(machine: Machine, random: Seeded, ledger: Ledger) {
    this.#machine = machine
    this.#random = random
    this.#ledger = ledger
    this.#spots = [...machine.user.tree()].map(([path, seen]) => ({ path, seen }))
  }

  /** Does something, if it can be done; says what, or undefined. */
  make(): string | undefined {
    const verb = this.#random.weighted(weights)
    const done = this.#do(verb)
    if (done === undefined) return undefined
    for (const path of done) this.#machine.touched(parentOf(path))
    return `${this.#machine.name} ${verb} ${done.join(', ')}`
  }

  /** Does something with just this path, if it can be done. */
  meddle(path: string): string | undefined {
    const spot = this.#spots.find((one) => one.path === path)
    const done = spot === undefined ? this.#meddleFree(path) : this.#meddleThere(spot)
    if (done === undefined) return undefined
    for (const one of done) this.#machine.touched(parentOf(one))
    return `${this.#machine.name} meddles with ${done.join(', ')}`
  }

  #meddleFree(path: string): string[] | undefined {
    const parent = this.#spots.find((one) => one.path === parentOf(path))
    if (parentOf(path) !== '' && parent?.seen.kind !== 'directory') return undefined
    // Another spelling may stand there.
    if (this.#machine.user.exists(path)) return undefined
    if (this.#random.chance(0.3)) this.#machine.user.makeDirectory(path)
    else this.#write(path, this.#content())
    return [path]
  }

  #meddleThere(spot: Spot): string[] | undefined {
    const roll = this.#random.below(10)
    if (roll === 0) return this.#remove(spot)
    if (roll === 1) return this.#changeKind(spot)
    if (roll === 2) return this.#setMode(spot)
    if (roll === 3) return this.#rename(spot, this.#random.chance(0.5))
    if (spot.seen.kind !== 'file') return this.#setMode(spot)
    const verbs = [
      'overwrite',
      'overwriteSameSize',
      'append',
      'truncate',
      'saveByRename',
      'saveByBackup',
    ] as const
    return this.#edit(this.#random.pick(verbs), spot)
  }

  #do(verb: Verb): string[] | undefined {
    switch (verb) {
      case 'create':
        return this.#atFree((path) => this.#write(path, this.#content()))
      case 'copy':
        return this.#atFile((from) => this.#atFree((path) => this.#write(path, from.seen.bytes)))
      case 'makeDirectory':
        return this.#atFree((path) => this.#machine.user.makeDirectory(path))
      case 'fill':
        return this.#atFree((path) => this.#fill(path))
      case 'link':
        return this.#atFree((path) => this.#machine.user.link(path, `../${this.#name()}`))
      case 'rename':
      case 'move':
      case 'swap':
      case 'respell':
      case 'renameOver':
        return this.#move(verb)
      case 'remove':
        return this.#at(this.#spots, (spot) => this.#remove(spot))
      case 'changeKind':
        return this.#at(this.#spots, (spot) => this.#changeKind(spot))
      case 'setMode':
        return this.#at(this.#spots, (spot) => this.#setMode(spot))
      case 'setTime':
        return this.#at(this.#spots, (spot) => this.#setTime(spot))
      default:
        return this.#atFile((spot) => this.#edit(verb, spot))
    }
  }

  #edit(verb: Exclude<Verb, 'create' | 'copy' | 'link'>, { path, seen }: Spot): string[] | undefined {
    const { bytes } = seen
    if (verb === 'overwriteSameSize' && bytes.length < 16) return undefined
    // Writing what is there already is no new version.
    if (verb === 'truncate' && bytes.length === 0) return undefined
    if (verb === 'saveByBackup') return this.#saveByBackup(path)
    this.#took(bytes)
    switch (verb) {
      case 'append':
        this.#append(path, bytes)
        break
      case 'truncate':
        this.#write(path, bytes.subarray(0, Math.min(this.#random.below(bytes.length + 1), bytes.length - 1)))
        break
      case 'overwriteSameSize':
        this.#write(path, Buffer.concat([bytes.subarray(0, 8), this.#random.bytes(bytes.length - 8)]))
        break
      case 'saveByRename':
        this.#saveByRename(path)
        break
      default:
        this.#write(path, this.#content())
    }
    return [path]
  }

  #append(path: string, bytes: Uint8Array): void {
    const more = this.#random.bytes(1 + this.#random.below(100))
    this.#machine.user.append(path, more)
    this.#wrote(path, Buffer.concat([bytes, more]))
  }

  #saveByRename(path: string): void {
    const content = this.#content()
    this.#machine.user.replace(path, content)
    this.#wrote(path, content)
  }

  /** The old version gets another name, the new one is written anew. */
  #saveByBackup(path: string): string[] | undefined {
    const { user } = this.#machine
    const backup = `${path.slice(0, path.lastIndexOf('/') + 1)}${canary}~`
    if (backup === path) return undefined
    if (user.exists(backup)) {
      const old = user.tree().get(backup)
      if (old?.kind !== 'file') return undefined
      this.#took(old.bytes)
    }
    user.rename(path, backup)
    this.#write(path, this.#content())
    return [path, backup]
  }

  #fill(path: string): void {
    this.#machine.user.makeDirectory(path)
    for (let count = 1 + this.#random.below(4); count > 0; count -= 1) {
      const below = `${path}/${canary}-${count}`
      if (this.#random.chance(0.3)) this.#machine.user.makeDirectory(below)
      else this.#write(below, this.#content())
    }
  }

  #move(verb: 'rename' | 'move' | 'swap' | 'respell' | 'renameOver'): string[] | undefined {
    if (verb === 'swap')
      return this.#at(this.#spots, (one) => this.#at(this.#spots, (two) => this.#swap(one, two)))
    if (verb === 'respell') return this.#at(this.#spots, (spot) => this.#respell(spot))
    if (verb === 'renameOver') return this.#atFile((from) => this.#atFile((to) => this.#renameOver(from, to)))
    return this.#at(this.#spots, (spot) => this.#rename(spot, verb === 'move'))
  }

  #rename({ path: from }: Spot, elsewhere: boolean): string[] | undefined {
    const parent = elsewhere ? this.#directory() : parentOf(from)
    const to = joined(parent, this.#name())
    if (isWithin(to, from) || this.#machine.user.exists(to)) return undefined
    this.#machine.user.rename(from, to)
    return [from, to]
  }

  #swap({ path: one }: Spot, { path: two }: Spot): string[] | undefined {
    if (isWithin(one, two) || isWithin(two, one)) return undefined
    const { user } = this.#machine
    const between = `${canary}-between`
    if (user.exists(between)) return undefined
    user.rename(one, between)
    user.rename(two, one)
    user.rename(between, two)
    return [one, two]
  }

  #respell({ path: from }: Spot): string[] | undefined {
    const name = from.slice(parentOf(from).length).replace('/', '')
    const other =
      name === name.toUpperCase() ? name.toLowerCase() : name.replace(/-./, (letter) => letter.toUpperCase())
    const to = joined(parentOf(from), other)
    const { user } = this.#machine
    if (to === from || (user.exists(to) && !this.#machine.folds)) return undefined
    user.rename(from, to)
    return [from, to]
  }

  #renameOver(from: Spot, to: Spot): string[] | undefined {
    if (from.path === to.path) return undefined
    this.#took(to.seen.bytes)
    this.#machine.user.rename(from.path, to.path)
    return [from.path, to.path]
  }

  #remove({ path }: Spot): string[] {
    for (const spot of this.#spots)
      if (isWithin(spot.path, path) && spot.seen.kind === 'file') this.#took(spot.seen.bytes)
    this.#machine.user.remove(path)
    return [path]
  }

  #changeKind(spot: Spot): string[] {
    this.#remove(spot)
    const { path, seen } = spot
    const kinds = (['file', 'directory', 'link'] as const).filter((kind) => kind !== seen.kind)
    const kind = this.#random.pick(kinds)
    if (kind === 'file') this.#write(path, this.#content())
    else if (kind === 'directory') this.#machine.user.makeDirectory(path)
    else this.#machine.user.link(path, this.#name())
    return [path]
  }

  #setMode({ path, seen }: Spot): string[] | undefined {
    if (seen.kind === 'link') return undefined
    const modes = seen.kind === 'file' ? [0o600, 0o644, 0o755, 0o444] : [0o700, 0o755, 0o750]
    this.#machine.user.setMode(path, this.#random.pick(modes))
    return [path]
  }

  #setTime({ path, seen }: Spot): string[] | undefined {
    if (seen.kind !== 'file') return undefined
    const times = [-1_500_000_000_000_000_000n, 0n, 1_234_567_890_123_456_000n, 4_102_444_800_000_000_000n]
    this.#machine.user.setTime(path, this.#random.pick(times))
    return [path]
  }

  #write(path: string, bytes: Uint8Array): void {
    this.#machine.user.write(path, bytes)
    this.#wrote(path, bytes)
  }

  #wrote(path: string, bytes: Uint8Array): void {
    this.#ledger.wrote(bytes, this.#machine.name, `${this.#machine.name} ${path}`)
  }

  #took(bytes: Uint8Array): void {
    this.#ledger.took(bytes, this.#machine.name)
  }

  /** New bytes: mostly small, some empty, a few of several chunks. */
  #content(): Uint8Array {
    const roll = this.#random.next()
    if (roll < 0.03) return new Uint8Array(0)
    const size = roll > 0.98 ? 150_000 + this.#random.below(150_000) : 1 + this.#random.below(1_500)
    const text = roll > 0.5 ? Buffer.from(canary.repeat(1 + (size >> 4))) : this.#random.bytes(size)
    return Buffer.concat([Buffer.from(canary), this.#random.bytes(8), text])
  }

  #atFree(then: (path: string) => void): string[] | undefined {
    const path = joined(this.#directory(), this.#name())
    if (this.#machine.user.exists(path)) return undefined
    then(path)
    return [path]
  }

  #atFile(then: (spot: Spot) => string[] | undefined): string[] | undefined {
    return this.#at(
      this.#spots.filter(({ seen }) => seen.kind === 'file'),
      then,
    )
  }

  #at(spots: readonly Spot[], then: (spot: Spot) => string[] | undefined): string[] | undefined {
    return spots.length === 0 ? undefined : then(this.#random.pick(spots))
  }

  #directory(): string {
    const directories = this.#spots.filter(({ seen }) => seen.kind === 'directory')
    return this.#random.pick(['', ...directories.map(({ path }) => path)])
  }

  #name(): string {
    return this.#random.pick(names)
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function joined(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`
}

function isWithin(path: string, above: string): boolean {
  return `${path}/`.startsWith(`${above}/`)
}
