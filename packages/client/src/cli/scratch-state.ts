// A state database for the length of one question: in a directory of its own beside that of the vault, for this user alone, removed when it is
// closed. What a process that died left is removed by the next one.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LevelStateStore } from '../state/state-store-level.ts'
import type { StateStore } from '../state/state-store.ts'

/** @throws ClientError as `LevelStateStore.open` */
export async function openScratch(directory: string): Promise<StateStore> {
  const [parent, name] = [dirname(directory), basename(directory)]
  mkdirSync(parent, { recursive: true, mode: 0o700 })
  clearLeft(parent, `${name}.former-`)
  const place = mkdtempSync(join(parent, `${name}.former-${process.pid}-`))
  const clear = (): void => rmSync(place, { recursive: true, force: true })
  try {
    const store = await LevelStateStore.open(place)
    return {
      get: (key) => store.get(key),
      range: (range) => store.range(range),
      batch: (writes, options) => store.batch(writes, options),
      close: () => store.close().finally(clear),
    }
  } catch (error) {
    clear()
    throw error
  }
}

function clearLeft(parent: string, prefix: string): void {
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN
    if (pid > 0 && !isAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // One of somebody else's is alive all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
