// Which directories have no name that is not its own likeness: in those that came since the state was opened, and never had one, nobody needs
// to look for another spelling.
import type { NodeId } from '../sync/tree.ts'

/** With more than so many to be remembered, all are looked into. */
const directoriesMax = 10_000

/** What is known of directories that came since the state was opened. */
export class Spellings {
  readonly #isSince: (id: NodeId) => boolean
  /** Of these directories, those in which there was such a name. */
  readonly #spelt = new Set<NodeId>()

  /** `isSince`: whether the state held nothing of a node when it was opened. */
  constructor(isSince: (id: NodeId) => boolean) {
    this.#isSince = isSince
  }

  /** A commit put such a name into these directories, or took one out. */
  note(directories: ReadonlySet<NodeId>): void {
    for (const id of directories)
      if (this.#spelt.size <= directoriesMax && this.#isSince(id)) this.#spelt.add(id)
  }

  /** Whether the directory is known to have no such name. */
  areNone(directory: NodeId): boolean {
    return this.#spelt.size <= directoriesMax && !this.#spelt.has(directory) && this.#isSince(directory)
  }
}
