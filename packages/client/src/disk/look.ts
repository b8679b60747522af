// Looks at the folder and writes what it saw into the local column of the trees. Observations only: nothing on the disk changes.
import type { RelativePath } from '../sync/name.ts'
import { folderFault } from './folder-fault.ts'
import { recover } from './look-recovery.ts'
import type { Between, LookOptions, LookReport } from './look-report.ts'
import { LookRun } from './look-run.ts'

/** Looks, at the whole folder or at some directories. Not while an apply goes on: one after the other. */
export class FolderLook {
  readonly #options: LookOptions
  #recovered = false

  constructor(options: LookOptions) {
    this.#options = options
  }

  /**
   * Scans the whole folder. Rows are committed (not flushed) in bounded transactions; memory is bounded by the largest directory and
   * by how many things vanished. @throws ClientError `folder-unusable`, `disk-full`, `disk-failed`, `interrupted`
   */
  async whole(between?: Between): Promise<LookReport> {
    return (await this.#begin()).whole(between)
  }

  /**
   * Lists these directories again; new or moved ones found there, and those whose ignore rules changed, are looked at in full, others
   * below are not. For one that is gone, or not known yet, the nearest known one above is listed. All in one look: what moved from one
   * to another keeps its node. @throws ClientError `folder-unusable`, `disk-full`, `disk-failed`, `interrupted`
   */
  async some(directories: readonly RelativePath[]): Promise<LookReport> {
    return (await this.#begin()).some(directories)
  }

  async #begin(): Promise<LookRun> {
    const { files } = this.#options
    try {
      const traits = await files.traits()
      if (!this.#recovered) await recover(this.#options, traits)
      this.#recovered = true
      return new LookRun(this.#options, traits)
    } catch (error) {
      throw folderFault(error, 'the folder cannot be looked at')
    }
  }
}
