// A run that is cut off between putting files in place and writing it down: what others do meanwhile meets what was put, as if it had been
// written down.
import * as fs from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { agree, Ground, type Device } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())

/** Less than the brake holds. */
const count = 20

/** `beta` has files of `alpha` in place, and does not know it. */
async function cutOff(): Promise<[Device, Device]> {
  const [a, b] = await ground.pair()
  for (let at = 0; at < count; at += 1) a.write(`many/${at}`, `file ${at}`)
  await a.sync()
  let left = count / 2
  b.hands.beforeChange = (change) => {
    if (change.do === 'place' && change.path.startsWith('many/') && (left -= 1) < 0)
      throw new Error('cut off')
  }
  await expect(b.sync()).rejects.toThrow('cut off')
  b.hands.beforeChange = undefined
  expect(b.names('many')).toHaveLength(count / 2)
  return [a, b]
}

test('a deletion stands', async () => {
  const [a, b] = await cutOff()
  fs.rmSync(a.at('many'), { recursive: true })
  await a.sync()
  await b.sync()
  await agree(a, b)
  expect([a.names(), b.names()]).toEqual([[], []])
})

test('an edit is no conflict, and a rename makes no copy', async () => {
  const [a, b] = await cutOff()
  a.write('many/1', 'edited')
  fs.renameSync(a.at('many/2'), a.at('many/renamed'))
  await a.sync()
  await b.sync()
  await agree(a, b)
  expect(b.names('many')).toEqual(a.names('many'))
  expect(b.names('many')).toHaveLength(count)
  expect(b.read('many/1')).toBe('edited')
})

test('an edit here meanwhile is kept', async () => {
  const [a, b] = await cutOff()
  const [name = ''] = b.names('many')
  b.write(`many/${name}`, 'mine')
  fs.rmSync(a.at(`many/${name}`))
  await a.sync()
  await agree(b, a)
  expect(a.read(`many/${name}`)).toBe('mine')
})
