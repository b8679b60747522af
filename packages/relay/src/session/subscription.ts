// Pushing: entries of one log to one client, in order and without a gap, read again from the store when the client is slow, so that
// nothing piles up for it.
import type { VaultId } from '@grenier/crypto/verify'
import type { Grown } from '../core/relay-parts.ts'
import { entriesReadBytes } from '../limits.ts'
import type { LogStore } from '../store/log-store.ts'
import type { Outbox } from './outbox.ts'

/** One vault that one connection subscribed to. */
export class Subscription {
  readonly #vault: VaultId
  readonly #logs: LogStore
  readonly #outbox: Outbox
  /** What this connection appended itself comes with the answer to it, not as a push. */
  readonly #own = new Set<number>()
  #next: number
  #headSequence: number
  /** The latest entry, if it is at hand: most often it is the only one to send. */
  #latest: { sequence: number; bytes: Uint8Array } | undefined
  #running: Promise<void> | undefined
  #ended = false

  /** Pushes what comes after the entry `after`. */
  constructor(parts: { vault: VaultId; logs: LogStore; outbox: Outbox; after: number }) {
    this.#vault = parts.vault
    this.#logs = parts.logs
    this.#outbox = parts.outbox
    this.#next = parts.after + 1
    this.#headSequence = parts.after
  }

  /** The log has grown by this entry; `own`: this connection appended it. */
  grown({ sequence, bytes }: Grown, own: boolean): void {
    if (sequence <= this.#headSequence) return
    this.#headSequence = sequence
    if (own) this.#own.add(sequence)
    this.#latest = bytes === undefined ? undefined : { sequence, bytes }
    if (this.#running === undefined) this.#start()
  }

  /** Resolves when everything known has been pushed, or cannot be. */
  async flushed(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  /** Pushes nothing any more. */
  end(): void {
    this.#ended = true
  }

  // What came in while the last push was ending would otherwise wait for the next entry.
  #start(): void {
    this.#running = this.#push().finally(() => {
      this.#running = undefined
      if (!this.#ended && this.#next <= this.#headSequence) this.#start()
    })
  }

  // What fails here is not the client's: it asks for entries when the next push does not follow what it has.
  async #push(): Promise<void> {
    try {
      while (!this.#ended && this.#next <= this.#headSequence) await this.#pushSome()
    } catch {
      this.#ended = true
    }
  }

  async #pushSome(): Promise<void> {
    if (this.#latest?.sequence === this.#next) {
      await this.#send(this.#next, this.#latest.bytes)
      return
    }
    if (!(await this.#outbox.ready(false)) || this.#ended) return
    const entries = await this.#logs.entries(this.#vault, this.#next, entriesReadBytes)
    for (const entry of entries) {
      if ('bytes' in entry) await this.#send(entry.sequence, entry.bytes)
      else this.#next = entry.sequence + 1
    }
    if (entries.length === 0) this.#ended = true
  }

  async #send(sequence: number, entry: Uint8Array): Promise<void> {
    this.#next = sequence + 1
    if (this.#own.delete(sequence)) return
    if (!(await this.#outbox.ready(false)) || this.#ended) return
    this.#outbox.send({ type: 'entry', vault: this.#vault, sequence, entry })
  }
}
