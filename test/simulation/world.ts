// A relay and several devices in one process: the real engine and the real relay, over file systems, stores, wires and clocks in memory that
// a seed owns. Machines and the relay can be killed at any step: what they had not flushed is lost, and whatever they still do has no effect.
import { addFolder, ClientError, joinFolder, openAccount, openFolder } from '@grenier/client'
import type { Wire } from '@grenier/protocol'
import { RelayCore, type Stores } from '@grenier/relay'
import { isReadable } from './canary.ts'
import { Line, type Weather } from './line.ts'
import { Machine } from './machine.ts'
import { readyMade } from './memory-home.ts'
import { RelayDisk } from './relay-disk.ts'
import type { ReadyWorld } from './ready-world.ts'
import { Scheduler } from './scheduler.ts'
import { Seeded } from './seeded.ts'

export { Machine } from './machine.ts'
export { MemoryHome, readyMade } from './memory-home.ts'

export const relayUrl = 'ws://127.0.0.1:1'

/** What is special about a world. */
export interface WorldOptions {
  /** Where it starts: with a vault that all machines have; else with nothing. */
  readonly ready?: ReadyWorld | undefined
  /** Which machine has a file system that folds names. */
  readonly folding?: number | undefined
  readonly weather?: Weather | undefined
}

const fair: Weather = { latencyMs: 20, stallChance: 0 }

/** One simulated world. */
export class World {
  readonly random: Seeded
  readonly scheduler: Scheduler
  readonly machines: Machine[] = []
  readonly trace: string[] = []
  relayDisk: RelayDisk
  /** What the relay keeps: for those who look behind it. */
  stores: Stores
  /** Stands on the line between a machine and the relay, if anybody does. */
  between: ((wire: Wire, machine: Machine) => Wire) | undefined
  /** What a relay could read, and where; nothing, if all is well. */
  readonly leaks: string[] = []
  /** How often a call of the relay's store takes its time, so that answers overtake each other. */
  relaySlowness = 0
  /** ms that the relay's clock, and all that it counts by, is ahead of the world's. */
  relayAheadMs = 0
  /** Entries between two checkpoints, where others than usual are wanted. */
  checkpointEvery: number | undefined
  /** Called when a process of a machine has ended. */
  onEnd: (machine: Machine, outcome: 'done' | Error) => void = () => undefined
  #traffic = 2166136261
  #weather: Weather
  #relay: RelayCore | undefined
  #relayLife = 0
  /** Calls of its store that the relay still makes before something happens. */
  #relayAhead: { left: number; readonly run: () => void }[] = []
  #lines: { line: Line; machine: Machine }[] = []

  constructor(seed: number, devices: number, options: WorldOptions = {}) {
    const { ready } = options
    this.random = new Seeded(seed)
    this.scheduler = new Scheduler(this.random, ready?.nowMs)
    this.#weather = options.weather ?? fair
    this.relayDisk = ready?.relay.copy() ?? new RelayDisk(this.random.bytes(16))
    this.stores = this.relayDisk.open(() => true)
    this.startRelay()
    for (let at = 0; at < devices; at += 1) {
      const kept = ready?.machines[at]
      this.machines.push(new Machine(this, at, { kept, folds: at === options.folding }))
    }
  }

  note(line: string): void {
    this.trace.push(`${this.scheduler.nowMs - this.scheduler.startMs} ${line}`)
  }

  /** A number that is another one when any frame had another length, place or beginning. */
  get traffic(): number {
    return this.#traffic
  }

  /** How many entries the relay has. */
  get head(): number {
    return this.relayDisk.entries
  }

  /** From now on, all that is sent takes this long. */
  set weather(weather: Weather) {
    this.#weather = weather
  }

  /** A process of a machine has ended by itself. */
  ended(machine: Machine, outcome: 'done' | Error): void {
    this.note(`${machine.name} ends: ${outcome === 'done' ? 'done' : outcome.message}`)
    this.onEnd(machine, outcome)
  }

  /** A machine connects. @throws RangeError while the relay is down */
  dial(machine: Machine): Wire {
    const line = this.#line()
    this.#lines.push({ line, machine })
    return this.between?.(line.near, machine) ?? line.near
  }

  /** A line of somebody who is no machine. @throws RangeError while the relay is down */
  connect(): Wire {
    return this.#line().near
  }

  /** The same, as the engine wants it. @throws ClientError `relay-unreachable` while the relay is down */
  dialled(machine: Machine): Promise<Wire> {
    if (this.#relay !== undefined) return Promise.resolve(this.dial(machine))
    return Promise.reject(new ClientError('relay-unreachable', 'the relay is down', { retryable: true }))
  }

  /** The line of a machine breaks: now, or after so many frames. */
  cut(machine: Machine, afterFrames = 0): void {
    const own = this.#lines.filter((one) => one.machine === machine)
    for (const { line } of own)
      if (afterFrames === 0) line.sever()
      else line.severAfter(afterFrames)
    if (afterFrames === 0) this.#lines = this.#lines.filter((one) => one.machine !== machine)
  }

  /** Starts the relay, if it is down. */
  startRelay(): void {
    if (this.#relay !== undefined) return
    const life = ++this.#relayLife
    const alive = (): boolean => this.#relayLife === life
    const plain = this.scheduler.clockOf({ alive, skewMs: 0 })
    const clock = {
      ...plain,
      now: (): number => plain.now() + this.relayAheadMs,
      monotonic: (): number => plain.monotonic() + this.relayAheadMs,
    }
    const config = { origins: ['http://127.0.0.1:1'], registration: 'open' as const }
    const stores = this.relayDisk.open(alive, () => this.#relayStep())
    this.#relay = new RelayCore({ stores, config, clock, random: this.random })
  }

  /** The relay deletes what is due, by its clock. */
  async sweepRelay(): Promise<void> {
    await this.#relay?.sweep()
  }

  /** Pulls the relay's plug. */
  killRelay(): void {
    this.#relayLife += 1
    this.#relay = undefined
    for (const { line } of this.#lines) line.sever()
    this.#lines = []
    this.#relayAhead = []
    this.relayDisk.crash(this.random.below(this.relayDisk.unflushedBatches + 1))
  }

  /** Another disk is put in the place of the relay's, and the relay started on it: a copy of before, or an empty one. */
  restoreRelay(disk: RelayDisk): void {
    this.killRelay()
    this.relayDisk = disk
    this.stores = disk.open(() => true)
    this.startRelay()
  }

  /** Lets something happen right before a call of the relay's store that is to come. */
  atRelayStep(steps: number, run: () => void): void {
    this.#relayAhead.push({ left: steps, run })
  }

  /** Nothing that was to happen at a step of the relay happens any more. */
  forgetRelaySteps(): void {
    this.#relayAhead = []
  }

  /** Machines run, the relay answers, until this holds. */
  async until(done: () => boolean, withinMs = 3_600_000): Promise<boolean> {
    return await this.scheduler.runUntil(done, withinMs)
  }

  /** Looks for what is readable in all that the relay keeps. */
  searchRelay(): void {
    for (const value of this.relayDisk.everything()) if (isReadable(value)) this.leaks.push('the relay')
  }

  #relayStep(): Promise<void> | undefined {
    if (this.#relayAhead.length > 0) {
      const due = this.#relayAhead.filter((one) => one.left-- <= 0)
      this.#relayAhead = this.#relayAhead.filter((one) => !due.includes(one))
      for (const { run } of due) run()
    }
    if (this.relaySlowness === 0 || !this.random.chance(this.relaySlowness)) return undefined
    return new Promise((resolve) => void this.scheduler.after(this.random.below(60), resolve))
  }

  #line(): Line {
    if (this.#relay === undefined) throw new RangeError('the relay is down')
    const on = { scheduler: this.scheduler, random: this.random, weather: this.#weather }
    const line = new Line(on, {
      passed: (frame) => this.#passed(frame),
      leaked: (where) => this.leaks.push(where),
    })
    this.#relay.connect(line.far)
    return line
  }

  #passed(frame: Uint8Array): void {
    let digest = this.#traffic ^ (this.scheduler.nowMs & 0xffff)
    for (let at = 0; at < frame.length; at += 61) digest = Math.imul(digest ^ (frame[at] ?? 0), 16777619)
    this.#traffic = (digest ^ frame.length) >>> 0
  }
}

/** Opens the account, starts a vault on the first machine and joins the others, all in calm weather. */
export async function settleDown(world: World): Promise<void> {
  const [first, ...others] = world.machines
  if (first === undefined) throw new RangeError('a world without machines')
  const opened = openAccount(first.context(), {
    relay: relayUrl,
    invite: undefined,
    identity: readyMade.identity,
  })
  await within(world, opened, 'the account')
  first.start(
    (context) => addFolder(context, { path: first.folderPath, name: 'canary-vault', relay: relayUrl }),
    true,
  )
  await ended(world, first)
  for (const machine of others) {
    const invited = inviteFrom(first)
    const code = await within(world, invited, 'the invitation')
    machine.start((context) => joinFolder(context, { path: machine.folderPath, code }), true)
    await ended(world, machine)
  }
}

async function inviteFrom(machine: Machine): Promise<string> {
  const engine = await openFolder(machine.context(), machine.folderPath)
  try {
    return (await engine.invite({ role: 'writer', expiresMs: 3_600_000 })).code
  } finally {
    await engine.close()
  }
}

/** Runs the world until a promise settles. */
export async function within<T>(world: World, promise: Promise<T>, what: string): Promise<T> {
  const seen: { done: boolean } = { done: false }
  const mark = (): void => {
    seen.done = true
  }
  promise.then(mark, mark)
  if (!(await world.until(() => seen.done))) throw new Error(`${what} never came`)
  return await promise
}

/** Runs the world until a machine's process has ended well. */
export async function ended(world: World, machine: Machine): Promise<void> {
  if (!(await world.until(() => !machine.running))) throw new Error(`${machine.name} never ended`)
  if (machine.outcome !== 'done') throw machine.outcome ?? new Error(`${machine.name} died`)
}
