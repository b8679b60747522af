// A relay that lost the state which a prune names: who has nothing of the vault starts from it. An owner's device makes it again by itself, and nobody
// types a command for that. Time is the simulation's.
import { openFolder, openHistory, type FolderEngine } from '@grenier/client'
import { toHex } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { askOf, bytesOf } from '../history/asking.ts'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'
import type { Machine } from '../simulation/world.ts'

const day = 86_400_000

/** The last entry before which no version is promised. */
async function prunedTo(world: HostileWorld): Promise<number> {
  return (await new HostileMember(world, world.at(0)).read()).spine.prune?.through ?? -1
}

async function asks(
  world: HostileWorld,
  machine: Machine,
  what: (engine: FolderEngine) => Promise<unknown>,
): Promise<void> {
  const asked = (async () => {
    const engine = await openFolder(machine.context(), machine.folderPath)
    try {
      await what(engine)
    } finally {
      await engine.close()
    }
  })()
  await world.settles(asked)
}

const prunes = async (world: HostileWorld, machine: Machine): Promise<void> =>
  await asks(world, machine, (engine) => engine.prune({ keepMs: 0, dryRun: false }))

/** The relay has an older disk, and the log back, without a run of the folder that mends the rest. */
async function isPutBack(world: HostileWorld, machine: Machine, disk: HostileWorld['relayDisk']) {
  world.restoreRelay(disk)
  await asks(world, machine, (engine) => engine.members())
  await world.until(() => false, 660_000)
}

/** A vault that was pruned, edits since, and the relay's disk as it was before all that. */
async function pruned(): Promise<{ world: HostileWorld; a: Machine; yesterday: HostileWorld['relayDisk'] }> {
  const world = await peacefulWorld({ devices: 2 })
  const a = world.at(0)
  a.user.write('dear', 'the first version')
  await world.syncs(...world.machines)
  const yesterday = world.relayDisk.copy()
  await prunes(world, a)
  a.user.write('dear', 'the second version')
  await world.syncs(a)
  return { world, a, yesterday }
}

/** Packs that somebody dropped, hex. */
async function goingPacks(world: HostileWorld): Promise<string[]> {
  const packs: string[] = []
  for await (const { row, pack } of world.stores.ledger.list(world.relay.vaultOf(world.at(0))))
    if (row.state === 'dropped') packs.push(toHex(pack))
  return packs.sort()
}

const isToldOfTheState = { code: 'pack-unavailable', data: { what: 'state' } }

/** What the file `dear` was right after an entry, as this device finds it. */
async function dearAfter(world: HostileWorld, machine: Machine, sequence: number): Promise<string> {
  const opened = await openHistory(machine.context(), machine.folderPath)
  try {
    const query = { do: 'read', path: 'dear', moment: { sequence } } as const
    return Buffer.from(bytesOf(await world.settles(askOf(opened, query)))).toString()
  } finally {
    await opened.close()
  }
}

describe('an older copy of the relay’s disk that lacks what a prune names', () => {
  test('is given it again by an owner who kept the log: who joins is told why it waits, then has everything, older versions too', async () => {
    const { world, a, yesterday } = await pruned()
    const through = await prunedTo(world)
    await isPutBack(world, a, yesterday)
    const code = await world.invite(a)
    world.more(1)
    const c = world.at(2)
    expect(await world.join(c, code)).toMatchObject(isToldOfTheState)
    await world.syncs(a)
    expect(eventsOf(a, 'state-remade')).toMatchObject([{ through: through + 1, whole: true }])
    expect(await prunedTo(world)).toBe(through + 1)
    await world.syncs(c)
    expect(c.tree()).toEqual(a.tree())
    expect(await dearAfter(world, c, through + 1)).toBe('the first version')
    // Done once: nobody makes it again, and those who folded it themselves go on.
    await world.syncs(a, world.at(1), c)
    expect(eventsOf(a, 'state-remade')).toHaveLength(1)
    expect(await prunedTo(world)).toBe(through + 1)
    for (const machine of world.machines) expect(eventsOf(machine, 'void')).toEqual([])
  })

  test('is given it again when the power went in the middle of it', async () => {
    for (const after of [0, 2, 4, 6, 8, 10]) {
      const { world, a, yesterday } = await pruned()
      await isPutBack(world, a, yesterday)
      const code = await world.invite(a)
      a.sync(true)
      a.atCall('batch', after, () => a.kill())
      await world.until(() => !a.running)
      a.forgetSteps()
      await world.syncs(a)
      world.more(1)
      expect(await world.join(world.at(2), code)).toBe('done')
      expect(world.at(2).tree()).toEqual(a.tree())
    }
  })

  test('is given a later state where no owner who syncs kept the log, a day after that was seen', async () => {
    const { world, a, yesterday } = await pruned()
    world.more(1)
    const joined = world.at(2)
    expect(await world.join(joined, await world.invite(a, 'owner'))).toBe('done')
    const through = await prunedTo(world)
    await isPutBack(world, a, yesterday)
    await world.syncs(joined)
    expect(await prunedTo(world), 'the other owner may have the log').toBe(through)
    const code = await world.invite(joined)
    await world.until(() => false, day)
    await world.syncs(joined)
    const [event] = eventsOf(joined, 'state-remade')
    expect(event).toMatchObject({ whole: false })
    expect(await prunedTo(world)).toBeGreaterThan(through)
    expect(code).not.toBe('')
    world.more(1)
    const late = world.at(3)
    expect(await world.join(late, await world.invite(joined))).toBe('done')
    expect(late.tree()).toEqual(joined.tree())
  })

  test('is given a later state, and no prune drops what is to be kept longer than that state is old', async () => {
    const { world, a, yesterday } = await pruned()
    world.more(1)
    const joined = world.at(2)
    expect(await world.join(joined, await world.invite(a, 'owner'))).toBe('done')
    await isPutBack(world, a, yesterday)
    // Sends what the relay lost of the second version, which only history has from then on.
    await world.syncs(joined)
    joined.user.write('dear', 'the third version')
    await world.syncs(joined)
    await world.until(() => false, day)
    await world.syncs(joined)
    expect(eventsOf(joined, 'state-remade')).toMatchObject([{ whole: false }])
    // Old enough to go, if it were only for that.
    await world.until(() => false, 20 * day)
    const before = await goingPacks(world)
    await asks(world, joined, (engine) => engine.prune({ keepMs: 60 * day, dryRun: false }))
    expect(await goingPacks(world), 'what is to be kept').toEqual(before)
    await prunes(world, joined)
    expect((await goingPacks(world)).length, 'what nobody wants to keep').toBeGreaterThan(before.length)
  })
})
