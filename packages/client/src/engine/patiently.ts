// Work on a session that may break: done again on the next one.
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Connection } from './connection.ts'

/** Does it, and again on another session where the line broke, so many times in all. @throws what it fails with; `relay-unreachable` in the end */
export async function patiently<T>(
  connection: Connection,
  attemptsMax: number,
  work: (session: RelaySession) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(await connection.session())
    } catch (error) {
      const isLine = error instanceof ClientError && error.code === 'relay-unreachable' && error.retryable
      if (!isLine || attempt >= attemptsMax) throw error
    }
  }
}
