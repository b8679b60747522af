// Puts the changes of one side in an order that can be carried out: parents first, removals children first, a name after whoever
// leaves it. Where nodes wait for each other in a circle, one of them is parked at the root.
import type { PlanInput } from './action.ts'
import type { RelativePath } from './name.ts'
import { samePlace } from './agreed.ts'
import { isParked, parkingPlace, type Place } from './parking-name.ts'
import type { SideTree } from './side-tree.ts'
import { rootId, type NodeId } from './tree.ts'

/** Where a node is to be on one side. `as-is`: where it is now, or nowhere. */
export type Intent = Place | 'gone' | 'as-is'

/** Whether a node that is there now is where it is to be: it needs no intent. One that is nowhere does, for those that belong into it. */
export function isInPlace(now: Place | undefined, intent: Intent): boolean {
  if (now === undefined || intent === 'gone') return false
  return intent === 'as-is' || samePlace(now, intent)
}

/** What is done about it. Called in order; the tree shows what is so after it, except for `remove`, where it still shows the node. */
export interface Hands {
  create(id: NodeId): void
  move(id: NodeId, from: RelativePath): void
  remove(id: NodeId): void
}

export interface OrderOptions {
  readonly tree: SideTree
  /** The oldest first. Nodes that it does not name are as they should be. */
  readonly intents: ReadonlyMap<NodeId, Intent>
  readonly hands: Hands
  /** Whether a node may be moved only once: a parked one gets to its place with the next plan. */
  readonly movesOnce: boolean
  /** Whether a name is taken, as far as more than the tree is known. */
  readonly taken: PlanInput['taken']
}

/** Does all that can be done; returns the nodes for which something remains, with the nodes that keep them from it. */
export function putInOrder(options: OrderOptions): Map<NodeId, readonly NodeId[]> {
  return new Ordering(options).run()
}

type Progress = 'busy' | 'done' | 'blocked'
/** What has to be settled before a node can be: another node, or nothing, or nobody can say. */
type Obstacle = NodeId | 'none' | 'unknown'

class Ordering {
  readonly #options: OrderOptions
  readonly #progress = new Map<NodeId, Progress>()
  readonly #moved = new Set<NodeId>()
  readonly #parked = new Set<NodeId>()
  #actions = 0

  constructor(options: OrderOptions) {
    this.#options = options
  }

  /** Blocked nodes are tried again as long as anything happens: each time but the last does an action or settles a node. */
  run(): Map<NodeId, readonly NodeId[]> {
    const { intents } = this.#options
    let waiting = [...intents.keys()]
    let before = -1
    while (waiting.length > 0 && this.#actions > before) {
      before = this.#actions
      for (const id of waiting) this.#progress.delete(id)
      for (const id of waiting) if (!this.#progress.has(id)) this.#work(id)
      waiting = waiting.filter((id) => this.#progress.get(id) !== 'done')
    }
    return new Map(waiting.map((id) => [id, this.#keptBy(id)]))
  }

  /** Depth first, on a stack of its own: chains of directories or renames may be as long as the tree is large. */
  #work(start: NodeId): void {
    const stack = [start]
    for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
      const obstacle = this.#obstacleOf(id)
      if (obstacle === 'none') this.#perform(id)
      const next = this.#open(obstacle)
      if (next !== undefined) {
        this.#progress.set(id, 'busy')
        stack.push(next)
      } else if (!this.#isBusy(obstacle) || !this.#park(obstacle)) {
        if (this.#isBusy(obstacle)) this.#parkOne(stack, obstacle)
        if (obstacle !== 'none') this.#progress.set(id, 'blocked')
        stack.pop()
      }
    }
  }

  /** Of those that wait for each other, the topmost that can be parked; the others come free while the stack unwinds. */
  #parkOne(stack: readonly NodeId[], from: NodeId): void {
    stack.slice(stack.indexOf(from)).findLast((id) => this.#park(id))
  }

  #open(obstacle: Obstacle): NodeId | undefined {
    if (obstacle === 'none' || obstacle === 'unknown') return undefined
    return this.#progress.has(obstacle) ? undefined : obstacle
  }

  #isBusy(obstacle: Obstacle): obstacle is NodeId {
    return obstacle !== 'none' && obstacle !== 'unknown' && this.#progress.get(obstacle) === 'busy'
  }

  #obstacleOf(id: NodeId): Obstacle {
    const { tree, intents } = this.#options
    const intent = intents.get(id) ?? 'as-is'
    const now = tree.placeOf(id)
    if (intent === 'as-is') return 'none'
    if (intent === 'gone') return now === undefined ? 'none' : this.#pending(tree.firstChild(id))
    if (now !== undefined && samePlace(now, intent)) return 'none'
    if (now !== undefined && this.#mayNotMove(id)) return 'unknown'
    if (this.#isMissing(intent.parent)) return this.#pending(intent.parent)
    const inTheWay = this.#inTheWay(id)
    if (inTheWay !== undefined) return this.#pending(inTheWay)
    return now === undefined ? 'none' : this.#circleOf(id, intent)
  }

  /** A node that still can change, or 'unknown'. */
  #pending(id: NodeId | undefined): Obstacle {
    if (id === undefined) return 'none'
    const progress = this.#progress.get(id)
    if (progress === 'done' || progress === 'blocked') return 'unknown'
    return this.#options.intents.has(id) ? id : 'unknown'
  }

  #isMissing(parent: NodeId): boolean {
    const { tree, intents } = this.#options
    return parent !== rootId && intents.has(parent) && tree.placeOf(parent) === undefined
  }

  #inTheWay(id: NodeId): NodeId | undefined {
    const { tree, intents } = this.#options
    const intent = intents.get(id)
    if (intent === undefined || intent === 'gone' || intent === 'as-is') return undefined
    const there = tree.at(intent)
    return there === id ? undefined : there
  }

  /** Into a directory that is below the node itself now: one of those between has to leave first. */
  #circleOf(id: NodeId, intent: Place): Obstacle {
    const between = this.#between(id, intent)
    return between === undefined ? 'none' : this.#firstPending(between)
  }

  /** The directories from a place up to the node, if it is below it now. */
  #between(id: NodeId, { parent }: Place): NodeId[] | undefined {
    const between: NodeId[] = []
    for (const above of this.#options.tree.upwards(parent)) {
      if (above === id) return between
      between.push(above)
    }
    return undefined
  }

  /** Why something remains for a node. A removal waits for what is in it. */
  #keptBy(id: NodeId): NodeId[] {
    const { tree, intents } = this.#options
    const intent = intents.get(id)
    if (intent === undefined || intent === 'as-is') return []
    if (intent === 'gone') return [tree.firstChild(id)].filter((child) => child !== undefined)
    const inTheWay = this.#inTheWay(id)
    const kept = inTheWay === undefined ? [] : [inTheWay]
    if (this.#isMissing(intent.parent)) kept.push(intent.parent)
    return [...kept, ...(this.#between(id, intent) ?? [])]
  }

  #firstPending(ids: readonly NodeId[]): Obstacle {
    return ids.map((id) => this.#pending(id)).find((obstacle) => obstacle !== 'unknown') ?? 'unknown'
  }

  #mayNotMove(id: NodeId): boolean {
    return this.#options.movesOnce && this.#moved.has(id)
  }

  #perform(id: NodeId): void {
    const { tree, intents, hands } = this.#options
    const intent = intents.get(id) ?? 'as-is'
    this.#progress.set(id, 'done')
    if (intent === 'as-is') return
    const now = tree.placeOf(id)
    if (intent !== 'gone') {
      if (now === undefined || !samePlace(now, intent)) this.#put(id, intent)
    } else if (now !== undefined) {
      hands.remove(id)
      tree.take(id)
      this.#actions += 1
    }
  }

  #put(id: NodeId, place: Place): void {
    const { tree, hands } = this.#options
    const isNew = tree.placeOf(id) === undefined
    const from = tree.pathOf(id)
    tree.put(id, place)
    this.#actions += 1
    this.#moved.add(id)
    if (isNew) hands.create(id)
    else hands.move(id, from)
  }

  /** Moves a node that is on its way out of everybody's. */
  #park(id: NodeId): boolean {
    const { tree, intents } = this.#options
    const intent = intents.get(id) ?? 'as-is'
    const now = tree.placeOf(id)
    if (intent === 'gone' || intent === 'as-is' || now === undefined) return false
    if (isParked(id, now) || this.#parked.has(id) || this.#mayNotMove(id)) return false
    this.#parked.add(id)
    const isFree = (place: Place): boolean =>
      tree.at(place) === undefined && !this.#options.taken(place.parent, place.name)
    this.#put(id, parkingPlace(id, isFree))
    return true
  }
}
