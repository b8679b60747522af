// What a group replaces or removes stays in the staging area until the group is durable. Who was writing to it in that very moment, or
// still is, gets the file back: no look right before a rename can see that.
import { conflictName } from '../sync/conflict-name.ts'
import { asName, joinPath, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import type { Stamp } from '../sync/tree.ts'
import type { Change } from './apply-report.ts'
import type { GroupOptions } from './apply-step.ts'
import { DiskError, type Look } from './file-system.ts'
import { parentOf } from './ignore.ts'
import { lookOrNothing } from './look-allowed.ts'
import { movedPath } from './moved-path.ts'
import { sameButChange } from './stamp.ts'
import { keptName, stagedPath } from './staging-names.ts'

/** The name of what was kept when a crash came, and nobody knows any more where it was. */
export const rescued = 'rescued' as Name

interface Kept {
  readonly name: string
  readonly change: Change
  /** Where it was, as that is called by now. */
  path: RelativePath
  readonly expect: Stamp
  /** What was put in its place; undefined when it was removed. */
  readonly placed: Stamp | undefined
}

/** Of one group. */
export class ApplyKept {
  readonly #options: GroupOptions
  readonly #all: Kept[] = []

  constructor(options: GroupOptions) {
    this.#options = options
  }

  /** A name in the staging area for what is there now. `placed`: what will be there instead, as it was staged. */
  keep(change: Change, expect: Stamp, placed?: Stamp): string {
    const name = keptName(this.#options.nextCount(), expect)
    this.#all.push({ name, change, path: change.path, expect, placed })
    return name
  }

  /** A directory has another path now. */
  moved(from: RelativePath, to: RelativePath): void {
    for (const kept of this.#all) kept.path = movedPath(kept.path, { from, to }) ?? kept.path
  }

  /** Drops what is as it was, and gives back what is not. Returns the changes that have not lasted because of that. */
  async release(): Promise<ReadonlySet<Change>> {
    const { files } = this.#options
    const undone = new Set<Change>()
    const looks = await files.look(this.#all.map(({ name }) => stagedPath(name)))
    for (const [index, kept] of this.#all.entries()) {
      const look = looks[index]
      if (look === undefined) continue
      if (sameButChange(kept.expect, look.stamp)) await files.change({ do: 'drop-staged', name: kept.name })
      else if (await this.#giveBack(kept, look)) undone.add(kept.change)
    }
    return undone
  }

  /** True when it has its own name again; else it stands beside, as a copy. */
  async #giveBack({ name, path, placed }: Kept, look: Look): Promise<boolean> {
    const { files, report } = this.#options
    report.lookAgain.add(parentOf(path))
    const [there] = await lookOrNothing(files, [path])
    const isOurs = there !== undefined && placed !== undefined && sameButChange(placed, there.stamp)
    if (there !== undefined && !isOurs) {
      await giveName(this.#options, name, { path, kind: look.kind })
      return false
    }
    try {
      await files.change({ do: 'place', name, path, replace: isOurs, expect: there?.stamp })
      return true
    } catch (error) {
      if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
      await giveName(this.#options, name, { path, kind: look.kind })
      return false
    }
  }
}

/** Where a staged file that is a user's goes when its name is not to be had: beside it, or as near as there is a directory. */
export async function giveName(
  options: Pick<GroupOptions, 'files' | 'clock' | 'device' | 'traits'>,
  staged: string,
  was: { readonly path: RelativePath; readonly kind: Look['kind'] },
): Promise<RelativePath> {
  const { files, clock, device, traits } = options
  const name = asName(was.path.slice(was.path.lastIndexOf('/') + 1))
  const { nameBytesMax: bytesMax } = traits
  for (let directory = parentOf(was.path); ; directory = parentOf(directory)) {
    const names = new Set<string>(await files.list(directory).catch(() => undefined))
    const kind = was.kind === 'link' ? 'link' : 'file'
    const parts = { name: name ?? rescued, kind, device: device ?? '', atMs: clock.now(), bytesMax } as const
    const path = joinPath(
      directory,
      conflictName(parts, (free) => !names.has(free)),
    )
    try {
      await files.change({ do: 'place', name: staged, path, replace: false })
      await files.flush([directory])
      return path
    } catch (error) {
      if (!(error instanceof DiskError) || error.code === 'ESTALE' || directory === rootPath) throw error
    }
  }
}
