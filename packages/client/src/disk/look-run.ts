// One look: goes through directories, compares their listings with the local column, and settles at the end what nobody found again.
import { ClientError } from '../errors.ts'
import type { Problem } from '../sync/action.ts'
import { joinPath, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import type { TreesReader, TreesTransaction } from '../state/trees.ts'
import { parkingPlace } from '../sync/parking-name.ts'
import { rootId, type LocalRow, type NodeId } from '../sync/tree.ts'
import { DiskError, ownDirectory, type DiskTraits, type Look } from './file-system.ts'
import { folderFault } from './folder-fault.ts'
import { ancestorsOf, ignoreFile, parentOf } from './ignore.ts'
import { holdsOnlyIgnored } from './leftover.ts'
import { identify, isThere, isTracked, sameForDisk, seenAt, type Seen } from './look-identify.ts'
import { nodesMax, problemsMax, type Between, type LookOptions, type LookReport } from './look-report.ts'
import { isMarked } from './marker.ts'
import { isUnmounted } from './unmounted.ts'
import { LookTransaction } from './look-transaction.ts'
import { newFileRow, observedRow } from './look-value.ts'
import { sameStamp } from './stamp.ts'

/** Things that came since the last time, for others to do something with them. */
const cameMin = 2_500
/** Names looked at in one call. */
const namesAtOnce = 500

interface Task {
  readonly path: RelativePath
  readonly id: NodeId
  /** Everything below, too. */
  readonly deep: boolean
}

/** A directory that was listed. */
interface Listing extends Task {
  readonly names: readonly Name[]
  /** Its nodes in the local tree, as they were before this look. */
  readonly known: ReadonlyMap<Name, NodeId>
}

/** A look under way; used once. */
export class LookRun {
  readonly #options: LookOptions
  readonly #traits: DiskTraits
  readonly #transaction: LookTransaction
  readonly #tasks: Task[] = []
  /** New directories that were asked whether all in them is ignored. */
  readonly #onlyIgnored = new Map<RelativePath, boolean>()
  /** Directories to be listed, parents last, since the last one is taken first: which node one is shows when its turn comes. */
  #hinted: RelativePath[] = []
  /** Nodes that were not found where they were, with the place at which they were missed. */
  readonly #missing = new Map<NodeId, LocalRow>()
  /** Nodes whose rows were written, up to one more than are told. */
  readonly #written = new Set<NodeId>()
  readonly #problems: Problem[] = []
  #between: Between | undefined
  /** How many had come when it was called last. */
  #cameBefore = 0
  readonly #counts = { directories: 0, came: 0, changed: 0, vanished: 0 }

  constructor(options: LookOptions, traits: DiskTraits) {
    this.#options = options
    this.#traits = traits
    this.#transaction = new LookTransaction(options.trees)
  }

  /** Everything. */
  whole(between?: Between): Promise<LookReport> {
    this.#between = between
    this.#tasks.push({ path: rootPath, id: rootId, deep: true })
    return this.#run()
  }

  /** Some directories. */
  async some(directories: readonly RelativePath[]): Promise<LookReport> {
    this.#hinted = [...new Set(directories)]
      .filter((path) => path !== ownDirectory && !path.startsWith(`${ownDirectory}/`))
      .sort()
      .reverse()
    await this.#applyRules(new Set(this.#hinted.flatMap(ancestorsOf)))
    return this.#run()
  }

  async #run(): Promise<LookReport> {
    try {
      for (;;) {
        const task = this.#tasks.pop() ?? (await this.#nextHint())
        if (task === undefined) break
        if (this.#options.signal?.aborted === true)
          throw new ClientError('interrupted', 'the look was stopped')
        await this.#directory(await this.#asItIsNow(task))
        await this.#mayCallBetween()
      }
      await this.#settleMissing()
      await this.#transaction.end()
    } catch (error) {
      throw folderFault(error, 'the folder cannot be looked at')
    } finally {
      this.#transaction.abandon()
    }
    const problems = this.#problems.sort((a, b) => (a.path < b.path ? -1 : 1))
    const nodes = this.#written.size > nodesMax ? undefined : [...this.#written]
    return { ...this.#counts, nodes, problems }
  }

  /** A directory that was new when it was found may have got its id of the log since. */
  async #asItIsNow(task: Task): Promise<Task> {
    if (this.#cameBefore === 0 || task.id === rootId) return task
    const tree = await this.#transaction.tree()
    if (tree.get(task.id)?.local !== undefined) return task
    return { ...task, id: directoryAt(tree, task.path) ?? task.id }
  }

  async #mayCallBetween(): Promise<void> {
    const { came, changed } = this.#counts
    const isPlain = changed === 0 && this.#missing.size === 0
    if (this.#between === undefined || !isPlain || came - this.#cameBefore < cameMin) return
    this.#cameBefore = came
    await this.#transaction.end()
    if (!(await this.#between())) this.#between = undefined
  }

  /** Of the directories above what is hinted at, those whose ignore rules changed are looked at in full. */
  async #applyRules(ancestors: ReadonlySet<RelativePath>): Promise<void> {
    const tree = await this.#transaction.tree()
    // Each once, parents first: in a deep folder that saves most of the work.
    for (const above of [...ancestors].sort((a, b) => a.length - b.length)) {
      const changed = await this.#options.ignore.enter(above, true)
      const id = directoryAt(tree, above)
      if (changed && id !== undefined) this.#tasks.push({ path: above, id, deep: true })
    }
  }

  /** The next directory, or the nearest one above it that is known as one: what was a file a moment ago has no children to compare with. */
  async #nextHint(): Promise<Task | undefined> {
    const path = this.#hinted.pop()
    if (path === undefined) return undefined
    const tree = await this.#transaction.tree()
    for (let at = path; ; at = parentOf(at)) {
      const id = directoryAt(tree, at)
      if (id !== undefined) return { path: at, id, deep: false }
    }
  }

  async #directory(task: Task): Promise<void> {
    const names = await this.#list(task)
    if (names === undefined) return
    if (
      task.id !== rootId &&
      names.some((name) => name === (ownDirectory as string)) &&
      (await this.#isNested(task.path))
    )
      return
    this.#counts.directories += 1
    const rulesChanged = await this.#options.ignore.enter(task.path, names.includes(ignoreFile))
    const known = new Map<Name, NodeId>()
    for await (const { name, id } of (await this.#transaction.tree()).children('local', task.id))
      known.set(name, id)
    const there = new Set<Name>(names)
    try {
      await this.#entries({ ...task, deep: task.deep || rulesChanged, names, known }, there)
    } catch (error) {
      // May be listed, but what is in it may not be looked at: nothing is known of it now.
      if (!(error instanceof DiskError) || task.id === rootId || error.code === 'ESTALE') throw error
      this.#problem({ path: task.path, code: 'unreadable', detail: error.code })
      return
    }
    await this.#missOthers(task, { known, there })
  }

  /** Looks at what was listed, in parts; takes out of `there` what is not there any more. */
  async #entries(listing: Listing, there: Set<Name>): Promise<void> {
    const { names, path, id } = listing
    for (let at = 0; at < names.length; at += namesAtOnce) {
      const wanted = await this.#wanted(listing, names.slice(at, at + namesAtOnce))
      const nowMs = this.#options.clock.now()
      const looks = await this.#options.files.look(wanted.map((name) => joinPath(path, name)))
      const tree = await this.#transaction.tree()
      for (const [index, name] of wanted.entries()) {
        const look = looks[index]
        if (look === undefined) there.delete(name)
        else if (
          !this.#isUnchanged(tree, { listing, name, look }) &&
          !this.#isNewFile(tree, listing, { name, look })
        )
          await this.#entry(listing, { seen: seenAt({ parent: id, path, name }, look), nowMs })
      }
      await this.#transaction.breathe(wanted.length)
    }
  }

  /** The way of nearly everything, nearly always: the same inode under the same name, and nothing about it has changed. */
  #isUnchanged(
    tree: TreesReader,
    { listing, name, look }: { readonly listing: Listing; readonly name: Name; readonly look: Look },
  ): boolean {
    const id = listing.known.get(name)
    const row = id === undefined ? undefined : tree.get(id)?.local
    if (id === undefined || row === undefined || row.parent !== listing.id || row.name !== name) return false
    if (row.value.kind !== look.kind || row.stamp.dev !== look.stamp.dev) return false
    const isDirectory = look.kind === 'directory'
    const same = isDirectory
      ? row.stamp.ino === look.stamp.ino && row.stamp.mode === look.stamp.mode
      : sameStamp(row.stamp, look.stamp)
    if (same && isDirectory && listing.deep)
      this.#tasks.push({ path: joinPath(listing.path, name), id, deep: true })
    return same
  }

  /** The way of nearly everything in a folder that is new: a file of which nothing is known, so that nothing has to be waited for. */
  #isNewFile(
    tree: TreesTransaction,
    { id, path }: Listing,
    { name, look }: { readonly name: Name; readonly look: Look },
  ): boolean {
    const row = newFileRow(tree, { parent: id, name, look })
    if (row === undefined || this.#options.ignore.ignores(joinPath(path, name), false)) return false
    this.#set(tree.provisional(), row)
    this.#counts.came += 1
    return true
  }

  /** Names in a directory, sorted; undefined when it cannot be listed now. */
  async #list(task: Task): Promise<readonly Name[] | undefined> {
    try {
      const names = await this.#options.files.list(task.path)
      if (names !== undefined)
        return names
          .filter((name) => task.id !== rootId || !sameForDisk(this.#traits, name, ownDirectory))
          .sort()
    } catch (error) {
      if (!(error instanceof DiskError) || task.id === rootId || error.code === 'ESTALE') throw error
      this.#problem({ path: task.path, code: 'unreadable', detail: error.code })
      return undefined
    }
    if (task.id === rootId) throw new DiskError('ENOENT', 'the folder is gone')
    await this.#gone(task)
    return undefined
  }

  /** A directory that was there is not, or is something else now: its parent's listing tells. */
  async #gone(task: Task): Promise<void> {
    if (task.deep) {
      // Its parent was listed in this very look: it went away meanwhile.
      this.#miss(task.id, (await this.#transaction.tree()).get(task.id)?.local)
      return
    }
    const path = parentOf(task.path)
    const id = (await this.#transaction.tree()).find('local', path)
    if (id !== undefined) this.#tasks.push({ path, id, deep: false })
  }

  /** Names worth looking at: all but what is ignored and was never synced. */
  async #wanted({ id, path, known }: Listing, names: readonly Name[]): Promise<readonly Name[]> {
    const tree = await this.#transaction.tree()
    const { ignore } = this.#options
    return names.filter(
      (name) => known.has(name) || !ignore.ignores(joinPath(path, name), false) || isTracked(tree, id, name),
    )
  }

  async #entry(task: Task, { seen, nowMs }: { readonly seen: Seen; readonly nowMs: number }): Promise<void> {
    try {
      await this.#observe(task, { seen, nowMs })
    } catch (error) {
      // Gone, or without permission, between listing and reading a link: nothing is known of it now.
      if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
      if (error.code !== 'ENOENT') this.#problem({ path: seen.path, code: 'unreadable', detail: error.code })
    }
  }

  async #observe(
    task: Task,
    { seen, nowMs }: { readonly seen: Seen; readonly nowMs: number },
  ): Promise<void> {
    const { files, ignore } = this.#options
    const { kind } = seen.look
    const tree = await this.#transaction.tree()
    if (kind === 'other') {
      this.#problem({ path: seen.path, code: 'kind-unsupported' })
      return
    }
    const isDirectory = kind === 'directory'
    if (ignore.ignores(seen.path, isDirectory) && !isTracked(tree, seen.parent, seen.name)) return
    const isMissing = (id: NodeId): boolean => this.#missing.has(id)
    if (isDirectory && (await isUnmounted({ ...this.#options, tree }, seen))) {
      this.#problem({ path: seen.path, code: 'source-unmounted' })
      return
    }
    const identity = await identify({ tree, files, traits: this.#traits, isMissing }, seen)
    if (identity === 'unfinished') return
    const isNew = identity.id === undefined
    if (isNew && isDirectory && (await this.#isNested(seen.path))) return
    if (isNew && isDirectory && (await this.#holdsOnlyIgnored(seen.path))) return
    const row = await observedRow({ tree, files, traits: this.#traits, nowMs }, seen, identity.id)
    const before = identity.id === undefined ? undefined : tree.get(identity.id)?.local
    const id = identity.id ?? tree.provisional()
    this.#missing.delete(id)
    if (identity.displaced !== undefined) this.#displace(tree, identity.displaced)
    if (row !== before) {
      this.#set(id, row)
      this.#counts[before === undefined ? 'came' : 'changed'] += 1
    }
    const other =
      before?.stamp.ino !== row.stamp.ino || before.parent !== row.parent || before.name !== row.name
    if (isDirectory && (task.deep || other)) this.#tasks.push({ path: seen.path, id, deep: true })
  }

  async #holdsOnlyIgnored(path: RelativePath): Promise<boolean> {
    if (this.#options.isSource === true) return false
    const { files, ignore } = this.#options
    return await holdsOnlyIgnored({ files, ignore, answers: this.#onlyIgnored }, path)
  }

  /** A synced folder of its own is left alone: two vaults that sync the same files would chase each other. */
  async #isNested(path: RelativePath): Promise<boolean> {
    if (this.#options.isSource === true || !(await isMarked(this.#options.files, path))) return false
    this.#problem({ path, code: 'folder-nested' })
    return true
  }

  /** Another node has its name now. It waits, with all below it, at a place of its own until it is found, or until the end. */
  #displace(tree: TreesReader, id: NodeId): void {
    const row = tree.get(id)?.local
    if (row === undefined) return
    const place = parkingPlace(id, ({ parent, name }) => tree.child('local', parent, name) === undefined)
    const parked = { ...row, ...place }
    this.#set(id, parked)
    this.#missing.set(id, parked)
  }

  async #missOthers(
    task: Task,
    { known, there }: { readonly known: ReadonlyMap<Name, NodeId>; readonly there: ReadonlySet<Name> },
  ): Promise<void> {
    const tree = await this.#transaction.tree()
    for (const [name, id] of known) {
      const row = there.has(name) ? undefined : tree.get(id)?.local
      if (row?.parent === task.id && row.name === name) this.#miss(id, row)
    }
  }

  #miss(id: NodeId, row: LocalRow | undefined): void {
    if (row !== undefined && !this.#missing.has(id)) this.#missing.set(id, row)
  }

  /** What was missed and not found elsewhere has vanished, if it is still not there. */
  async #settleMissing(): Promise<void> {
    for (const [id, missed] of this.#missing) {
      const tree = await this.#transaction.tree()
      const row = tree.get(id)?.local
      if (row === undefined || row.parent !== missed.parent || row.name !== missed.name) continue
      if (await this.#hasVanished(tree.pathOf('local', id), row)) await this.#vanish(id)
      await this.#transaction.breathe(1)
    }
  }

  async #hasVanished(path: RelativePath | undefined, row: LocalRow): Promise<boolean> {
    try {
      const options = { files: this.#options.files, traits: this.#traits }
      const there = path === undefined ? undefined : await isThere(options, path)
      return there === undefined || !isSame(row, there)
    } catch (error) {
      if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
      return false
    }
  }

  /** Children first, so that a transaction may end anywhere. */
  async #vanish(id: NodeId): Promise<void> {
    const tree = await this.#transaction.tree()
    if (tree.get(id)?.local?.value.kind === 'directory') {
      const children: NodeId[] = []
      for await (const child of tree.children('local', id)) children.push(child.id)
      for (const child of children) await this.#vanish(child)
    }
    this.#set(id, undefined)
    this.#counts.vanished += 1
    await this.#transaction.breathe(1)
  }

  #set(id: NodeId, row: LocalRow | undefined): void {
    this.#transaction.set(id, row)
    if (this.#written.size <= nodesMax) this.#written.add(id)
  }

  #problem(problem: Problem): void {
    if (this.#problems.length < problemsMax) this.#problems.push(problem)
  }
}

function directoryAt(tree: TreesReader, path: RelativePath): NodeId | undefined {
  const id = tree.find('local', path)
  if (id === undefined || id === rootId) return id
  return tree.get(id)?.local?.value.kind === 'directory' ? id : undefined
}

function isSame(row: LocalRow, look: Look): boolean {
  return row.stamp.ino === look.stamp.ino && row.value.kind === look.kind
}
