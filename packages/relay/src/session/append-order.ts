// Appends that one connection sends without waiting: each after those that it may build on. An append that waits for a slow put holds
// up nothing that does not follow it.
import { toHex, type VaultId } from '@grenier/crypto/verify'

interface OpenAppend {
  readonly vault: string
  readonly sequence: number
  readonly done: Promise<void>
}

/** Appends under way on one connection. */
export class AppendOrder {
  readonly #open = new Set<OpenAppend>()

  /** Resolves when those that were sent before and come earlier in this log have ended, well or not. */
  async before(vault: VaultId, sequence: number): Promise<void> {
    const key = toHex(vault)
    const earlier = [...this.#open].filter((open) => open.vault === key && open.sequence < sequence)
    await Promise.all(earlier.map(({ done }) => done.catch(() => undefined)))
  }

  /** Runs one; it counts from now until it has ended. */
  async during(name: { vault: VaultId; sequence: number }, work: () => Promise<void>): Promise<void> {
    const done = work()
    const open = { vault: toHex(name.vault), sequence: name.sequence, done }
    this.#open.add(open)
    try {
      await done
    } finally {
      this.#open.delete(open)
    }
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#open].map(({ done }) => done.catch(() => undefined)))
  }
}
