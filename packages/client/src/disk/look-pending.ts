// Directories that a look has yet to list.
import type { RelativePath } from '../sync/name.ts'
import type { TreesReader } from '../state/trees.ts'
import { rootId, type NodeId } from '../sync/tree.ts'
import { parentOf } from './ignore.ts'

/** A directory that is to be listed. */
export interface Task {
  readonly path: RelativePath
  readonly id: NodeId
  /** Everything below, too. */
  readonly deep: boolean
}

/** Those of one look. The last one that was added is taken first. */
export class PendingDirectories {
  /** `generation`: when its node was this one. */
  readonly #tasks: (Task & { readonly generation: number })[] = []
  /** Parents last: which node one is shows when its turn comes. */
  #hinted: RelativePath[] = []
  #generation = 0

  add(task: Task): void {
    this.#tasks.push({ ...task, generation: this.#generation })
  }

  /** Directories at which something was hinted, when all others were listed. */
  hint(paths: Iterable<RelativePath>): void {
    this.#hinted = [...paths].sort().reverse()
  }

  /** Nodes of directories may have become others. */
  renamed(): void {
    this.#generation += 1
  }

  /** The next one; undefined when all were listed. */
  async next(trees: () => Promise<TreesReader>): Promise<Task | undefined> {
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      if (task.generation === this.#generation) return task
      const id = directoryAt(await trees(), task.path)
      if (id !== undefined) return { ...task, id }
      this.#hinted.push(task.path)
    }
    const path = this.#hinted.pop()
    return path === undefined ? undefined : nearest(await trees(), path)
  }
}

/** The directory, or the nearest one above it that is known as one: what was a file a moment ago has no children to compare with. */
function nearest(tree: TreesReader, path: RelativePath): Task {
  for (let at = path; ; at = parentOf(at)) {
    const id = directoryAt(tree, at)
    if (id !== undefined) return { path: at, id, deep: false }
  }
}

/** The node of a directory that is known at this path. */
export function directoryAt(tree: TreesReader, path: RelativePath): NodeId | undefined {
  const id = tree.find('local', path)
  if (id === undefined || id === rootId) return id
  return tree.get(id)?.local?.value.kind === 'directory' ? id : undefined
}
