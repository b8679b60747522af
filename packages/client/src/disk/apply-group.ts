// One group of changes: stage, flush, look again and rename, flush, record. Nothing is recorded before it is durable.
import { isPlain, nameToBytes, rootPath, type RelativePath } from '../sync/name.ts'
import { rootId, type NodeId, type Row } from '../sync/tree.ts'
import { ClientError } from '../errors.ts'
import { ApplyEffects, pathAside } from './apply-effects.ts'
import { ApplyKept } from './apply-kept.ts'
import { ApplyModes } from './apply-modes.ts'
import { record } from './apply-record.ts'
import { refusalOf, type Change, type Refusal } from './apply-report.ts'
import { stage } from './apply-stage.ts'
import {
  isPut,
  needsContent,
  runsOf,
  type GroupOptions,
  type NewStep,
  type PutStep,
  type Step,
} from './apply-step.ts'
import { DiskError, ownDirectory } from './file-system.ts'
import { ancestorsOf, parentOf } from './ignore.ts'
import { lookAllowed, lookOrNothing } from './look-allowed.ts'
import { sameForDisk } from './look-identify.ts'
import type { OpenTransaction } from './look-report.ts'
import { movedPath } from './moved-path.ts'
import { SeenRows } from './seen-rows.ts'
import { sameStamp } from './stamp.ts'
import { leftOf } from './staging-names.ts'

/** New files up to this are fetched without a look at where they go, if that is a directory which is new itself. */
const unlookedBytesMax = 64 * 1024

/** Used once. */
export class ApplyGroup {
  readonly #options: GroupOptions
  readonly #steps: readonly Step[]
  /** Nodes that this group moved or removed: their names are free. */
  readonly #left = new Set<NodeId>()
  /** What this group gave other names, in order. */
  readonly #moves: { readonly from: RelativePath; readonly to: RelativePath }[] = []
  /** Steps that another plan may want again. */
  readonly #outdated = new Set<Step>()
  /** Nodes that this group put: they are here, although no row says so yet. */
  readonly #put = new Set<NodeId>()

  constructor(options: GroupOptions, changes: readonly Change[]) {
    this.#options = options
    this.#steps = changes.map((change) => ({ change, staged: undefined, state: 'waiting' }))
  }

  /** Says whether something was changed beside it, while its contents came. */
  async run(): Promise<boolean> {
    const { files, report } = this.#options
    for (const step of this.#steps) this.#checkName(step)
    await this.#checkEarly()
    const isOvertaken = await this.#stage()
    const modes = new ApplyModes(this.#options)
    const kept = new ApplyKept(this.#options)
    const effects = new ApplyEffects(this.#options, { modes, kept })
    for (const run of runsOf(this.#waiting()))
      if ('change' in run) await this.#carryOut(run, effects)
      else await this.#placeNew(run, effects)
    const { touched, missed } = await modes.finish()
    for (const directory of touched) effects.touched.add(directory)
    for (const step of this.#steps) if (missed.includes(step.change)) this.#refuse(step, 'changed')
    await files.flush([...effects.touched])
    const undone = await kept.release()
    for (const step of this.#steps) if (undone.has(step.change)) step.state = 'refused'
    const done = this.#steps.filter(({ state }) => state === 'done')
    for (const directory of await record(this.#options, done)) report.lookAgain.add(directory)
    report.done.push(...done.map(({ change }) => change))
    const refused = this.#steps.filter(({ state }) => state === 'refused')
    for (const step of refused) await this.#dropStaged([step], this.#outdated.has(step))
    return isOvertaken
  }

  /** Nothing of it is to be seen yet: what is small may be done beside it. What that changed is no longer what the plan saw. */
  async #stage(): Promise<boolean> {
    const { files, trees, beside } = this.#options
    const staged = async (): Promise<void> => {
      await stage(this.#options, this.#steps, (step, refusal) => this.#refuse(step, refusal))
      await files.flush([])
    }
    const seen = new SeenRows(trees, this.#steps)
    try {
      const isOvertaken = await beside(staged(), () => seen.note())
      for (const step of await seen.changed()) if (step.state === 'waiting') this.#refuse(step, 'changed')
      return isOvertaken
    } catch (error) {
      await this.#dropStaged(this.#steps, isOfLine(error)).catch(() => undefined)
      throw error
    }
  }

  /** `mayBeWanted`: what is large is fetched again, from what there is of it. */
  async #dropStaged(steps: readonly Step[], mayBeWanted: boolean): Promise<void> {
    const { files, cutOff } = this.#options
    for (const { staged } of steps) {
      if (staged === undefined) continue
      if (mayBeWanted && cutOff !== undefined && leftOf(staged.name) !== undefined) cutOff.note(staged.name)
      else await files.change({ do: 'drop-staged', name: staged.name })
    }
  }

  #waiting(): Step[] {
    return this.#steps.filter(({ state }) => state === 'waiting')
  }

  /** Names that are ours, or that this disk cannot hold. */
  #checkName(step: Step): void {
    const { change } = step
    const { traits } = this.#options
    const top = change.path.split('/', 1)[0] ?? ''
    const name =
      change.do === 'step-aside' ? change.keptAs : change.path.slice(change.path.lastIndexOf('/') + 1)
    if (sameForDisk(traits, top, ownDirectory)) this.#refuse(step, { code: 'name-reserved' })
    else if (nameBytes(name) > traits.nameBytesMax) this.#refuse(step, { code: 'name-unholdable' })
  }

  /**
   * Spares fetching what could not be put into place, at each plan again; the look that counts comes right before the rename. Small files in a directory
   * that this group makes are not worth it: only who is quick has something there, and putting a new file into place replaces nothing.
   */
  async #checkEarly(): Promise<void> {
    const moving = new Set<string>()
    const steps: PutStep[] = []
    const waiting = this.#waiting()
    const made = new Set(waiting.flatMap((step) => (makesDirectory(step) ? step.change.id : [])))
    for (const step of waiting) {
      const { change } = step
      const disturbed =
        moving.size > 0 && [change.path, ...ancestorsOf(change.path)].some((path) => moving.has(path))
      if (isPut(step) && !disturbed && needsContent(step.change) && !isUnlooked(step.change, made))
        steps.push(step)
      if (change.do === 'step-aside' || change.op !== 'put') moving.add(change.path)
      if (change.do === 'apply' && change.op === 'move') moving.add(change.from)
    }
    const paths = steps.map(({ change }) => change.path)
    const looks = await lookAllowed(this.#options.files, paths)
    for (const [index, step] of steps.entries()) {
      const { id, expect } = step.change
      const look = looks[index]
      // In a directory that is closed: whether it may be opened for this shows when it is tried.
      if (look instanceof DiskError) continue
      const expected = expect === undefined ? undefined : (this.#options.fresh.get(id) ?? expect.stamp)
      const still =
        expected === undefined ? look === undefined : look !== undefined && sameStamp(expected, look.stamp)
      if (!still) await this.#changed(step)
    }
  }

  async #carryOut(step: Step, effects: ApplyEffects): Promise<void> {
    try {
      const [isHeld = false] = await this.#areHeld([step])
      if (isHeld || (await this.#leavesRows(step)))
        throw new DiskError('ECHANGED', 'what was to come before it did not happen')
      await effects.carryOut(step)
      await this.#settle(step, undefined)
    } catch (error) {
      await this.#settle(step, error)
    }
  }

  /** What came of a step. `error`: what it failed with. @throws the error, if it is not about this step */
  async #settle(step: Step, error: unknown): Promise<void> {
    if (error !== undefined) {
      const refusal = refusalOf(error)
      if (refusal === 'changed') await this.#changed(step)
      else this.#refuse(step, refusal)
      return
    }
    step.state = 'done'
    const { change } = step
    if (change.do !== 'apply' || change.op !== 'put') this.#left.add(change.id)
    else if (change.expect === undefined) this.#put.add(change.id)
    if (change.do === 'step-aside') this.#moves.push({ from: change.path, to: pathAside(change) })
    if (change.do === 'apply' && change.op === 'move')
      this.#moves.push({ from: change.from, to: change.path })
  }

  /** New files, one after the other: none of them makes room for another, so that all may be judged before the first. */
  async #placeNew(run: readonly NewStep[], effects: ApplyEffects): Promise<void> {
    const held = await this.#areHeld(run)
    const free = run.filter((_, at) => held[at] === false)
    const refused = new Map<Step, DiskError | undefined>()
    for (const [at, error] of (await effects.placeNew(free)).entries()) {
      const step = free[at]
      if (step !== undefined) refused.set(step, error)
    }
    for (const step of run) {
      const error = refused.get(step)
      // Held, or in a directory that is closed: the way of a single one knows what to do.
      if (!refused.has(step) || error?.code === 'EACCES') await this.#carryOut(step, effects)
      else await this.#settle(step, error)
    }
  }

  async #areHeld(steps: readonly Step[]): Promise<readonly boolean[]> {
    const tree = await this.#options.trees.begin()
    const held = steps.map(({ change }) => this.#isHeld(change, tree))
    tree.abandon()
    return held
  }

  /**
   * Whether the name is still another node's, because the change that was to free it did not happen. Even if nothing is there now:
   * two nodes at one place would be more than the trees can say. A look tells what became of the other one. Nor does anything come into a
   * directory that is not here, or not where it was to be by now: what has its name is another one.
   */
  #isHeld(change: Change, tree: OpenTransaction): boolean {
    const place = placeTaken(change, tree.get(change.id)?.local)
    if (place === undefined) return false
    const { parent, name } = place
    const holder = tree.child('local', parent, name)
    const isInside = this.#put.has(parent) || this.#pathNow(parent, tree) === parentOf(change.path)
    return !isInside || (holder !== undefined && holder !== change.id && !this.#left.has(holder))
  }

  /** Where a directory is, which the rows say as it was before this group. */
  #pathNow(id: NodeId, tree: OpenTransaction): RelativePath | undefined {
    const path = id === rootId ? rootPath : tree.pathOf('local', id)
    return path && this.#moves.reduce((now, move) => movedPath(now, move) ?? now, path)
  }

  /** Whether rows would be left of what is in a directory that goes: of something that was to leave it before, and could not. */
  async #leavesRows({ change }: Step): Promise<boolean> {
    if (change.do !== 'apply' || change.op !== 'remove' || change.expect.value.kind !== 'directory')
      return false
    const tree = await this.#options.trees.begin()
    try {
      for await (const { id } of tree.children('local', change.id)) if (!this.#left.has(id)) return true
      return false
    } finally {
      tree.abandon()
    }
  }

  #refuse(step: Step, refusal: Refusal): void {
    step.state = 'refused'
    const { path } = step.change
    if (refusal === 'changed') {
      this.#outdated.add(step)
      this.#options.report.lookAgain.add(parentOf(path))
    } else this.#options.report.problems.push({ path, ...refusal })
  }

  /** Something else is there than the plan saw. A look will tell, unless it is something that looks do not record. */
  async #changed(step: Step): Promise<void> {
    const { change } = step
    const { files, report } = this.#options
    const [there] = await lookOrNothing(files, [change.path])
    if (there?.kind === 'other') {
      this.#refuse(step, { code: 'kind-unsupported' })
      return
    }
    if (this.#isKeptByRefused(change) || this.#isBelowRefused(change)) {
      step.state = 'refused'
      return
    }
    if (there !== undefined && (await this.#isUnrecorded(change.path, there.kind === 'directory'))) {
      this.#refuse(step, { code: 'name-collision', detail: 'ignored' })
      return
    }
    this.#refuse(step, 'changed')
    if (there?.kind === 'directory') report.lookAgain.add(change.path)
    if (change.do === 'apply' && change.op === 'move') report.lookAgain.add(parentOf(change.from))
  }

  /** A directory that stays because something in it could not be removed: that one is the problem. */
  #isKeptByRefused(change: Change): boolean {
    if (change.do !== 'apply' || change.op !== 'remove') return false
    return this.#options.report.problems.some(({ path }) => path.startsWith(`${change.path}/`))
  }

  /** What was to be above it could not be put there: that one is the problem. */
  #isBelowRefused({ path }: Change): boolean {
    return this.#options.report.problems.some((problem) => path.startsWith(`${problem.path}/`))
  }

  /** Ignored here and never synced. */
  async #isUnrecorded(path: RelativePath, isDirectory: boolean): Promise<boolean> {
    await this.#options.ignore.enterFrom(parentOf(path))
    if (!this.#options.ignore.ignores(path, isDirectory)) return false
    const tree = await this.#options.trees.begin()
    const known = tree.find('local', path)
    tree.abandon()
    return known === undefined
  }
}

/** Whether the run was ended from outside: there is nothing wrong with this disk. */
function isOfLine(error: unknown): boolean {
  return error instanceof ClientError && !['disk-full', 'disk-failed', 'folder-unusable'].includes(error.code)
}

/** The place that a change gives its node, where that is another one than it has now. */
function placeTaken(change: Change, now: Row | undefined): Pick<Row, 'parent' | 'name'> | undefined {
  // Its directory may have got another id since the plan, with what this device took over of the log.
  if (change.do === 'step-aside') return { parent: (now ?? change.expect).parent, name: change.keptAs }
  if (change.op === 'move') return change
  return change.op === 'put' && change.expect === undefined ? change.row : undefined
}

function makesDirectory(step: Step): boolean {
  return isPut(step) && step.change.expect === undefined && step.change.row.value.kind === 'directory'
}

/** Whether it is fetched without a look at where it goes. `made`: directories that are made before it. */
function isUnlooked({ row, expect }: PutStep['change'], made: ReadonlySet<NodeId>): boolean {
  const isSmall = row.value.kind === 'file' && row.value.sizeBytes <= unlookedBytesMax
  return expect === undefined && isSmall && made.has(row.parent)
}

function nameBytes(name: string): number {
  return isPlain(name) ? name.length : nameToBytes(name).length
}
