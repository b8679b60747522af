// Work on a folder that one process at a time has open: a `sync` that has it is asked, else it is done here. Either may come or go at any moment.
import type { FolderEngine } from '../engine/api.ts'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import { holderOf, type LiveSync } from './control-client.ts'
import { HolderGone } from './control-fault.ts'
import { openOwnFolder, type Opening } from './open-own-folder.ts'

/** How often somebody may come, or go, in the very moment before it is given up. */
const turnsMax = 5

/** The two ways. `T`: what comes of it, the same either way. */
export interface Ways<T> {
  readonly ask: (holder: LiveSync) => Promise<T>
  /** Rejects with `home-locked` and a `pid` before it has done anything, where a process has the folder. */
  readonly here: () => Promise<T>
}

/** Asks the process that has the folder, or does it here where none has. @throws what either way throws */
export async function atHolder<T>(home: Home, path: string, { ask, here }: Ways<T>): Promise<T> {
  for (let turn = 1; ; turn += 1) {
    const holder = await holderOf(home.directory, path)
    try {
      return holder === undefined ? await here() : await ask(holder)
    } catch (error) {
      if (turn >= turnsMax || !(holder === undefined ? hasComeBefore(error) : hasGone(error))) throw error
    }
  }
}

/** Opens the folder for one thing. @throws ClientError as `openOwnFolder` and `work` */
export async function withEngine<T>(on: Opening, work: (engine: FolderEngine) => Promise<T>): Promise<T> {
  const engine = await openOwnFolder(on)
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

function hasComeBefore(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'home-locked' && error.data['pid'] !== undefined
}

/** Nobody listened any more, or the folder was closed meanwhile: nothing was done. */
function hasGone(error: unknown): boolean {
  return error instanceof HolderGone || (error instanceof ClientError && error.code === 'folder-unknown')
}
