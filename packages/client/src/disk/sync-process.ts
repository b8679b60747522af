// Flushes a whole file system, again and again, by a small process that stays for a while: Node has no syncfs, and starting a `sync` from a
// process of some hundred MiB takes 20 ms of its main thread each time.
import { spawn, type ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'

/** One line in, one flush, one digit out. It ends with its input, and so with us, however we end. */
const loop = 'while read -r _; do if sync -f "$0" >/dev/null 2>&1; then printf 1; else printf 0; fi; done'
/** It is let go after so long without work. */
const idleMs = 5_000

type Answer = 'done' | 'refused' | 'ended'

/** A process that is there, and who waits for its answers, in order. */
interface Running {
  readonly child: ChildProcess
  readonly input: Socket
  readonly output: Socket
  readonly waiting: ((answer: Answer) => void)[]
}

/** Flushes the file system that a folder is on. */
export class SyncProcess {
  readonly #root: string
  #running: Running | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(root: string) {
    this.#root = root
  }

  /** Resolves when everything written before is on the disk; to false when this system cannot do that. */
  async run(): Promise<boolean> {
    const answer = await this.#ask()
    // Somebody may have ended it; once more is enough to know.
    return (answer === 'ended' ? await this.#ask() : answer) === 'done'
  }

  #ask(): Promise<Answer> {
    clearTimeout(this.#idle)
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#running ??= this.#start()
    if (this.#running === undefined) return Promise.resolve('refused')
    const { waiting, output, input } = this.#running
    waiting.push(resolve)
    // Whoever waits keeps the program running; the process by itself does not.
    output.ref()
    input.write('\n')
    return promise
  }

  #start(): Running | undefined {
    // A group of its own: an interrupt from the terminal is for us alone, and we may have to flush then.
    const child = spawn('sh', ['-c', loop, this.#root], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const { stdin: input, stdout: output } = child
    const waiting: Running['waiting'] = []
    const over = (): void => {
      if (this.#running?.child === child) this.#running = undefined
      for (const resolve of waiting.splice(0)) resolve('ended')
    }
    child.once('error', over)
    child.once('close', over)
    if (!(input instanceof Socket) || !(output instanceof Socket)) return undefined
    input.on('error', over)
    output.on('data', (answers: Buffer) => {
      for (const answer of answers) waiting.shift()?.(answer === '1'.charCodeAt(0) ? 'done' : 'refused')
      if (waiting.length === 0) this.#rest()
    })
    child.unref()
    input.unref()
    output.unref()
    return { child, input, output, waiting }
  }

  #rest(): void {
    const running = this.#running
    running?.output.unref()
    this.#idle = setTimeout(() => {
      if (this.#running === running) this.#running = undefined
      running?.input.end()
    }, idleMs)
    this.#idle.unref()
  }
}
