import { expect, it } from 'vitest'
import { OneWrite } from './one-write.ts'

it('holds what is written until all that runs now has run, once each time, and no more than leaves soon', async () => {
  const done: string[] = []
  const stream = { cork: () => done.push('cork'), uncork: () => done.push('uncork') }
  const oneWrite = new OneWrite(
    { cork: () => void stream.cork(), uncork: () => void stream.uncork() },
    (release) => process.nextTick(release),
  )
  const send = (name: string, bytes = 10): void => {
    oneWrite.hold(bytes)
    done.push(name)
  }
  send('a')
  send('b')
  expect(done).toEqual(['cork', 'a', 'b'])
  await new Promise(setImmediate)
  send('c')
  // What goes on in the same turn belongs together.
  await Promise.resolve()
  send('d')
  await new Promise(setImmediate)
  expect(done).toEqual(['cork', 'a', 'b', 'uncork', 'cork', 'c', 'd', 'uncork'])
  done.length = 0
  for (const name of ['e', 'f', 'g', 'h', 'i']) send(name, 100_000)
  await new Promise(setImmediate)
  expect(done.join(' ')).toBe('cork e f uncork cork g h uncork cork i uncork')
})
