// Three trees in memory and an ideal executor: what the planner expects of whoever carries out its actions, as code. Several devices,
// each with a disk, over one log that refuses whatever the real one refuses. Breaking a rule throws.
import { agreedBase } from './agreed.ts'
import type { Action, Apply, Commit, Plan, PlanInput, StepAside, Traits } from './action.ts'
import { heldAs } from './fold-case.ts'
import { likenessOf } from './likeness.ts'
import { joinPath, rootPath, type Name, type RelativePath } from './name.ts'
import { plan } from './plan.ts'
import {
  isProvisional,
  nodeIdOf,
  provisionalId,
  rootId,
  sameRow,
  type Columns,
  type Content,
  type LocalRow,
  type NodeId,
  type NodeValue,
  type Row,
} from './tree.ts'

export const plainTraits: Traits = { caseInsensitive: false, normalizesUnicode: false, nameBytesMax: 255 }
export const foldingTraits: Traits = { caseInsensitive: true, normalizesUnicode: true, nameBytesMax: 255 }

export const nameOf = (text: string): Name => text as Name
export const contentOf = (text: string): Content => Buffer.from(text) as Uint8Array as Content
export const textOf = (content: Content | undefined): string => Buffer.from(content ?? []).toString()

/** Values in few words. */
export const file = (text: string, marks: { mode?: number; mtimeNs?: bigint } = {}): NodeValue => ({
  kind: 'file',
  mode: marks.mode ?? 0o644,
  mtimeNs: marks.mtimeNs ?? 1n,
  sizeBytes: text.length,
  content: contentOf(text),
})
export const directory = (mode = 0o755): NodeValue => ({ kind: 'directory', mode })
export const link = (target: string, mtimeNs = 1n): NodeValue => ({
  kind: 'link',
  mtimeNs,
  target: Buffer.from(target),
})

function broken(rule: string): never {
  throw new Error(`rule broken: ${rule}`)
}

/** The log and its fold. */
export class ModelLog {
  rows = new Map<NodeId, Row>()
  sequence = 0
  devices = 0
  /** Every content that was ever in it. */
  readonly history = new Set<string>()

  /** Appends one entry; returns the ids of what it created, by the id of the commit. */
  append(commits: readonly Commit[]): Map<NodeId, NodeId> {
    this.sequence += 1
    const created = new Map<NodeId, NodeId>()
    commits.forEach((commit, index) => this.#apply(commit, { index, created }))
    return created
  }

  #apply(commit: Commit, { index, created }: { index: number; created: Map<NodeId, NodeId> }): void {
    if (commit.op === 'remove') {
      if (!this.rows.has(commit.id)) broken('removes a node that is there')
      this.#remove(commit.id)
      return
    }
    const target = commit.op === 'put' ? commit.row : commit
    const parent = created.get(target.parent) ?? target.parent
    if (parent !== rootId && this.rows.get(parent)?.value.kind !== 'directory') broken('a parent is there')
    const holder = childOf(this.rows, parent, target.name)
    const known = this.rows.get(commit.id)
    if (holder !== undefined && (commit.op === 'move' || holder !== commit.id)) broken('the name is free')
    if (commit.op === 'move') {
      if (known === undefined) return broken('moves a node that is there')
      for (let at = parent; at !== rootId; at = this.rows.get(at)!.parent)
        if (at === commit.id) broken('no cycle')
      this.rows.set(commit.id, { ...known, parent, name: target.name })
    } else {
      if (known !== undefined && holder !== commit.id) broken('puts a node where it is')
      if (known !== undefined && known.value.kind !== commit.row.value.kind) broken('a node keeps its kind')
      const id = known === undefined ? nodeIdOf(this.sequence, index) : commit.id
      if (known === undefined) created.set(commit.id, id)
      this.rows.set(id, { ...commit.row, parent })
      const { value } = commit.row
      if (value.kind === 'file')
        this.history.add(
          value.content === undefined ? broken('what is sent was read') : textOf(value.content),
        )
    }
  }

  #remove(id: NodeId): void {
    for (const [child, row] of this.rows) if (row.parent === id) this.#remove(child)
    this.rows.delete(id)
  }
}

function childOf(rows: ReadonlyMap<NodeId, Row>, parent: NodeId, name: Name): NodeId | undefined {
  for (const [id, row] of rows) if (row.parent === parent && row.name === name) return id
  return undefined
}

/** What lies on a disk. Parent 0 is the folder. */
export interface Inode {
  parent: number
  name: Name
  value: NodeValue
  /** Rises with each change, as ctime does. */
  version: number
  /** The version whose bytes were read. */
  readVersion: number
}

/** Runs out when the device crashes. */
export interface Budget {
  actions: number
  /** The relay cannot be reached, or takes its time: the rest of the plan goes on. */
  readonly withoutCommits?: boolean
}

/** One device: disk, local ids, base, and how far it has read the log. */
export class ModelDevice {
  readonly name: string
  readonly traits: Traits
  readonly log: ModelLog
  /** Takes what was applied for agreed, as it may: what is applied is the log's. Else base follows field by field. */
  readonly trustsRows: boolean
  readonly disk = new Map<number, Inode>()
  ids = new Map<number, NodeId>()
  base = new Map<NodeId, Row>()
  remote = new Map<NodeId, Row>()
  remoteSequence = 0
  /** Contents that this device destroyed by applying: all in the log's history, or `apply` throws. */
  destroyed = 0
  #nextInode = 1
  #nextId = 1

  constructor(name: string, log: ModelLog, traits: Traits = plainTraits) {
    this.name = name
    this.log = log
    this.traits = traits
    this.trustsRows = log.devices++ % 2 === 1
  }

  /* The user. */

  make(parent: number, name: string, value: NodeValue): number {
    const inode = this.#nextInode++
    if (this.lookup(parent, nameOf(name)) !== undefined) throw new Error('EEXIST')
    this.disk.set(inode, { parent, name: nameOf(name), value, version: 1, readVersion: 0 })
    return inode
  }

  write(inode: number, change: Partial<NodeValue>): void {
    const entry = this.disk.get(inode)!
    entry.value = { ...entry.value, ...change } as NodeValue
    entry.version += 1
  }

  rename(inode: number, parent: number, name: string): void {
    const entry = this.disk.get(inode)!
    const holder = this.lookup(parent, nameOf(name))
    if (holder !== undefined && holder !== inode) throw new Error('EEXIST')
    Object.assign(entry, { parent, name: nameOf(name) })
    const wasRead = entry.readVersion === entry.version
    entry.version += 1
    // A look takes the bytes of a file that only moved for the same: time and size are.
    if (wasRead) entry.readVersion = entry.version
  }

  delete(inode: number): void {
    for (const [child, entry] of this.disk) if (entry.parent === inode) this.delete(child)
    this.disk.delete(inode)
  }

  lookup(parent: number, name: Name): number | undefined {
    const { traits } = this
    const folds = traits.caseInsensitive || traits.normalizesUnicode
    const held = folds ? heldAs(name, traits) : name
    for (const [inode, entry] of this.disk)
      if (entry.parent === parent && (folds ? heldAs(entry.name, traits) : entry.name) === held) return inode
    return undefined
  }

  isBelow(inode: number, above: number): boolean {
    for (let at = inode; at !== 0; at = this.disk.get(at)!.parent) if (at === above) return true
    return above === 0
  }

  path(inode: number): RelativePath {
    const entry = this.disk.get(inode)
    if (entry === undefined) return rootPath
    return joinPath(this.path(entry.parent), entry.name)
  }

  find(path: string): number | undefined {
    let at: number | undefined = 0
    for (const name of path.split('/')) at = at === undefined ? undefined : this.lookup(at, nameOf(name))
    return at
  }

  /** The tree as text, one line a node, sorted. */
  show(): string[] {
    return [...this.disk].map(([inode, { value }]) => `${this.path(inode)}${showValue(value)}`).sort()
  }

  /* The engine. */

  fetch(): void {
    this.remote = new Map(this.log.rows)
    this.remoteSequence = this.log.sequence
  }

  localRows(): Map<NodeId, LocalRow> {
    const rows = new Map<NodeId, LocalRow>()
    for (const inode of this.ids.keys()) if (!this.disk.has(inode)) this.ids.delete(inode)
    for (const inode of this.disk.keys())
      if (!this.ids.has(inode)) this.ids.set(inode, provisionalId(this.#nextId++))
    for (const [inode, id] of this.ids) rows.set(id, this.#localRow(inode))
    return rows
  }

  #localRow(inode: number): LocalRow {
    const { parent, name, value, version, readVersion } = this.disk.get(inode)!
    const isRead = value.kind !== 'file' || version === readVersion
    const stamp = {
      dev: 1n,
      ino: BigInt(inode),
      ctimeNs: BigInt(version),
      mtimeNs: 0n,
      sizeBytes: 0,
      mode: 0,
    }
    const parentId = parent === 0 ? rootId : this.ids.get(parent)!
    return { parent: parentId, name, value: isRead ? value : { ...value, content: undefined }, stamp }
  }

  input(nowMs = Date.UTC(2026, 10, 22, 14, 3)): PlanInput {
    const rows = new Map<NodeId, Columns>()
    const local = this.localRows()
    for (const [id, row] of local) rows.set(id, { local: row })
    for (const [id, row] of this.base) rows.set(id, { ...rows.get(id), base: row })
    for (const [id, row] of this.remote) rows.set(id, { ...rows.get(id), remote: row })
    const held = (name: Name): string => heldAs(name, this.traits)
    const taken = (parent: NodeId, name: Name): boolean => {
      for (const tree of [local, this.base, this.remote])
        for (const row of tree.values())
          if (row.parent === parent && held(row.name) === held(name)) return true
      return false
    }
    return { rows, taken, device: this.name, nowMs, traits: this.traits }
  }

  /** One round: plan and carry out, as far as the budget goes. */
  round(budget: Budget = { actions: Infinity }, input = this.input()): Plan {
    const planned = plan(input)
    this.execute(planned, budget)
    return planned
  }

  /** Carries out a plan. Commits go into one entry; when the head has moved it is refused, and that ends it. */
  execute({ actions }: Plan, budget: Budget): void {
    const commits = actions.filter((action) => action.do === 'commit')
    for (const action of actions) {
      if (budget.actions-- <= 0) return
      if (action.do === 'commit' && (action !== commits[0] || budget.withoutCommits === true)) continue
      if (!(action.do === 'commit' ? this.#commit(commits, budget) : this.#do(action))) return
    }
  }

  #do(action: Exclude<Action, Commit>): boolean {
    if (action.do === 'adopt') {
      this.#renameId(action.local, action.remote)
      this.#setBase(action.remote, action.base)
    } else if (action.do === 'read') {
      const entry = this.disk.get(this.#inodeAt(action.path, action.id))!
      entry.readVersion = entry.version
    } else {
      this.#change(action)
    }
    return true
  }

  #commit(commits: readonly Commit[], budget: Budget): boolean {
    if (this.remoteSequence !== this.log.sequence) return false
    // What the rows were when the entry was made; ids as adopting has left them.
    const sent = this.localRows()
    const created = this.log.append(commits)
    if (budget.actions <= 0) return false
    this.fetch()
    for (const [from, to] of created) this.#renameId(from, to)
    for (const { id } of commits) {
      const now = created.get(id) ?? id
      const row = sent.get(id)
      this.#setBase(
        now,
        agreedBase({
          base: this.base.get(now),
          local: row && this.#renamed(row, created),
          remote: this.remote.get(now),
        }),
      )
    }
    return true
  }

  #renamed(row: LocalRow, created: ReadonlyMap<NodeId, NodeId>): Row {
    return { ...row, parent: created.get(row.parent) ?? row.parent }
  }

  #change(action: Apply | StepAside): void {
    const { id, path } = action
    const expected = action.expect
    const from = action.do === 'apply' && action.op === 'move' ? action.from : path
    const inode = expected === undefined ? this.find(path) : this.#inodeAt(from, id)
    if (expected === undefined && inode !== undefined) broken(`nothing is at ${path}`)
    if (expected !== undefined && BigInt(this.disk.get(inode!)!.version) !== expected.stamp.ctimeNs)
      broken(`unchanged since the plan: ${path}`)
    if (action.do === 'step-aside') {
      this.#stepAside(action, inode!)
      return
    }
    if (action.op === 'move') this.#move(inode!, action.path)
    else if (action.op === 'remove') this.#unlink(inode!)
    else this.#put(action, inode)
    const [base, local, remote] = [this.base.get(id), this.localRows().get(id), this.remote.get(id)]
    if (!this.trustsRows) this.#setBase(id, agreedBase({ base, local, remote }))
    else if (action.op === 'put') this.#setBase(id, action.row)
    else if (action.op === 'remove') this.#setBase(id, undefined)
    else if (base !== undefined) this.#setBase(id, { ...base, parent: action.parent, name: action.name })
  }

  #put({ id, path, row }: Apply & { op: 'put' }, inode: number | undefined): void {
    if (inode === undefined) {
      const made = this.make(this.#parentAt(path), row.name, row.value)
      this.ids.set(made, id)
      this.disk.get(made)!.readVersion = 1
      return
    }
    const entry = this.disk.get(inode)!
    if (entry.value.kind !== row.value.kind) broken('a put keeps the kind')
    this.#lose(entry.value)
    entry.value = row.value
    entry.version += 1
    entry.readVersion = entry.version
  }

  #move(inode: number, path: RelativePath): void {
    const parent = this.#parentAt(path)
    if (this.isBelow(parent, inode)) broken('no cycle on the disk')
    this.rename(inode, parent, path.slice(path.lastIndexOf('/') + 1))
  }

  #unlink(inode: number): void {
    for (const entry of this.disk.values()) if (entry.parent === inode) broken('a removed directory is empty')
    this.#lose(this.disk.get(inode)!.value)
    this.disk.delete(inode)
    this.ids.delete(inode)
  }

  #stepAside({ keptAs, newNode }: StepAside, inode: number): void {
    const entry = this.disk.get(inode)!
    if (keptAs !== entry.name) this.rename(inode, entry.parent, keptAs)
    if (newNode) this.ids.set(inode, provisionalId(this.#nextId++))
  }

  #lose(value: NodeValue): void {
    if (value.kind !== 'file') return
    this.destroyed += 1
    if (!this.log.history.has(textOf(value.content)))
      broken(`${textOf(value.content)} is in the history before it goes`)
  }

  #inodeAt(path: RelativePath, id: NodeId): number {
    const inode = this.find(path)
    if (inode === undefined || this.ids.get(inode) !== id) broken(`${id} is at ${path}`)
    return inode
  }

  #parentAt(path: RelativePath): number {
    const slash = path.lastIndexOf('/')
    const parent = slash < 0 ? 0 : this.find(path.slice(0, slash))
    return parent ?? broken(`the parent of ${path} is there`)
  }

  #setBase(id: NodeId, row: Row | undefined): void {
    if (row === undefined) this.base.delete(id)
    else this.base.set(id, row)
  }

  #renameId(from: NodeId, to: NodeId): void {
    if (from === to) return
    for (const [inode, id] of this.ids) if (id === from) this.ids.set(inode, to)
    const row = this.base.get(from)
    if (row !== undefined) this.base.set(to, row)
    this.base.delete(from)
    for (const [id, base] of this.base) if (base.parent === from) this.base.set(id, { ...base, parent: to })
  }
}

function showValue(value: NodeValue): string {
  if (value.kind === 'directory') return `/ ${value.mode.toString(8)}`
  if (value.kind === 'link') return ` -> ${Buffer.from(value.target).toString()} @${value.mtimeNs}`
  return ` = ${textOf(value.content)} ${value.mode.toString(8)} @${value.mtimeNs}`
}

/** Lets all devices sync in turn until none has anything to do; returns how many times all had their turn. */
export function settleAll(devices: readonly ModelDevice[], turnsMax = 12): number {
  for (let turn = 1; turn <= turnsMax; turn += 1) {
    const plans = devices.map((device) => {
      device.fetch()
      return device.round()
    })
    if (plans.every(({ actions }) => actions.length === 0)) return turn
  }
  throw new Error(`not settled after ${turnsMax} turns`)
}

/** One device alone until it has nothing to do; returns the plans. */
export function settleOne(device: ModelDevice, plansMax: number): Plan[] {
  const plans: Plan[] = []
  do {
    if (plans.length >= plansMax) throw new Error(`not settled after ${plansMax} plans`)
    device.fetch()
    plans.push(device.round())
  } while (plans.at(-1)!.actions.length > 0)
  return plans
}

/** Whether a device has nothing left that differs: disk, log and base are one. */
export function agrees(device: ModelDevice): boolean {
  const local = device.localRows()
  const all = [local, device.base, device.log.rows]
  if (all.some((tree) => tree.size !== local.size) || [...local.keys()].some(isProvisional)) return false
  return [...local].every(([id, row]) => {
    const [base, remote] = [device.base.get(id), device.log.rows.get(id)]
    return base !== undefined && remote !== undefined && sameRow(row, base) && sameRow(row, remote)
  })
}

/** Nodes whose three rows are not one. */
export function differingIn(rows: ReadonlyMap<NodeId, Columns>): NodeId[] {
  const differs = ({ base, local, remote }: Columns): boolean =>
    !base || !local || !remote || !sameRow(base, local) || !sameRow(base, remote)
  return [...rows].filter(([, columns]) => differs(columns)).map(([id]) => id)
}

/** The rows that `plan` asks for about these nodes, and no more. */
export function closureOf(all: ReadonlyMap<NodeId, Columns>, seeds: readonly NodeId[]): Map<NodeId, Columns> {
  const closed = new Map<NodeId, Columns>()
  const rowsOf = (id: NodeId): Row[] => {
    const { base, local, remote } = all.get(id) ?? {}
    return [base, local, remote].filter((row) => row !== undefined)
  }
  const alike = (parents: ReadonlySet<NodeId>, name: Name): NodeId[] => {
    const likeness = likenessOf(name)
    return [...all.keys()].filter((id) =>
      rowsOf(id).some((at) => parents.has(at.parent) && likenessOf(at.name) === likeness),
    )
  }
  const peers = new Map<NodeId, Set<NodeId>>()
  const peersOf = (id: NodeId): Set<NodeId> => {
    const known = peers.get(id)
    if (known !== undefined) return known
    const found = new Set([id])
    peers.set(id, found)
    for (const row of rowsOf(id)) for (const peer of alike(peersOf(row.parent), row.name)) found.add(peer)
    return found
  }
  const queue = [...seeds]
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    const columns = all.get(id)
    if (columns === undefined || closed.has(id)) continue
    closed.set(id, columns)
    const rows = rowsOf(id)
    for (const row of rows) queue.push(row.parent, ...alike(peersOf(row.parent), row.name))
    const mayGo = columns.base !== undefined && rows.length < 3
    if (mayGo || new Set(rows.map(({ value }) => value.kind)).size > 1)
      queue.push(...[...all.keys()].filter((child) => rowsOf(child).some(({ parent }) => parent === id)))
  }
  return closed
}
