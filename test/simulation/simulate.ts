// `npm run simulate`: storms until told to stop, on all cores, and the planner alone with `--planner`. Prints seeds, rates and, of each run that
// fails, the shortest one that still does, as a command.
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { durationMs, optionsOf, refuse } from '../command-line.ts'
import { commandOf, minimised } from './minimise.ts'
import { nodeFlags } from './node-flags.ts'
import { plannerRun } from './planner-runs.ts'
import { eras, storm, type Era, type StormOptions, type StormResult } from './storm.ts'
import { themeNamed, themeNames, type Theme } from './vault-moves.ts'

const values = optionsOf({
  name: 'simulate',
  does: 'Storms over the real engine and the real relay, until told to stop. With --seed alone: one run, with its trace.',
  options: {
    for: { type: 'string', takes: 'TIME', does: 'stops after 30s, 10m, 8h' },
    runs: { type: 'string', takes: 'N', does: 'stops after so many runs' },
    seed: { type: 'string', takes: 'N', does: 'the first seed; one of now where it is not given' },
    jobs: { type: 'string', takes: 'N', does: 'so many processes; one a core where it is not given' },
    planner: { type: 'boolean', default: false, does: 'the planner alone' },
    theme: { type: 'string', takes: 'NAME', does: `storms about one thing: ${themeNames.join(', ')}` },
    devices: { type: 'string', takes: 'N', does: 'so many devices, whatever the seed says' },
    moves: { type: 'string', takes: 'N', does: 'so many moves, whatever the seed says' },
    without: { type: 'string', takes: 'N,N', does: 'leaves out these moves' },
    era: { type: 'string', takes: eras.join('|'), does: 'as the simulation was when the seed was found' },
    worker: { type: 'string' },
  },
})

/** What a worker tells, about once a second and at its end. */
interface Told {
  readonly runs: number
  readonly plansMax: number
  readonly roundsMax: number
  readonly versions: number
  readonly failures: readonly string[]
  readonly done: boolean
}

/** One in so many runs is run twice: the second must go the same way. */
const twiceEvery = 100
/**
 * Seeds that follow each other in one worker: some things are looked at in one run of four or eight, and if each worker had every second seed, one of
 * two would have all of that.
 */
const blockSeeds = 8
/** Failures that a worker shrinks before it only counts them. */
const shrunkMax = 5

const firstSeed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
const shape: Omit<StormOptions, 'seed'> = {
  devices: values.devices === undefined ? undefined : Number(values.devices),
  moves: values.moves === undefined ? undefined : Number(values.moves),
  without: values.without === undefined ? undefined : new Set(values.without.split(',').map(Number)),
  era: eraOf(values.era),
  theme: themeOf(values.theme),
}

function themeOf(text: string | undefined): Theme | undefined {
  if (text === undefined) return undefined
  return themeNamed(text) ?? refuse('simulate', `--theme takes one of: ${themeNames.join(', ')}`)
}

function eraOf(text: string | undefined): Era | undefined {
  return eras.find((era) => String(era) === text)
}

/** When it stops. */
function untilMsOf(text: string | undefined): number {
  if (text === undefined) return Infinity
  return performance.now() + (durationMs(text) ?? refuse('simulate', '--for takes 30s, 10m or 8h'))
}

async function main(): Promise<void> {
  if (values.worker !== undefined) await work(Number(values.worker))
  else if (values.seed !== undefined && values.for === undefined && values.runs === undefined) await once()
  else await lead()
}

/** One run, with everything that there is to see. */
async function once(): Promise<void> {
  if (values.planner) {
    const failure = plannerRun(firstSeed)
    console.log(failure ?? 'all is well')
    process.exitCode = failure === undefined ? 0 : 1
    return
  }
  const result = await storm({ ...shape, seed: firstSeed })
  console.log(told(result))
  process.exitCode = result.failures.length === 0 ? 0 : 1
}

function told(result: StormResult): string {
  const lines = [
    `seed ${result.seed}, ${result.devices} devices`,
    ...result.trace,
    `trace hash ${result.traceHash}`,
  ]
  if (result.failures.length === 0) lines.push('all is well')
  return [...lines, ...result.failures].map((line) => line.replace(/l{99,}/g, 'l…l')).join('\n')
}

/** Starts the workers and adds up what they tell. */
async function lead(): Promise<void> {
  untilMsOf(values.for)
  const jobs = Number(values.jobs ?? availableParallelism())
  const startMs = performance.now()
  const latest = new Map<number, Told>()
  let reds = 0
  const sum = (): string => `${sumOf(latest, startMs)}; ${reds === 0 ? 'none' : reds} red`
  console.log(`seeds ${firstSeed}, ${firstSeed + 1}, … on ${jobs} processes`)
  const report = setInterval(() => console.log(sum()), 10_000)
  const ends = Array.from({ length: jobs }, (_, job) =>
    startWorker(job, jobs, (told) => {
      latest.set(job, told)
      reds += told.failures.length
      for (const failure of told.failures) console.log(failure)
    }),
  )
  const codes = await Promise.all(ends)
  clearInterval(report)
  console.log(sum())
  if (codes.some((code) => code !== 0)) process.exitCode = 1
}

function startWorker(job: number, jobs: number, tell: (told: Told) => void): Promise<number> {
  const own = ['--worker', String(job), '--jobs', String(jobs), '--seed', String(firstSeed)]
  const passed = (['for', 'runs', 'devices', 'moves', 'without', 'era', 'theme'] as const).flatMap((name) =>
    values[name] === undefined ? [] : [`--${name}`, values[name]],
  )
  const child = fork(
    fileURLToPath(import.meta.url),
    [...own, ...passed, ...(values.planner ? ['--planner'] : [])],
    { execArgv: [...nodeFlags] },
  )
  child.on('message', (told) => tell(told as Told))
  return new Promise((resolve) => void child.on('exit', (code) => resolve(code ?? 1)))
}

function sumOf(latest: ReadonlyMap<number, Told>, startMs: number): string {
  const all = [...latest.values()]
  const runs = all.reduce((sum, { runs: count }) => sum + count, 0)
  const seconds = (performance.now() - startMs) / 1000
  const rate = (runs / seconds).toFixed(runs / seconds < 100 ? 1 : 0)
  const most = (of: (one: Told) => number): number => Math.max(0, ...all.map(of))
  const versions = all.reduce((sum, one) => sum + one.versions, 0)
  const more = values.planner
    ? ''
    : `, ${versions} versions accounted for, at most ${most((one) => one.plansMax)} plans a sync and ${most((one) => one.roundsMax)} rounds in calm weather`
  return `${runs} runs in ${seconds.toFixed(0)} s, ${rate} a second${more}`
}

/** The seeds of a worker: every `jobs`-th block, from the `job`-th on. */
function* seedsOf(job: number, jobs: number): Generator<number> {
  const runsMax = Number(values.runs ?? Infinity)
  for (let block = job; ; block += jobs)
    for (let at = block * blockSeeds; at < (block + 1) * blockSeeds; at += 1) {
      if (at >= runsMax) return
      yield firstSeed + at
    }
}

/** Runs the seeds of one worker. */
async function work(job: number): Promise<void> {
  const untilMs = untilMsOf(values.for)
  // Where errors of a run come from is asked when one seed is run by itself.
  Error.stackTraceLimit = 0
  const sum = { runs: 0, plansMax: 0, roundsMax: 0, versions: 0 }
  let failures: string[] = []
  let [failed, lastMs] = [0, 0]
  const tell = (done: boolean): void => {
    process.send?.({ ...sum, failures, done } satisfies Told)
    failures = []
  }
  process.on('unhandledRejection', (error) => failures.push(`unhandled: ${String(error)}`))
  for (const seed of seedsOf(job, Number(values.jobs ?? 1))) {
    if (performance.now() >= untilMs) break
    const failure = values.planner ? planned(seed) : await stormed(seed, sum, failed < shrunkMax)
    sum.runs += 1
    if (failure !== undefined) {
      failed += 1
      failures.push(failure)
    }
    if (performance.now() - lastMs < 1000 && failures.length === 0) continue
    lastMs = performance.now()
    tell(false)
  }
  tell(true)
  process.exitCode = failed === 0 ? 0 : 1
  process.disconnect()
}

function planned(seed: number): string | undefined {
  const failure = plannerRun(seed)
  return failure === undefined ? undefined : `npm run simulate -- --planner --seed ${seed}\n${failure}`
}

async function stormed(
  seed: number,
  sum: { plansMax: number; roundsMax: number; versions: number },
  shrinks: boolean,
): Promise<string | undefined> {
  const options = { ...shape, seed }
  const result = await storm(options)
  sum.plansMax = Math.max(sum.plansMax, result.plansMax)
  sum.roundsMax = Math.max(sum.roundsMax, result.rounds)
  sum.versions += result.versions
  if (result.failures.length > 0) {
    const least = shrinks ? await minimised(options, result) : result
    return `seed ${seed} fails; the shortest run that still does:\n${commandOf(least)}\n${told(least)}`
  }
  if (seed % twiceEvery !== 0) return undefined
  const again = await storm(options)
  return again.traceHash === result.traceHash ? undefined : `seed ${seed} does not go the same way twice`
}

await main()
