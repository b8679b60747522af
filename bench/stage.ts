// The two commands as processes, for measuring: a relay and devices in a temporary place, their lines, and what the kernel says they took.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endWithUs, removeNow, removeWithUs } from './ending.ts'

const bin = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url))
/** Clock ticks of /proc a second. */
const ticksPerSecond = 100
/** How often a process is asked for its memory. */
const sampleMs = 100

type Line = Readonly<Record<string, unknown>>

/** A process with JSON lines. */
export class Running {
  readonly process: ChildProcess
  readonly ended: Promise<unknown>
  readonly #lines: Line[] = []
  readonly #waiting = new Set<() => void>()
  #over = false

  /** `prefix`: a command that starts it, and becomes it. */
  constructor(command: 'grenier' | 'grenier-relay', args: readonly string[], prefix: readonly string[] = []) {
    const [program = '', ...words] = [...prefix, join(bin, command), ...args]
    this.process = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'] })
    endWithUs(this.process)
    let text = ''
    this.process.stdout?.on('data', (data: Buffer) => {
      const lines = (text + data.toString()).split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) this.#lines.push(JSON.parse(line) as Line)
      this.#tell()
    })
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code) => {
        this.#over = true
        this.#tell()
        resolve(code)
      })
    })
  }

  /** Its number with the kernel. */
  get pid(): number {
    return this.process.pid ?? 0
  }

  /** How many lines came so far. */
  get count(): number {
    return this.#lines.length
  }

  /** The first line from the `from`th on that is wanted. */
  async line(wanted: (line: Line) => boolean, from = 0): Promise<Line> {
    for (;;) {
      const found = this.#lines.slice(from).find(wanted)
      if (found !== undefined) return found
      if (this.#over) throw new Error(`ended before: ${JSON.stringify(this.#lines.slice(-3))}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  /** Resident memory now, and the most there ever was, MiB. Linux only. */
  memoryMiB(): { now: number; most: number } {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8')
    const of = (name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
    return { now: of('VmRSS'), most: of('VmHWM') }
  }

  /** The most memory that it takes until it ends, MiB. Linux only. */
  async peakMiB(): Promise<number> {
    let most = 0
    const timer = setInterval(() => {
      try {
        most = Math.max(most, this.memoryMiB().most)
      } catch {
        clearInterval(timer)
      }
    }, sampleMs)
    await this.ended
    clearInterval(timer)
    return most
  }

  /** Seconds of processor time so far. Linux only. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM')
    await this.ended
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** A new temporary place; GRENIER_BENCH_DIR says on which disk. */
export function newPlace(): string {
  const place = mkdtempSync(join(process.env['GRENIER_BENCH_DIR'] ?? tmpdir(), 'grenier-bench-'))
  removeWithUs(place)
  return place
}

/** A temporary place with a relay. */
export class Stage {
  readonly base: string
  readonly #running: Running[] = []

  /** At `base`, which is made, or in a new place. */
  constructor(base?: string) {
    this.base = base ?? newPlace()
    mkdirSync(this.base, { recursive: true })
  }

  /** A path in it. */
  path(...names: string[]): string {
    return join(this.base, ...names)
  }

  folder(name: string): string {
    mkdirSync(this.path(name), { recursive: true })
    return this.path(name)
  }

  /** `prefix`: see `Running`. */
  start(
    command: 'grenier' | 'grenier-relay',
    args: readonly string[],
    prefix: readonly string[] = [],
  ): Running {
    const running = new Running(command, args, prefix)
    this.#running.push(running)
    return running
  }

  /** Starts a relay; gives its URL. `dialled`: the port that clients dial instead of the one it listens on. */
  async relay(ports: { port?: number; dialled?: number } = {}): Promise<{ relay: Running; url: string }> {
    const { port = 0 } = ports
    const { dialled = port } = ports
    const args = ['serve', '--data', this.path('relay'), '--listen', `127.0.0.1:${port}`, '--json']
    const asked = dialled === port ? [] : ['--public-url', `http://127.0.0.1:${dialled}`]
    const relay = this.start('grenier-relay', [...args, ...asked])
    const { url } = await relay.line(({ event }) => event === 'ready')
    return { relay, url: String(url) }
  }

  /** A device with an account. */
  device(name: string, url: string, prefix: readonly string[] = []): (...args: string[]) => Running {
    const home = this.path(`home-${name}`)
    const options = ['--device-name', name, '--phrase-out', this.path(`words-${name}`)]
    const command = [...prefix, join(bin, 'grenier'), '--home', home, 'setup', url, ...options]
    execFileSync(command[0] ?? '', command.slice(1), { stdio: 'ignore' })
    return (...args) => this.start('grenier', ['--home', home, '--json', ...args], prefix)
  }

  /** Ends what runs and removes the place. */
  async close(): Promise<void> {
    for (const running of this.#running.reverse()) await running.stop()
    removeNow(this.base)
  }
}
