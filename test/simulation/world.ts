// A relay and several devices in one process: the real engine and the real relay, over file systems, stores, wires and clocks in memory that
// a seed owns. Machines can be killed at any step: what they had not flushed is lost, and whatever they still do has no effect.
import { createHash } from 'node:crypto'
import {
  addFolder,
  inlineWorkerPool,
  joinFolder,
  MemoryDisk,
  MemoryFolder,
  MemoryUser,
  openAccount,
  openFolder,
  openMemoryFileSystem,
  type EngineContext,
  type FileSystem,
  type FolderEngine,
  type FolderEvent,
  type FolderRecord,
  type Home,
  type Platform,
  type StateStore,
} from '@grenier/client'
import {
  certifyDevice,
  identityFromEntropy,
  makeDevice,
  publicDevice,
  publicIdentity,
  type Device,
  type Identity,
} from '@grenier/crypto'
import { memoryWirePair, type Wire } from '@grenier/protocol'
import { memoryStores, RelayCore } from '@grenier/relay'
import { Scheduler } from './scheduler.ts'
import { Seeded } from './seeded.ts'

export const relayUrl = 'ws://127.0.0.1:1'

/** Keys are made once: 2,500 encapsulations a second are not what a simulation should spend its time on. */
const readyMade = ((): { identity: Identity; devices: Device[] } => {
  const random = new Seeded(0x9e3779b9)
  const devices = Array.from({ length: 4 }, () => makeDevice(random))
  return { identity: identityFromEntropy(random.bytes(32)), devices }
})()

/** One simulated world. */
export class World {
  readonly random: Seeded
  readonly scheduler: Scheduler
  readonly machines: Machine[] = []
  readonly trace: string[] = []
  readonly #stores
  #relay: RelayCore
  #wires: { wire: Wire; machine: Machine }[] = []

  constructor(seed: number, devices: number) {
    this.random = new Seeded(seed)
    this.scheduler = new Scheduler(this.random)
    this.#stores = memoryStores({ random: this.random })
    this.#relay = this.#startRelay()
    for (let at = 0; at < devices; at += 1) this.machines.push(new Machine(this, at))
  }

  #startRelay(): RelayCore {
    const clock = this.scheduler.clockOf({ alive: () => true, skewMs: 0 })
    const config = { origins: ['http://127.0.0.1:1'], registration: 'open' as const }
    return new RelayCore({ stores: this.#stores, config, clock, random: this.random })
  }

  note(line: string): void {
    this.trace.push(`${this.scheduler.nowMs - this.scheduler.startMs} ${line}`)
  }

  /** A machine connects. */
  dial(machine: Machine): Wire {
    const [near, far] = memoryWirePair(this.scheduler.deliver)
    this.#relay.connect(far)
    this.#wires.push({ wire: far, machine })
    return near
  }

  /** The line of a machine breaks. */
  cut(machine: Machine): void {
    for (const one of this.#wires) if (one.machine === machine) one.wire.close(1006, 'cut')
    this.#wires = this.#wires.filter((one) => one.machine !== machine)
  }

  /** Machines run, the relay answers, until this holds. */
  async until(done: () => boolean, withinMs = 3_600_000): Promise<boolean> {
    return await this.scheduler.runUntil(done, withinMs)
  }
}

/** One device with its folder: what survives a crash, and the process that may run on it. */
export class Machine {
  readonly name: string
  readonly folder: MemoryFolder
  readonly user: MemoryUser
  readonly home: MemoryHome
  readonly events: FolderEvent[] = []
  readonly #world: World
  readonly disk = new MemoryDisk()
  #life = 0
  #steps = 0
  /** The step at which this life ends, if the world wants it so. */
  #dieAt = Number.POSITIVE_INFINITY
  #abort = new AbortController()
  #running: Promise<'done' | Error> | undefined
  outcome: 'done' | Error | undefined

  constructor(world: World, at: number) {
    this.#world = world
    this.name = `device-${at}`
    const clock = world.scheduler.clockOf({ alive: () => true, skewMs: world.random.below(4000) - 2000 })
    this.folder = new MemoryFolder({ clock })
    this.user = new MemoryUser(this.folder)
    this.home = new MemoryHome(this.name, readyMade.devices[at] ?? makeDevice(world.random))
  }

  /** Whether the process of now is the one of this life. */
  get running(): boolean {
    return this.#running !== undefined
  }

  /** Ends this life at a step chosen by the world. */
  dieAfter(steps: number): void {
    this.#dieAt = this.#steps + steps
  }

  /** Runs something of the engine as a process of this machine. */
  start(work: (context: EngineContext) => Promise<FolderEngine>, once: boolean): void {
    const life = ++this.#life
    this.#abort = new AbortController()
    this.outcome = undefined
    const run = async (): Promise<'done' | Error> => {
      try {
        const engine = await work(this.context(life))
        try {
          await engine.run({ once })
        } finally {
          await engine.close()
        }
        return 'done'
      } catch (error) {
        return error instanceof Error ? error : new Error(String(error))
      }
    }
    const running = run()
    this.#running = running
    void running.then((outcome) => {
      if (this.#life !== life) return
      this.#running = undefined
      this.outcome = outcome
      this.#world.note(`${this.name} ends: ${outcome === 'done' ? 'done' : outcome.message}`)
    })
  }

  sync(once: boolean): void {
    this.start((context) => openFolder(context, this.folderPath), once)
  }

  /** What the user sees, one line a path: kind, bits, time (not of directories), and a hash of the bytes. */
  tree(): string[] {
    return [...this.user.tree()].map(([path, { kind, mode, mtimeNs, bytes }]) => {
      const time = kind === 'directory' ? '' : mtimeNs
      return `${path} ${kind} ${kind === 'link' ? '' : mode.toString(8)} ${time} ${digest(bytes)}`
    })
  }

  get folderPath(): string {
    return `/${this.name}`
  }

  /** Stops cleanly. */
  stop(): void {
    this.#abort.abort()
  }

  /** Pulls the plug. */
  kill(): void {
    this.#world.note(`${this.name} dies`)
    this.#life += 1
    this.#running = undefined
    this.#dieAt = Number.POSITIVE_INFINITY
    this.#world.cut(this)
    this.folder.crash((choices) => this.#world.random.below(choices))
    this.disk.crash(this.#world.random.below(this.disk.unflushedBatches + 1))
  }

  context(life = this.#life): EngineContext {
    const world = this.#world
    const clock = world.scheduler.clockOf({ alive: () => this.#life === life, skewMs: 0 })
    const guard = <T extends object>(inner: T): T => this.#guarded(inner, life)
    const platform: Platform = {
      clock,
      random: world.random,
      pool: inlineWorkerPool(),
      dial: () => Promise.resolve(world.dial(this)),
      fileSystem: () => Promise.resolve(guard<FileSystem>(openMemoryFileSystem(this.folder))),
      state: () => Promise.resolve(guard<StateStore>(this.disk.open())),
      watch: () => ({ ready: Promise.resolve(), close: () => Promise.resolve() }),
    }
    const report = (event: FolderEvent): void => {
      if (event.event !== 'progress') this.events.push(event)
    }
    return { home: this.home, platform, report, signal: this.#abort.signal }
  }

  /** Each call counts as a step, at which the process may die; a dead one's calls never come back, and do nothing. */
  #guarded<T extends object>(inner: T, life: number): T {
    const never = new Promise<never>(() => undefined)
    return new Proxy(inner, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        return (...given: unknown[]): unknown => {
          if (this.#life === life && ++this.#steps >= this.#dieAt) this.kill()
          if (this.#life !== life) return key === 'get' ? undefined : never
          const result: unknown = Reflect.apply(value, target, given)
          if (typeof result !== 'object' || result === null) return result
          if (result instanceof Promise) return this.#late(result, life)
          return result
        }
      },
    })
  }

  async #late(result: Promise<unknown>, life: number): Promise<unknown> {
    const value = await result
    if (this.#life !== life) return await new Promise<never>(() => undefined)
    return typeof value === 'object' && value !== null && 'close' in value
      ? this.#guarded(value, life)
      : value
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

/** A home that is durable by construction: the command's own home is tested with the command. */
class MemoryHome implements Home {
  readonly directory = '/home'
  readonly deviceName: string
  readonly device: Device
  readonly identity = publicIdentity(readyMade.identity)
  readonly certificate
  readonly relays = [relayUrl]
  folders: readonly FolderRecord[] = []

  constructor(deviceName: string, device: Device) {
    this.deviceName = deviceName
    this.device = device
    this.certificate = certifyDevice(readyMade.identity, publicDevice(device))
  }

  stateDirectory(vault: string): string {
    return `/home/state/${vault}`
  }

  addFolder(record: FolderRecord): Promise<void> {
    this.folders = [...this.folders, record]
    return Promise.resolve()
  }

  removeFolder(path: string): Promise<void> {
    this.folders = this.folders.filter((folder) => folder.path !== path)
    return Promise.resolve()
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
    (context) => addFolder(context, { path: first.folderPath, name: 'vault', relay: relayUrl }),
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
