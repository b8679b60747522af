// Work on a session that may break: done again on the next one.
import { isLineBroken } from '../relay/relay-failure.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Connection } from './connection.ts'

/** Does it, and again on another session where the line broke, so many times in all. @throws what it fails with; `relay-unreachable` in the end */
export async function patiently<T>(
  connection: Connection,
  attemptsMax: number,
  work: (session: RelaySession) => Promise<T>,
): Promise<T> {
  return await onLine(() => connection.session(), work, attemptsMax)
}

/** How often one thing is asked for where nobody says otherwise. */
const askedMax = 4

/** The same on a line that somebody else keeps. `session`: an open one, or why there is none. */
export async function onLine<T>(
  session: () => Promise<RelaySession>,
  work: (session: RelaySession) => Promise<T>,
  attemptsMax = askedMax,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(await session())
    } catch (error) {
      if (!isLineBroken(error) || attempt >= attemptsMax) throw error
    }
  }
}
