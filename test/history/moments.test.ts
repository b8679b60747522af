// A vault with many files and a long history: what any moment gives back is the tree that was recorded then, exactly. 20,000 files and 200
// changes with GRENIER_FULL=1, 300 and 50 without; GRENIER_SEED repeats a run.
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Ground, timesOf, treeOf, type Device } from '../folder/devices.ts'
import { testSeed } from '../seed.ts'
import { Seeded } from '../simulation/seeded.ts'
import { ask } from './asking.ts'

const full = process.env['GRENIER_FULL'] === '1'
const filesAtFirst = full ? 20_000 : 300
const changesMax = full ? 200 : 50
const momentsMax = full ? 20 : 10

const ground = new Ground()
afterAll(() => ground.end())

/** How the folder was after an entry. */
interface Recorded {
  readonly sequence: number
  readonly tree: readonly string[]
  readonly times: ReadonlyMap<string, bigint>
}

/** A user with a folder, who does one thing after the other to it. */
class User {
  readonly #device: Device
  readonly #random: Seeded
  readonly #files: string[] = []
  #made = 0

  constructor(device: Device, random: Seeded) {
    this.#device = device
    this.#random = random
  }

  add(): void {
    const path = `${'abcdefgh'.charAt(this.#random.below(8))}/${this.#random.below(9)}/é ${this.#made++}.txt`
    this.#write(path)
    this.#files.push(path)
  }

  /** Whatever a person may do to a file, or to a directory. */
  change(): void {
    const act = this.#random.pick([
      () => this.add(),
      () => this.#write(this.#random.pick(this.#files)),
      () => this.#write(this.#random.pick(this.#files)),
      () => fs.chmodSync(this.#at(this.#random.pick(this.#files)), this.#random.pick([0o600, 0o640, 0o755])),
      () => fs.rmSync(this.#at(this.#take())),
      () => this.#rename(),
      () => this.#link(),
      () => this.#moveDirectory(),
    ])
    act()
  }

  #at(path: string): string {
    return this.#device.at(path)
  }

  #take(): string {
    const at = this.#random.below(this.#files.length)
    return this.#files.splice(at, 1)[0] ?? ''
  }

  #write(path: string): void {
    fs.mkdirSync(dirname(this.#at(path)), { recursive: true })
    const size = this.#random.chance(0.02) ? 700_000 : this.#random.below(3000)
    fs.writeFileSync(this.#at(path), this.#random.bytes(size))
  }

  #rename(): void {
    const from = this.#take()
    const to = `${dirname(from)}/renamed ${this.#made++}`
    fs.renameSync(this.#at(from), this.#at(to))
    this.#files.push(to)
  }

  /** A file becomes a link. */
  #link(): void {
    const path = this.#take()
    fs.rmSync(this.#at(path))
    fs.symlinkSync('../somewhere', this.#at(path))
  }

  #moveDirectory(): void {
    const from = dirname(this.#random.pick(this.#files))
    const to = `moved ${this.#made++}`
    fs.renameSync(this.#at(from), this.#at(to))
    for (const [at, path] of this.#files.entries())
      if (path.startsWith(`${from}/`)) this.#files[at] = to + path.slice(from.length)
  }
}

test('any of many moments gives back the tree that was recorded then', { timeout: 3_600_000 }, async () => {
  const seed = testSeed()
  const random = new Seeded(seed)
  const device = ground.device('alpha')
  const user = new User(device, random)
  for (let made = 0; made < filesAtFirst; made += 1) user.add()
  const { summary } = await device.add()
  const recorded: Recorded[] = [record(device, summary.head?.seq)]
  const wanted = new Set(Array.from({ length: momentsMax }, () => random.below(changesMax)))
  for (let change = 0; change < changesMax; change += 1) {
    user.change()
    const done = await device.sync()
    if (wanted.has(change)) recorded.push(record(device, done.summary.head?.seq))
  }
  const log = await ask(device, { do: 'log', all: true })
  const times = new Map(log.rows.flatMap((row) => (row.row === 'entry' ? [[row.sequence, row.atMs]] : [])))
  for (const [index, { sequence, tree, times: mtimes }] of recorded.entries()) {
    const into = ground.directory('restored')
    const moment = index % 2 === 0 ? { sequence } : { timeMs: times.get(sequence) ?? 0 }
    const { answer } = await ask(device, { do: 'restore-into', path: '', into, moment })
    expect(answer, `seed ${seed}`).toMatchObject({ sequence, problems: 0 })
    expect(treeOf(into), `seed ${seed}, entry ${sequence}`).toEqual(tree)
    for (const [path, time] of timesOf(into)) {
      const off = time - (mtimes.get(path) ?? 0n)
      expect(off > -1000n && off < 1000n, `seed ${seed}, time of ${path}`).toBe(true)
    }
    fs.rmSync(into, { recursive: true })
  }
})

function record(device: Device, sequence: number | undefined): Recorded {
  if (sequence === undefined) throw new Error('no head')
  return { sequence, tree: treeOf(device.folder), times: timesOf(device.folder) }
}
