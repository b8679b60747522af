// Opens a folder of this home, when no other process has it: who has it is said, and one that only looked is waited for.
import type { EngineContext, FolderEngine } from '../engine/api.ts'
import { openFolder } from '../engine/open-folder.ts'
import { ClientError } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { holderOf } from './control-client.ts'
import type { Invocation } from './invocation.ts'

/** `status` and the like hold a state for some ms. */
const attemptsMax = 20
const attemptEveryMs = 100
/** Who waits for a long command asks this often. */
const waitEveryMs = 1_000

/** Which folder, and for whom. `context`: that of a run; without one events go nowhere. */
export interface Opening {
  readonly invocation: Invocation
  readonly home: Home
  readonly path: string
  readonly context?: EngineContext
  /** A command that only does one thing with the folder is waited for, however long it takes; told once, when it is not over soon. */
  readonly waiting?: () => void
}

/** @throws ClientError `home-locked` with the process that has it, `interrupted` while waiting, and what `OpenFolder` throws */
export async function openOwnFolder(opening: Opening): Promise<FolderEngine> {
  const { invocation, home, path, context, waiting } = opening
  const { interrupt, platform } = invocation
  const silent: EngineContext = {
    home,
    platform: platform(),
    report: () => undefined,
    signal: interrupt.signal,
  }
  const given = context ?? silent
  try {
    return await onceFree(home, path, () => openFolder(given, path))
  } catch (error) {
    // A process that says who it is stays: `onceFree` refused it.
    if (waiting === undefined || !isLocked(error) || error.data['pid'] !== undefined) throw error
  }
  waiting()
  // What was waited for may have changed where the folder belongs.
  const open = (): Promise<FolderEngine> => openFolder({ ...given, home: openHome(home.directory) }, path)
  return await whenFree({ home, path, until: given.signal }, open)
}

/** Opens what one process at a time may have. @throws ClientError `home-locked` with the process that has it, and what `open` throws */
export async function onceFree<T>(home: Home, path: string, open: () => Promise<T>): Promise<T> {
  return await whenFree({ home, path }, open)
}

/** As `onceFree`; with a signal it waits for whoever has it until that is aborted, else a moment. */
async function whenFree<T>(
  { home, path, until }: { readonly home: Home; readonly path: string; readonly until?: AbortSignal },
  open: () => Promise<T>,
): Promise<T> {
  await refuseHeld(home, path)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open()
    } catch (error) {
      if (!isLocked(error) || (until === undefined && attempt >= attemptsMax)) throw error
      if (until?.aborted === true) throw new ClientError('interrupted', 'stopped', { cause: error })
      await refuseHeld(home, path)
      await new Promise((resolve) => setTimeout(resolve, until === undefined ? attemptEveryMs : waitEveryMs))
    }
  }
}

function isLocked(error: unknown): error is ClientError {
  return error instanceof ClientError && error.code === 'home-locked'
}

/** @throws ClientError `home-locked`, with the process that has the folder */
export async function refuseHeld(home: Home, path: string): Promise<void> {
  const holder = await holderOf(home.directory, path)
  if (holder === undefined || holder.pid === process.pid) return
  throw new ClientError('home-locked', 'a running process holds this folder', {
    data: { path, pid: holder.pid },
  })
}
