// Watches a real folder: hints by directory, gathered for a moment. On Linux one plain `fs.watch` a directory (see docs/decisions/014), elsewhere
// chokidar for folders of usual size; nothing but rescans when the system's limits are reached. Hints may be lost: the scan is the truth.
import * as fs from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { WatchEvents, Watcher } from './file-system.ts'
import { WatchHints } from './watch-hints.ts'
import { PlainWatch } from './watch-plain.ts'

/** Up to this many entries chokidar watches, where it does: some 60 MB and a second to be ready. */
const chokidarEntriesMax = 20_000

export interface WatchOptions {
  /** The folder. */
  readonly root: string
  readonly events: WatchEvents
  readonly clock: Clock
  /** Entries up to which chokidar is used; on Linux it is not unless this is given. */
  readonly chokidarEntriesMax?: number | undefined
}

/** Starts to watch. What happens before `ready` may go unseen: scan after it, or scan again. */
export function watchFolder(options: WatchOptions): Watcher {
  const hints = new WatchHints(options.events, options.clock)
  let watch: Watcher | undefined
  let closed = false
  const start = async (): Promise<void> => {
    const isPlain = await wantsPlain(options)
    // Loaded where it is used alone.
    const chokidar = isPlain ? undefined : await import('./watch-chokidar.ts')
    if (closed) return
    watch =
      chokidar === undefined
        ? new PlainWatch(options.root, hints)
        : new chokidar.ChokidarWatch(options.root, hints)
    await watch.ready
  }
  const ready = start()
  return {
    ready,
    async close() {
      closed = true
      hints.close()
      await watch?.close()
      await ready
    },
  }
}

/** Plain watches tell all that is needed where one on a directory hears of writes to what is in it: on Linux, not on macOS. */
async function wantsPlain({ root, chokidarEntriesMax: entriesMax }: WatchOptions): Promise<boolean> {
  if (entriesMax === undefined && process.platform === 'linux') return true
  return holdsMoreThan(root, entriesMax ?? chokidarEntriesMax)
}

/** Whether there are more entries below a directory than this; stops counting there. */
async function holdsMoreThan(root: string, entriesMax: number): Promise<boolean> {
  const directories = [root]
  let count = 0
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    const entries = await fs.promises.readdir(directory, { withFileTypes: true }).catch(() => [])
    count += entries.length
    if (count > entriesMax) return true
    for (const entry of entries) if (entry.isDirectory()) directories.push(join(directory, entry.name))
  }
  return false
}
