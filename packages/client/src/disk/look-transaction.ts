// The transaction a look writes in: ended and begun again after a bounded number of writes, and of reads, so that others get their turn.
import type { TreesTransaction } from '../state/trees.ts'
import type { LocalRow, NodeId } from '../sync/tree.ts'
import type { OpenTransaction, TreesSource } from './look-report.ts'

/** Rows in one batch. */
const writesMax = 2_000
/** Things looked at while others wait for their turn to write: some 50 ms. */
const looksMax = 5_000

/** Begins on demand; what it hands out is good until the next `breathe`. */
export class LookTransaction {
  readonly #trees: TreesSource
  #open: OpenTransaction | undefined
  #writes = 0
  #looks = 0

  constructor(trees: TreesSource) {
    this.#trees = trees
  }

  /** The trees, with what was written so far. */
  async tree(): Promise<TreesTransaction> {
    this.#open ??= await this.#trees.begin()
    return this.#open
  }

  /** Writes a row of the local tree; `tree` was called before. */
  set(id: NodeId, row: LocalRow | undefined): void {
    this.#open?.set('local', id, row)
    this.#writes += 1
  }

  /** To be called where the tree is whole; ends the transaction when it has grown enough. */
  async breathe(looks: number): Promise<void> {
    this.#looks += looks
    if (this.#writes >= writesMax || this.#looks >= looksMax) await this.end()
  }

  /** Commits what was written. */
  async end(): Promise<void> {
    const open = this.#open
    if (open === undefined) return
    if (this.#writes > 0) await open.commit({ flush: false })
    this.abandon()
  }

  /** Forgets what was not committed. */
  abandon(): void {
    this.#open?.abandon()
    this.#open = undefined
    this.#writes = 0
    this.#looks = 0
  }
}
