// Runs of the planner alone: one tree, perturbed on this disk and in the log, is planned and carried out by the model's ideal executor until
// nothing differs. Thousands a second, so that rare meetings of moves come up.
import {
  agrees,
  closureOf,
  differingIn,
  directory,
  file,
  foldingTraits,
  link,
  ModelDevice,
  ModelLog,
  plainTraits,
  textOf,
} from '../../packages/client/src/sync/plan-model.contract.ts'
import type { Plan, PlanInput } from '../../packages/client/src/sync/action.ts'
import { sameSubstance } from '../../packages/client/src/sync/agreed.ts'
import type { Name } from '../../packages/client/src/sync/name.ts'
import { plan, roundsMax } from '../../packages/client/src/sync/plan.ts'
import {
  nodeIdOf,
  rootId,
  type NodeId,
  type NodeValue,
  type Row,
} from '../../packages/client/src/sync/tree.ts'
import { Seeded } from './seeded.ts'

/** How much there is of everything, and how often. Most that can meet meets in a few nodes already, and then many more meetings fit into a second. */
const sizes = {
  small: { nodesMax: 3, movesMax: 2 },
  middling: { nodesMax: 5, movesMax: 3 },
  large: { nodesMax: 8, movesMax: 5 },
}
const sizeWeights = { small: 60, middling: 25, large: 15 }

const names = ['a', 'b', 'c', 'A', 'e\u0301', '\u00e9']

/** One run; what is wrong, undefined if nothing is. */
export function plannerRun(seed: number): string | undefined {
  try {
    return new PlannerRun(seed).run()
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

class PlannerRun {
  readonly #random: Seeded
  readonly #log = new ModelLog()
  readonly #device: ModelDevice
  readonly #size: (typeof sizes)[keyof typeof sizes]
  readonly #folds: boolean
  readonly #inParts: boolean
  /** Whether the first plan is made twice, over rows in another order. */
  readonly #comparesOrders: boolean
  /** Contents that are new on either side. */
  readonly #fresh: string[] = []
  #count = 0

  constructor(seed: number) {
    this.#random = new Seeded(seed)
    this.#size = sizes[this.#random.weighted(sizeWeights)]
    this.#folds = this.#random.chance(0.2)
    this.#inParts = this.#random.chance(0.1)
    this.#comparesOrders = this.#random.chance(0.25)
    this.#device = new ModelDevice('device', this.#log, this.#folds ? foldingTraits : plainTraits)
  }

  run(): string | undefined {
    this.#plant()
    const { movesMax } = this.#size
    for (let count = 1 + this.#random.below(movesMax); count > 0; count -= 1) this.#perturbDisk()
    for (let count = 1 + this.#random.below(movesMax); count > 0; count -= 1) this.#perturbLog()
    this.#log.sequence += 1
    this.#device.fetch()
    const owed = [...this.#fresh, ...this.#keptByMoves()]
    const rounds = this.#settle()
    if (rounds === undefined) return 'does not come to an end'
    if (!this.#folds && !agrees(this.#device)) return `does not agree:\n${this.#device.show().join('\n')}`
    if (owed.length === 0) return undefined
    const held = new Set<string>()
    for (const { value } of [...this.#device.disk.values(), ...this.#log.rows.values()])
      if (value.kind === 'file') held.add(textOf(value.content))
    for (const text of owed) if (!held.has(text)) return `lost ${text}`
    return undefined
  }

  /** How many plans it took, or undefined. */
  #settle(): number | undefined {
    const device = this.#device
    const limit = this.#inParts ? 12 * roundsMax : roundsMax
    for (let round = 1; round <= limit; round += 1) {
      device.fetch()
      const input = device.input()
      const part = this.#inParts ? this.#partOf(input) : undefined
      if (part !== undefined && part.actions.length > 0) {
        device.execute(part, { actions: Infinity })
        continue
      }
      const whole = plan(this.#shuffled(input))
      if (round === 1 && this.#comparesOrders && linesOf(whole) !== linesOf(plan(input)))
        throw new Error('depends on the order of rows')
      if (whole.actions.length === 0) return round
      // A part that has nothing to do leaves the turn to another one.
      if (part === undefined) device.execute(whole, { actions: Infinity })
    }
    return undefined
  }

  /** The plan of one node that differs and what belongs to it; which one, chance says. */
  #partOf(input: PlanInput): Plan | undefined {
    const differing = differingIn(input.rows)
    if (differing.length === 0) return undefined
    return plan({ ...input, rows: closureOf(input.rows, [this.#random.pick(differing)]) })
  }

  #shuffled(input: PlanInput): PlanInput {
    const rows = [...input.rows]
    for (let at = rows.length - 1; at > 0; at -= 1) {
      const other = this.#random.below(at + 1)
      const [one, two] = [rows[at], rows[other]]
      if (one !== undefined && two !== undefined) [rows[at], rows[other]] = [two, one]
    }
    return { ...input, rows: new Map(rows) }
  }

  /** A tree that disk, log and base agree on. */
  #plant(): void {
    const { rows, history } = this.#log
    const parents: { inode: number; id: NodeId }[] = [{ inode: 0, id: rootId }]
    for (let count = 1 + this.#random.below(this.#size.nodesMax); count > 0; count -= 1) {
      const parent = this.#random.pick(parents)
      const name = this.#random.pick(names)
      if (this.#device.lookup(parent.inode, name as Name) !== undefined) continue
      const value = this.#value('old')
      if (value.kind === 'file') history.add(textOf(value.content))
      const id = nodeIdOf(1, this.#count++)
      const inode = this.#device.make(parent.inode, name, value)
      const entry = this.#device.disk.get(inode)
      if (entry !== undefined) entry.readVersion = entry.version
      this.#device.ids.set(inode, id)
      const row = { parent: parent.id, name: name as Name, value }
      this.#device.base.set(id, row)
      rows.set(id, row)
      if (value.kind === 'directory') parents.push({ inode, id })
    }
    this.#log.sequence = 1
  }

  /** Old contents that one side removed and the other one moved, or has in a directory of which the same is true: they come back. */
  #keptByMoves(): string[] {
    const here = new Map<NodeId, Row>()
    for (const [id, row] of this.#device.localRows()) here.set(id, row)
    const there = this.#log.rows
    return [...this.#movedOnly(here, there), ...this.#movedOnly(there, here)]
  }

  *#movedOnly(one: ReadonlyMap<NodeId, Row>, other: ReadonlyMap<NodeId, Row>): Iterable<string> {
    for (const [id, { value }] of one) {
      if (value.kind !== 'file' || other.has(id) || !this.#isMoved(id, one, other)) continue
      const base = this.#device.base.get(id)?.value
      // What was also edited counts as new.
      if (base !== undefined && sameSubstance(value, base)) yield textOf(value.content)
    }
  }

  #isMoved(id: NodeId, one: ReadonlyMap<NodeId, Row>, other: ReadonlyMap<NodeId, Row>): boolean {
    for (let at = id; at !== rootId;) {
      const [row, base] = [one.get(at), this.#device.base.get(at)]
      if (row === undefined || base === undefined || other.has(at)) return false
      // Where the file system composes names anew, another form of one is no rename.
      const spelt = (name: Name): string => (this.#folds ? name.normalize('NFC') : name)
      if (row.parent !== base.parent || spelt(row.name) !== spelt(base.name)) return true
      at = base.parent
    }
    return false
  }

  #value(prefix: string): NodeValue {
    const roll = this.#random.below(10)
    if (roll < 4) return directory(roll === 0 ? 0o700 : 0o755)
    if (roll === 9) return link(`t${this.#random.below(2)}`)
    const isNew = prefix !== 'old'
    const text = isNew && this.#random.chance(0.15) ? 'same' : `${prefix}${this.#count++}`
    if (isNew) this.#fresh.push(text)
    return file(text, { mtimeNs: BigInt(this.#random.below(3)) })
  }

  #perturbDisk(): void {
    const device = this.#device
    const inodes = [...device.disk.keys()]
    const into = this.#random.pick([
      0,
      ...inodes.filter((inode) => device.disk.get(inode)?.value.kind === 'directory'),
    ])
    const name = this.#random.pick(names)
    const isFree = device.lookup(into, name as Name) === undefined
    const verb = this.#random.below(10)
    if (verb < 3 || inodes.length === 0) {
      if (isFree) device.make(into, name, this.#value('mine'))
      return
    }
    const inode = this.#random.pick(inodes)
    const entry = device.disk.get(inode)
    if (entry === undefined) return
    if (verb < 5) this.#rewrite(entry.value, (change) => device.write(inode, change))
    else if (verb < 8) {
      if (isFree && !device.isBelow(into, inode)) device.rename(inode, into, name)
    } else {
      this.#forget(device.disk, inode)
      device.delete(inode)
      if (verb === 9) device.make(entry.parent, entry.name, this.#value('mine'))
    }
  }

  /** What its own user removes again is nobody's loss. */
  #forget(disk: ModelDevice['disk'], inode: number): void {
    for (const [child, entry] of disk) if (entry.parent === inode) this.#forget(disk, child)
    this.#unfresh(disk.get(inode)?.value)
  }

  #unfresh(value: NodeValue | undefined): void {
    if (value?.kind !== 'file') return
    const at = this.#fresh.indexOf(textOf(value.content))
    if (at >= 0) this.#fresh.splice(at, 1)
  }

  #rewrite(value: NodeValue, write: (change: Partial<NodeValue>) => void): void {
    if (value.kind === 'link') return
    if (value.kind === 'directory') {
      write({ mode: this.#random.pick([0o750, 0o755]) })
      return
    }
    if (this.#random.chance(0.3)) {
      write({ mode: this.#random.pick([0o600, 0o644]) })
      return
    }
    this.#unfresh(value)
    const text = `new${this.#count++}`
    this.#fresh.push(text)
    write(file(text, { mtimeNs: BigInt(this.#count) }))
  }

  #perturbLog(): void {
    const { rows } = this.#log
    const ids = [...rows.keys()]
    const into = this.#random.pick([rootId, ...ids.filter((id) => rows.get(id)?.value.kind === 'directory')])
    const name = this.#random.pick(names) as Name
    const isFree = ![...rows.values()].some((row) => row.parent === into && row.name === name)
    const verb = this.#random.below(10)
    if (verb < 3 || ids.length === 0) {
      if (isFree) this.#putInLog(into, name)
      return
    }
    const id = this.#random.pick(ids)
    const row = rows.get(id)
    if (row === undefined) return
    if (verb < 5) {
      this.#rewrite(row.value, (change) => {
        const value = { ...row.value, ...change } as NodeValue
        rows.set(id, { ...row, value })
        if (value.kind === 'file') this.#log.history.add(textOf(value.content))
      })
    } else if (verb < 8) {
      if (isFree && !this.#isBelow(into, id)) rows.set(id, { ...row, parent: into, name })
    } else {
      this.#removeFromLog(id)
      if (verb === 9) this.#putInLog(row.parent, row.name)
    }
  }

  #putInLog(parent: NodeId, name: Name): void {
    const value = this.#value('theirs')
    this.#log.rows.set(nodeIdOf(2, this.#count++), { parent, name, value })
    if (value.kind === 'file') this.#log.history.add(textOf(value.content))
  }

  #isBelow(id: NodeId, above: NodeId): boolean {
    for (
      let at: NodeId | undefined = id;
      at !== undefined && at !== rootId;
      at = this.#log.rows.get(at)?.parent
    )
      if (at === above) return true
    return false
  }

  #removeFromLog(id: NodeId): void {
    for (const [child, row] of this.#log.rows) if (row.parent === id) this.#removeFromLog(child)
    this.#unfresh(this.#log.rows.get(id)?.value)
    this.#log.rows.delete(id)
  }
}

function linesOf({ actions, conflicts, problems }: Plan): string {
  const lines = actions.map((action) => {
    if (action.do === 'adopt') return `adopt ${action.local} ${action.remote}`
    const more = 'op' in action ? action.op : action.do === 'step-aside' ? action.keptAs : ''
    return `${action.do} ${more} ${action.id} ${action.path}`
  })
  return [...lines, ...conflicts.map(({ keptAs }) => keptAs), ...problems.map(({ path }) => path)].join('\n')
}
