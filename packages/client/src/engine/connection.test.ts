// A line that is made anew: whoever says that it is wanted now does not wait for what was tried before.
import { systemRandom } from '@grenier/crypto'
import { expect, test } from 'vitest'
import { systemClock, type Clock } from '../clock.ts'
import { ClientError } from '../errors.ts'
import { Backoff } from '../relay/backoff.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { Connection } from './connection.ts'

const away = (): ClientError => new ClientError('relay-unreachable', 'away', { retryable: true })

function session(): { readonly session: RelaySession; readonly closed: Promise<unknown> } {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const made: Partial<RelaySession> = {
    closed: promise,
    traffic: { sentBytes: 0, receivedBytes: 0 },
    close: () => {
      resolve(undefined)
      return Promise.resolve()
    },
  }
  return { session: made as RelaySession, closed: promise }
}

/** Each attempt to open is given to the test; `waits` are those that the clock was asked for, none of which ends unless fired. */
function line() {
  const attempts: { readonly wanted: AbortSignal; readonly done: PromiseWithResolvers<RelaySession> }[] = []
  const waits: { readonly ms: number; readonly fire: () => void }[] = []
  const heard = new Set<() => void>()
  const said: string[] = []
  const clock: Clock = {
    ...systemClock,
    after: (ms, fire) => {
      waits.push({ ms, fire })
      for (const hear of heard) hear()
      return { cancel: () => undefined }
    },
  }
  const connection = new Connection({
    open: (wanted) => {
      const done = Promise.withResolvers<RelaySession>()
      attempts.push({ wanted, done })
      for (const hear of heard) hear()
      return done.promise
    },
    clock,
    backoff: new Backoff(systemRandom),
    signal: new AbortController().signal,
    attemptsMax: () => undefined,
    changed: (state) => said.push(state),
  })
  /** Resolves once so many attempts, and waits, were made. */
  const reaches = async (made: number, waited: number): Promise<void> => {
    while (attempts.length < made || waits.length < waited)
      await new Promise<void>((resolve) => heard.add(resolve))
  }
  return { connection, attempts, waits, reaches, said }
}

test('a session that is being opened when another is wanted is waited for no more, and used by nobody', async () => {
  const { connection, attempts, waits, reaches } = line()
  const asked = connection.session()
  await reaches(1, 0)
  await connection.renew()
  await reaches(2, 0)
  expect([attempts[0]?.wanted.aborted, attempts[1]?.wanted.aborted]).toEqual([true, false])
  const [late, now] = [session(), session()]
  attempts[1]?.done.resolve(now.session)
  expect(await asked).toBe(now.session)
  attempts[0]?.done.resolve(late.session)
  await late.closed
  expect(connection.current).toBe(now.session)
  expect(waits).toEqual([])
})

test('who hurries ends the wait between two attempts, and the next wait is a first one again', async () => {
  const { connection, attempts, waits, reaches } = line()
  const asked = connection.session()
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    await reaches(attempt, attempt - 1)
    attempts[attempt - 1]?.done.reject(away())
    await reaches(attempt, attempt)
    if (attempt < 8) waits[attempt - 1]?.fire()
  }
  expect(waits[7]?.ms).toBeGreaterThanOrEqual(30_000)
  await connection.renew()
  await reaches(9, 8)
  attempts[8]?.done.reject(away())
  await reaches(9, 9)
  expect(waits[8]?.ms).toBeLessThanOrEqual(500)
  waits[8]?.fire()
  await reaches(10, 9)
  const { session: now } = session()
  attempts[9]?.done.resolve(now)
  expect(await asked).toBe(now)
})

test('a session that was opened while another came to be wanted is closed', async () => {
  const { connection, attempts, reaches } = line()
  const asked = connection.session()
  await reaches(1, 0)
  const [stale, now] = [session(), session()]
  attempts[0]?.done.resolve(stale.session)
  await connection.renew()
  await stale.closed
  await reaches(2, 0)
  attempts[1]?.done.resolve(now.session)
  expect(await asked).toBe(now.session)
})

test('a session that is ended here is no line that is down; one that ends by itself is, and so is one that does not come', async () => {
  const { connection, attempts, reaches, said } = line()
  for (const ends of ['here', 'by itself']) {
    const asked = connection.session()
    const { session: open } = session()
    attempts.at(-1)?.done.resolve(open)
    await asked
    await (ends === 'here' ? connection.close() : open.close())
    expect(connection.current).toBe(undefined)
  }
  expect(said).toEqual(['online', 'online', 'offline'])
  void connection.session()
  await reaches(3, 0)
  attempts[2]?.done.reject(away())
  await reaches(3, 1)
  expect(said).toEqual(['online', 'online', 'offline', 'offline'])
})
