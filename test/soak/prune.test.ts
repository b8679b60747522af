// Two devices write at once while a third, or one of them, prunes; again and again one of these, or the relay, is killed; days pass, and the relay
// lets go for good of what is due. Whatever a retained version needs stays; and in the end the relay holds little more than what is needed. A short
// round in the tests; GRENIER_PRUNE_KILLS makes it long, GRENIER_SEED repeats it as far as real processes let it.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStores, RelayCore, systemClock } from '@grenier/relay'
import { systemRandom } from '@grenier/crypto'
import { expect, onTestFinished, test } from 'vitest'
import {
  isSynced,
  lineOf,
  Stage,
  untilHolds,
  type Device,
  type Relay,
  type Running,
} from '../e2e/commands.ts'
import { RelayStore } from '../e2e/relay-store.ts'
import { differences, folderDifferences, looksEqual, readTree, type Tree } from '../e2e/trees.ts'
import { WireTap } from '../e2e/wire-tap.ts'
import { testSeed } from '../seed.ts'
import { Seeded } from '../simulation/seeded.ts'
import { Scribe } from './scribe.ts'

const kills = Number(process.env['GRENIER_PRUNE_KILLS'] ?? 3)
const isLong = kills > 20
const weeks = isLong ? 5 : 3
const paths = isLong ? 60 : 12
const bytesMax = isLong ? 300_000 : 60_000
const dayMs = 86_400_000
const floorDays = 3
/** How far back the prunes of the storm keep versions. */
const keepDays = [4, 8, 15] as const
/** How long a pack is spared after it was claimed. */
const sparedDays = 14
/** More than what is needed may lie at the relay by this share. */
const shareMax = 1.15
/** What no share says anything of: packs have a least size, and a vault has a spine. */
const alwaysBytes = 64 << 10

/** How a prune may end when something under it was killed. Anything else is a fault of its own. */
const excused: readonly unknown[] = ['relay-unreachable', 'holder-ended']

/** How both folders were, from one entry up to the next change. */
interface Recorded {
  readonly sequence: number
  untilMs: number
  readonly tree: Tree
}

/** A person with a device. */
interface Side {
  readonly device: Device
  readonly folder: string
  readonly scribe: Scribe
  sync: Running
}

/** Time, and the processes that go by it. */
class World {
  readonly stage = Stage.forTest()
  readonly seeded = new Seeded(testSeed())
  readonly records: Recorded[] = []
  sides: readonly Side[] = []
  #relay: Relay | undefined
  #tap: WireTap | undefined
  #aheadMs = 0

  get relay(): Relay {
    if (this.#relay === undefined) throw new Error('no relay yet')
    return this.#relay
  }

  get tap(): WireTap {
    if (this.#tap === undefined) throw new Error('no tap yet')
    return this.#tap
  }

  async open(): Promise<void> {
    this.#relay = await this.stage.relay()
    const tap = await WireTap.open(this.relay.port, { keepsBytes: false })
    this.#tap = tap
    onTestFinished(() => tap.close())
    this.#passes(0)
    await this.startRelay()
  }

  async startRelay(): Promise<void> {
    await this.relay.start({ publicUrl: this.tap.url })
  }

  now(): number {
    return Date.now() + this.#aheadMs
  }

  startSyncs(): void {
    for (const side of this.sides) side.sync = side.device.start('sync')
  }

  async stopSyncs(): Promise<void> {
    for (const { sync } of this.sides) expect((await sync.stop()).exitCode).toBe(143)
  }

  /** Everything stops, days pass, the relay lets go of what is due, and everything starts again, but for the syncs. */
  async days(count: number, options: { readonly sweeps: boolean }): Promise<number> {
    await this.relay.stop()
    this.#passes(count * dayMs)
    const swept = options.sweeps ? await this.#sweep() : 0
    await this.startRelay()
    return swept
  }

  /** What the relay does every few minutes. */
  async #sweep(): Promise<number> {
    const stores = await openStores({ folder: this.relay.data, random: systemRandom, now: this.now() })
    const clock = { ...systemClock, now: () => this.now() }
    const core = new RelayCore({ stores, clock, config: { origins: [], registration: 'open' } })
    try {
      const swept = await core.sweep()
      expect(swept.held).toBe(false)
      return swept.packs
    } finally {
      await core.stop()
      await stores.close()
    }
  }

  #passes(ms: number): void {
    this.#aheadMs += ms
    const moved = new URL('moved-clock.mjs', import.meta.url).href
    this.stage.environment = {
      NODE_OPTIONS: `--import=${moved}`,
      GRENIER_TEST_AHEAD_MS: String(this.#aheadMs),
    }
  }

  /** Both folders are the same, and the relay has it all. */
  async agree(): Promise<void> {
    const syncs = this.sides.map(({ sync }) => sync)
    const [first, second] = this.sides.map(({ folder }) => folder)
    if (first === undefined || second === undefined) throw new Error('no two sides')
    await untilHolds(syncs, () => syncs.every(isSynced) && looksEqual(first, second))
  }

  /** Keeps how both are, which they agree on. */
  async record(): Promise<void> {
    const [side] = this.sides
    if (side === undefined) return
    const { head } = (await side.device.status(side.folder)) as { head?: { seq: number } }
    if (head === undefined) throw new Error('no head')
    this.records.push({ sequence: head.seq, untilMs: this.now(), tree: readTree(side.folder) })
  }

  /** From now on both change. */
  changes(): void {
    const last = this.records.at(-1)
    if (last !== undefined) last.untilMs = this.now()
  }
}

/** Two sides and one more device of the same person, which only prunes and looks back; some weeks of history. */
async function inhabited(world: World): Promise<{ gamma: Device; third: string }> {
  const { stage } = world
  await world.open()
  const [alpha, beta, gamma] = [stage.device('alpha'), stage.device('beta'), stage.device('gamma')]
  const [here, there, third] = [stage.newFolder('here'), stage.path('there'), stage.path('third')]
  writeFileSync(join(here, 'first'), 'file')
  await alpha.setup(world.tap.url)
  await alpha.done('add', here)
  await alpha.done('retention', here, `${floorDays}d`)
  const joins = async (device: Device, folder: string): Promise<void> => {
    const code = await alpha.invite(here, '--role', 'owner')
    await device.done('join', code, folder, '--device-name', device.name)
  }
  await joins(beta, there)
  await joins(gamma, third)
  const side = (device: Device, folder: string): Omit<Side, 'sync'> => ({
    device,
    folder,
    scribe: new Scribe({
      name: device.name,
      folder,
      seeded: Seeded.of(testSeed(), folder.length),
      paths,
      bytesMax,
    }),
  })
  const sides = [side(alpha, here), side(beta, there)]
  for (const { scribe } of sides) scribe.fill()
  for (let week = 0; week < weeks; week += 1) {
    for (const { scribe } of sides) for (let at = 0; at < paths / 3; at += 1) scribe.move()
    // Both write to what they share: a conflict now and then.
    for (const { device } of [...sides, ...sides])
      expect([0, 3]).toContain((await device.run('sync', '--once')).exitCode)
    await world.days(isLong ? 7 : 14, { sweeps: false })
  }
  world.sides = sides.map((one) => ({ ...one, sync: one.device.start('sync') }))
  return { gamma, third }
}

/** Resolves after so many messages on the wire, or when the prune has ended. */
async function moment(tap: WireTap, pruning: Running, messages: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let left = messages
    const end = (): void => {
      for (const stop of stops) stop()
      resolve()
    }
    const stops = [
      tap.onMessage(() => {
        left -= 1
        if (left <= 0) end()
      }),
      pruning.onLine(() => pruning.over && end()),
    ]
    if (pruning.over) end()
  })
}

type Victim = 'prune' | 'first' | 'second' | 'relay'

async function kill(world: World, victim: Victim, pruning: Running): Promise<void> {
  if (victim === 'prune') await pruning.stop('SIGKILL')
  else if (victim === 'relay') {
    await world.relay.kill()
    await world.startRelay()
  } else {
    const side = world.sides[victim === 'first' ? 0 : 1]
    if (side === undefined) return
    await side.sync.stop('SIGKILL')
    side.sync = side.device.start('sync')
  }
}

interface Pruner {
  readonly device: Device
  readonly folder: string
}

/** One prune while both write, and one kill. Gives what was killed, and how the prune ended. */
async function round(world: World, pruner: Pruner): Promise<string> {
  const { seeded, sides, tap } = world
  world.changes()
  for (const { scribe } of sides) for (let at = 0; at < 3; at += 1) scribe.move()
  const pruning = pruner.device.start('prune', pruner.folder, '--keep', `${seeded.pick(keepDays)}d`)
  for (const { scribe } of sides) for (let at = 0; at < 3; at += 1) scribe.move()
  const messages = 1 + seeded.below(seeded.pick([10, 60, 250]))
  await moment(tap, pruning, messages)
  const victim = seeded.weighted({ prune: 4, first: 2, second: 2, relay: 2 })
  const wasOver = pruning.over
  await kill(world, victim, pruning)
  const { exitCode, lines } = await pruning.ended
  const code = lines.find(({ event }) => event === 'error')?.['code']
  if (exitCode !== 0 && exitCode !== null && !excused.includes(code))
    throw new Error(`the prune of ${pruner.device.name} ended with ${exitCode}: ${pruning.transcript()}`)
  return `${pruner.device.name} pruned${wasOver ? ' to its end' : ''}, after ${messages} ${victim} was killed: ${typeof code === 'string' ? code : exitCode}`
}

/** A moment is brought back as it was, or is one that no prune had to keep. Gives whether it was. */
async function brings(world: World, { device, folder }: Pruner, record: Recorded): Promise<boolean> {
  const { stage } = world
  const into = stage.path('restored')
  const { exitCode, lines } = await device.run(
    'restore',
    folder,
    '--at',
    `${record.sequence}`,
    '--into',
    into,
  )
  const code = lines.find(({ event }) => event === 'error')?.['code']
  const isOld = record.untilMs < world.now() - Math.min(...keepDays) * dayMs
  if (isOld && code === 'history-gone') return false
  // The log of it was kept here, and of what it names some packs are gone for good: that is told, and the rest is as it was.
  const problems = lines.filter(({ event }) => event === 'problem')
  const isPart = problems.length > 0 && problems.every((one) => one['code'] === 'pack-unavailable')
  if (isOld && exitCode === 3 && isPart) {
    const lost = new Set(problems.map(({ path }) => path))
    const left = new Map([...record.tree].filter(([path]) => !lost.has(path)))
    expect(differences(left, readTree(into))).toEqual([])
    rmSync(into, { recursive: true })
    return false
  }
  expect({ exitCode, code, of: record.sequence }).toEqual({
    exitCode: 0,
    code: undefined,
    of: record.sequence,
  })
  expect(differences(record.tree, readTree(into))).toEqual([])
  rmSync(into, { recursive: true })
  return true
}

/** What the relay has of packs and entries, bytes. */
async function heldBytes(relay: Relay): Promise<{ packs: number; small: number; entries: number }> {
  return await RelayStore.with(relay.data, async (store) => {
    const [vault = ''] = await store.vaults()
    const packs = await store.packs(vault)
    const entries = await store.rows(`entry/${vault}/`)
    const sum = (all: readonly Uint8Array[]): number => all.reduce((bytes, { length }) => bytes + length, 0)
    return {
      packs: sum(packs.map(({ bytes }) => bytes)),
      small: sum(packs.filter(({ kind }) => kind === 'row').map(({ bytes }) => bytes)),
      entries: sum(entries.map(([, row]) => row)),
    }
  })
}

test(
  `${kills} kills while two devices write and a prune is at it: what is retained is there, and little else`,
  async () => {
    const world = new World()
    const { stage, seeded } = world
    const history: string[] = []
    stage.notes.push(
      () => `GRENIER_SEED=${testSeed()} GRENIER_PRUNE_KILLS=${kills}`,
      () => history.join('\n'),
    )
    const { gamma, third } = await inhabited(world)
    const [first] = world.sides
    if (first === undefined) throw new Error('nobody')
    const looking: Pruner = { device: gamma, folder: third }
    let gone = 0
    for (let at = 0; at < kills; at += 1) {
      const said = await round(world, seeded.chance(0.5) ? looking : seeded.pick(world.sides))
      history.push(said)
      if (isLong) console.log(`${at}: ${said}`)
      if (at % 2 === 1) {
        await world.agree()
        await world.record()
      }
      if (at % 4 !== 3) continue
      await world.stopSyncs()
      gone += await world.days(1 + seeded.below(3), { sweeps: seeded.chance(0.6) })
      await brings(world, looking, seeded.pick(world.records))
      world.startSyncs()
    }
    await world.agree()
    await world.record()
    await world.stopSyncs()

    // All that was dropped is gone for good: who has nothing gets whatever is retained.
    gone += await world.days(floorDays + 1, { sweeps: true })
    const delta = stage.device('delta')
    const fourth = stage.path('fourth')
    const code = await first.device.invite(first.folder, '--role', 'owner')
    await delta.done('join', code, fourth, '--device-name', 'delta')
    expect(folderDifferences(first.folder, fourth)).toEqual([])
    let kept = 0
    for (const record of world.records)
      if (await brings(world, { device: delta, folder: fourth }, record)) kept += 1
    expect(kept).toBeGreaterThan(0)
    expect(lineOf((await first.device.done('verify', first.folder)).lines, 'summary')['problems']).toBe(0)

    // Only the tree as it is now is kept, and nothing is young any more: what lies there beyond it is little.
    await world.days(sparedDays + 1, { sweeps: true })
    await first.device.done('prune', first.folder, '--keep', '1m')
    gone += await world.days(floorDays + 1, { sweeps: true })
    await world.relay.stop()
    const held = await heldBytes(world.relay)
    const liveBytes = [...readTree(first.folder, 'names').values()]
      .filter(({ kind }) => kind === 'file')
      .reduce((sum, { sizeBytes }) => sum + Number(sizeBytes), 0)
    const all = held.packs + held.entries
    console.log(
      `seed ${testSeed()}: ${kills} kills, ${kept} of ${world.records.length} moments kept, ${gone} packs gone for good; ` +
        `${liveBytes} bytes live, ${held.packs} in packs (${held.small} in small ones), ${held.entries} in entries: ${(all / liveBytes).toFixed(3)}`,
    )
    expect(gone).toBeGreaterThan(0)
    expect(all).toBeLessThan(shareMax * liveBytes + alwaysBytes)
    await world.startRelay()
    const epsilon = stage.device('epsilon')
    const fifth = stage.path('fifth')
    await epsilon.done('join', await first.device.invite(first.folder), fifth, '--device-name', 'epsilon')
    expect(folderDifferences(first.folder, fifth)).toEqual([])
  },
  kills * 60_000 + 900_000,
)
