// The two commands as a person starts them: real processes of node_modules/.bin, in temporary places, with `--json`. Everything is ended and
// removed when the test is over, however it ended; what was said is shown when it failed. GRENIER_KEEP=1 leaves the places where they are.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, type TestContext } from 'vitest'

const bin = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url))

/** How much of what a process said is shown when a test fails, characters from its end. */
const shownChars = 4000
/** Of how many processes, the last ones started. */
const shownProcesses = 8

/** One line of `--json`. */
export type Line = Readonly<Record<string, unknown>> & { readonly event: string }

/** How a command ended. `exitCode` is null when a signal ended it. */
export interface Ended {
  readonly exitCode: number | null
  readonly lines: readonly Line[]
  readonly stdout: Buffer
  readonly stderr: string
}

/** How a command is started. `environment`: variables besides the few that all have. */
interface RunOptions {
  readonly json: boolean
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** A command that runs. */
export class Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  readonly #title: string
  readonly #json: boolean
  readonly #stdout: Buffer[] = []
  readonly #lines: Line[] = []
  #rest = ''
  #stderr = ''
  #over = false
  #listeners = new Set<() => void>()

  constructor(command: string, args: readonly string[], options: RunOptions) {
    this.#title = `${command} ${args.join(' ')}`
    this.#json = options.json
    // Nothing of the machine's own set-up may change what is tested.
    const plain = { PATH: process.env['PATH'], HOME: '/nonexistent', LANG: 'C.UTF-8', NO_COLOR: '1' }
    const env = { ...plain, ...options.environment }
    this.process = spawn(join(bin, command), args, { env, stdio: 'pipe' })
    this.process.stdin?.on('error', () => undefined)
    this.process.stdin?.end(options.input ?? '')
    this.process.stdout?.on('data', (data: Buffer) => this.#take(data))
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    this.ended = this.#end()
  }

  /** The lines so far. */
  get lines(): readonly Line[] {
    return this.#lines
  }

  /** What stood on stderr so far. */
  get stderr(): string {
    return this.#stderr
  }

  /** Whether the process has ended. */
  get over(): boolean {
    return this.#over
  }

  /** Told after each line, and at the end; returns how to stop it. */
  onLine(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The first line, from the `from`th on, that `wanted` holds for. Fails when the process ends without one. */
  async line(wanted: (line: Line) => boolean, from = 0): Promise<Line> {
    for (;;) {
      const found = this.#lines.slice(from).find(wanted)
      if (found !== undefined) return found
      if (this.#over) throw new Error(`ended before the line came: ${this.transcript()}`)
      await this.#news()
    }
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.process.kill(signal)
    return await this.ended
  }

  /** What was said, for a failed test. */
  transcript(): string {
    const out = this.#json ? this.#lines.map((line) => JSON.stringify(line)).join('\n') : ''
    const tail = (text: string): string => (text.length > shownChars ? `…${text.slice(-shownChars)}` : text)
    const code = this.process.exitCode ?? this.process.signalCode ?? 'runs'
    return `$ ${this.#title}   [${code}]\n${tail(out)}\n${tail(this.#stderr)}`
  }

  async #end(): Promise<Ended> {
    const [code] = (await once(this.process, 'close')) as [number | null]
    this.#over = true
    this.#tell()
    const { lines, stderr } = this
    return { exitCode: code, lines, stderr, stdout: Buffer.concat(this.#stdout) }
  }

  #take(data: Buffer): void {
    if (!this.#json) {
      this.#stdout.push(data)
      return
    }
    const lines = (this.#rest + data.toString('latin1')).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#lines.push(decodeLine(Buffer.from(line, 'latin1').toString()))
    this.#tell()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.onLine(() => {
        stop()
        resolve()
      })
    })
  }
}

function decodeLine(text: string): Line {
  const value: unknown = JSON.parse(text)
  if (typeof value === 'object' && value !== null && 'event' in value && typeof value.event === 'string')
    return value as Line
  throw new Error(`no line of the contract: ${text}`)
}

/** A temporary place with its processes. */
export class Stage {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'grenier-e2e-')))
  readonly #started: Running[] = []

  /** What to show besides when the test fails: seeds, what was done, how things stand. */
  readonly notes: (() => string)[] = []

  /** Variables of what is started from now on, besides the few that all have. */
  environment: Readonly<Record<string, string>> = {}

  /** A place for the test that runs now. */
  static forTest(): Stage {
    const stage = new Stage()
    onTestFinished(async ({ task }) => {
      stage.#showIfFailed(task.result?.state)
      await stage.close()
    })
    return stage
  }

  /** For a place that several tests share: one of them begins. What it starts is ended with it. */
  inTest({ onTestFinished: whenFinished }: Pick<TestContext, 'onTestFinished'>): void {
    whenFinished(async ({ task }) => {
      this.#showIfFailed(task.result?.state)
      await this.#endAll()
      this.#started.length = 0
      this.notes.length = 0
    })
  }

  /** Ends everything and removes the place. */
  async close(): Promise<void> {
    await this.#endAll()
    if (process.env['GRENIER_KEEP'] !== '1')
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }

  /** Before anything is ended: how a process stood is what one wants to know of a test that waited in vain. */
  #showIfFailed(state: string | undefined): void {
    if (state !== 'fail') return
    const notes = this.notes.map((note) => note())
    const said = this.#started.slice(-shownProcesses).map((one) => one.transcript())
    console.error([...notes, ...said].join('\n\n'))
  }

  async #endAll(): Promise<void> {
    for (const one of this.#started) if (!one.over) one.process.kill('SIGKILL')
    await Promise.all(this.#started.map((one) => one.ended))
  }

  /** A path below the temporary place. */
  path(...names: string[]): string {
    return join(this.folder, ...names)
  }

  /** A new empty folder. */
  newFolder(name: string): string {
    const folder = this.path(name)
    mkdirSync(folder, { recursive: true })
    return folder
  }

  /** Starts a command. */
  start(command: 'grenier' | 'grenier-relay', args: readonly string[], options = { json: true }): Running {
    const running = new Running(command, args, { ...options, environment: this.environment })
    this.#started.push(running)
    return running
  }

  /** Runs a command of the machine to its end. */
  machine(command: string, ...args: string[]): { exitCode: number | null; stdout: Buffer; stderr: string } {
    const { status, stdout, stderr, error } = spawnSync(command, args, { maxBuffer: 1 << 28 })
    if (error !== undefined) throw error
    return { exitCode: status, stdout, stderr: stderr.toString() }
  }

  /** How the first command ended that was started with this word. */
  async started(word: string): Promise<Ended> {
    const found = this.#started.find((one) => one.process.spawnargs.includes(word))
    if (found === undefined) throw new Error(`no ${word} was started`)
    return await found.ended
  }

  /** A device: a home of its own. */
  device(name: string): Device {
    return new Device(this, name)
  }

  /** A relay on loopback, not started yet. */
  async relay(name = 'relay'): Promise<Relay> {
    return new Relay(this, this.path(name), await freePort())
  }
}

/** One `GRENIER_HOME`. */
export class Device {
  readonly name: string
  readonly home: string
  readonly #stage: Stage

  constructor(stage: Stage, name: string) {
    this.#stage = stage
    this.name = name
    this.home = stage.path(`home-${name}`)
  }

  /** Runs `grenier` to its end, with `--json`. */
  async run(...args: string[]): Promise<Ended> {
    return await this.start(...args).ended
  }

  /** The same, and fails unless the exit code is 0. */
  async done(...args: string[]): Promise<Ended> {
    const running = this.start(...args)
    const ended = await running.ended
    if (ended.exitCode !== 0) throw new Error(`exit code ${ended.exitCode}: ${running.transcript()}`)
    return ended
  }

  /** Starts `grenier` with `--json`. */
  start(...args: string[]): Running {
    return this.#stage.start('grenier', ['--home', this.home, '--lang', 'en', '--json', ...args])
  }

  /** Starts `grenier` with data on stdout. */
  startPlain(...args: string[]): Running {
    return this.#stage.start('grenier', ['--home', this.home, '--lang', 'en', ...args], { json: false })
  }

  /** Makes identity and account; the words go to a file whose path is returned. */
  async setup(relayUrl: string, deviceName = this.name): Promise<string> {
    const words = `${this.home}.words`
    await this.done('setup', relayUrl, '--device-name', deviceName, '--phrase-out', words)
    return words
  }

  /** A code for one more device. */
  async invite(folder: string, ...flags: readonly string[]): Promise<string> {
    const { lines } = await this.done('invite', folder, ...flags)
    return String(lineOf(lines, 'invite')['code'])
  }

  /** What `status --json` says of a folder. */
  async status(folder: string): Promise<Record<string, unknown>> {
    const { lines } = await this.done('status')
    const { folders } = lineOf(lines, 'status') as unknown as { folders: Record<string, unknown>[] }
    const found = folders.find((one) => one['path'] === folder)
    if (found === undefined) throw new Error(`status does not list ${folder}`)
    return found
  }
}

/** A relay's data folder and address; started and stopped any number of times. */
export class Relay {
  readonly data: string
  readonly port: number
  readonly #stage: Stage
  #running: Running | undefined
  /** All that it ever wrote to stdout and stderr. */
  #log = ''

  constructor(stage: Stage, data: string, port: number) {
    this.#stage = stage
    this.data = data
    this.port = port
  }

  /** Where it listens. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** Its words so far, of all its runs. */
  get log(): string {
    const now = this.#running
    return this.#log + (now === undefined ? '' : JSON.stringify(now.lines) + now.stderr)
  }

  /** Resolves with the URL when it is ready. `publicUrl`: where clients dial instead. */
  async start(options: { publicUrl?: string } = {}): Promise<string> {
    const args = ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`, '--json']
    if (options.publicUrl !== undefined) args.push('--public-url', options.publicUrl.replace(/^ws/, 'http'))
    this.#running = this.#stage.start('grenier-relay', args)
    const ready = await this.#running.line((line) => line.event === 'ready')
    return String(ready['url'])
  }

  /** A clean stop, which must succeed. */
  async stop(): Promise<void> {
    const { exitCode } = await this.#end('SIGTERM')
    if (exitCode !== 0) throw new Error(`the relay stopped with ${exitCode}`)
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<Ended> {
    if (this.#running === undefined) throw new Error('the relay does not run')
    const ended = await this.#running.stop(signal)
    this.#log = this.log
    this.#running = undefined
    return ended
  }
}

/** The first line of this event. */
export function lineOf(lines: readonly Line[], event: string): Line {
  const found = lines.find((line) => line.event === event)
  if (found === undefined) throw new Error(`no line ${event} among ${JSON.stringify(lines.slice(-20))}`)
  return found
}

/** The summary over all folders: the last line. */
export function summaryOf({ lines }: Ended): Line {
  const last = lines.at(-1)
  if (last?.event !== 'summary') throw new Error(`the last line is no summary: ${JSON.stringify(last)}`)
  return last
}

/** The words that `setup` wrote. */
export function wordsIn(file: string): string {
  return readFileSync(file, 'utf8').trim()
}

/** A port of loopback that nobody listened on a moment ago: what is restarted has to keep its own. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/**
 * Waits until `holds`, asked after each line of these processes; fails when one of them ends first. Nothing is asked between lines: what
 * never tells is never found.
 */
export async function untilHolds(watched: readonly Running[], holds: () => boolean): Promise<void> {
  while (!holds()) {
    const ended = watched.find((one) => one.over)
    if (ended !== undefined) throw new Error(`ended while it was waited for: ${ended.transcript()}`)
    await new Promise<void>((resolve) => {
      const stops = watched.map((one) =>
        one.onLine(() => {
          for (const stop of stops) stop()
          resolve()
        }),
      )
    })
  }
}

/** Whether the last that a watching process said of its state is that both sides agree. */
export function isSynced(running: Running): boolean {
  return running.lines.findLast((line) => line.event === 'state')?.['state'] === 'synced'
}
