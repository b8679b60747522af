// A relay that gives other bytes than the packs that it was given.
import { cellBytes, containerFrontBytes } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { behindByTwo } from '../hostile/forged-log.ts'
import {
  eventsOf,
  expectHalt,
  expectNothingReadable,
  peacefulWorld,
  type HostileWorld,
} from '../hostile/hostile-world.ts'
import { storedPacks } from '../hostile/stored-packs.ts'
import { Seeded } from '../simulation/seeded.ts'

describe('an altered pack', () => {
  test('attack 3: an altered pack halts the vault, and no file appears', async () => {
    const { world } = await behindByTwo()
    const b = world.at(1)
    const random = new Seeded(5)
    for (const at of [0, 4, 5, 14, 50, 80, 90, ...Array.from({ length: 6 }, () => random.below(4096))]) {
      world.relay.lieTo(b, {
        pack: (_, offset, bytes) => {
          const altered = bytes.slice()
          if (at >= offset && at < offset + bytes.length)
            altered[at - offset] = (altered[at - offset] ?? 0) ^ 0x10
          return altered
        },
      })
      const outcome = await world.sync(b)
      // A bit in the padding behind the last chunk of a cell is seen as well: the cell is one.
      expect(outcome, `byte ${at}`).toMatchObject({ code: 'relay-corrupt' })
      expect(b.user.exists('later one')).toBe(false)
      expect(eventsOf(b, 'state').at(-1)).toMatchObject({ state: 'halted' })
    }
    world.relay.repent(b)
    await world.syncs(b)
    expect(b.tree()).toEqual(world.at(0).tree())
  })

  test('attack 3: an altered payload pack halts the vault', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(b)
    for (let at = 0; at < 700; at += 1) a.user.write(Buffer.from(world.random.bytes(90)).toString('hex'), '')
    await world.syncs(a)
    world.relay.lieTo(b, {
      pack: (_, offset, bytes) =>
        offset === 0 ? bytes.map((byte, at) => (at === 99 ? byte ^ 1 : byte)) : bytes,
    })
    const error = await expectHalt(world, b, 'relay-corrupt')
    expect(error.data['pack']).toMatch(/^[0-9a-f]{64}$/)
  })
})

/** Two files of several cells, which b has not yet, in packs of one size; and the names of these packs. */
async function twoPacks(): Promise<{
  world: HostileWorld
  packs: Map<string, Uint8Array>
  names: [string, string]
}> {
  const world = await peacefulWorld()
  const [a, b] = [world.at(0), world.at(1)]
  await world.syncs(a, b)
  const before = await storedPacks(world)
  for (const name of ['first', 'second']) {
    a.user.write(name, world.random.bytes(200_000))
    await world.syncs(a)
  }
  const packs = await storedPacks(world)
  const [first = '', second = ''] = [...packs.keys()].filter((name) => !before.has(name))
  expect(packs.get(first)?.length).toBe(packs.get(second)?.length)
  return { world, packs, names: [first, second] }
}

/** A pack with some of its cells exchanged. */
function withCells(pack: Uint8Array, order: (cells: Uint8Array[]) => Uint8Array[]): Uint8Array {
  const cells: Uint8Array[] = []
  for (let at = containerFrontBytes; at < pack.length; at += cellBytes)
    cells.push(pack.slice(at, at + cellBytes))
  return new Uint8Array(Buffer.concat([pack.subarray(0, containerFrontBytes), ...order(cells)]))
}

type Exchange = (own: Uint8Array, other: Uint8Array) => Uint8Array

const exchanges: readonly (readonly [name: string, exchange: Exchange])[] = [
  [
    'attack 3: with a cell of another pack',
    (own, other) =>
      withCells(own, ([first, ...rest]) => [
        first ?? own,
        ...withCellsOf(other).slice(1, 2),
        ...rest.slice(1),
      ]),
  ],
  [
    'attack 3: with the front of another pack',
    (own, other) =>
      new Uint8Array(
        Buffer.concat([other.subarray(0, containerFrontBytes), own.subarray(containerFrontBytes)]),
      ),
  ],
  ['attack 3: with zeros from its middle on', (own) => own.slice().fill(0, own.length >> 1)],
  [
    'attack 4: with two of its cells exchanged',
    (own) => withCells(own, ([one, two, ...rest]) => [two ?? own, one ?? own, ...rest]),
  ],
  [
    'attack 4: with one cell twice',
    (own) => withCells(own, ([one, , ...rest]) => [one ?? own, one ?? own, ...rest]),
  ],
  ['attack 4: that is another one of the vault', (_, other) => other],
]

function withCellsOf(pack: Uint8Array): Uint8Array[] {
  const cells: Uint8Array[] = []
  withCells(pack, (all) => (cells.push(...all), all))
  return cells
}

describe('a pack', () => {
  for (const [name, exchange] of exchanges) {
    test(`${name}: halts the vault, and no file appears`, async () => {
      const {
        world,
        packs,
        names: [first, second],
      } = await twoPacks()
      const [a, b] = [world.at(0), world.at(1)]
      const forged = exchange(packs.get(first) ?? new Uint8Array(0), packs.get(second) ?? new Uint8Array(0))
      world.relay.lieTo(b, {
        pack: (pack, offset, bytes) => (pack === first ? forged.slice(offset, offset + bytes.length) : bytes),
      })
      const before = b.tree()
      expect(await world.sync(b)).toMatchObject({ code: 'relay-corrupt' })
      expect(b.user.exists('first')).toBe(false)
      expect(b.tree().filter((line) => before.includes(line))).toEqual(before)
      expectNothingReadable(world)
      world.relay.repent(b)
      await world.syncs(b)
      expect(b.tree()).toEqual(a.tree())
    })
  }

  test('attack 4: of another vault with the same file in it halts the vault', async () => {
    const [world, other] = [await peacefulWorld(), await peacefulWorld({ seed: 9 })]
    const content = world.random.bytes(3000)
    for (const one of [world, other]) {
      await one.syncs(one.at(0), one.at(1))
      one.at(0).user.write('the same', content)
      await one.syncs(one.at(0))
    }
    const [own, foreign] = [[...(await storedPacks(world))].at(-1), [...(await storedPacks(other))].at(-1)]
    expect(own?.[1].length).toBe(foreign?.[1].length)
    const b = world.at(1)
    world.relay.lieTo(b, {
      pack: (pack, offset, bytes) =>
        pack === own?.[0] ? (foreign?.[1] ?? bytes).slice(offset, offset + bytes.length) : bytes,
    })
    expect(await world.sync(b)).toMatchObject({ code: 'relay-corrupt' })
    expect(b.user.exists('the same')).toBe(false)
  })
})
