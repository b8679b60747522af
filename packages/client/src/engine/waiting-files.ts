// Files that were read and wait for the packs that hold them.
import type { TreesStore } from '../state/trees-store.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { LocalRow, NodeId, Stamp } from '../sync/tree.ts'
import { isUnseen, withContent, type ReadResult } from './read-result.ts'

/** A file that was read. `asked`: its stamp when that was asked for: a row that was looked at since knows better. */
export interface WaitingFile {
  readonly result: ReadResult
  readonly asked: Stamp | undefined
}

/** By node: what is read again takes the place of what was read before. In order of reading. */
export class WaitingFiles {
  readonly #files = new Map<NodeId, WaitingFile>()
  /** The first pack that one of them waits for: asked for each file that is read. */
  #soonest = Number.POSITIVE_INFINITY

  get count(): number {
    return this.#files.size
  }

  keep(file: WaitingFile): void {
    const { id } = file.result.file
    this.#files.delete(id)
    this.#files.set(id, file)
    this.#soonest = Math.min(this.#soonest, file.result.readyAfter)
  }

  /** Whether one waits for nothing behind this pack. */
  hasReady(ordinal: number): boolean {
    return this.#soonest <= ordinal
  }

  /** Takes out those that wait for nothing behind this pack, so many at most. */
  take(ordinal: number, most: number): readonly WaitingFile[] {
    const ready: WaitingFile[] = []
    this.#soonest = Number.POSITIVE_INFINITY
    for (const file of this.#files.values()) {
      const { readyAfter } = file.result
      if (readyAfter <= ordinal && ready.length < most) ready.push(file)
      else this.#soonest = Math.min(this.#soonest, readyAfter)
    }
    for (const { result } of ready) this.#files.delete(result.file.id)
    return ready
  }
}

/** Of a node and its row: the row that knows what the file holds; undefined where that is not known. */
export type Known = (id: NodeId, local: LocalRow) => LocalRow | undefined

/** What these files hold, by node: for a row of one that nobody has looked at since; undefined for any other. */
export function knownOf(files: readonly WaitingFile[]): Known {
  const byId = new Map(files.map((file) => [file.result.file.id, file]))
  return (id, local) => {
    const file = byId.get(id)
    return file !== undefined && isUnseen(local, file.asked) ? withContent(local, file.result) : undefined
  }
}

/** The local rows of these nodes now know what is known of them: in the batch in which the log has them. */
export function noteKnown(
  transaction: Pick<Transaction, 'get' | 'set'>,
  nodes: readonly { readonly id: NodeId }[],
  known: Known,
): void {
  for (const { id } of nodes) {
    const local = transaction.get(id)?.local
    const row = local === undefined ? undefined : known(id, local)
    if (row !== undefined) transaction.set('local', id, row)
  }
}

/** The local rows now know what these files hold. */
export async function writeDown(trees: TreesStore, files: readonly WaitingFile[]): Promise<void> {
  if (files.length === 0) return
  await trees.write({ flush: false }, (transaction) => {
    for (const { result, asked } of files) {
      const local = transaction.get(result.file.id)?.local
      if (local?.value.kind !== 'file' || !isUnseen(local, asked)) continue
      transaction.set('local', result.file.id, withContent(local, result))
    }
  })
}
