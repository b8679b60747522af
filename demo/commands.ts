// The two commands as child processes: each is known until it has ended, and none outlives the demonstration.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Who is asked to stop and does not is ended after this long. */
const graceMs = 10_000

const bins = {
  grenier: fileURLToPath(new URL('../packages/client/bin/grenier.mjs', import.meta.url)),
  'grenier-relay': fileURLToPath(new URL('../packages/relay/bin/grenier-relay.mjs', import.meta.url)),
}

/** One line of JSON of a command. */
export type Line = Readonly<Record<string, unknown>>

export interface Started {
  readonly name: keyof typeof bins
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Given on standard input. */
  readonly input?: string
  readonly onLine?: (line: Line) => void
}

/** How a command ended. `words`: what it said on standard error. */
export interface Ended {
  readonly code: number
  readonly words: string
}

/** A command that failed: what it said is what there is to say. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly ended: Ended

  constructor(command: string, ended: Ended) {
    super(command)
    this.ended = ended
  }
}

/** A running command. */
export class RunningCommand {
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess

  constructor(child: ChildProcess, ended: Promise<Ended>) {
    this.#child = child
    this.ended = ended
  }

  /** Asks it to stop, as Ctrl-C would, and waits; after a while it is ended. */
  async stop(): Promise<Ended> {
    this.#child.kill('SIGINT')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), graceMs)
    try {
      return await this.ended
    } finally {
      clearTimeout(late)
    }
  }
}

/** Starts commands, and knows those that still run. */
export class Commands {
  readonly #running = new Map<RunningCommand, ChildProcess>()
  #interrupted = false

  start({ name, args, environment, input, onLine }: Started): RunningCommand {
    const child = spawn(process.execPath, [bins[name], ...args], {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C of the terminal reaches this process alone, which stops the others in their order.
      detached: true,
    })
    // One that fails at once does not read what it is given.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input ?? '')
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = lineOf(text)
      if (line !== undefined) onLine?.(line)
    })
    const running = new RunningCommand(child, endOf(child))
    this.#running.set(running, child)
    void running.ended.then(() => this.#running.delete(running))
    if (this.#interrupted) child.kill('SIGINT')
    return running
  }

  /** Runs a command to its end, and returns its lines. @throws CommandFailure unless it ends with 0, or 3 (done, with conflicts or problems) */
  async run(started: Started): Promise<Line[]> {
    const lines: Line[] = []
    const onLine = (line: Line): void => {
      lines.push(line)
      started.onLine?.(line)
    }
    const ended = await this.start({ ...started, onLine }).ended
    if (ended.code !== 0 && ended.code !== 3) {
      throw new CommandFailure(`${started.name} ${started.args[0] ?? ''}`, ended)
    }
    return lines
  }

  /** Passes Ctrl-C on to what runs to its end by itself. */
  interrupt(): void {
    this.#interrupted = true
    for (const child of this.#running.values()) child.kill('SIGINT')
  }

  /** From here on commands are run again: for tidying up. */
  resume(): void {
    this.#interrupted = false
  }

  /** The last resort, synchronous: nothing outlives this process. */
  killAll(): void {
    for (const child of this.#running.values()) child.kill('SIGKILL')
  }
}

function endOf(child: ChildProcess): Promise<Ended> {
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-8192)))
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, words: error.message }))
    child.on('close', (code) => resolve({ code: code ?? 1, words }))
  })
}

function lineOf(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** A field of a line, as text. */
export function textOf(line: Line | undefined, field: string): string {
  const value = line?.[field]
  return typeof value === 'string' ? value : ''
}

/** A field of a line, as a number. */
export function numberOf(line: Line | undefined, field: string): number {
  const value = line?.[field]
  return typeof value === 'number' ? value : 0
}
