// Random histories on several devices over one log: the planner's promises hold in each. Seeds are printed on failure.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  agrees,
  closureOf,
  differingIn,
  directory,
  file,
  foldingTraits,
  link,
  ModelDevice,
  ModelLog,
  plainTraits,
  settleAll,
  settleOne,
} from './plan-model.contract.ts'
import { plan, roundsMax } from './plan.ts'
import type { Traits } from './action.ts'
import type { Name } from './name.ts'
import { rootId, sameRow } from './tree.ts'

const names = ['a', 'b', 'c', 'A', 'e\u0301', '\u00e9', 'x.txt']

/** One step: who, what, and where from and to as indices into what there is. */
interface Step {
  readonly device: number
  readonly verb: number
  readonly from: number
  readonly to: number
  readonly name: number
}

const step: fc.Arbitrary<Step> = fc.record({
  device: fc.nat(2),
  verb: fc.nat(99),
  from: fc.nat(30),
  to: fc.nat(30),
  name: fc.nat(names.length - 1),
})

let version = 0

class World {
  readonly log = new ModelLog()
  readonly devices: ModelDevice[]

  constructor(traits: readonly Traits[]) {
    this.devices = traits.map((trait, index) => new ModelDevice(`device${index}`, this.log, trait))
  }

  take({ device: who, verb, from, to, name }: Step): void {
    const device = this.devices[who % this.devices.length]!
    if (verb < 30) {
      this.#sync(device, { verb, from, to })
      return
    }
    try {
      this.#edit(device, { device: who, verb, from, to, name })
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'EEXIST') throw error
    }
  }

  #sync(device: ModelDevice, { verb, from, to }: Pick<Step, 'verb' | 'from' | 'to'>): void {
    // Sometimes without looking at the log, cut off by a crash, about one node alone, or with no relay to commit to.
    if (verb % 5 !== 0) device.fetch()
    const budget = { actions: verb < 10 ? (from * 7 + to) % 9 : Infinity, withoutCommits: from % 4 === 0 }
    const input = device.input()
    const differing = differingIn(input.rows)
    const seed = differing[to % Math.max(1, differing.length)]
    const isPart = verb % 3 === 0 && seed !== undefined
    device.round(budget, isPart ? { ...input, rows: closureOf(input.rows, [seed]) } : input)
  }

  #edit(device: ModelDevice, { verb, from, to, name }: Step): void {
    const all = [...device.disk.keys()]
    const directories = [0, ...all.filter((inode) => device.disk.get(inode)!.value.kind === 'directory')]
    const into = directories[to % directories.length]!
    const wanted = names[name]!
    if (verb < 45)
      device.make(
        into,
        wanted,
        file(`v${verb % 4 === 0 ? 'same' : ++version}`, { mtimeNs: BigInt(from % 3) }),
      )
    else if (verb < 55) device.make(into, wanted, directory(from % 4 === 0 ? 0o700 : 0o755))
    else if (verb < 58) device.make(into, wanted, link(`t${from % 2}`))
    if (verb < 58 || all.length === 0) return
    const inode = all[from % all.length]!
    const entry = device.disk.get(inode)!
    if (verb < 68) {
      if (entry.value.kind === 'file') {
        const { content, sizeBytes } = file(`v${++version}`) as ReturnType<typeof file> & { kind: 'file' }
        device.write(inode, { content, sizeBytes, mtimeNs: BigInt(version) })
      } else if (entry.value.kind === 'directory') device.write(inode, { mode: to % 2 ? 0o750 : 0o755 })
    } else if (verb < 71) {
      if (entry.value.kind === 'file')
        device.write(inode, { mode: to % 2 ? 0o600 : 0o644, mtimeNs: BigInt(to) })
    } else if (verb < 84) {
      if (!device.isBelow(into, inode)) device.rename(inode, into, wanted)
    } else if (verb < 89) {
      this.#swap(device, inode, all[to % all.length]!)
    } else if (verb < 96) {
      device.delete(inode)
    } else if (verb < 98) {
      // Replaced by another kind, or saved anew under a new inode.
      device.delete(inode)
      device.make(entry.parent, entry.name, entry.value.kind === 'file' ? directory() : file(`v${++version}`))
    } else {
      device.delete(inode)
      device.make(entry.parent, entry.name, entry.value.kind === 'file' ? file(`v${++version}`) : directory())
    }
  }

  #swap(device: ModelDevice, a: number, b: number): void {
    if (device.isBelow(a, b) || device.isBelow(b, a)) return
    const [left, right] = [{ ...device.disk.get(a)! }, { ...device.disk.get(b)! }]
    device.rename(a, 0, 'swapping')
    device.rename(b, left.parent, left.name)
    device.rename(a, right.parent, right.name)
  }
}

const asked = process.env['GRENIER_PLAN_RUNS']
const runs = { numRuns: Number(asked ?? 500) }
const timeoutMs = asked === undefined ? 60_000 : 3_600_000
const steps = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' })

function worldAfter(taken: readonly Step[], traits: readonly Traits[]): World {
  const world = new World(traits)
  for (const each of taken) world.take(each)
  return world
}

describe('the planner, in random histories,', { timeout: timeoutMs }, () => {
  it('brings all devices to one tree and destroys nothing that is not in the history', () => {
    const check = fc.property(steps, (taken) => {
      const world = worldAfter(taken, [plainTraits, plainTraits, plainTraits])
      settleAll(world.devices)
      for (const device of world.devices) expect(agrees(device)).toBe(true)
    })
    fc.assert(check, runs)
  })

  it('comes to an end within the stated rounds on each device', () => {
    const check = fc.property(steps, (taken) => {
      const world = worldAfter(taken, [plainTraits, plainTraits])
      for (const device of world.devices) {
        settleOne(device, roundsMax)
        expect(agrees(device)).toBe(true)
      }
    })
    fc.assert(check, runs)
  })

  it('agrees with file systems that fold names on all but what it says they cannot hold', () => {
    const check = fc.property(steps, (taken) => {
      const world = worldAfter(taken, [plainTraits, foldingTraits, foldingTraits])
      settleAll(world.devices)
      for (const device of world.devices) expect(unexplained(device)).toEqual([])
      expect(agrees(world.devices[0]!)).toBe(true)
    })
    fc.assert(check, runs)
  })

  it('plans the same whatever the order of the rows', () => {
    const check = fc.property(steps, fc.infiniteStream(fc.nat()), (taken, order) => {
      for (const device of worldAfter(taken, [plainTraits, foldingTraits]).devices) {
        device.fetch()
        const input = device.input()
        const keys = new Map(Array.from(input.rows.keys(), (id) => [id, order.next().value]))
        const shuffled = [...input.rows].sort(([a], [b]) => Number(keys.get(a)) - Number(keys.get(b)))
        expect(plan({ ...input, rows: new Map(shuffled) })).toEqual(plan(input))
      }
    })
    fc.assert(check, runs)
  })

  it('plans the same on the closure of what differs as on all rows', () => {
    const check = fc.property(steps, (taken) => {
      for (const device of worldAfter(taken, [plainTraits, foldingTraits]).devices) {
        device.fetch()
        const input = device.input()
        const rows = closureOf(input.rows, differingIn(input.rows))
        expect(plan({ ...input, rows })).toEqual(plan(input))
      }
    })
    fc.assert(check, runs)
  })

  it('gets there in parts too, planning about one node and what touches it', () => {
    const check = fc.property(steps, (taken) => {
      const world = worldAfter(taken, [plainTraits, foldingTraits])
      for (const device of world.devices) settleInParts(device)
      settleAll(world.devices)
      for (const device of world.devices) expect(unexplained(device)).toEqual([])
    })
    fc.assert(check, runs)
  })
})

/** Plans about each differing node in turn, until none has anything to do. */
function settleInParts(device: ModelDevice): void {
  for (let turn = 0, acted = true; acted; turn += 1) {
    if (turn > 3 * roundsMax) throw new Error('not settled in parts')
    acted = false
    device.fetch()
    for (const seed of differingIn(device.input().rows)) {
      device.fetch()
      const input = device.input()
      const rows = closureOf(input.rows, [seed])
      acted = device.round({ actions: Infinity }, { ...input, rows }).actions.length > 0 || acted
    }
  }
}

/** What a device lacks or has otherwise than the log, and no problem says why. */
function unexplained(device: ModelDevice): string[] {
  const { actions, problems } = plan(device.input())
  if (actions.length > 0) return ['not settled']
  const said = new Set<string>(problems.map(({ path }) => path))
  const local = device.localRows()
  const found: string[] = []
  for (const [id, row] of device.log.rows) {
    const here = local.get(id)
    if (here !== undefined && sameRow({ ...here, name: spelt(here.name) }, { ...row, name: spelt(row.name) }))
      continue
    const names: string[] = []
    for (let at = id; at !== rootId; at = device.log.rows.get(at)!.parent)
      names.unshift(device.log.rows.get(at)!.name)
    if (!names.some((_, index) => said.has(names.slice(0, index + 1).join('/')))) found.push(names.join('/'))
  }
  // A directory that is gone stays as long as something is in it that cannot go where it should.
  const full = new Set(Array.from(local.values(), ({ parent }) => parent))
  for (const id of local.keys()) if (!device.log.rows.has(id) && !full.has(id)) found.push(`only here: ${id}`)
  return found
}

/** A file system that composes names keeps the spelling that it was given. */
function spelt(name: Name): Name {
  return name.normalize('NFC') as Name
}
