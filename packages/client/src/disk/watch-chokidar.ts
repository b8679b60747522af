// chokidar, which only this file knows.
import { relative, sep } from 'node:path'
import { watch, type FSWatcher } from 'chokidar'
import { ownDirectory, type Watcher } from './file-system.ts'
import { blindReason, type WatchHints } from './watch-hints.ts'

/** Watches a folder with all below it. */
export class ChokidarWatch implements Watcher {
  readonly ready: Promise<void>
  readonly #watcher: FSWatcher

  constructor(root: string, hints: WatchHints) {
    const pathOf = (path: string): string => relative(root, path).split(sep).join('/')
    this.#watcher = watch(root, {
      ignoreInitial: true,
      followSymlinks: false,
      // Each of these waits, or takes two events for one; the hints do that, and the look tells what really is.
      atomic: false,
      awaitWriteFinish: false,
      ignorePermissionErrors: true,
      ignored: (path) => {
        const below = pathOf(path)
        return below === ownDirectory || below.startsWith(`${ownDirectory}/`)
      },
    })
    this.#watcher.on('all', (event, path) => {
      const below = pathOf(path)
      hints.add(below.includes('/') ? below.slice(0, below.lastIndexOf('/')) : '')
      if (event === 'addDir') hints.add(below)
    })
    // Most of what the system tells ends here: of a file that came and went nothing is left to tell of. But the system's queue held it.
    this.#watcher.on('raw', () => hints.heard())
    this.ready = new Promise((resolve) => {
      this.#watcher.once('ready', () => resolve())
      this.#watcher.on('error', (error) => {
        hints.blind(blindReason(error))
        resolve()
        void this.close()
      })
    })
  }

  async close(): Promise<void> {
    await this.#watcher.close()
  }
}
