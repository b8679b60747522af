// Attack 20, once more: a relay says again and again that it lost what it was just given, so that devices send it for ever.
import { decodeEntry, toHex, type PackId } from '@grenier/crypto'
import { openFolder } from '@grenier/client'
import { expect, test } from 'vitest'
import { eventsOf, peacefulWorld } from '../hostile/hostile-world.ts'
import { within } from '../simulation/world.ts'

const dayMs = 24 * 3_600_000

test('attack 20: the same contents are sent anew a few times a day, and a person is told', async () => {
  const world = await peacefulWorld({ devices: 1 })
  const a = world.at(0)
  await world.syncs(a)
  const log = () => world.relay.log(world.relay.vaultOf(a))
  const packs = async (): Promise<PackId[]> => {
    const all = (await log()).flatMap((one) => ('entry' in one ? [decodeEntry(one.entry).header] : []))
    const named = all.flatMap((header) => (header.kind === 'change' ? header.added.map(({ id }) => id) : []))
    return [...new Map(named.map((id) => [toHex(id), id])).values()].sort((x, y) => Buffer.compare(x, y))
  }
  world.relay.lieTo(a, { lost: packs })
  const sent: number[] = []
  const syncs = async (): Promise<boolean> => {
    const before = world.relay.putsOf(a)
    a.events.splice(0)
    await world.syncs(a)
    sent.push(world.relay.putsOf(a) - before)
    return eventsOf(a, 'problem').some(({ code }) => code === 'lost-again')
  }
  const told: boolean[] = []
  for (let times = 0; times < 8; times += 1) told.push(await syncs())
  expect(sent.slice(0, 4).every((count) => count > 0)).toBe(true)
  expect(sent.slice(4)).toEqual([0, 0, 0, 0])
  expect(told).toEqual([false, false, false, false, true, true, true, true])
  await world.until(() => false, dayMs)
  expect(await syncs(), 'another day').toBe(false)
  expect(sent.at(-1)).toBeGreaterThan(0)
  for (let times = 0; times < 4; times += 1) await syncs()
  expect(sent.at(-1)).toBe(0)
  const heals = async (): Promise<void> => {
    const engine = await openFolder(a.context(), a.folderPath)
    await engine.heal().finally(() => engine.close())
  }
  const before = world.relay.putsOf(a)
  await within(world, heals(), 'healing by hand')
  expect(world.relay.putsOf(a), 'a person may ask for it').toBeGreaterThan(before)
})

test('attack 20: the state that new devices start from is made again a few times a day, and a person is told', async () => {
  const world = await peacefulWorld({ devices: 1 })
  const a = world.at(0)
  await world.syncs(a)
  const prunes = async (): Promise<void> => {
    const engine = await openFolder(a.context(), a.folderPath)
    await engine.prune({ keepMs: 0, dryRun: false }).finally(() => engine.close())
  }
  await within(world, prunes(), 'the prune')
  const packs = async (): Promise<PackId[]> =>
    (await world.relay.log(world.relay.vaultOf(a)))
      .flatMap((one) => ('entry' in one ? [decodeEntry(one.entry).header] : []))
      .flatMap(({ kind, added }) => (kind === 'checkpoint' ? added.map(({ id }) => id) : []))
      .sort((x, y) => Buffer.compare(x, y))
  world.relay.lieTo(a, { lost: packs })
  const made: number[] = []
  for (let times = 0; times < 4; times += 1) {
    a.events.splice(0)
    await world.syncs(a)
    made.push(eventsOf(a, 'state-remade').length)
  }
  expect(made.reduce((sum, count) => sum + count, 0)).toBe(4)
  expect(made.at(-1)).toBe(0)
  expect(eventsOf(a, 'problem')).toMatchObject([{ code: 'lost-again', path: '' }])
  await world.until(() => false, dayMs)
  await world.syncs(a)
  expect(eventsOf(a, 'state-remade'), 'another day').not.toEqual([])
})
