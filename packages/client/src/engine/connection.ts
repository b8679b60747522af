// Keeps one logged-in session with the relay: opens it when asked, waits longer after each failure, says when the line is down, and ends it all
// when the run is to stop.
import { ClientError } from '../errors.ts'
import type { Backoff } from '../relay/backoff.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Clock } from '../clock.ts'

export interface ConnectionOptions {
  /** `wanted` is aborted when the session is wanted no more. */
  readonly open: (wanted: AbortSignal) => Promise<RelaySession>
  readonly clock: Clock
  readonly backoff: Backoff
  readonly signal: AbortSignal
  /** Attempts in a row before giving up; undefined: never. */
  readonly attemptsMax: () => number | undefined
  readonly changed: (state: 'online' | 'offline') => void
}

/** One session at a time, made anew when it ended. An abort ends it: what was asked on it then fails with `interrupted`. */
export class Connection {
  /** Called when a session was opened. */
  opened: (() => void) | undefined
  readonly #options: ConnectionOptions
  #session: RelaySession | undefined
  /** One that was ended here. */
  #given: RelaySession | undefined
  #opening: Promise<RelaySession> | undefined
  #hurry = new AbortController()
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
   * An open session. @throws ClientError `relay-unreachable` (not retryable any more) after the attempts allowed, `interrupted` when
   * aborted, and at once what no retry mends (`relay-refused`, `update-needed`).
   */
  async session(): Promise<RelaySession> {
    if (this.#session !== undefined) return this.#session
    this.#opening ??= this.#openPatiently().finally(() => {
      this.#opening = undefined
    })
    return await this.#opening
  }

  /** What comes next is a session that is opened from now on, whatever it waits for: one that is being opened is not waited for either. */
  async renew(): Promise<void> {
    this.#hurry.abort()
    this.#hurry = new AbortController()
    await this.close()
  }

  /** Ends the session, if any. That is no news: only where the next one does not come is the line down. */
  async close(): Promise<void> {
    this.#given = this.#session
    await this.#session?.close()
  }

  async #openPatiently(): Promise<RelaySession> {
    const { attemptsMax, changed, backoff } = this.#options
    for (let attempt = 1; ; attempt += 1) {
      // Taken before anything is dialled, so that no hurry is missed meanwhile.
      const hurry = this.#hurry.signal
      const signal = AbortSignal.any([this.#options.signal, hurry])
      try {
        const session = await unlessAborted(signal, () => this.#options.open(signal))
        backoff.reset()
        this.#keep(session)
        changed('online')
        return session
      } catch (error) {
        if (hurry.aborted && !this.#options.signal.aborted) {
          backoff.reset()
          attempt = 0
          continue
        }
        if (!(error instanceof ClientError) || !error.retryable) throw error
        changed('offline')
        if (attempt >= (attemptsMax() ?? Number.POSITIVE_INFINITY)) throw givenUp(error)
        await pause(
          { clock: this.#options.clock, signal },
          backoff.next(Number(error.data['retryAfterMs'] ?? 0)),
        )
        if (hurry.aborted) {
          backoff.reset()
          attempt = 0
        }
      }
    }
  }

  #keep(session: RelaySession): void {
    const { signal, changed } = this.#options
    this.#session = session
    this.opened?.()
    const stop = (): void => void session.close()
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    void session.closed.then(() => {
      signal.removeEventListener('abort', stop)
      this.#closedTraffic = this.traffic
      this.#session = undefined
      if (!signal.aborted && this.#given !== session) changed('offline')
    })
  }
}

/** Waits on the clock; returns at once when aborted. */
export function pause(on: { clock: Clock; signal: AbortSignal }, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (on.signal.aborted) {
      resolve()
      return
    }
    const done = (): void => {
      timer.cancel()
      on.signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = on.clock.after(delayMs, done)
    on.signal.addEventListener('abort', done)
  })
}

/** How long news may have to wait while a pause goes on. */
const sliceMs = 60

/** Pauses, or until there is news. Says whether there was. */
export async function pauseUntil(
  on: { clock: Clock; signal: AbortSignal },
  { pauseMs, isNews }: { pauseMs: number; isNews: () => boolean },
): Promise<boolean> {
  for (let restMs = pauseMs; restMs > 0; restMs -= sliceMs) {
    await pause(on, Math.min(restMs, sliceMs))
    if (isNews()) return true
  }
  return false
}

/** A session that comes after the abort is wanted by nobody. */
async function unlessAborted(signal: AbortSignal, open: () => Promise<RelaySession>): Promise<RelaySession> {
  refuseAborted(signal)
  const stopped = Promise.withResolvers<never>()
  const stop = (): void => stopped.reject(interrupted())
  signal.addEventListener('abort', stop)
  const opening = open()
  try {
    const session = await Promise.race([opening, stopped.promise])
    refuseAborted(signal)
    return session
  } catch (error) {
    opening.then(
      (late) => void late.close(),
      () => undefined,
    )
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The same, said to whoever would try again: enough attempts were made. */
function givenUp(error: ClientError): ClientError {
  const { code, message, data } = error
  return new ClientError(code, message, { cause: error, data })
}

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw interrupted()
}

function interrupted(): ClientError {
  return new ClientError('interrupted', 'stopped while connecting')
}
