// The folders that this process has at work, side by side, and what other commands of the same home may ask of them meanwhile.
import type { FolderEngine } from '../engine/api.ts'
import type { AuditProgress } from '../engine/audit.ts'
import { addFolder } from '../engine/open-folder.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import type { HeldFolder } from './control-message.ts'
import { serveControl, type ControlHandler } from './control-server.ts'
import { heaviestExitCode } from './exit-code.ts'
import { summaryLine, type Counts } from './folder-lines.ts'
import { FolderTask, type FolderTaskOptions, type Outcome } from './folder-task.ts'
import type { Invocation } from './invocation.ts'
import { RunProgress } from './run-progress.ts'

/** What is to be run: a task without what all tasks of a process share. */
export type FolderWork = Pick<FolderTaskOptions, 'place' | 'mode' | 'first' | 'open' | 'opened'>

export interface RunningOptions {
  readonly invocation: Invocation
  readonly home: Home
  /** It stays until it is stopped, and takes new folders on. */
  readonly watching: boolean
}

/** Runs the folders until all have ended, and tells the sum. Returns the exit code. */
export async function runFolders(options: RunningOptions, works: readonly FolderWork[]): Promise<ExitCode> {
  const startMs = performance.now()
  const running = new RunningFolders(options)
  const control = await serveControl(options.home.directory, running.handler)
  try {
    for (const work of works) running.start(work)
    const outcomes = await running.ended()
    const exitCode = heaviestExitCode(outcomes.map((outcome) => outcome.exitCode))
    const durationMs = Math.round(performance.now() - startMs)
    const { output } = options.invocation
    output.line(summaryLine(undefined, sumOf(outcomes, durationMs), exitCode))
    return exitCode
  } finally {
    await control?.close()
  }
}

class RunningFolders {
  readonly #options: RunningOptions
  readonly #progress: RunProgress
  readonly #tasks = new Map<string, FolderTask>()
  readonly #outcomes: Outcome[] = []
  readonly #end = Promise.withResolvers<undefined>()

  constructor(options: RunningOptions) {
    this.#options = options
    this.#progress = new RunProgress(options.invocation.output)
  }

  /** Sets a folder to work. */
  start(work: FolderWork): FolderTask {
    const { invocation, home } = this.#options
    const task = new FolderTask({ ...work, invocation, home, progress: this.#progress })
    const { folder } = work.place
    task.report.namesFolder = () => this.#tasks.size > 1
    this.#tasks.set(folder, task)
    void task.run().then((outcome) => {
      this.#outcomes.push(outcome)
      this.#tasks.delete(folder)
      if (this.#tasks.size === 0) this.#end.resolve(undefined)
    })
    return task
  }

  /** When no folder is at work any more. */
  async ended(): Promise<readonly Outcome[]> {
    await this.#end.promise
    return this.#outcomes
  }

  readonly handler: ControlHandler = {
    status: async () => {
      const held = await Promise.all([...this.#tasks.values()].map(heldFolder))
      const folders = held.filter((one) => one !== undefined)
      return { pid: process.pid, watching: this.#options.watching, folders }
    },
    invite: async ({ path, role, expiresMs }) => await this.#engineOf(path).invite({ role, expiresMs }),
    members: async ({ path }) => await this.#engineOf(path).members(),
    'change-members': async ({ path, change }) => await this.#engineOf(path).changeMembers(change),
    approve: async ({ path }) => await this.#engineOf(path).approve(),
    add: async ({ path, name, relay }, report) => {
      if (!this.#options.watching) throw new ClientError('home-locked', 'this process ends soon')
      if (this.#tasks.has(path)) throw new ClientError('folder-taken', 'at work here', { data: { path } })
      const task = this.start({
        place: { folder: path },
        mode: 'once-then-watch',
        first: true,
        open: (context) => addFolder(context, { path, name, relay }),
      })
      const unlisten = task.report.listen(report)
      try {
        return await task.first
      } finally {
        unlisten()
      }
    },
    limit: () => {
      const { invocation, home } = this.#options
      invocation.platform().limit(openHome(home.directory).limits)
      return Promise.resolve(undefined)
    },
    prune: async ({ path, keepMs, dryRun }) => await this.#engineOf(path).prune({ keepMs, dryRun }),
    'bring-back': async ({ path }) => await this.#engineOf(path).bringBack(),
    retention: async ({ path, floorMs }) => await this.#engineOf(path).retention(floorMs),
    move: async ({ path, ...options }) => await this.#engineOf(path).move(options),
    promote: async ({ path, ...options }) => await this.#engineOf(path).promote(options),
    mirrors: async ({ path, change }) => await this.#engineOf(path).changeMirrors(change),
    history: async ({ path, query }, _report, take) => await this.#engineOf(path).history(query, take),
    heal: async ({ path }) => await this.#engineOf(path).heal(),
    verify: async ({ path, share }, _report, take) => {
      const engine = this.#engineOf(path)
      let isTelling = false
      const progress: AuditProgress = ({ packsDone, packsTotal, ...bytes }) => {
        // Who reads slowly is told of fewer steps.
        if (isTelling) return
        isTelling = true
        const { bytesSent, bytesReceived } = engine.progress
        const packs = { filesDone: packsDone, filesTotal: packsTotal }
        // Who asked and left is told of by the answer.
        take({ row: 'progress', ...packs, ...bytes, bytesSent, bytesReceived })
          .catch(() => undefined)
          .finally(() => (isTelling = false))
      }
      return await engine.verify({ share, progress })
    },
    release: async ({ path }) => {
      await this.#tasks.get(path)?.release()
      return undefined
    },
  }

  #engineOf(path: string): FolderEngine {
    const engine = this.#tasks.get(path)?.engine
    if (engine === undefined) throw new ClientError('folder-unknown', 'not at work here', { data: { path } })
    return engine
  }
}

async function heldFolder({ engine }: FolderTask): Promise<HeldFolder | undefined> {
  if (engine === undefined) return undefined
  const { path, vault, relay, name } = engine.record
  return { record: { path, vault, relay, name }, status: await engine.status() }
}

/** Sums over folders; what is not known of one is not known of all. The head is that of one folder alone. */
function sumOf(outcomes: readonly Outcome[], durationMs: number): Counts {
  const counts = outcomes.map((outcome) => outcome.counts)
  const sum = (of: (one: Counts) => number): number => counts.reduce((total, one) => total + of(one), 0)
  const known = counts.every((one) => one.files !== undefined && one.bytes !== undefined)
  return {
    files: known ? sum((one) => one.files ?? 0) : undefined,
    bytes: known ? sum((one) => one.bytes ?? 0) : undefined,
    bytesSent: sum((one) => one.bytesSent),
    bytesReceived: sum((one) => one.bytesReceived),
    conflicts: sum((one) => one.conflicts),
    problems: sum((one) => one.problems),
    head: counts.length === 1 ? counts[0]?.head : undefined,
    durationMs,
  }
}
