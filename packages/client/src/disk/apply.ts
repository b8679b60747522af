// Carries out changes of the log on the disk, in groups, each in the order that survives a crash anywhere. What was not seen is never
// overwritten; one bad file never stops the rest.
import { ClientError } from '../errors.ts'
import type { Problem } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { NodeId, Stamp } from '../sync/tree.ts'
import { pathAside } from './apply-effects.ts'
import { ApplyGroup } from './apply-group.ts'
import type { ApplyOptions, ApplyReport, Beside, Change } from './apply-report.ts'
import { DiskError, stagingDirectory } from './file-system.ts'
import { folderFault } from './folder-fault.ts'
import { movedPath } from './moved-path.ts'
import { movingName } from './moving-note.ts'
import { isKept, isOpened, leftOf } from './staging-names.ts'

/** Changes flushed together: one flush costs some 60 ms, whatever it flushes. */
const groupChangesMax = 2_000
/** Bytes staged together; a larger file is a group of its own. */
const groupBytesMax = 256 * 1024 * 1024

/** Applies batches, one at a time but for what is done beside one, and not while a look goes on. */
export class FolderApplier {
  readonly #options: ApplyOptions
  #staged = 0
  #swept = false

  constructor(options: ApplyOptions) {
    this.#options = options
  }

  /**
   * In the order given. Each change ends up as done, as a problem, or with its directory among those to look at again; but what is behind a group
   * that something was changed beside, is left.
   * @throws ClientError `interrupted`, `folder-unusable`, `disk-full`, `disk-failed`, and what the content source throws
   */
  async run(changes: readonly Change[], beside: Beside = alone): Promise<ApplyReport> {
    const report = {
      done: new Array<Change>(),
      lookAgain: new Set<RelativePath>(),
      problems: new Array<Problem>(),
    }
    /** Stamps after our own renames, which the plan could not know. */
    const fresh = new Map<NodeId, Stamp>()
    let left: readonly Change[] = []
    try {
      await this.#sweep()
      const traits = await this.#options.files.traits()
      const nextCount = (): number => ++this.#staged
      const groups = [...groupsOf(changes)]
      for (const [at, group] of groups.entries()) {
        if (this.#options.signal?.aborted === true)
          throw new ClientError('interrupted', 'the apply was stopped')
        const options = { ...this.#options, traits, fresh, report, nextCount, beside }
        const isOvertaken = await new ApplyGroup(options, group).run()
        this.#options.traces?.recorded()
        if (isOvertaken) left = groups.slice(at + 1).flat()
        if (left.length > 0) break
      }
    } catch (error) {
      this.#options.traces?.failed()
      throw folderFault(error, 'the folder cannot be changed')
    }
    return {
      done: report.done,
      lookAgain: [...report.lookAgain].sort(),
      problems: report.problems.sort((a, b) => (a.path < b.path ? -1 : 1)),
      left,
    }
  }

  /** Both sides agree: large files that were being fetched when a run was cut off are of no use any more. */
  async tidy(): Promise<void> {
    try {
      await this.#sweep()
    } catch (error) {
      // It is not in the way of what only sends.
      if (!(error instanceof DiskError)) throw error
    }
    await this.#options.cutOff?.dropAll()
  }

  /** Drops, once, what an earlier run left in the staging area; what is not ours to drop, the first look sees to. */
  async #sweep(): Promise<void> {
    if (this.#swept) return
    const { files, cutOff, isHeld } = this.#options
    for (const name of (await files.list(stagingDirectory)) ?? []) {
      const left = cutOff && leftOf(name)
      if (left !== undefined) {
        this.#staged = Math.max(this.#staged, left.count)
        cutOff?.note(name)
      } else if (!isKept(name) && !isOpened(name) && name !== movingName && isHeld?.(name) !== true)
        await files.change({ do: 'drop-staged', name })
    }
    this.#swept = true
  }
}

const alone: Beside = async (work) => {
  await work
  return false
}

/**
 * Cuts a batch into groups. A name that something moved away from is not used again, nor its directory removed, before that move is
 * durable: else a crash could keep the second and lose the first.
 */
export function* groupsOf(changes: readonly Change[]): Iterable<readonly Change[]> {
  let group: Change[] = []
  let bytes = 0
  const left = new Set<string>()
  for (const change of changes) {
    const size = stagedBytes(change)
    const full = group.length >= groupChangesMax || (group.length > 0 && bytes + size > groupBytesMax)
    if (full || isLeft(left, change)) {
      yield group
      group = []
      bytes = 0
      left.clear()
    }
    group.push(change)
    bytes += size
    noteLeft(left, change)
  }
  if (group.length > 0) yield group
}

/** Names that were left in a directory are left where that one goes, too. */
function noteLeft(left: Set<string>, change: Change): void {
  if (change.do === 'apply' && change.op !== 'move') return
  const from = change.do === 'step-aside' ? change.path : change.from
  const to = change.do === 'step-aside' ? pathAside(change) : change.path
  if (change.expect.value.kind === 'directory')
    for (const path of [...left]) left.add(movedPath(path, { from, to }) ?? path)
  left.add(from)
}

function stagedBytes(change: Change): number {
  return change.do === 'apply' && change.op === 'put' && change.row.value.kind === 'file'
    ? change.row.value.sizeBytes
    : 0
}

function isLeft(left: ReadonlySet<string>, change: Change): boolean {
  if (left.size === 0) return false
  if (change.do === 'apply' && change.op === 'remove')
    return [...left].some((path) => `${path}/`.startsWith(`${change.path}/`))
  return left.has(change.path) || (change.do === 'step-aside' && left.has(pathAside(change)))
}
