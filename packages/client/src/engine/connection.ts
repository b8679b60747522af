// Keeps one logged-in session with the relay: opens it when asked, waits longer after each failure, and says when the line is down.
import { ClientError } from '../errors.ts'
import type { Backoff } from '../relay/backoff.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Clock } from '../clock.ts'

export interface ConnectionOptions {
  readonly open: () => Promise<RelaySession>
  readonly clock: Clock
  readonly backoff: Backoff
  readonly signal: AbortSignal
  /** Attempts in a row before giving up; undefined: never. */
  readonly attemptsMax: () => number | undefined
  readonly changed: (state: 'online' | 'offline') => void
}

/** One session at a time, made anew when it ended. */
export class Connection {
  readonly #options: ConnectionOptions
  #session: RelaySession | undefined
  #closed = false
  #opening: Promise<RelaySession> | undefined
  #closedTraffic = { sentBytes: 0, receivedBytes: 0 }

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /** The session that is open now, if any. */
  get current(): RelaySession | undefined {
    return this.#session
  }

  /** Bytes over all sessions of this connection. */
  get traffic(): { sentBytes: number; receivedBytes: number } {
    const live = this.#session?.traffic ?? { sentBytes: 0, receivedBytes: 0 }
    return {
      sentBytes: this.#closedTraffic.sentBytes + live.sentBytes,
      receivedBytes: this.#closedTraffic.receivedBytes + live.receivedBytes,
    }
  }

  /**
   * An open session. @throws ClientError `relay-unreachable` after the attempts allowed, `interrupted` when aborted, and at once
   * what no retry mends (`relay-refused`, `update-needed`).
   */
  async session(): Promise<RelaySession> {
    if (this.#session !== undefined) return this.#session
    this.#opening ??= this.#openPatiently().finally(() => {
      this.#opening = undefined
    })
    return await this.#opening
  }

  /** Ends the session, if any; the next question opens another. */
  async drop(): Promise<void> {
    await this.#session?.close()
  }

  /** Ends for good: nobody is told that the line is down. */
  async close(): Promise<void> {
    this.#closed = true
    await this.drop()
  }

  async #openPatiently(): Promise<RelaySession> {
    const { open, signal, attemptsMax, changed, backoff } = this.#options
    for (let attempt = 1; ; attempt += 1) {
      if (signal.aborted) throw new ClientError('interrupted', 'stopped while connecting')
      try {
        const session = await open()
        backoff.reset()
        this.#keep(session)
        changed('online')
        return session
      } catch (error) {
        if (!(error instanceof ClientError) || !error.retryable) throw error
        changed('offline')
        if (attempt >= (attemptsMax() ?? Number.POSITIVE_INFINITY)) throw error
        await pause(this.#options, backoff.next(Number(error.data['retryAfterMs'] ?? 0)))
      }
    }
  }

  #keep(session: RelaySession): void {
    this.#session = session
    void session.closed.then(() => {
      this.#closedTraffic = this.traffic
      this.#session = undefined
      if (!this.#closed && !this.#options.signal.aborted) this.#options.changed('offline')
    })
  }
}

/** Waits on the clock; returns early when aborted. */
export function pause(on: { clock: Clock; signal: AbortSignal }, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel()
      on.signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = on.clock.after(delayMs, done)
    on.signal.addEventListener('abort', done)
  })
}
