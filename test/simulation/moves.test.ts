// What a move costs: an entry of one operation, a rename on the other side, and no content over any line.
import { expect, test } from 'vitest'
import { tapped } from '../hostile/tapped-wire.ts'
import { ended, settleDown, type Machine, World } from './world.ts'

/** Packs that went up and down, and bytes of the entries that were appended. */
class Traffic {
  packsUp = 0
  packsDown = 0
  entryBytes = 0

  constructor(world: World) {
    world.between = (wire) =>
      tapped(wire, {
        toRelay: (message) => {
          if (message.type === 'put') this.packsUp += 1
          if (message.type === 'get') this.packsDown += 1
          if (message.type === 'append') this.entryBytes += message.entry.length
          return message
        },
      })
  }
}

const files = 200

async function planted(): Promise<{ world: World; a: Machine; b: Machine }> {
  const world = new World(7, 2)
  const [a, b] = world.machines
  if (a === undefined || b === undefined) throw new RangeError('two machines')
  a.user.makeDirectory('old')
  a.user.makeDirectory('old/below')
  for (let count = 0; count < files; count += 1)
    a.user.write(`old/below/${count}`, world.random.bytes(1000 + count))
  await settleDown(world)
  // Who let somebody in opens a new epoch: that is over before anything is counted.
  await once(world, b, a, b)
  return { world, a, b }
}

async function once(world: World, ...machines: Machine[]): Promise<void> {
  for (const machine of machines) {
    machine.sync(true)
    await ended(world, machine)
  }
}

function inodeOf(machine: Machine, path: string): number {
  return machine.folder.at(path).ino
}

test('a moved subtree is one small entry and a rename there: nothing goes up, nothing comes down', async () => {
  const { world, a, b } = await planted()
  const before = inodeOf(b, 'old/below/17')
  const traffic = new Traffic(world)
  a.user.makeDirectory('home')
  a.user.rename('old', 'home/new')
  await once(world, a, b)
  expect(b.tree()).toEqual(a.tree())
  expect(inodeOf(b, 'home/new/below/17')).toBe(before)
  expect(traffic).toMatchObject({ packsUp: 0, packsDown: 0 })
  expect(traffic.entryBytes).toBeLessThan(2048)
})

test('what was edited elsewhere in a subtree that moves is all that goes over', async () => {
  const { world, a, b } = await planted()
  const before = inodeOf(b, 'old/below/17')
  b.user.write('old/below/3', 'edited over there')
  b.user.write('old/below/new', 'new over there')
  const traffic = new Traffic(world)
  a.user.rename('old', 'new')
  await once(world, a, b, a)
  expect(b.tree()).toEqual(a.tree())
  expect(Buffer.from(a.user.read('new/below/3')).toString()).toBe('edited over there')
  expect(Buffer.from(a.user.read('new/below/new')).toString()).toBe('new over there')
  expect(inodeOf(b, 'new/below/17')).toBe(before)
  expect(traffic.packsUp).toBe(1)
  expect(traffic.packsDown).toBeLessThanOrEqual(2)
  expect(traffic.entryBytes).toBeLessThan(4096)
})
