// The name under which a node waits at the root while others take each other's places (two files that swapped their names).
import { asName, type Name } from './name.ts'
import { rootId, type NodeId } from './tree.ts'

/** A place in one tree. */
export interface Place {
  readonly parent: NodeId
  readonly name: Name
}

const prefix = '.grenier-moving-'

/** Where the node waits: always at the root, never below the node itself, under the first such name that is free. */
export function parkingPlace(id: NodeId, isFree: (place: Place) => boolean): Place {
  for (let count = 1; ; count += 1) {
    const name = asName(`${prefix}${id}${count === 1 ? '' : `-${count}`}`)
    if (name === undefined) throw new RangeError('an id that is no name')
    const place = { parent: rootId, name }
    if (isFree(place)) return place
  }
}

/** Whether the node waits there. Nobody decided that it lies there: to the planner it lies where base has it. */
export function isParked(id: NodeId, { parent, name }: Place): boolean {
  // Nearly no name begins like that: this is asked of every node of every plan.
  if (parent !== rootId || !name.startsWith(prefix)) return false
  const start = prefix + id
  return name.startsWith(start) && /^(-\d+)?$/.test(name.slice(start.length))
}
