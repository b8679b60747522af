// Whose turn it is among several transfers that share a line.

/** One transfer. */
export interface Turn {
  /** Bytes still to go. */
  readonly leftBytes: number
  /** Whether it can use a turn now. */
  readonly ready: boolean
}

/** Each so-many-th turn goes to the oldest, so that a stream of small transfers never starves a large one. */
const oldestEvery = 4

/** Shortest first: a small edit overtakes bulk, and of several large packs one is soon whole. `all` is in the order of age. */
export class Turns {
  private count = 0

  next<T extends Turn>(all: Iterable<T>): T | undefined {
    this.count += 1
    const oldestFirst = this.count % oldestEvery === 0
    let best: T | undefined
    for (const turn of all) {
      if (!turn.ready) continue
      if (best === undefined || turn.leftBytes < best.leftBytes) best = turn
      if (oldestFirst) return best
    }
    return best
  }
}
