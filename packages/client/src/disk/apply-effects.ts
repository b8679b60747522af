// The effects of a group on the folder, one change at a time, each right after a look at what it replaces.
import { joinPath, type RelativePath } from '../sync/name.ts'
import type { NodeId, Stamp } from '../sync/tree.ts'
import type { ApplyKept } from './apply-kept.ts'
import type { ApplyModes } from './apply-modes.ts'
import type { Aside, GroupOptions, Move, NewStep, Put, Remove, Step } from './apply-step.ts'
import { DiskError } from './file-system.ts'
import { parentOf } from './ignore.ts'
import { holdsOnlyIgnored } from './leftover.ts'
import { lookOrNothing } from './look-allowed.ts'
import { movePaths } from './moved-path.ts'
import { sameButChange, sameStamp } from './stamp.ts'

/** Carries out steps; remembers which directories' entries it changed. */
export class ApplyEffects {
  readonly #options: GroupOptions
  readonly #modes: ApplyModes
  readonly #kept: ApplyKept
  readonly touched = new Set<RelativePath>()

  constructor(options: GroupOptions, { modes, kept }: { modes: ApplyModes; kept: ApplyKept }) {
    this.#options = options
    this.#modes = modes
    this.#kept = kept
  }

  /** @throws DiskError when the disk refuses, or is not what was expected */
  async carryOut({ change, staged }: Step): Promise<void> {
    if (change.do === 'step-aside') await this.#stepAside(change)
    else if (change.op === 'move') await this.#move(change, change.path)
    else if (change.op === 'remove') await this.#remove(change)
    else if (change.row.value.kind === 'directory') await this.#putDirectory(change, change.row.value.mode)
    else if (staged !== undefined) await this.#place(change, staged)
    else await this.#setBits(change)
  }

  /** Puts new files into place; says of each why it could not be done. */
  async placeNew(steps: readonly NewStep[]): Promise<readonly (DiskError | undefined)[]> {
    const places = steps.map(({ change: { path }, staged: { name } }) => ({ name, path }))
    // The watcher hears of the first before the last is in place.
    for (const { change, staged } of steps) this.#options.traces?.left(change.path, staged.stamp)
    const refused = await this.#options.files.placeNew(places)
    for (const [at, { change }] of steps.entries())
      if (refused[at] === undefined) this.touched.add(parentOf(change.path))
      // Whatever is there, its inode may be that of the staged file, which goes and leaves it to the next one.
      else this.#options.traces?.forget(change.path)
    return refused
  }

  async #place(change: Put, { name, stamp }: NonNullable<Step['staged']>): Promise<void> {
    const { files } = this.#options
    const { path } = change
    const expect = this.#expected(change)
    const keep = expect === undefined ? undefined : this.#kept.keep(change, expect, stamp)
    await this.#modes.writable([parentOf(path)], () =>
      files.change({ do: 'place', name, path, replace: expect !== undefined, expect, keep }),
    )
    if (stamp !== undefined) this.#options.traces?.left(path, stamp)
    this.touched.add(parentOf(path))
  }

  /** The same bytes: only bits or time are new. */
  async #setBits(change: Put): Promise<void> {
    const { files } = this.#options
    const { path, row } = change
    const expect = this.#expected(change)
    if (row.value.kind !== 'file' || expect === undefined) throw new DiskError('ECHANGED', 'not a file')
    const { mode, mtimeNs } = row.value
    await files.change({ do: 'set-bits', path, mode, mtimeNs, expect })
    this.touched.add(parentOf(path))
  }

  async #putDirectory(change: Put, mode: number): Promise<void> {
    const { files } = this.#options
    const { path, expect } = change
    if (expect === undefined) {
      try {
        const now = this.#modes.forNew(path, mode)
        const made = await this.#modes.writable([parentOf(path)], () =>
          files.change({ do: 'make-directory', path, mode: now }),
        )
        // One that gets its bits later is not as it stays: the user may give it what it has for the work.
        if (made !== undefined && now === mode) this.#options.traces?.made(path, made)
      } catch (error) {
        if (!(await this.#isUnknownDirectory(error, change))) throw error
        this.#modes.set(path, mode)
      }
    } else {
      const [look] = await files.look([path])
      const still = look?.kind === 'directory' && look.stamp.ino === expect.stamp.ino
      if (!still || look.stamp.mode !== expect.stamp.mode)
        throw new DiskError('ECHANGED', 'another directory')
      this.#modes.set(path, mode, change)
    }
    this.touched.add(parentOf(path))
  }

  /** A directory that no row knows (left with what is ignored in it, or just made) becomes the one that is put. */
  async #isUnknownDirectory(error: unknown, { path, row }: Put): Promise<boolean> {
    if (!(error instanceof DiskError) || error.code !== 'EEXIST') return false
    const [look] = await this.#options.files.look([path])
    if (look?.kind !== 'directory') return false
    const tree = await this.#options.trees.begin()
    const known = tree.child('local', row.parent, row.name)
    tree.abandon()
    if (known === undefined) this.#options.report.lookAgain.add(path)
    return known === undefined
  }

  async #stepAside(change: Aside): Promise<void> {
    const to = pathAside(change)
    if (to !== change.path) {
      await this.#move(change, to)
    } else {
      // It has a name of its own already, and only its id is new.
      const [look] = await this.#options.files.look([to])
      const expect = this.#expected(change)
      if (look === undefined || expect === undefined || !sameStamp(expect, look.stamp))
        throw new DiskError('ECHANGED', 'not what was expected there')
    }
    if (change.newNode) this.#options.fresh.delete(change.id)
  }

  async #move(change: Move | Aside, to: RelativePath): Promise<void> {
    const { files, fresh, traces } = this.#options
    const from = change.do === 'step-aside' ? change.path : change.from
    const isDirectory = change.expect.value.kind === 'directory'
    const expect = isDirectory ? undefined : this.#expected(change)
    if (isDirectory) await this.#checkDirectory(from, change.expect.stamp)
    const parents = [parentOf(from), parentOf(to)]
    await this.#modes.writable(parents, () => files.change({ do: 'move', from, to, expect }))
    for (const parent of parents) this.touched.add(parent)
    if (isDirectory) {
      this.#modes.moved(from, to)
      this.#kept.moved(from, to)
      // What was changed in it is flushed where it is by then.
      movePaths(this.touched, { from, to })
    }
    const [look] = await files.look([to])
    if (look === undefined || expect === undefined || !sameButChange(expect, look.stamp)) return
    fresh.set(change.id, look.stamp)
    traces?.left(from, undefined)
    traces?.left(to, look.stamp)
  }

  async #remove(change: Remove): Promise<void> {
    const { files } = this.#options
    const { path, expect } = change
    const parent = parentOf(path)
    this.touched.add(parent)
    try {
      if (expect.value.kind === 'directory') {
        await this.#modes.writable([parent], () => files.change({ do: 'remove-directory', path }))
      } else {
        const stamp = this.#expected(change)
        const keep = stamp === undefined ? undefined : this.#kept.keep(change, stamp)
        await this.#modes.writable([parent], () =>
          files.change({ do: 'remove-file', path, expect: stamp, keep }),
        )
        this.#options.traces?.left(path, undefined)
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (error.code === 'ENOTEMPTY' && (await this.#keepsIgnored(change))) return
      // Gone already: the user removed it too.
      const [there] =
        error.code === 'ENOENT' || error.code === 'ECHANGED' ? await files.look([path]) : [error]
      if (there !== undefined) throw error
      if (await this.#isElsewhere(change))
        throw new DiskError('ECHANGED', 'what it lies in did not get its new name')
    }
  }

  /** Whether it is where it was before the plan: a directory that it lies in was to get another name, and did not. */
  async #isElsewhere({ id, path, expect }: Remove): Promise<boolean> {
    const tree = await this.#options.trees.begin()
    const known = tree.pathOf('local', id)
    tree.abandon()
    if (known === undefined || known === path) return false
    const [there] = await lookOrNothing(this.#options.files, [known])
    return there?.kind === expect.value.kind && there.stamp.ino === expect.stamp.ino
  }

  /** What is ignored in a removed directory stays, and so does the directory, as one that no row knows. */
  async #keepsIgnored({ id, path }: Remove): Promise<boolean> {
    const tree = await this.#options.trees.begin()
    try {
      for await (const _ of tree.children('local', id)) return false
    } finally {
      tree.abandon()
    }
    await this.#options.ignore.enterFrom(parentOf(path))
    return holdsOnlyIgnored(this.#options, path)
  }

  async #checkDirectory(path: RelativePath, expect: Stamp): Promise<void> {
    const [look] = await this.#options.files.look([path])
    if (look?.kind !== 'directory' || look.stamp.ino !== expect.ino)
      throw new DiskError('ECHANGED', 'another directory')
  }

  #expected(change: {
    readonly id: NodeId
    readonly expect: { readonly stamp: Stamp } | undefined
  }): Stamp | undefined {
    return change.expect === undefined
      ? undefined
      : (this.#options.fresh.get(change.id) ?? change.expect.stamp)
  }
}

/** Where what steps aside goes. */
export function pathAside({ path, keptAs }: Aside): RelativePath {
  return joinPath(parentOf(path), keptAs)
}
