// What the planner says. Actions, conflicts and problems are separate values; none of them does anything.
import type { Name, RelativePath } from './name.ts'
import type { Columns, LocalRow, NodeId, NodeValue, Row } from './tree.ts'

/**
 * Base follows what local and remote agree on, field by field. `local` is the node's id in the local tree, `remote` in the log.
 * They differ when the two were paired by path: then the local rows go over to the id `remote` first, also as the parent of
 * other rows. After that the base row of `remote` becomes `base`, or goes when that is undefined.
 */
export interface Adopt {
  readonly do: 'adopt'
  readonly local: NodeId
  readonly remote: NodeId
  readonly base: Row | undefined
}

/** Content of a local file is needed to decide, or to commit, and has not been read yet. */
export interface Read {
  readonly do: 'read'
  readonly id: NodeId
  readonly path: RelativePath
}

/**
 * A change of this device for the log, on nothing but the log's own preconditions: the name is free, the parent is there, no cycle.
 * A `put` of an id that the remote tree does not have makes a new node, also when the id is one of the log (removed there, edited
 * here): the local id then goes over to the new one. `parent` may be such an id, put by an earlier commit of the same plan.
 * `path` of a `put` is where the file lies on this disk before anything of the plan is applied; of `move` and `remove`, for people,
 * where the node is in the log.
 */
export type Commit =
  | {
      readonly do: 'commit'
      readonly op: 'put'
      readonly id: NodeId
      readonly path: RelativePath
      readonly row: Row
      /** The remote node of another kind that the name holds now and that goes, if any. */
      readonly replaces: NodeId | undefined
    }
  | { readonly do: 'commit'; readonly op: 'remove'; readonly id: NodeId; readonly path: RelativePath }
  | {
      readonly do: 'commit'
      readonly op: 'move'
      readonly id: NodeId
      readonly path: RelativePath
      readonly from: RelativePath
      readonly parent: NodeId
      readonly name: Name
      readonly replaces: NodeId | undefined
    }

/**
 * A change of the log for this disk. `expect` is what the disk must still be, looked at right before; undefined: nothing is there.
 * Paths hold at that point of the plan, after the actions before it. A node has at most one of these in a plan.
 */
export type Apply =
  | {
      readonly do: 'apply'
      readonly op: 'put'
      readonly id: NodeId
      readonly path: RelativePath
      readonly row: Row
      readonly expect: LocalRow | undefined
    }
  | {
      readonly do: 'apply'
      readonly op: 'remove'
      readonly id: NodeId
      readonly path: RelativePath
      readonly expect: LocalRow
    }
  | {
      readonly do: 'apply'
      readonly op: 'move'
      readonly id: NodeId
      readonly path: RelativePath
      readonly from: RelativePath
      readonly parent: NodeId
      readonly name: Name
      readonly expect: LocalRow
    }

/**
 * Two want one name, or one node has two contents: the local one steps aside on this disk, in its directory, under the name
 * `keptAs`, which the next plan commits; the remote one has the old name. With `newNode` it leaves its id to the remote one and
 * becomes a new provisional node; then `keptAs` may be the name that it already has (a rename of this device gave it one of its
 * own), and nothing moves on the disk.
 */
export interface StepAside {
  readonly do: 'step-aside'
  readonly id: NodeId
  readonly path: RelativePath
  readonly keptAs: Name
  readonly newNode: boolean
  readonly expect: LocalRow
}

export type Action = Adopt | Read | Commit | Apply | StepAside

/** A conflict, for people: what was kept beside what. */
export interface Conflict {
  readonly path: RelativePath
  readonly keptAs: RelativePath
}

/** Why one node cannot be synced here. Codes are listed in docs/ERRORS.md. */
export type ProblemCode =
  | 'name-unholdable' // this file system cannot hold the name
  | 'name-collision' // two names that this file system takes for one
  | 'kind-unsupported' // socket, fifo, device
  | 'unreadable' // no permission to read
  | 'unwritable' // no permission to write
  | 'changing' // changed while it was read; tried again later
  | 'name-reserved' // `.grenier` at the root
  | 'vanished' // gone while it was sent
  | 'disk-full'
  | 'pack-unavailable' // the relay lacks what it needs
  | 'relay-corrupt' // what the relay holds of it is not what was put there
  | 'lost-again' // the relay says again and again that it lost the same contents: they wait for another day
  | 'entry-void' // a member's change that does not apply, or one of this device's that would not
  | 'read-only' // changed here, by a device that may only read: it stays here
  | 'folder-nested' // a synced folder of its own
  | 'not-overwritten' // something is there already, and what is restored or unpacked replaces nothing
  | 'source-unmounted' // a directory of a backup's source where a disk was, and is not
  | 'content-differs' // what the backup gives back is not what the source has
  | 'not-pruned' // of the vault as a whole: it could not be pruned unasked, and is tried again a day later
  | 'archive-damaged' // a part of it lies where an archive is damaged

export interface Problem {
  readonly path: RelativePath
  readonly code: ProblemCode
  readonly detail?: string
  /** Where what could be had of it is, its own path too: zeros where it is `lost`, in order. */
  readonly keptAs?: RelativePath
  readonly lost?: readonly { readonly offset: number; readonly length: number }[]
}

/** What a file system cannot tell apart or hold. */
export interface Traits {
  readonly caseInsensitive: boolean
  readonly normalizesUnicode: boolean
  readonly nameBytesMax: number
}

/** Everything the planner may know. */
export interface PlanInput {
  /**
   * Rows that differ, closed over their ancestors (all columns), over the children of what is removed or replaced, and over the
   * siblings that are equal to a differing one's name under case folding and NFC.
   */
  readonly rows: ReadonlyMap<NodeId, Columns>
  /**
   * Whether a name is taken in a directory, in any tree: for names of conflict copies. Where the file system folds names, one that is
   * alike should count; when it does not, the disk refuses the copy's name, and a later plan has another minute in it.
   */
  readonly taken: (parent: NodeId, name: Name) => boolean
  /** What people call this device. */
  readonly device: string
  /** UTC, ms: for names of conflict copies. */
  readonly nowMs: number
  readonly traits: Traits
}

export interface Plan {
  /** In an order that can be carried out one after the other: parents before children, removals children first. */
  readonly actions: readonly Action[]
  readonly conflicts: readonly Conflict[]
  readonly problems: readonly Problem[]
}

export type { NodeValue }
