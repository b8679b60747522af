// One random run: edits on every device, also between any two steps of a sync, lines that break at any frame, machines and a relay that die at
// any step, clocks that jump; then calm, and the questions that must have one answer. The seed fixes all of it.
import { createHash } from 'node:crypto'
import { ClientError } from '@grenier/client'
import type { ProblemCode } from '../../packages/client/src/sync/action.ts'
import { unequalTrees } from './equal-trees.ts'
import { canary } from './canary.ts'
import { Ledger, versionOf } from './ledger.ts'
import { Past } from './past.ts'
import { quickenCrypto } from './quick-crypto.ts'
import { quickenSignals } from './quick-signals.ts'
import { readyWorld } from './ready-world.ts'
import { Seeded } from './seeded.ts'
import { denseWeights, isSmallest, lateWeights, movesOf, shapeOf, themeOf, weights } from './storm-shape.ts'
import { UserMove } from './user-moves.ts'
import { VaultCalm } from './vault-calm.ts'
import { VaultMoves, type Theme, type VaultMove } from './vault-moves.ts'
import { type Machine, World } from './world.ts'

/** 1: without what comes on top of each move; 2: without moves of the whole vault, and all runs long; 3: with one relay; 4: without prune where there are several; 5: without older disks of relays that run, where there are several; 6: few of the runs small; 7: all that there is. */
export const eras = [1, 2, 3, 4, 5, 6, 7] as const
export type Era = (typeof eras)[number]
/** That of now. */
export const lastEra: Era = 7

/** What a run was asked to do; all but the seed comes from the seed unless it is given. */
export interface StormOptions {
  readonly seed: number
  readonly devices?: number | undefined
  readonly moves?: number | undefined
  /** Moves that are left out, by number: what shrinking a failure found not to matter. */
  readonly without?: ReadonlySet<number> | undefined
  /** How much of the simulation there was when the seed was found: it still means the run that it meant. Now if undefined. */
  readonly era?: Era | undefined
  /** What the run is about. */
  readonly theme?: Theme | undefined
}

/** What came out. */
export interface StormResult {
  readonly seed: number
  readonly devices: number
  readonly moves: number
  readonly without: ReadonlySet<number>
  readonly era: Era
  /** What it was asked to be about. */
  readonly theme: Theme | undefined
  /** What is wrong; nothing, if all is well. */
  readonly failures: readonly string[]
  readonly trace: readonly string[]
  readonly trees: readonly (readonly string[])[]
  /** Another number when any frame was another one. */
  readonly traffic: number
  /** The most walks over what differs that a sync in calm weather needed. */
  readonly plansMax: number
  /** How often all had their turn in calm weather. */
  readonly rounds: number
  readonly events: number
  /** Another one when anything went another way: what was noted, any frame, any tree, the number of events. */
  readonly traceHash: string
  readonly versions: number
  /** Moves of the whole vault, by kind, and how often somebody went on after a fork. */
  readonly vaultMoves: ReadonlyMap<VaultMove | 'adopt', number>
}

/** Turns of all devices, without an edit, after which all must agree and rest. */
export const calmRoundsMax = 5
/** Walks over what differs in one sync in calm weather: stated, and held. */
export const plansMax = 12

/** Of the runs about members, and of those that only copied the relay's disk, somebody joins at the end of one in so many. */
const joinsEvery = 8

// far from the numbers of moves
const lateStream = 1_000_000
const vaultStream = 2_000_000

/** Runs a storm and the calm after it. Rejects if the simulation itself is broken. */
export async function storm(options: StormOptions): Promise<StormResult> {
  return await (await Storm.begin(options)).run()
}

class Storm {
  readonly #world: World
  readonly #ledger = new Ledger()
  readonly #failures: string[] = []
  readonly #seed: number
  readonly #devices: number
  readonly #moves: number
  readonly #without: ReadonlySet<number>
  readonly #era: Era
  readonly #theme: Theme | undefined
  readonly #weights: typeof weights
  readonly #vaultMoves: VaultMoves | undefined
  #vaultCalm: VaultCalm | undefined
  /** Paths of which a machine last said that it cannot have what is there, and why. */
  readonly #refused = new Map<Machine, Map<string, ProblemCode>>()
  #plansMax = 0
  #rounds = 0

  private constructor(world: World, seed: number, options: StormOptions & { moves: number }) {
    this.#world = world
    this.#seed = seed
    this.#devices = world.machines.length
    this.#moves = options.moves
    this.#without = options.without ?? new Set()
    this.#era = options.era ?? lastEra
    this.#theme = options.theme
    this.#weights = isSmallest(options) ? denseWeights : weights
    if (this.#era > 2) this.#vaultMoves = this.#vaultMovesOf(Seeded.of(seed, -3))
    world.onEnd = (machine, outcome) => this.#ended(machine, outcome)
  }

  static async begin(options: StormOptions): Promise<Storm> {
    quickenCrypto()
    quickenSignals()
    const { seed } = options
    const chance = Seeded.of(seed, -1)
    const era = options.era ?? lastEra
    const drawn = shapeOf(chance, era === 1 ? options : {})
    const { devices = drawn.devices, moves = movesOf(options, drawn.moves) } = options
    const folding = chance.chance(0.25) ? chance.below(devices) : undefined
    const latencyMs = chance.pick([2, 20, 200])
    const weather = { latencyMs, stallChance: chance.chance(0.3) ? 0.05 : 0 }
    const ready = await readyWorld(devices)
    const world = new World(seed, devices, { ready, folding, weather })
    for (const machine of world.machines) {
      machine.slowness = chance.chance(0.3) ? 0.02 : 0
      machine.hintLoss = chance.pick([0, 0.3, 1])
    }
    const late = Seeded.of(seed, -2)
    world.relaySlowness = era > 1 && late.chance(0.4) ? 0.1 : 0
    const run = new Storm(world, seed, { ...options, moves })
    for (const bytes of ready.versions) run.#ledger.wrote(bytes, 'all', 'all')
    return run
  }

  async run(): Promise<StormResult> {
    const world = this.#world
    for (let move = 0; move < this.#moves; move += 1)
      if (!this.#without.has(move)) {
        if (this.#era > 1) this.#late(Seeded.of(this.#seed, lateStream + move), move)
        this.#vaultMoves?.move(Seeded.of(this.#seed, vaultStream + move), move)
        await this.#vaultMoves?.relays.rest()
        await this.#move(Seeded.of(this.#seed, move), move)
      }
    await this.#calm()
    const members = this.#vaultCalm?.members ?? world.machines
    const trees = members.map((machine) => machine.tree())
    const mayLack = this.#vaultMoves?.isRestored === true || world.relays.length > 1
    this.#failures.push(...unequalTrees(members, trees, { refused: this.#refused, mayLack }))
    await this.#checkVersions()
    world.searchRelay()
    for (const where of world.leaks) this.#failures.push(`readable in ${where}`)
    const [failures, trace] = [this.#failures, world.trace]
    return {
      seed: this.#seed,
      devices: this.#devices,
      moves: this.#moves,
      without: this.#without,
      era: this.#era,
      theme: this.#theme,
      failures,
      trace,
      trees,
      traffic: world.traffic,
      plansMax: this.#plansMax,
      rounds: this.#rounds,
      events: world.scheduler.steps,
      traceHash: traceHashOf(world, trees),
      versions: this.#ledger.size,
      vaultMoves: new Map([
        ...(this.#vaultMoves?.made ?? []),
        ['adopt', this.#vaultCalm?.adopted ?? 0] as const,
      ]),
    }
  }

  async #move(random: Seeded, number: number): Promise<void> {
    const world = this.#world
    const machine = random.pick(world.machines)
    const what = random.weighted(this.#weights)
    const steps = random.below(random.chance(0.5) ? 60 : 400)
    if (what === 'edit')
      for (let count = 1 + random.below(3); count > 0; count -= 1) this.#edit(machine, random, number)
    else if (what === 'editAtStep') machine.atStep(steps, () => this.#edit(machine, random, number))
    else if (what === 'meddle') this.#meddle(machine, random, number)
    else if (what === 'sync' || what === 'watch') this.#start(machine, what)
    else if (what === 'stop') machine.stop()
    else if (what === 'crashAtStep') machine.atStep(steps, () => machine.kill())
    else if (what === 'crashAtCall') this.#crashAtCall(machine, random)
    else if (what === 'killAtStep') machine.atStep(steps, () => machine.kill(false))
    else if (what === 'cut') world.cut(machine)
    else if (what === 'cutAtFrame') world.cut(machine, 1 + random.below(30))
    else if (what === 'relayDies') this.#relayDies(random.below(3_000))
    else if (what === 'clockJumps') machine.skewMs += random.pick([-60_000, -5_000, 5_000, 3_600_000])
    await world.scheduler.runUntil(() => false, what === 'wait' ? random.below(5_000) : random.below(300))
  }

  #late(random: Seeded, number: number): void {
    const world = this.#world
    const what = random.weighted(lateWeights)
    const machine = random.pick(world.machines)
    const steps = random.below(random.chance(0.5) ? 12 : 80)
    const forMs = random.below(3_000)
    if (what === 'relayDiesAtStep') world.atRelayStep(steps, () => this.#relayDies(forMs))
    else if (what === 'relayCutsAtStep') world.atRelayStep(steps, () => world.cut(machine))
    else if (what === 'writeWhileRead')
      machine.atCall('read-on', random.below(4), (path) => this.#meddleAt(machine, random, { number, path }))
    else if (what === 'meddleWithChange') {
      const after = random.below(random.chance(0.6) ? 2 : 8)
      machine.atCall('namedChange', after, (path) => this.#meddleAt(machine, random, { number, path }))
    } else if (what === 'userDuringCrash')
      // Power goes in the middle of something, and the user is at the folder before any process is.
      machine.atCall(random.pick(['change', 'flush', 'batch'] as const), random.below(6), () => {
        machine.kill()
        for (let count = 1 + random.below(3); count > 0; count -= 1) this.#edit(machine, random, number)
      })
  }

  #edit(machine: Machine, random: Seeded, number: number): void {
    const said = new UserMove(machine, random, this.#ledger).make()
    if (said !== undefined) this.#world.note(`#${number} ${said}`)
  }

  /** A user changes a thing right when a sync is about to, or while it reads it. */
  #meddle(machine: Machine, random: Seeded, number: number): void {
    const call = random.pick(['change', 'change', 'change', 'openForReading', 'read', 'stampNow'] as const)
    machine.atCall(call, random.below(random.chance(0.5) ? 2 : 8), (path) =>
      this.#meddleAt(machine, random, { number, path }),
    )
    if (random.chance(0.6)) this.#start(machine, 'sync')
  }

  #meddleAt(machine: Machine, random: Seeded, { number, path }: { number: number; path: string }): void {
    if (path === '') return
    const said = new UserMove(machine, random, this.#ledger).meddle(path)
    if (said !== undefined) this.#world.note(`#${number} ${said}`)
  }

  /** The plug is pulled right before an effect, a flush or a batch of a sync. */
  #crashAtCall(machine: Machine, random: Seeded): void {
    const call = random.pick(['change', 'change', 'flush', 'batch'] as const)
    machine.atCall(call, random.below(random.chance(0.5) ? 4 : 16), () => machine.kill())
    if (random.chance(0.6)) this.#start(machine, 'sync')
  }

  #start(machine: Machine, what: 'sync' | 'watch'): void {
    if (machine.running || machine === this.#vaultMoves?.away || machine.home.folders.length === 0) return
    this.#world.note(`${machine.name} ${what}es`)
    machine.sync(what === 'sync')
  }

  #relayDies(forMs: number): void {
    const world = this.#world
    world.note('the relay dies')
    world.killRelay()
    world.scheduler.after(forMs, () => world.startRelay())
  }

  /** In a storm a process may end for these reasons; any other end is a fault. */
  #ended(machine: Machine, outcome: 'done' | Error): void {
    if (outcome === 'done') return
    const isUsual =
      outcome instanceof ClientError &&
      (outcome.retryable || outcome.code === 'interrupted' || outcome.code === 'relay-unreachable')
    if (!isUsual && this.#vaultMoves?.isUsual(outcome) !== true)
      this.#failures.push(`${machine.name} ended: ${outcome.stack ?? outcome.message}`)
  }

  async #calm(): Promise<void> {
    const world = this.#world
    world.note('calm')
    world.forgetRelaySteps()
    for (const relay of world.relays) relay.start()
    world.relaySlowness = 0
    world.weather = { latencyMs: 5, stallChance: 0 }
    for (const machine of world.machines) {
      machine.forgetSteps()
      machine.slowness = 0
      machine.stop()
      if (!(await world.until(() => !machine.running, 600_000)))
        this.#failures.push(`${machine.name} does not stop`)
      world.cut(machine)
    }
    await world.scheduler.runUntil(() => false, 120_000)
    if (this.#vaultMoves?.any === true) {
      await this.#calmOfVault(this.#vaultMoves)
      return
    }
    await this.#settle()
    // A sync that finds everything settled changes nothing: seen in some runs, because it costs as much as another run.
    if (this.#seed % 8 !== 0 || this.#failures.length > 0) return
    const [head, trees] = [world.head, this.#trees()]
    for (const machine of world.machines) await this.#calmSync(machine)
    if (world.head !== head || this.#trees() !== trees) this.#failures.push('does not come to rest')
  }

  #vaultMovesOf(random: Seeded): VaultMoves {
    const moves = new VaultMoves(this.#world, random, {
      failures: this.#failures,
      wanted: this.#theme ?? themeOf(this.#era, this.#seed),
      rollsBack: this.#era > 5,
    })
    moves.written = (by, { name }) => {
      const bytes = Buffer.concat([Buffer.from(canary), by.bytes(40)])
      this.#ledger.wrote(bytes, name, `${name}, who was away`)
      return bytes
    }
    return moves
  }

  async #calmOfVault(moves: VaultMoves): Promise<void> {
    const [world, failures] = [this.#world, this.#failures]
    const looked = (machine: Machine): void => this.#looked(machine)
    const calm = new VaultCalm({ world, moves, failures, looked })
    this.#vaultCalm = calm
    await calm.settle()
    this.#rounds = calm.rounds
    if (failures.length === 0) await calm.checkMembers()
    if (failures.length === 0 && this.#isJoined(moves)) await calm.joinAnew()
  }

  /** Whether somebody who has nothing joins: it costs half a run. What a relay may lack by then, a prune or a change of its disk took from it. */
  #isJoined(moves: VaultMoves): boolean {
    const mayLack = moves.isRestored || moves.made.has('prune') || moves.made.has('pass')
    return mayLack || this.#world.relays.length > 1 || this.#seed % joinsEvery === 0
  }

  /** Machines take turns until each has ended a sync after which nobody committed anything. */
  async #settle(): Promise<void> {
    const world = this.#world
    const settledAt = new Map<Machine, number>()
    for (this.#rounds = 1; this.#rounds <= calmRoundsMax; this.#rounds += 1) {
      for (const machine of world.machines) {
        if (settledAt.get(machine) === world.head) continue
        await this.#calmSync(machine)
        settledAt.set(machine, world.head)
      }
      if (this.#failures.length > 0) return
      if (world.machines.every((machine) => settledAt.get(machine) === world.head)) return
    }
    this.#failures.push('does not come to rest')
  }

  #trees(): string {
    return this.#world.machines.map((machine) => machine.tree().join('\n')).join('\n\n')
  }

  async #calmSync(machine: Machine): Promise<void> {
    machine.sync(true)
    if (!(await this.#world.until(() => !machine.running))) {
      this.#failures.push(`${machine.name} never ended`)
      machine.kill(false)
    } else if (machine.outcome !== 'done') {
      this.#failures.push(`${machine.name} in calm weather: ${String(machine.outcome)}`)
    }
    const { leftOpen } = machine.disk
    if (leftOpen > 0) this.#failures.push(`${machine.name} left ${leftOpen} listings of its state open`)
    this.#looked(machine)
  }

  #looked(machine: Machine): void {
    this.#plansMax = Math.max(this.#plansMax, machine.plans)
    if (machine.plans > plansMax) this.#failures.push(`${machine.name} planned ${machine.plans} times`)
    const refused = new Map<string, ProblemCode>()
    this.#refused.set(machine, refused)
    for (const event of machine.events.splice(0))
      if (event.event === 'problem') refused.set(event.path, event.code)
      else if (event.event === 'void')
        this.#failures.push(`${machine.name} finds entry ${event.sequence} void: ${event.reason}`)
  }

  async #checkVersions(): Promise<void> {
    const held = new Set<string>()
    for (const { user, name } of this.#world.machines) {
      for (const [path, { kind, bytes }] of user.tree()) {
        if (kind !== 'file') continue
        held.add(versionOf(bytes))
        if (!this.#ledger.knows(versionOf(bytes)))
          this.#failures.push(`nobody wrote what ${name} has at ${path}`)
      }
    }
    for (const version of this.#ledger.missingFromTrees(held))
      this.#failures.push(`in no tree: ${this.#ledger.told(version)}`)
    // The log's history costs as much as a short run.
    const isAtRisk = this.#vaultMoves?.made.has('pass') === true || this.#vaultMoves?.isRestored === true
    if (!isAtRisk && this.#ledger.missingFrom(held).length === 0 && this.#seed % 4 !== 0) return
    const past = this.#vaultMoves?.past ?? new Past(this.#world)
    const ever = await past.now().catch((error: unknown) => {
      this.#failures.push(`the history cannot be read: ${String(error)}`)
      return undefined
    })
    if (ever === undefined) return
    for (const version of ever.versions.keys())
      if (!this.#ledger.knows(version)) this.#failures.push(`nobody wrote ${version}, which the log has`)
    const mayLackEntries = this.#vaultCalm?.mayLackEntries ?? false
    for (const version of this.#ledger.missingFrom(new Set([...held, ...ever.versions.keys()])))
      if ((await past.excuseOf(version, ever, mayLackEntries)) === undefined)
        this.#failures.push(`lost: ${this.#ledger.told(version)}`)
  }
}

function traceHashOf(world: World, trees: readonly (readonly string[])[]): string {
  const all = [...world.trace, ...trees.flat(), String(world.traffic), String(world.scheduler.steps)]
  return createHash('sha256').update(all.join('\n')).digest('hex').slice(0, 16)
}
