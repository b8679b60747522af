// One tool carries one load: started in a new place, every job measured and its result compared byte by byte, all of it removed.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LoadName } from '../data.ts'
import { removeLater, removeNow } from '../ending.ts'
import { cpuMsOf, MemoryWatch } from '../processes.ts'
import { made, type Job, type Peer, type PeerRun, type Place } from '../peers/peer.ts'
import { newPlace } from '../stage.ts'
import { Tap, type Traffic } from '../tap.ts'
import { change, isThere, jobsOf, mustBeSame } from './jobs.ts'

/** What one job took one tool once. */
export interface Measured {
  readonly job: Job
  /** From the change in A to the last of it in B. */
  readonly wallMs: number
  /** Of this, until the server had it: only for tools that do it in two steps. */
  readonly pushMs: number | undefined
  readonly clientCpuMs: number
  readonly serverCpuMs: number
  /** The most that any one process took. */
  readonly clientPeakMiB: number
  readonly serverPeakMiB: number
  /** What went over the wire, where it was counted. */
  readonly traffic: Traffic | undefined
}

export interface RunOptions {
  readonly load: LoadName
  /** Where the load lies. */
  readonly data: string
  /** Counts what goes over the wire: that takes time, so that the times of such a run count for nothing. */
  readonly counting: boolean
  readonly limitMs: number
}

/** Runs the jobs of a load. `done`: told after each. @throws Error when the tool fails, or carries something else than it was given */
export async function runOnce(peer: Peer, options: RunOptions, done: (one: Measured) => void): Promise<void> {
  const base = newPlace()
  const taps: Tap[] = []
  const place = placeIn(base, options, taps)
  try {
    execFileSync('cp', ['-a', options.data, place.path('coming')])
    const run = await peer.start(place)
    try {
      for (const job of jobsOf(options.load)) done(await measure(run, { job, place, taps }))
    } finally {
      await run.stop()
    }
  } finally {
    for (const tap of taps) await tap.close()
    // A few large files are deleted without a trace.
    if (options.load === 'D1') removeNow(base)
    else removeLater(base)
  }
}

function placeIn(base: string, { counting, limitMs }: RunOptions, taps: Tap[]): Place {
  const path = (...names: string[]): string => join(base, ...names)
  const log = path('log')
  writeFileSync(log, '')
  return {
    here: made(path('here')),
    there: made(path('there')),
    log,
    limitMs,
    path,
    async dial(port) {
      if (!counting) return port
      const tap = await Tap.open(port)
      taps.push(tap)
      return tap.port
    },
  }
}

async function measure(
  run: PeerRun,
  { job, place, taps }: { job: Job; place: Place; taps: readonly Tap[] },
): Promise<Measured> {
  const [here, there] = [join(place.here, 'data'), join(place.there, 'data')]
  execFileSync('sync')
  const cpu = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const before = { clients: cpu(run.clients), servers: cpu(run.servers), traffic: trafficOf(taps) }
  const clients = new MemoryWatch(() => run.clients)
  const servers = new MemoryWatch(() => run.servers)
  try {
    change(job, here, place.path('coming'))
    const start = performance.now()
    const carrying = run.carry(job, () => isThere(job, here, there))
    const { pushMs, commands } = await within(carrying, place.limitMs * 2)
    const wallMs = performance.now() - start
    const traffic = trafficOf(taps)
    const measured: Measured = {
      job,
      wallMs,
      pushMs,
      clientCpuMs: commands.reduce((sum, { cpuMs }) => sum + cpuMs, cpu(run.clients) - before.clients),
      serverCpuMs: cpu(run.servers) - before.servers,
      clientPeakMiB: Math.max(clients.stop(), ...commands.map(({ peakMiB }) => peakMiB)),
      serverPeakMiB: servers.stop(),
      traffic: taps.length === 0 ? undefined : between(before.traffic, traffic),
    }
    mustBeSame(here, there)
    return measured
  } finally {
    clients.stop()
    servers.stop()
  }
}

function trafficOf(taps: readonly Tap[]): Traffic {
  const sum = (of: (one: Traffic) => number): number => taps.reduce((all, tap) => all + of(tap.traffic), 0)
  return { sentBytes: sum((one) => one.sentBytes), receivedBytes: sum((one) => one.receivedBytes) }
}

function between(from: Traffic, to: Traffic): Traffic {
  return { sentBytes: to.sentBytes - from.sentBytes, receivedBytes: to.receivedBytes - from.receivedBytes }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms)
  })
  return await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
