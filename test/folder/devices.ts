// Devices with real folders, real state databases and homes, and a relay in memory, all in one process: what the tests of the folder work
// with. A device's file system can be listened to, so that a user's hand comes between two of its calls.
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  addFolder,
  ClientError,
  inlineWorkerPool,
  joinFolder,
  LevelStateStore,
  MemoryDisk,
  makeHome,
  openAccount,
  openFolder,
  openHome,
  openRealFileSystem,
  systemClock,
  watchFolder,
  type Clock,
  type EngineContext,
  type FileSystem,
  type FolderEngine,
  type FolderEvent,
  type Home,
  type Platform,
  type Summary,
} from '@grenier/client'
import {
  certifyDevice,
  identityFromEntropy,
  makeDevice,
  publicDevice,
  publicIdentity,
  systemRandom,
  type Identity,
} from '@grenier/crypto'
import { memoryWirePair, type Wire } from '@grenier/protocol'
import {
  memoryStores,
  RelayCore,
  systemClock as relayClock,
  type Clock as RelayClock,
  type Stores,
  type Swept,
} from '@grenier/relay'
import { heardBy, type Hands } from './hands.ts'

export const relayUrl = 'ws://127.0.0.1:1'
/** A second relay, with stores of its own. */
export const otherRelayUrl = 'ws://127.0.0.1:2'
/** And a third one. */
export const thirdRelayUrl = 'ws://127.0.0.1:4'

/** Made once: keys take longer than most of what is tested with them. */
export const identity: Identity = identityFromEntropy(systemRandom.bytes(32))

type Registration = 'open' | 'invite' | 'closed'

/** What came of one run. */
export interface Outcome {
  readonly summary: Summary
  readonly events: readonly FolderEvent[]
  /** `code path`, sorted; the path as JSON has it. */
  readonly problems: readonly string[]
  /** Names of conflict copies, sorted. */
  readonly kept: readonly string[]
}

export interface DeviceOptions {
  /** Where its folder is; a new directory unless told. */
  readonly folder?: string | undefined
  /** Where its home is; a new directory unless told. */
  readonly home?: string | undefined
  readonly clock?: Clock | undefined
  /** Another file system than the real one of the folder. */
  readonly fileSystem?: (() => FileSystem) | undefined
  readonly watch?: Platform['watch'] | undefined
  /** One that joins without words: no identity of its own. */
  readonly isAlone?: boolean | undefined
}

/** Three relays and what is around them. Everything it made on the disk goes with `end`. */
export class Ground {
  readonly base: string
  /** What the second relay keeps. */
  readonly otherStores = memoryStores({ random: systemRandom })
  readonly thirdStores = memoryStores({ random: systemRandom })
  /** How accounts are opened at the second relay. */
  readonly otherDoor: { registration: Registration } = { registration: 'open' }
  readonly #stores: Stores
  readonly #clock: RelayClock
  readonly #relays: Map<string, RelayCore>
  readonly #dialled = new Map<string, number>()
  readonly #wires = new Map<string, Set<Wire>>()
  /** Relays that are gone. */
  readonly #gone = new Set<string>()
  readonly #running = new Set<Watching>()
  #count = 0

  constructor(
    stores: Stores = memoryStores({ random: systemRandom }),
    base = tmpdir(),
    clock: RelayClock = relayClock,
  ) {
    this.base = fs.mkdtempSync(join(base, 'grenier-folder-'))
    this.#stores = stores
    this.#clock = clock
    this.#relays = new Map([relayUrl, otherRelayUrl, thirdRelayUrl].map((url) => [url, this.#start([url])]))
  }

  /** The first relay lets go of what its clock says that it need not keep. */
  async sweep(): Promise<Swept | undefined> {
    return await this.#relays.get(relayUrl)?.sweep()
  }

  /** A directory of its own. */
  directory(name: string): string {
    const path = join(this.base, `${++this.#count}-${name}`)
    fs.mkdirSync(path)
    return path
  }

  device(name: string, options: DeviceOptions = {}): Device {
    return new Device(this, name, options)
  }

  /** Two devices of one vault, in sync. */
  async pair(first: DeviceOptions = {}, second: DeviceOptions = {}): Promise<[Device, Device]> {
    const [a, b] = [this.device('alpha', first), this.device('beta', second)]
    await a.add()
    await b.join(a)
    return [a, b]
  }

  dial(url: string): ReturnType<typeof memoryWirePair>[0] {
    const relay = this.#relays.get(url)
    if (relay === undefined || this.#gone.has(url))
      throw new ClientError('relay-unreachable', `no relay at ${url}`, { retryable: true })
    this.#dialled.set(url, this.dialled(url) + 1)
    const [near, far] = memoryWirePair((run) => void setImmediate(run))
    relay.connect(far)
    const wires = this.#wires.get(url) ?? new Set()
    this.#wires.set(url, wires.add(far))
    return near
  }

  /** How often somebody has reached this relay. */
  dialled(url: string): number {
    return this.#dialled.get(url) ?? 0
  }

  /** From now on nobody reaches this relay. */
  lose(url: string): void {
    this.#gone.add(url)
  }

  /** Every line that is open to this relay breaks. */
  hangUp(url: string): void {
    for (const wire of this.#wires.get(url) ?? []) wire.close(1001)
    this.#wires.delete(url)
  }

  /** It was started again, with what it keeps. */
  restart(url: string): void {
    this.#gone.delete(url)
    this.#relays.set(url, this.#start([url]))
  }

  /** From now on both addresses are of the first relay. */
  unite(): void {
    const one = this.#start([relayUrl, otherRelayUrl])
    for (const url of [relayUrl, otherRelayUrl]) this.#relays.set(url, one)
  }

  #start(urls: readonly string[]): RelayCore {
    const clock = this.#clock
    if (urls.includes(relayUrl)) return relayOf(urls, { stores: this.#stores, clock })
    if (urls.includes(thirdRelayUrl)) return relayOf(urls, { stores: this.thirdStores, clock })
    return relayOf(urls, { stores: this.otherStores, clock, door: this.otherDoor })
  }

  running(watching: Watching): void {
    this.#running.add(watching)
  }

  async end(): Promise<void> {
    for (const watching of this.#running) await watching.stop()
    fs.rmSync(this.base, { recursive: true, force: true })
  }
}

interface RelayParts {
  readonly stores: Stores
  readonly clock: RelayClock
  readonly door?: { registration: Registration }
}

function relayOf(
  urls: readonly string[],
  { stores, clock, door = { registration: 'open' } }: RelayParts,
): RelayCore {
  const origins = urls.map((url) => url.replace('ws:', 'http:'))
  const config = {
    origins,
    get registration() {
      return door.registration
    },
  }
  return new RelayCore({ stores, config, clock, random: systemRandom })
}

/** One device with one folder. */
export class Device {
  readonly name: string
  folder: string
  readonly homeDirectory: string
  /** Called around the calls of its file system. */
  readonly hands: Hands = {}
  /** Events of the last run. */
  events: FolderEvent[] = []
  readonly #ground: Ground
  readonly #options: DeviceOptions

  constructor(ground: Ground, name: string, options: DeviceOptions) {
    this.#ground = ground
    this.#options = options
    this.name = name
    this.folder = options.folder ?? ground.directory(name)
    this.homeDirectory = options.home ?? join(ground.directory(`${name}-home`), 'home')
    if (fs.existsSync(this.homeDirectory)) return
    const device = makeDevice(systemRandom)
    const certificate = certifyDevice(identity, publicDevice(device))
    makeHome(this.homeDirectory, {
      deviceName: name,
      device,
      identity: options.isAlone === true ? undefined : { keys: publicIdentity(identity), certificate },
      relays: [relayUrl],
    })
  }

  get home(): Home {
    return openHome(this.homeDirectory)
  }

  /** A path in its folder; bytes for names that are no text. */
  at(path: string): string
  at(path: Buffer): Buffer
  at(path: string | Buffer): string | Buffer {
    return typeof path === 'string'
      ? join(this.folder, path)
      : Buffer.concat([Buffer.from(`${this.folder}/`), path])
  }

  write(path: string, content: string | Uint8Array): void {
    fs.mkdirSync(join(this.at(path), '..'), { recursive: true })
    fs.writeFileSync(this.at(path), content)
  }

  read(path: string): string {
    return fs.readFileSync(this.at(path), 'utf8')
  }

  has(path: string): boolean {
    return fs.lstatSync(this.at(path), { throwIfNoEntry: false }) !== undefined
  }

  /** Names in a directory, sorted; ours left out. */
  names(path = ''): string[] {
    return fs
      .readdirSync(this.at(path))
      .filter((name) => name !== '.grenier')
      .sort()
  }

  /** Starts a vault from its folder. */
  async add(): Promise<Outcome> {
    const { home, platform, signal } = this.context()
    await openAccount({ home, platform, signal }, { relay: relayUrl, invite: undefined, identity })
    return await this.run((context) =>
      addFolder(context, { path: this.folder, name: 'vault', relay: relayUrl }),
    )
  }

  /** Joins the vault of another device. */
  async join(other: Device): Promise<Outcome> {
    return await this.joinBy(await other.invite())
  }

  /** A code that lets another device in. */
  async invite(role: 'owner' | 'writer' | 'reader' = 'writer'): Promise<string> {
    const engine = await openFolder(this.context(), this.folder)
    const { code } = await engine.invite({ role, expiresMs: 3_600_000 })
    await engine.close()
    return code
  }

  async joinBy(code: string): Promise<Outcome> {
    return await this.run((context) => joinFolder(context, { path: this.folder, code }))
  }

  /** Syncs until both sides agree. @throws what the engine throws */
  async sync(): Promise<Outcome> {
    return await this.run((context) => openFolder(context, this.folder))
  }

  /** Resolves once a run that watches says that both sides agree. */
  async synced(watching: Watching): Promise<void> {
    await watching.until(() =>
      this.events.some((event) => event.event === 'state' && event.state === 'synced'),
    )
  }

  /** Why it cannot be synced. */
  async refusal(): Promise<ClientError> {
    const outcome = await this.sync().catch((error: unknown) => error as ClientError)
    if (outcome instanceof Error) return outcome
    throw new Error('it was synced')
  }

  async run(open: (context: EngineContext) => Promise<FolderEngine>): Promise<Outcome> {
    this.events = []
    const engine = await open(this.context())
    try {
      const summary = await engine.run({ once: true })
      return outcomeOf(summary, this.events)
    } finally {
      await engine.close()
    }
  }

  /** Syncs and watches until stopped. */
  async watch(): Promise<Watching> {
    this.events = []
    const stop = new AbortController()
    const listeners = new Set<() => void>()
    const heard = (event: FolderEvent): void => {
      this.events.push(event)
      for (const listener of listeners) listener()
    }
    const engine = await openFolder({ ...this.context(), report: heard, signal: stop.signal }, this.folder)
    const ended = engine
      .run({ once: false })
      .then(() => undefined)
      .catch((error: unknown) => error as ClientError)
      .finally(() => engine.close())
    const watching = new Watching({ engine, stop, ended, listeners })
    this.#ground.running(watching)
    return watching
  }

  context(): EngineContext {
    const { clock = systemClock, fileSystem, watch } = this.#options
    const platform: Platform = {
      clock,
      random: systemRandom,
      pool: inlineWorkerPool(),
      dial: async (url) => await Promise.resolve().then(() => this.#ground.dial(url)),
      limit: () => undefined,
      fileSystem: async (folder) =>
        await Promise.resolve(heardBy(fileSystem?.() ?? openRealFileSystem(folder), this.hands)),
      state: async (directory) => {
        fs.mkdirSync(join(directory, '..'), { recursive: true, mode: 0o700 })
        return await LevelStateStore.open(directory)
      },
      scratch: () => Promise.resolve(new MemoryDisk().open()),
      watch: watch ?? ((root, events) => watchFolder({ root, events, clock: systemClock })),
    }
    const report = (event: FolderEvent): void => void this.events.push(event)
    return { home: this.home, platform, report, signal: new AbortController().signal }
  }
}

/** A run that watches. */
export class Watching {
  /** How it ended; undefined when it was only stopped. */
  readonly ended: Promise<ClientError | undefined>
  readonly engine: FolderEngine
  readonly #stop: AbortController
  readonly #listeners: Set<() => void>

  constructor(run: {
    readonly engine: FolderEngine
    readonly stop: AbortController
    readonly ended: Promise<ClientError | undefined>
    readonly listeners: Set<() => void>
  }) {
    this.engine = run.engine
    this.#stop = run.stop
    this.ended = run.ended
    this.#listeners = run.listeners
  }

  /** Resolves when this holds, asked after each event; rejects when the run ends before. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      let listener = (): void => undefined
      const event = new Promise<'event'>((resolve) => (listener = () => resolve('event')))
      this.#listeners.add(listener)
      const first = await Promise.race([event, this.ended])
      this.#listeners.delete(listener)
      if (first !== 'event') throw first ?? new Error('stopped')
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.ended
  }
}

/** Syncs one after the other until their trees are equal. */
export async function agree(...devices: readonly Device[]): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    for (const device of devices) await device.sync()
    const [first = '', ...others] = devices.map(({ folder }) => folder)
    if (round > 0 && others.every((other) => isSameTree(first, other))) return
  }
  throw new Error(`no agreement:\n${devices.map(({ folder }) => treeOf(folder).join('\n')).join('\n\n')}`)
}

/** Whether two folders hold the same; times may differ by what Node cannot set, less than a microsecond. */
function isSameTree(one: string, other: string): boolean {
  if (treeOf(one).join('\n') !== treeOf(other).join('\n')) return false
  const [times, others] = [timesOf(one), timesOf(other)]
  return [...times].every(([path, time]) => {
    const off = time - (others.get(path) ?? 0n)
    return off > -1000n && off < 1000n
  })
}

/** Each path below a folder as a line: kind, bits, bytes or target. Sorted. */
export function treeOf(root: string): string[] {
  return walk(root).map(([line]) => line)
}

/** Modification times below a folder, ns, by line; not of directories. */
export function timesOf(root: string): Map<string, bigint> {
  return new Map(walk(root).filter(([line]) => !line.includes('/ ')))
}

function walk(root: string): [string, bigint][] {
  const lines: [string, bigint][] = []
  const enter = (directory: Buffer, prefix: string): void => {
    for (const name of fs.readdirSync(directory, { encoding: 'buffer' })) {
      if (prefix === '' && name.toString() === '.grenier') continue
      const path = Buffer.concat([directory, Buffer.from('/'), name])
      const shown = `${prefix}${name.toString('latin1')}`
      const stat = fs.lstatSync(path, { bigint: true })
      const push = (line: string): unknown => lines.push([line, stat.mtimeNs])
      const bits = (stat.mode & 0o777n).toString(8)
      if (stat.isDirectory()) {
        push(`${shown}/ ${bits}`)
        enter(path, `${shown}/`)
      } else if (stat.isSymbolicLink())
        push(`${shown} -> ${fs.readlinkSync(path, { encoding: 'buffer' }).toString('latin1')}`)
      else if (stat.isFile()) push(`${shown} ${bits} ${stat.size} ${digest(fs.readFileSync(path))}`)
      else push(`${shown} other`)
    }
  }
  enter(Buffer.from(root), '')
  return lines.sort(([a], [b]) => (a < b ? -1 : 1))
}

function digest(bytes: Uint8Array): string {
  return process.getBuiltinModule('node:crypto').hash('sha256', bytes, 'hex').slice(0, 16)
}

function outcomeOf(summary: Summary, events: readonly FolderEvent[]): Outcome {
  const problems = events.filter((event) => event.event === 'problem')
  const kept = events.filter((event) => event.event === 'conflict')
  return {
    summary,
    events,
    problems: problems.map(({ code, path }) => `${code} ${path}`).sort(),
    kept: kept.map(({ keptAs }) => keptAs).sort(),
  }
}
