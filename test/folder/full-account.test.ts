// An account that is full: what does not fit is waited for, and nothing that has left the folder stands in the way of the rest.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { systemRandom } from '@grenier/crypto'
import { memoryStores } from '@grenier/relay'
import { afterAll, expect, test } from 'vitest'
import { agree, Ground, type Device } from './devices.ts'

const quotaBytes = 4 << 20
const defaultPlan = {
  name: 'default',
  bytesMax: quotaBytes,
  entriesMax: 1000,
  vaultsMax: 10,
  devicesMax: 10,
}
const ground = new Ground(memoryStores({ random: systemRandom, defaultPlan }))
afterAll(() => ground.end())

function refusals({ events }: Device): number {
  return events.filter(
    (event) => event.event === 'state' && event.state === 'offline' && event.reason === 'quota',
  ).length
}

function stateOf({ events }: Device): string | undefined {
  const states = events.flatMap((event) => (event.event === 'state' ? [event.state] : []))
  return states.at(-1)
}

test('a file that had no room and is gone does not hold up the others, in a run that goes on', async () => {
  const [a, b] = await ground.pair()
  a.write('first', 'x')
  await agree(a, b)
  const watching = await a.watch()
  await a.synced(watching)
  a.write('large', randomBytes(2 * quotaBytes))
  a.write('small', 'said all the same')
  await watching.until(() => refusals(a) > 1)
  fs.rmSync(a.at('large'))
  await watching.until(() => stateOf(a) === 'synced')
  await watching.stop()
  await b.sync()
  expect([b.read('small'), b.has('large')]).toEqual(['said all the same', false])
})
