import { expect, test } from 'vitest'
import { ended, settleDown, World } from './world.ts'

test('a folder of one device appears on the other, and changes go both ways', async () => {
  const world = new World(1, 2)
  const [a, b] = world.machines
  if (a === undefined || b === undefined) throw new RangeError('two machines')
  a.user.makeDirectory('notes')
  a.user.write('notes/one.txt', 'one')
  a.user.write('big', world.random.bytes(3_000_000))
  a.user.link('link', 'notes/one.txt')
  a.user.makeDirectory('empty')
  await settleDown(world)
  expect(b.tree()).toEqual(a.tree())
  b.user.write('notes/two.txt', 'two')
  a.user.remove('link')
  b.sync(true)
  await ended(world, b)
  a.sync(true)
  await ended(world, a)
  b.sync(true)
  await ended(world, b)
  expect(b.tree()).toEqual(a.tree())
  expect([...a.user.tree().keys()].sort()).toEqual([
    'big',
    'empty',
    'notes',
    'notes/one.txt',
    'notes/two.txt',
  ])
})
