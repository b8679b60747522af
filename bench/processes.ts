// Processes as the kernel accounts for them: processor time and memory of a process and all below it. Linux only.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { endWithUs } from './ending.ts'

/** Clock ticks of /proc a second. */
const ticksPerSecond = 100
/** How often memory is looked at; the kernel keeps the most of each process, so that only what a process takes at its very end is missed. */
const sampleMs = 100

/** What one command took. */
export interface Took {
  readonly wallMs: number
  /** User and system, of it and all it started. */
  readonly cpuMs: number
  /** The most memory of any one of its processes. */
  readonly peakMiB: number
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Where it says what it says. */
  readonly log: string
  /** It is ended, and has failed, when it takes longer. */
  readonly limitMs: number
}

/**
 * Runs a command to its end. A shell around it counts processor time: `times` also has what was started below and has ended.
 * @throws Error with the end of its log when it fails
 */
export async function run(command: readonly string[], options: CommandOptions): Promise<Took> {
  const log = openSync(options.log, 'a')
  const start = performance.now()
  const child = spawn('sh', ['-c', '"$@"; code=$?; times >&3; exit $code', 'sh', ...command], {
    cwd: options.cwd,
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...options.env },
    stdio: ['ignore', log, log, 'pipe'],
    detached: true,
  })
  endWithUs(child, { group: true })
  let times = ''
  child.stdio[3]?.on('data', (data: Buffer) => (times += data.toString()))
  const { pid } = child
  if (pid === undefined) throw new Error('sh does not start')
  const memory = new MemoryWatch(() => [pid])
  const limit = setTimeout(() => process.kill(-pid, 'SIGKILL'), options.limitMs)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(limit)
  closeSync(log)
  const took = { wallMs: performance.now() - start, cpuMs: cpuIn(times), peakMiB: memory.stop() }
  if (code === 0) return took
  const said = readFileSync(options.log, 'utf8').slice(-500)
  throw new Error(`${command.slice(0, 2).join(' ')} ended with ${code ?? 'a signal'}: ${said}`)
}

/** The second line of `times`: what children took. */
function cpuIn(times: string): number {
  const children = times.split('\n')[1] ?? ''
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  )
}

/** A process and all below it. */
export function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
      .filter((word) => word !== '')
      .map(Number)
  } catch {
    return [] // it ended meanwhile
  }
}

/** Processor time of a process and all below it so far, and of those that ended and were waited for. */
export function cpuMsOf(pid: number): number {
  return treeOf(pid).reduce((sum, one) => sum + ownCpuMs(one), 0)
}

function ownCpuMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return (ticks * 1000) / ticksPerSecond
  } catch {
    return 0
  }
}

/** Watches how much memory processes and those below them take. */
export class MemoryWatch {
  readonly #roots: () => readonly number[]
  readonly #timer: NodeJS.Timeout
  #most = 0

  constructor(roots: () => readonly number[]) {
    this.#roots = roots
    for (const pid of roots().flatMap(treeOf)) forgetPeak(pid)
    this.#timer = setInterval(() => this.#look(), sampleMs)
  }

  /** The most that any one of them took, MiB. */
  stop(): number {
    clearInterval(this.#timer)
    this.#look()
    return this.#most
  }

  #look(): void {
    for (const pid of this.#roots().flatMap(treeOf)) this.#most = Math.max(this.#most, peakOf(pid))
  }
}

function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // not ours, or ended: its peak is then that of its life
  }
}
