// A line of its own to a relay as this device, beside whatever else runs: given up after a few attempts.
import { Backoff } from '../relay/backoff.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { EngineContext } from './api.ts'
import { Connection } from './connection.ts'
import { patiently } from './patiently.ts'
import { deviceLogin, logInAt } from './relay-login.ts'

/** Attempts to reach the relay, or to go on where a line broke, before it is given up. */
export const attemptsMax = 4

/** Nothing is dialled before a session is asked for. Close it in the end. */
export function connectionTo(
  { home, platform, signal }: Omit<EngineContext, 'report'>,
  relay: string,
): Connection {
  return new Connection({
    open: () => logInAt(platform, relay, deviceLogin(home)),
    clock: platform.clock,
    backoff: new Backoff(platform.random),
    signal,
    attemptsMax: () => attemptsMax,
    changed: () => undefined,
  })
}

/** Does work on a session of this connection, and again on another one where the line breaks. */
export function onSessionOf(
  connection: Connection,
): <T>(work: (session: RelaySession) => Promise<T>) => Promise<T> {
  return (work) => patiently(connection, attemptsMax, work)
}
