// Relays and several devices in one process: the real engine and the real relay, over file systems, stores, wires and clocks in memory that
// a seed owns. Machines and relays can be killed at any step: what they had not flushed is lost, and whatever they still do has no effect.
import {
  addFolder,
  ClientError,
  joinFolder,
  openAccount,
  openFolder,
  type FolderEngine,
} from '@grenier/client'
import type { Wire } from '@grenier/protocol'
import type { Stores } from '@grenier/relay'
import { isReadable } from './canary.ts'
import type { Weather } from './line.ts'
import { Machine } from './machine.ts'
import { readyMade } from './memory-home.ts'
import { RelayDisk } from './relay-disk.ts'
import type { ReadyWorld } from './ready-world.ts'
import { Scheduler } from './scheduler.ts'
import { Seeded } from './seeded.ts'
import { WorldRelay } from './world-relay.ts'

export { Machine } from './machine.ts'
export { MemoryHome, readyMade } from './memory-home.ts'
export type { WorldRelay } from './world-relay.ts'

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
  /** The first is where vaults begin; others come when something is to go there. */
  readonly relays: WorldRelay[] = []
  readonly trace: string[] = []
  /** Stands on the line between a machine and a relay, if anybody does. */
  between: ((wire: Wire, machine: Machine) => Wire) | undefined
  /** What a relay could read, and where; nothing, if all is well. */
  readonly leaks: string[] = []
  /** Entries between two checkpoints, where others than usual are wanted. */
  checkpointEvery: number | undefined
  /** Called when a process of a machine has ended. */
  onEnd: (machine: Machine, outcome: 'done' | Error) => void = () => undefined
  readonly #first: WorldRelay
  #traffic = 2166136261
  #passedMs = 0
  #weather: Weather

  constructor(seed: number, devices: number, options: WorldOptions = {}) {
    const { ready } = options
    this.random = new Seeded(seed)
    this.scheduler = new Scheduler(this.random, ready?.nowMs)
    this.#weather = options.weather ?? fair
    this.#first = this.addRelay(relayUrl, ready?.relay.copy() ?? new RelayDisk(this.random.bytes(16)))
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

  /** How many entries the relays have: another number when anybody told any of them anything. */
  get head(): number {
    return this.relays.reduce((sum, { disk }) => sum + disk.entries, 0)
  }

  /** The relay where the first vault of this machine is, as its home says. */
  relayOf(machine: Machine | undefined): WorldRelay {
    return this.#relayAt(machine?.home.folders[0]?.relay)
  }

  /** The disk of the first relay. */
  get relayDisk(): RelayDisk {
    return this.#first.disk
  }

  /** What the first relay keeps: for those who look behind it. */
  get stores(): Stores {
    return this.#first.stores
  }

  /** From now on, all that is sent takes this long. */
  set weather(weather: Weather) {
    this.#weather = weather
  }

  set relaySlowness(often: number) {
    this.#first.slowness = often
  }

  get relayAheadMs(): number {
    return this.#first.aheadMs
  }

  set relayAheadMs(ms: number) {
    this.#first.aheadMs = ms
  }

  /** So long passes for relays: those that are there, and those that are still to come. */
  passAtRelays(ms: number): void {
    this.#passedMs += ms
    for (const relay of this.relays) relay.aheadMs += ms
  }

  /** A process of a machine has ended by itself. */
  ended(machine: Machine, outcome: 'done' | Error): void {
    this.note(`${machine.name} ends: ${outcome === 'done' ? 'done' : outcome.message}`)
    this.onEnd(machine, outcome)
  }

  /** A machine connects. @throws RangeError while the relay is down */
  dial(machine: Machine, relay = this.#first): Wire {
    const { near } = relay.line(this.#weather, machine)
    return this.between?.(near, machine) ?? near
  }

  /** A line of somebody who is no machine. @throws RangeError while the relay is down */
  connect(): Wire {
    return this.#first.line(this.#weather).near
  }

  /** The same, as the engine wants it. @throws ClientError `relay-unreachable` while the relay is down */
  dialled(machine: Machine, url: string): Promise<Wire> {
    const relay = this.#relayAt(url)
    if (relay.isUp) return Promise.resolve(this.dial(machine, relay))
    return Promise.reject(new ClientError('relay-unreachable', 'the relay is down', { retryable: true }))
  }

  /** The lines of a machine break: now, or after so many frames. */
  cut(machine: Machine, afterFrames = 0): void {
    for (const relay of this.relays) relay.cut(machine, afterFrames)
  }

  /** One more relay, which runs. */
  addRelay(url: string, disk: RelayDisk): WorldRelay {
    const { scheduler, random } = this
    const passed = (frame: Uint8Array): void => this.#passed(frame)
    const leaked = (where: string): void => void this.leaks.push(where)
    const relay = new WorldRelay(url, disk, { scheduler, random, passed, leaked })
    relay.aheadMs = this.#passedMs
    this.relays.push(relay)
    return relay
  }

  /** Starts the first relay, if it is down. */
  startRelay(): void {
    this.#first.start()
  }

  /** The first relay deletes what is due, by its clock. */
  async sweepRelay(): Promise<void> {
    await this.#first.sweep()
  }

  /** Pulls the plug of the first relay. */
  killRelay(): void {
    this.#first.kill()
  }

  /** Another disk is put in the place of the first relay's, and the relay started on it: a copy of before, or an empty one. */
  restoreRelay(disk: RelayDisk): void {
    this.#first.restore(disk)
  }

  /** Lets something happen right before a call of the first relay's store that is to come. */
  atRelayStep(steps: number, run: () => void): void {
    this.#first.atStep(steps, run)
  }

  /** Nothing that was to happen at a step of a relay happens any more. */
  forgetRelaySteps(): void {
    for (const relay of this.relays) relay.forgetSteps()
  }

  /** Machines run, relays answer, until this holds. */
  async until(done: () => boolean, withinMs = 3_600_000): Promise<boolean> {
    return await this.scheduler.runUntil(done, withinMs)
  }

  /** Looks for what is readable in all that any relay keeps. */
  searchRelay(): void {
    for (const { disk, url } of this.relays)
      for (const value of disk.everything()) if (isReadable(value)) this.leaks.push(`the relay ${url}`)
  }

  /** An address that is of no other one is another name of the first. */
  #relayAt(url: string | undefined): WorldRelay {
    return this.relays.find((relay) => relay.url === url) ?? this.#first
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

/** What an engine of this machine answers that is opened for it. */
export async function asked<T>(machine: Machine, what: (engine: FolderEngine) => Promise<T>): Promise<T> {
  const engine = await openFolder(machine.context(), machine.folderPath)
  try {
    return await what(engine)
  } finally {
    await engine.close()
  }
}
