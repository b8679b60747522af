// One side while a plan is made: where every node of the plan is there after the actions so far.
import { joinPath, rootPath, type Name, type RelativePath } from './name.ts'
import type { Place } from './parking-name.ts'
import { rootId, type NodeId } from './tree.ts'

/** A tree of places. Two nodes never have one name in it, by the side's own idea of what one name is. */
export class SideTree {
  readonly #heldAs: (name: Name) => string
  readonly #places = new Map<NodeId, Place>()
  readonly #slots = new Map<string, NodeId>()
  readonly #children = new Map<NodeId, Set<NodeId>>()
  /** Paths of directories, as long as nothing moves. */
  readonly #paths = new Map<NodeId, RelativePath>()

  constructor(heldAs: (name: Name) => string) {
    this.#heldAs = heldAs
  }

  placeOf(id: NodeId): Place | undefined {
    return this.#places.get(id)
  }

  /** Who has this name there. */
  at(place: Place): NodeId | undefined {
    return this.#slots.get(this.#slotOf(place))
  }

  /** Some node in a directory; undefined when it is empty, as far as the plan knows. */
  firstChild(id: NodeId): NodeId | undefined {
    const first = this.#children.get(id)?.values().next()
    return first?.done === false ? first.value : undefined
  }

  /** The node is there from now on, and nowhere else. */
  put(id: NodeId, place: Place): void {
    this.take(id)
    this.#places.set(id, place)
    this.#slots.set(this.#slotOf(place), id)
    const siblings = this.#children.get(place.parent)
    if (siblings === undefined) this.#children.set(place.parent, new Set([id]))
    else siblings.add(id)
  }

  /** The node is nowhere. */
  take(id: NodeId): void {
    const place = this.#places.get(id)
    if (place === undefined) return
    if (this.#paths.has(id)) this.#paths.clear()
    this.#places.delete(id)
    this.#children.get(place.parent)?.delete(id)
    const slot = this.#slotOf(place)
    if (this.#slots.get(slot) === id) this.#slots.delete(slot)
  }

  /** Directories from the given one upwards, as far as the plan knows them; the root is not among them. */
  *upwards(id: NodeId): Iterable<NodeId> {
    let at = id
    // No way up is longer than there are nodes: input that runs in a circle ends as well.
    for (let steps = this.#places.size; steps >= 0 && at !== rootId; steps -= 1) {
      yield at
      const place = this.#places.get(at)
      if (place === undefined) return
      at = place.parent
    }
  }

  pathOf(id: NodeId): RelativePath {
    const place = this.#places.get(id)
    if (place === undefined) return rootPath
    const above: [NodeId, Name][] = []
    let path = rootPath
    for (const at of this.upwards(place.parent)) {
      const known = this.#paths.get(at)
      if (known !== undefined) {
        path = known
        break
      }
      const name = this.#places.get(at)?.name
      if (name !== undefined) above.push([at, name])
    }
    for (const [at, name] of above.reverse()) {
      path = joinPath(path, name)
      this.#paths.set(at, path)
    }
    return joinPath(path, place.name)
  }

  #slotOf({ parent, name }: Place): string {
    return `${parent}/${this.#heldAs(name)}`
  }
}
