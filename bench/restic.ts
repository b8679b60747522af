// Beside restic, by turns in one run: a vault brought out as a tar, against `restic restore` and `tar`; and a backup of a folder in which nothing changed.
// restic works on a repository on the same disk, with no server in between; what the relay takes is said apart.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { manyFiles, randomFile } from './data.ts'
import { summed, type Figure } from './figures.ts'
import { cpuMsOf, run, type Took } from './processes.ts'
import { removeNow } from './ending.ts'
import { Stage } from './stage.ts'

const bin = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url))
const limitMs = 3_600_000
const roundsDefault = 5

/** What can be asked for, each with its load. */
const jobs = ['large', 'small', 'unchanged'] as const
type Job = (typeof jobs)[number]

export interface BesideRestic {
  /** One of them; all unless given. */
  readonly subject: string | undefined
  readonly rounds: number | undefined
  readonly scale: number
}

/** Medians of the rounds. Linux only. @throws Error for another subject */
export async function measureBesideRestic({ subject, rounds, scale }: BesideRestic): Promise<Figure[]> {
  const wanted = subject === undefined ? jobs : jobs.filter((job) => job === subject)
  if (wanted.length === 0) throw new Error(`nothing is called ${subject}: ${jobs.join(', ')}`)
  const figures: Figure[] = []
  for (const job of wanted) figures.push(...(await measured(job, { rounds: rounds ?? roundsDefault, scale })))
  return figures
}

function fill(job: Job, folder: string, scale: number): void {
  if (job === 'large') {
    randomFile(folder, Math.max(1, Math.round(1024 * scale)))
    return
  }
  const folders = Math.max(1, Math.round((job === 'small' ? 200 : 1000) * scale))
  manyFiles(folder, { files: folders * 100, folders, bytes: job === 'small' ? [1024, 16_384] : [512, 1535] })
}

async function measured(
  job: Job,
  { rounds, scale }: { readonly rounds: number; readonly scale: number },
): Promise<Figure[]> {
  const stage = new Stage()
  try {
    const sides = await started(stage, job, scale)
    const runs: Figure[][] = []
    for (let round = 0; round < rounds; round += 1) runs.push(await byTurns(sides, round))
    return summed(runs)
  } finally {
    await stage.close()
  }
}

/** What is measured of one tool. */
interface Side {
  readonly name: string
  readonly once: () => Promise<Took>
  /** Processor time so far of what serves it, if anything does. */
  readonly servedMs?: () => number
}

/** Who begins changes from round to round. */
async function byTurns(sides: readonly Side[], round: number): Promise<Figure[]> {
  const figures = new Map<Side, Figure[]>()
  for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
    const before = side.servedMs?.()
    const { wallMs, cpuMs, peakMiB } = await side.once()
    const served = before === undefined ? undefined : (side.servedMs?.() ?? before) - before
    figures.set(side, [
      { name: `${side.name}, time`, value: wallMs, unit: 'ms' },
      { name: `${side.name}, cpu`, value: cpuMs, unit: 'ms' },
      ...(served !== undefined
        ? [{ name: `${side.name}, cpu of the relay`, value: served, unit: 'ms' } as const]
        : []),
      { name: `${side.name}, memory, most`, value: peakMiB, unit: 'MiB' },
    ])
  }
  return sides.flatMap((side) => figures.get(side) ?? [])
}

async function started(stage: Stage, job: Job, scale: number): Promise<readonly Side[]> {
  const folder = stage.folder('folder')
  fill(job, folder, scale)
  const { relay, url } = await stage.relay()
  stage.device('one', url)
  const options = { log: stage.path('log'), limitMs }
  const grenier = (...args: string[]): Promise<Took> =>
    run([join(bin, 'grenier'), '--home', stage.path('home-one'), '--yes', ...args], options)
  const env = {
    RESTIC_REPOSITORY: stage.path('repository'),
    RESTIC_PASSWORD: 'a password of the bench',
    RESTIC_CACHE_DIR: stage.path('cache'),
  }
  const restic = (...args: string[]): Promise<Took> =>
    run(['restic', '-q', ...args], { ...options, cwd: folder, env })
  await restic('init')
  await restic('backup', '.')
  const servedMs = (): number => cpuMsOf(relay.pid)
  if (job === 'unchanged') {
    const backUp = (): Promise<Took> => grenier('backup', folder, '--vault', 'bench', '--once')
    await backUp()
    return [
      { name: 'backup --once, nothing changed', once: backUp, servedMs },
      { name: 'restic backup, nothing changed', once: () => restic('backup', '.') },
    ]
  }
  await grenier('add', folder)
  const exportIt = (): Promise<Took> => grenier('export', folder, '--out', stage.path('ours.tar'))
  return [
    { name: `export, ${job}`, once: exportIt, servedMs },
    { name: `restic restore and tar, ${job}`, once: () => restored(stage, restic) },
  ]
}

async function restored(stage: Stage, restic: (...args: string[]) => Promise<Took>): Promise<Took> {
  const [into, tar] = [stage.path('restored'), stage.path('theirs.tar')]
  const first = await restic('restore', 'latest', '--target', into)
  const then = await run(['tar', '-cf', tar, '-C', into, '.'], { log: stage.path('log'), limitMs })
  removeNow(into)
  removeNow(tar)
  return {
    wallMs: first.wallMs + then.wallMs,
    cpuMs: first.cpuMs + then.cpuMs,
    peakMiB: Math.max(first.peakMiB, then.peakMiB),
  }
}
