// What is small, done while the contents of a group come: what fails there does not take from the group what has come of it.
import type { Beside } from '../disk/apply-report.ts'
import { ClientError, type ClientErrorCode } from '../errors.ts'
import { isLineBroken } from '../relay/relay-failure.ts'
import { during, type Meanwhile } from './meanwhile.ts'

/** Nothing is put into a folder of which this was found out. */
const folderCodes: readonly ClientErrorCode[] = [
  'folder-unmarked',
  'folder-unusable',
  'state-foreign',
  'disk-failed',
]

/** Of one batch of changes. */
export class SmallBeside {
  readonly #meanwhile: Meanwhile
  #isOvertaken = false
  #failure: { readonly error: unknown } | undefined

  constructor(meanwhile: Meanwhile) {
    this.#meanwhile = meanwhile
  }

  /** Whether folder or state were changed since the batch was planned. */
  get isOvertaken(): boolean {
    return this.#isOvertaken
  }

  readonly beside: Beside = async (work, before) => {
    let isChanged = false
    const run = async (): Promise<boolean> => {
      await before()
      isChanged = (await this.#done()) || isChanged
      return isChanged
    }
    try {
      await during({ due: () => this.#meanwhile.due(), run }, work)
    } catch (error) {
      // Where the contents do not come, that is what is told.
      await work
      if (error instanceof ClientError && folderCodes.includes(error.code)) throw error
      this.#failure = { error }
      isChanged = true
    }
    this.#isOvertaken ||= isChanged
    return isChanged
  }

  /** Where the line breaks, who fetches dials it again. */
  async #done(): Promise<boolean> {
    try {
      return await this.#meanwhile.run()
    } catch (error) {
      if (!isLineBroken(error)) throw error
      return true
    }
  }

  /** When the group is in place. @throws what failed beside it */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
