// Where a run is to look at its folder, and its looks.
import type { FolderLook } from '../disk/look.ts'
import type { RelativePath } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'
import { EarlySending, type EarlySendingParts } from './early-sending.ts'
import type { Tally } from './tally.ts'

export interface LookingParts extends EarlySendingParts {
  readonly look: Pick<FolderLook, 'whole' | 'some'>
  readonly tally: Tally
  /** Asked before each look: the folder must still be the one of this vault. @throws ClientError `folder-unmarked`, `state-foreign` */
  readonly checkFolder: () => Promise<void>
}

/** Those of one run. */
export class Looking {
  readonly #parts: LookingParts
  readonly #hinted = new Set<RelativePath>()
  #atAll = true
  #sights = 0
  #hints = 0

  constructor(parts: LookingParts) {
    this.#parts = parts
  }

  /** Something may have changed in this directory. */
  hint(directory: RelativePath): void {
    this.#hinted.add(directory)
    this.#hints += 1
  }

  /** These are not what was seen: nothing new, but to be looked at. */
  again(directories: Iterable<RelativePath>): void {
    for (const directory of directories) this.#hinted.add(directory)
  }

  /** Everything is to be looked at. */
  rescan(): void {
    this.#atAll = true
  }

  /** Whether everything is to be looked at. */
  get isWhole(): boolean {
    return this.#atAll
  }

  /** Directories to be looked at. */
  get hinted(): ReadonlySet<RelativePath> {
    return this.#hinted
  }

  /** How often something was hinted at. */
  get hints(): number {
    return this.#hints
  }

  /** Grows with each look that saw something: what the brake saw before holds no more. */
  get sights(): number {
    return this.#sights
  }

  /** Looks where hints point, or everywhere; what is new may be sent meanwhile. Returns how many rows changed. @throws ClientError as the look, and the sending, do */
  async look(): Promise<number> {
    const { look, tally, checkFolder } = this.#parts
    if (!this.#atAll && this.#hinted.size === 0) return 0
    await checkFolder()
    const directories = this.#taken()
    const all = this.#atAll
    this.#atAll = false
    const early = new EarlySending(this.#parts)
    const { met } = tally
    const seen = await (all ? look.whole(early.how) : look.some(directories, early.how))
    this.again(early.lookAgain)
    if (all) tally.lookedAtAll(seen.problems, met)
    else for (const problem of seen.problems) tally.problem(problem, 'look')
    const count = seen.came + seen.changed + seen.vanished
    if (count > 0) this.#sights += 1
    await early.end()
    return count
  }

  /** Looks where hints point, while bulk is under way. Gives what differs from before, as far as it is little; nothing where nothing does. */
  async lookBriefly(): Promise<{ readonly nodes: readonly NodeId[] | undefined } | undefined> {
    const { look, tally, checkFolder } = this.#parts
    await checkFolder()
    const { problems, nodes } = await look.some(this.#taken())
    for (const problem of problems) tally.problem(problem, 'look')
    if (nodes?.length === 0) return undefined
    this.#sights += 1
    return { nodes }
  }

  #taken(): readonly RelativePath[] {
    const directories = [...this.#hinted]
    this.#hinted.clear()
    return directories
  }
}
