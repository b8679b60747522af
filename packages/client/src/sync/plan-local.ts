// The changes that make this disk's tree the merged one, as far as it can hold it. Copies step aside first.
import type { Apply, Conflict, PlanInput, ProblemCode, StepAside, Traits } from './action.ts'
import { heldAs } from './fold-case.ts'
import { joinPath, rootPath, type RelativePath } from './name.ts'
import { mergedPath } from './plan-hold.ts'
import type { Decision, Decisions } from './plan-merge.ts'
import { isInPlace, putInOrder, type Intent } from './plan-order.ts'
import { stands, type Aside, type Settled } from './plan-settle.ts'
import { SideTree } from './side-tree.ts'
import { provisionalId, rootId, sameValue, type LocalRow, type NodeId, type Row } from './tree.ts'

/** The disk as it is. */
export function localTree(decisions: Decisions, traits: Traits): SideTree {
  const tree = new SideTree((name) => heldAs(name, traits))
  for (const [id, { node }] of decisions) if (node.here !== undefined) tree.put(id, node.here)
  return tree
}

export interface LocalWork {
  readonly settled: Settled
  /** The disk as it is; afterwards, as it will be. */
  readonly tree: () => SideTree
  /** Nodes that it cannot have at their place; gets those whose place such a one holds. */
  readonly refused: Map<NodeId, ProblemCode>
  readonly taken: PlanInput['taken']
}

export interface LocalChanges {
  readonly actions: (Apply | StepAside)[]
  readonly conflicts: Conflict[]
}

/** Changes in an order in which the disk accepts them. */
export function changesOf(work: LocalWork): LocalChanges {
  const { settled, tree, taken } = work
  const { decisions } = settled
  const asides = settled.asides.map((aside, index) => stepAside({ ...aside, index }, work))
  const changes = new Changes(decisions, tree)
  const intents = intentsOf(work)
  if (intents.size > 0)
    refuseKept(putInOrder({ tree: tree(), intents, hands: changes, movesOnce: true, taken }), work)
  changes.updateValues()
  return {
    actions: [...asides.map(({ action }) => action), ...changes.actions],
    conflicts: asides.map(({ conflict }) => conflict).sort((a, b) => (a.keptAs < b.keptAs ? -1 : 1)),
  }
}

/**
 * What a refused node keeps from its place is refused too, and so on. That a directory stays because of what is in it, or that new
 * ones below it cannot come, goes without saying.
 */
function refuseKept(
  remaining: ReadonlyMap<NodeId, readonly NodeId[]>,
  { settled, refused }: LocalWork,
): void {
  const stuck = new Set(refused.keys())
  let before = -1
  while (stuck.size > before) {
    before = stuck.size
    for (const [id, kept] of remaining) {
      if (stuck.has(id) || !kept.some((other) => stuck.has(other))) continue
      stuck.add(id)
      const { place, node, state } = settled.decisions.get(id) ?? {}
      const isBelow = kept.every((other) => !stuck.has(other) || other === place?.parent)
      if (state !== 'gone' && (!isBelow || node?.seen !== undefined)) refused.set(id, 'name-collision')
    }
  }
}

/** Of all that are not where they are to be; copies have stepped aside. */
function intentsOf({ settled, tree, refused }: LocalWork): Map<NodeId, Intent> {
  const intents = new Map<NodeId, Intent>()
  for (const [id, decision] of settled.decisions) {
    const intent = refused.has(id) ? 'as-is' : intentOf(decision)
    const now = settled.asides.length === 0 ? decision.node.here : tree().placeOf(id)
    if (!isInPlace(now, intent)) intents.set(id, intent)
  }
  return intents
}

function intentOf(decision: Decision): Intent {
  if (decision.state === 'gone') return 'gone'
  // What the log does not have yet is here already; its id may go over to a new one before its turn comes here.
  if (decision.node.remote === undefined) return 'as-is'
  return stands(decision) && decision.place !== undefined ? decision.place : 'as-is'
}

function stepAside(
  { decision, keptAs, index }: Aside & { index: number },
  { settled, ...work }: LocalWork,
): { action: StepAside; conflict: Conflict } {
  const tree = work.tree()
  const { node, state } = decision
  const { id, seen } = node
  const at = tree.placeOf(id)
  if (seen === undefined || at === undefined) throw new RangeError('a copy of nothing')
  const path = tree.pathOf(id)
  const newNode = state === 'split'
  tree.take(id)
  // The copy is no node of this plan: nobody moves it, and its directory stays because it is in it.
  const copy = newNode ? provisionalId(-1 - index) : id
  tree.put(copy, { parent: at.parent, name: keptAs })
  const keptPath = joinPath(at.parent === rootId ? rootPath : tree.pathOf(at.parent), keptAs)
  const conflict = { path: newNode ? mergedPath(id, settled.decisions) : path, keptAs: keptPath }
  return { action: { do: 'step-aside', id, path, keptAs, newNode, expect: seen }, conflict }
}

/** Gathers the actions. */
class Changes {
  readonly actions: Apply[] = []
  readonly #decisions: Decisions
  readonly #tree: () => SideTree
  readonly #touched = new Set<NodeId>()

  constructor(decisions: Decisions, tree: () => SideTree) {
    this.#decisions = decisions
    this.#tree = tree
  }

  create(id: NodeId): void {
    this.#put(id, undefined)
  }

  move(id: NodeId, from: RelativePath): void {
    const place = this.#tree().placeOf(id)
    const expect = this.#decisions.get(id)?.node.seen
    if (place === undefined || expect === undefined) return
    this.#touched.add(id)
    const { parent, name } = place
    this.actions.push({
      do: 'apply',
      op: 'move',
      id,
      path: this.#tree().pathOf(id),
      from,
      parent,
      name,
      expect,
    })
  }

  remove(id: NodeId): void {
    const expect = this.#decisions.get(id)?.node.seen
    this.#touched.add(id)
    if (expect !== undefined)
      this.actions.push({ do: 'apply', op: 'remove', id, path: this.#tree().pathOf(id), expect })
  }

  /**
   * Bits, times, contents of what stays where it is, and only what the log has: what is merged with changes of this device comes when
   * they are committed, so that nothing applied is ever more than the log's. What just moved comes with the next plan too: its stamp
   * is another now.
   */
  updateValues(): void {
    for (const [id, { state, node, value, wants }] of this.#decisions) {
      const { seen, remote } = node
      if (state !== 'live' || seen === undefined || value === undefined || this.#touched.has(id)) continue
      const isInLog = remote !== undefined && wants === 'remote' && sameValue(value, remote.value)
      if (isInLog && !sameValue(seen.value, value)) this.#put(id, seen)
    }
  }

  #put(id: NodeId, expect: LocalRow | undefined): void {
    const [place, value] = [this.#tree().placeOf(id), this.#decisions.get(id)?.value]
    if (place === undefined || value === undefined) return
    this.#touched.add(id)
    const row: Row = { parent: place.parent, name: place.name, value }
    this.actions.push({ do: 'apply', op: 'put', id, path: this.#tree().pathOf(id), row, expect })
  }
}
