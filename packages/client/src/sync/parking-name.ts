// The name under which a node waits at the root while others take each other's places (two files that swapped their names).
import { asName, type Name } from './name.ts'
import { rootId, type NodeId } from './tree.ts'

/** A place in one tree. */
export interface Place {
  readonly parent: NodeId
  readonly name: Name
}

const prefix = '.grenier-moving-'

/** Where the node waits. Always there, never below the node itself. */
export function parkingPlace(id: NodeId): Place {
  const name = asName(prefix + id)
  if (name === undefined) throw new RangeError('an id that is no name')
  return { parent: rootId, name }
}

/** Whether the node waits there. Nobody decided that it lies there: to the planner it lies where base has it. */
export function isParked(id: NodeId, place: Place): boolean {
  return place.parent === rootId && place.name.startsWith(prefix) && place.name === prefix + id
}
