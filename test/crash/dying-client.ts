// A client that dies: the real engine on a real disk, one folder until both sides agree, in a process of its own. It loads, waits for a line that
// says what to do, and kills itself at the moment that the line names; if it comes to its end before that, it ends well.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { EngineContext, FileSystem, FolderEngine, Platform } from '@grenier/client'
import { Moments } from './moments.ts'
import { hookSystemCalls } from './system-calls.ts'

/** How the folder comes to be open. */
export type Opening =
  | { readonly do: 'add'; readonly relay: string }
  | { readonly do: 'join'; readonly code: string }
  | { readonly do: 'open' }

/** What the line says. */
export interface Job {
  readonly home: string
  readonly folder: string
  readonly journal: string
  readonly opening: Opening
  /** Whether it can die before the folder is open. */
  readonly fromTheStart: boolean
  /** From 1; a number that is never reached lets it come to its end. */
  readonly dieAt: number
  /** What its flushes leave out, to see that this shows. */
  readonly forgets?: Forgotten | undefined
}

/** `contents`: of files; `names`: of what is in directories. */
export type Forgotten = 'contents' | 'names'

// The engine must find the hooks in place when it is loaded.
const calls = hookSystemCalls()
const client = await import('@grenier/client')
const { realPlatform } = await import('../../packages/client/src/cli/real-platform.ts')
const { countedStore, countedWire } = await import('./counted.ts')

const lines = createInterface({ input: process.stdin })
const [line] = (await once(lines, 'line')) as [string]
lines.close()
await run(JSON.parse(line) as Job)

async function run(job: Job): Promise<void> {
  const moments = new Moments(job)
  calls.watch(moments, job)
  if (job.fromTheStart) moments.begin()
  const engine = await opened(job, context(job, moments))
  moments.begin()
  await engine.run({ once: true })
  await engine.close()
  moments.reach('closed')
}

async function opened({ opening, folder: path }: Job, given: EngineContext): Promise<FolderEngine> {
  if (opening.do === 'add')
    return await client.addFolder(given, { path, name: 'vault', relay: opening.relay })
  if (opening.do === 'join') return await client.joinFolder(given, { path, code: opening.code })
  return await client.openFolder(given, path)
}

/** A file system that flushes less than it is told. */
function forgetful(files: FileSystem, forgets: Forgotten | undefined): FileSystem {
  if (forgets === undefined) return files
  const flush = async (directories: Parameters<FileSystem['flush']>[0]): Promise<void> => {
    if (forgets === 'names') await files.flush([])
    else if (directories.length > 0) await files.flush(directories)
  }
  return new Proxy(files, {
    get(target, key) {
      if (key === 'flush') return flush
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

function context({ home, forgets }: Job, moments: Moments): EngineContext {
  const real = realPlatform()
  const platform: Platform = {
    ...real,
    // Without threads, that runs differ less.
    pool: client.inlineWorkerPool(),
    fileSystem: async (folder) => forgetful(await real.fileSystem(folder), forgets),
    dial: async (relay) => countedWire(await real.dial(relay), moments),
    async state(directory) {
      // The database makes its own directory, where no hook sees it.
      if (!existsSync(directory))
        moments.note({ do: 'entry', inode: dirname(directory), path: dirname(directory) })
      return countedStore(await real.state(directory), moments)
    },
  }
  return {
    home: client.openHome(home),
    platform,
    report: () => undefined,
    signal: new AbortController().signal,
  }
}
