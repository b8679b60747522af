// One simulated device with its folder: what survives a crash, and the process that may run on it. Each call that the process makes of its
// disk or its state is a step, at which its user may edit, its line may break, or it may die; what a dead one still does has no effect.
import { hash } from 'node:crypto'
import {
  inlineWorkerPool,
  MemoryDisk,
  MemoryFolder,
  MemoryUser,
  openFolder,
  openMemoryFileSystem,
  placeOneByOne,
  readOneByOne,
  stageOneByOne,
  type EngineContext,
  type FileSystem,
  type FolderEngine,
  type FolderEvent,
  type Platform,
  type StateStore,
  type WatchEvents,
} from '@grenier/client'
import type { RelativePath } from '../../packages/client/src/sync/name.ts'
import { keySpace } from '../../packages/client/src/state/state-keys.ts'
import { canary } from './canary.ts'
import { MemoryHome } from './memory-home.ts'
import { copyFolder, type KeptMachine } from './ready-world.ts'
import type { World } from './world.ts'

/** What is special about a machine. */
export interface MachineOptions {
  /** Whether its file system takes names that differ in case or Unicode form for one. */
  readonly folds?: boolean | undefined
  /** Where it starts; else empty. */
  readonly kept?: KeptMachine | undefined
}

/** Somebody who waits for the process to do a certain thing. */
interface Waiter {
  /** Calls of this kind to let pass. */
  left: number
  readonly call: WaitedCall
  readonly run: (path: string) => void
}

/** Right before what something may happen: an effect (on something of the user's), a file opened, read or looked at again, a flush, a batch. */
export type WaitedCall = (typeof waitedCalls)[number] | 'namedChange' | 'read-on'
const waitedCalls = ['change', 'openForReading', 'read', 'stampNow', 'flush', 'batch'] as const

interface Watching {
  readonly events: WatchEvents
  readonly life: number
}

/** One device. */
export class Machine {
  readonly name: string
  readonly folds: boolean
  /** Whether it was there from the beginning. */
  readonly isFirst: boolean
  readonly folder: MemoryFolder
  readonly user: MemoryUser
  readonly home: MemoryHome
  readonly events: FolderEvent[] = []
  readonly disk = new MemoryDisk()
  outcome: 'done' | Error | undefined
  /** ms that its clock is ahead of the world's. */
  skewMs: number
  /** How often a call of the disk takes its time. */
  slowness = 0
  /** How often a watcher says nothing. */
  hintLoss = 0
  /** Walks over what differs, since the last start of a process. */
  plans = 0
  /** Where the listing of the state before this one began. */
  #listed = ''
  readonly #world: World
  readonly #watchers = new Set<Watching>()
  #life = 0
  #steps = 0
  /** What happens at steps to come. */
  #ahead: { readonly step: number; readonly run: () => void }[] = []
  #waiters: Waiter[] = []
  /** The file that was opened last. */
  #opened = ''
  #abort = new AbortController()
  #running: Promise<'done' | Error> | undefined
  #engine: FolderEngine | undefined

  constructor(world: World, at: number, options: MachineOptions = {}) {
    this.#world = world
    this.name = `device-${at}`
    this.folds = options.folds ?? false
    this.isFirst = options.kept !== undefined
    this.skewMs = world.random.below(4000) - 2000
    const clock = world.scheduler.clockOf(this)
    const folds = this.folds ? { caseInsensitive: true, normalizesUnicode: true } : undefined
    const fault = (call: string, path: string): undefined => this.#between(call, path)
    this.folder = new MemoryFolder({ clock, folds, fault })
    this.user = new MemoryUser(this.folder)
    this.home = new MemoryHome(`${canary}-${this.name}`, at)
    if (options.kept === undefined) return
    this.home.folders = options.kept.folders
    copyFolder(options.kept.files, this.folder)
    this.disk.write(options.kept.state, true)
  }

  readonly alive = (): boolean => true

  /** Whether the process of now is the one of this life. */
  get running(): boolean {
    return this.#running !== undefined
  }

  /** Steps over all lives. */
  get steps(): number {
    return this.#steps
  }

  /** Lets something happen right before a step to come. */
  atStep(steps: number, run: () => void): void {
    this.#ahead.push({ step: this.#steps + steps, run })
  }

  /** Lets something happen right before a call to come, so many others of its kind having passed. `path`: what it is about, if that is a file's. */
  atCall(call: WaitedCall, after: number, run: (path: string) => void): void {
    this.#waiters.push({ call, left: after, run })
  }

  /** Nothing that was to happen at a step happens any more. */
  forgetSteps(): void {
    this.#ahead = []
    this.#waiters = []
  }

  /** Ends this life at a step chosen by the world. */
  dieAfter(steps: number): void {
    if (steps === Number.POSITIVE_INFINITY) this.forgetSteps()
    else this.atStep(steps, () => this.kill())
  }

  /** Runs something of the engine as a process of this machine. */
  start(work: (context: EngineContext) => Promise<FolderEngine>, once: boolean): void {
    const life = ++this.#life
    this.#abort = new AbortController()
    this.outcome = undefined
    this.plans = 0
    const run = async (): Promise<'done' | Error> => {
      try {
        const engine = await work(this.context(life))
        if (this.#life === life) this.#engine = engine
        try {
          await engine.run({ once })
        } finally {
          if (this.#life === life) this.#engine = undefined
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
      this.#world.ended(this, outcome)
    })
  }

  sync(once: boolean): void {
    this.start((context) => openFolder(context, this.folderPath), once)
  }

  /**
   * Asks something of the process that runs; else of one that is started for it, and then syncs. `told` how it went, unless the process died
   * before.
   */
  ask(what: (engine: FolderEngine) => Promise<unknown>, told: (failed: unknown) => void): void {
    const asked = async (engine: FolderEngine): Promise<void> => {
      const life = this.#life
      const failed = await what(engine).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (this.#life === life) told(failed)
    }
    if (this.#engine !== undefined) void asked(this.#engine)
    else if (!this.running)
      this.start(async (context) => {
        const engine = await openFolder(context, this.folderPath)
        await asked(engine)
        return engine
      }, true)
  }

  /** What the user sees, one line a path: kind, bits, time (not of directories, and as far as disks keep it), and a hash of the bytes. */
  tree(): string[] {
    return [...this.user.tree()].map(([path, { kind, mode, mtimeNs, bytes }]) => {
      const time = kind === 'directory' ? '' : mtimeNs >> 12n
      return `${path} ${kind} ${kind === 'link' ? '' : mode.toString(8)} ${time} ${digest(bytes)}`
    })
  }

  get folderPath(): string {
    return `/${this.name}`
  }

  /** Something changed in this directory: watchers may say so, some time. */
  touched(directory: string): void {
    if (this.#watchers.size === 0) return
    const { random, scheduler } = this.#world
    for (const { events, life } of this.#watchers) {
      if (random.chance(this.hintLoss)) continue
      scheduler.after(random.below(300), () => {
        if (this.#life === life) events.hint(directory as RelativePath)
      })
    }
  }

  /** Stops cleanly. */
  stop(): void {
    this.#abort.abort()
  }

  /** Loses all that it knew of the vault, but not which folder is whose: the marker is what is kept of the state. */
  forget(): void {
    this.disk.forget((key) => key !== 'x!marker')
  }

  /** Its person no longer wants the folder synced: as `forget` does it, all that there is of the user stays. */
  async forgetFolder(): Promise<void> {
    await this.home.removeFolder(this.folderPath)
    this.disk.forget(() => true)
    if (this.user.exists('.grenier')) this.user.remove('.grenier')
  }

  /** Pulls the plug; or, without `power`, ends the process alone, and nothing that it wrote is lost. */
  kill(power = true): void {
    this.#world.note(`${this.name} ${power ? 'loses power' : 'is killed'}`)
    this.#life += 1
    this.#running = undefined
    this.#engine = undefined
    this.forgetSteps()
    this.#watchers.clear()
    this.#world.cut(this)
    const { random } = this.#world
    if (power) this.folder.crash((choices) => random.below(choices))
    this.disk.crash(power ? random.below(this.disk.unflushedBatches + 1) : this.disk.unflushedBatches)
  }

  context(life = this.#life): EngineContext {
    const world = this.#world
    // What was told to stop has stopped: this is asked for by somebody else.
    if (!this.running && this.#abort.signal.aborted) this.#abort = new AbortController()
    const clock = world.scheduler.clockOf({
      alive: () => this.#life === life,
      skewMs: 0,
    })
    const platform: Platform = {
      clock: { ...clock, now: () => world.scheduler.nowMs + this.skewMs },
      random: world.random,
      pool: inlineWorkerPool(),
      dial: (url) => (this.#life === life ? world.dialled(this, url) : never()),
      limit: () => undefined,
      fileSystem: () => Promise.resolve(this.#fileSystem(life)),
      state: () => Promise.resolve(this.#guarded<StateStore>(this.disk.open(), life, false)),
      scratch: () => Promise.resolve(new MemoryDisk().open()),
      watch: (_, events) => this.#watch(events, life),
    }
    const report = (event: FolderEvent): void => {
      if (this.#life === life && event.event !== 'progress') this.events.push(event)
    }
    const { checkpointEvery } = world
    return { home: this.home, platform, report, signal: this.#abort.signal, checkpointEvery }
  }

  /** What is done in bulk is done call by call, so that anything may happen between any two of them. */
  #fileSystem(life: number): FileSystem {
    const files = this.#guarded<FileSystem>(openMemoryFileSystem(this.folder), life, true)
    const bulk: Pick<FileSystem, 'readWhole' | 'stageWhole' | 'placeNew'> = {
      readWhole: (wanted) => readOneByOne(files, wanted),
      stageWhole: (wanted) => stageOneByOne(files, wanted),
      placeNew: (places) => placeOneByOne(files, places),
    }
    return new Proxy(files, {
      get: (target, key): unknown => Reflect.get(key in bulk ? bulk : target, key),
    })
  }

  #watch(events: WatchEvents, life: number): { ready: Promise<void>; close: () => Promise<void> } {
    const watching = { events, life }
    this.#watchers.add(watching)
    const close = (): Promise<void> => {
      this.#watchers.delete(watching)
      return Promise.resolve()
    }
    return { ready: Promise.resolve(), close }
  }

  /** Each call counts as a step, at which the process may die; a dead one's calls never come back, and do nothing. */
  #guarded<T extends object>(inner: T, life: number, slow: boolean): T {
    const calls = new Map<string | symbol, unknown>()
    return new Proxy(inner, {
      get: (target, key) => {
        const known = calls.get(key)
        if (known !== undefined) return known
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        const call = (...given: unknown[]): unknown => {
          if (this.#life === life) this.#step()
          if (this.#life !== life) return deadCall(key)
          this.#notice(key, given)
          // What it waited for may have been the end of this life.
          if (this.#life !== life) return deadCall(key)
          const result: unknown = Reflect.apply(value, target, given)
          return result instanceof Promise ? this.#late(result, life, slow) : result
        }
        calls.set(key, call)
        return call
      },
    })
  }

  #step(): void {
    this.#steps += 1
    if (this.#ahead.length === 0) return
    const due = this.#ahead.filter(({ step }) => step <= this.#steps)
    if (due.length === 0) return
    this.#ahead = this.#ahead.filter(({ step }) => step > this.#steps)
    for (const { run } of due) run()
  }

  #notice(key: string | symbol, given: readonly unknown[]): void {
    const [first] = given
    if (key === 'range' && typeof first === 'object' && first !== null && 'from' in first) {
      const from = String(first.from)
      // What lists all that there is, as a checkpoint does, begins with what agrees.
      if (from.startsWith(keySpace.differing) && this.#listed !== keySpace.agreeing) this.plans += 1
      this.#listed = from
    }
    const call = waitedCalls.find((one) => one === key)
    if (call === undefined) return
    const paths = pathsOf(first)
    if (call === 'openForReading') this.#opened = paths[0] ?? ''
    if (call === 'change') for (const path of paths) this.touched(parentOf(path))
    if (this.#waiters.length === 0) return
    const path = call === 'read' || call === 'stampNow' ? this.#opened : (paths[0] ?? '')
    const isMeant = (waiter: Waiter): boolean =>
      waiter.call === call || (waiter.call === 'namedChange' && call === 'change' && path !== '')
    const due = this.#waiters.filter((waiter) => isMeant(waiter) && waiter.left-- <= 0)
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter))
    for (const { run } of due) run(path)
  }

  /** In the middle of a call. */
  #between(call: string, path: string): undefined {
    if (call !== 'read-on' || this.#waiters.length === 0) return
    const due = this.#waiters.filter((waiter) => waiter.call === call && waiter.left-- <= 0)
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter))
    for (const { run } of due) run(path)
  }

  async #late(result: Promise<unknown>, life: number, slow: boolean): Promise<unknown> {
    const value = await result
    if (slow && this.slowness > 0 && this.#world.random.chance(this.slowness))
      await new Promise<void>(
        (resolve) => void this.#world.scheduler.after(this.#world.random.below(40), resolve),
      )
    if (this.#life !== life) return await never()
    return typeof value === 'object' && value !== null && 'close' in value
      ? this.#guarded(value, life, slow)
      : value
  }
}

/** A promise of its own each time: one for all would hold on to everybody who ever waited for it. */
const never = (): Promise<never> => new Promise(() => undefined)

/** What a process is told that asked at once, and is dead: nobody hears what it makes of it. */
export class DeadProcess extends Error {}

/** What asks at once cannot wait for ever. @throws DeadProcess */
function deadCall(key: string | symbol): Promise<never> {
  if (key === 'get') throw new DeadProcess('this process is dead')
  return never()
}

function digest(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 16)
}

/** Paths of the user's in what a call is given. */
function pathsOf(given: unknown): string[] {
  if (typeof given === 'string') return given.includes(canary) ? [given] : []
  if (typeof given !== 'object' || given === null) return []
  return Object.values(given).filter(
    (value): value is string => typeof value === 'string' && value.includes(canary),
  )
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
