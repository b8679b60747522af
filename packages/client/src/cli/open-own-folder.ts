// Opens a folder of this home, when no other process has it: who has it is said, and one that only looked is waited for.
import type { EngineContext, FolderEngine } from '../engine/api.ts'
import { openFolder } from '../engine/open-folder.ts'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import { holderOf } from './control-client.ts'
import type { Invocation } from './invocation.ts'

/** `status` and the like hold a state for some ms. */
const attemptsMax = 20
const attemptEveryMs = 100

/** Which folder, and for whom. `context`: that of a run; without one events go nowhere. */
export interface Opening {
  readonly invocation: Invocation
  readonly home: Home
  readonly path: string
  readonly context?: EngineContext
}

/** @throws ClientError `home-locked` with the process that has it, and what `OpenFolder` throws */
export async function openOwnFolder({ invocation, home, path, context }: Opening): Promise<FolderEngine> {
  const { interrupt, platform } = invocation
  const silent: EngineContext = {
    home,
    platform: platform(),
    report: () => undefined,
    signal: interrupt.signal,
  }
  return await onceFree(home, path, () => openFolder(context ?? silent, path))
}

/** Opens what one process at a time may have. @throws ClientError `home-locked` with the process that has it, and what `open` throws */
export async function onceFree<T>(home: Home, path: string, open: () => Promise<T>): Promise<T> {
  await refuseHeld(home, path)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open()
    } catch (error) {
      const locked = error instanceof ClientError && error.code === 'home-locked'
      if (!locked || attempt >= attemptsMax) throw error
      await refuseHeld(home, path)
      await new Promise((resolve) => setTimeout(resolve, attemptEveryMs))
    }
  }
}

/** @throws ClientError `home-locked`, with the process that has the folder */
export async function refuseHeld(home: Home, path: string): Promise<void> {
  const holder = await holderOf(home.directory, path)
  if (holder === undefined || holder.pid === process.pid) return
  throw new ClientError('home-locked', 'a running process holds this folder', {
    data: { path, pid: holder.pid },
  })
}
