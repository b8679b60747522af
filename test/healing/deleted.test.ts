// A vault that its owner had deleted at its relay: a relay that says so, with the owner's wish, has lost nothing.
import { expect, test } from 'vitest'
import { errorReport } from '../../packages/client/src/cli/error-report.ts'
import { exitCodeOf } from '../../packages/client/src/cli/exit-code.ts'
import { english } from '../../packages/client/src/cli/messages-en.ts'
import { wishDeletion } from '../../packages/client/src/engine/vault-deletion.ts'
import { eventsOf, peacefulWorld } from '../hostile/hostile-world.ts'
import { toHex } from '@grenier/crypto'
import { eventText } from '../../packages/client/src/cli/folder-lines.ts'
import { openFolder } from '@grenier/client'
import { RelayDisk } from '../simulation/relay-disk.ts'
import { asked, relayUrl, within } from '../simulation/world.ts'

const monthMs = 31 * 24 * 3_600_000

test('a vault that its owner had deleted ends with a plain sentence; files stay, and nothing is given back', async () => {
  const world = await peacefulWorld({ devices: 3 })
  const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
  await world.syncs(a, b, c, a)
  const before = a.tree()
  const vault = world.relay.vaultOf(a)
  c.sync(false)
  await world.until(() => eventsOf(c, 'state').some(({ state }) => state === 'synced'), 60_000)
  await within(world, wishDeletion(a.context(), { relay: relayUrl, vault }, 'delete'), 'the wish')
  world.relayAheadMs += monthMs
  await within(world, world.sweepRelay(), 'the sweep')
  b.user.write('of b', 'was never sent')
  c.touched('')
  for (const machine of [a, b, c]) {
    const outcome = machine === c ? await world.outcomeOf(c) : await world.sync(machine)
    expect(outcome, machine.name).toMatchObject({
      code: 'relay-refused',
      retryable: false,
      data: { reason: 'vault-deleted' },
    })
    expect(exitCodeOf(outcome)).toBe(5)
    expect(errorReport(english, outcome).message).toContain('an owner had this vault deleted there')
    expect(eventsOf(machine, 'healed')).toEqual([])
  }
  expect([a.tree(), c.tree()]).toEqual([before, before])
  expect(b.user.exists('of b')).toBe(true)
  expect(world.relay.asked.get('put-back') ?? 0).toBe(0)
  expect(await world.relay.log(vault)).toEqual([])
})

test('a wish to delete is told by every sync and kept for status, with whose it was, until it is taken back', async () => {
  const world = await peacefulWorld({ devices: 2 })
  const [a, b] = [world.at(0), world.at(1)]
  await world.syncs(a, b, a)
  const vault = world.relay.vaultOf(a)
  const standing = async (): Promise<unknown> => {
    const engine = await openFolder(b.context(), b.folderPath)
    return (await engine.status().finally(() => engine.close())).deletion
  }
  const { finalAtMs: finalMs } = await within(
    world,
    wishDeletion(a.context(), { relay: relayUrl, vault }, 'delete'),
    'the wish',
  )
  await world.syncs(b)
  const by = toHex(a.context().home.device.sign.publicKey)
  const wished = { by, device: a.context().home.deviceName, finalMs, signed: true }
  const [event, ...more] = eventsOf(b, 'deletion')
  expect([event, more]).toMatchObject([wished, []])
  expect(event && eventText(english, event)).toMatch(
    /is to be deleted at its relay.*\n.*grenier vault delete NAME --undo/,
  )
  expect(await within(world, standing(), 'the status')).toMatchObject(wished)
  await within(world, wishDeletion(a.context(), { relay: relayUrl, vault }, 'keep'), 'the undo')
  await world.syncs(b)
  expect(eventsOf(b, 'deletion')).toHaveLength(1)
  expect(await within(world, standing(), 'the status')).toBeUndefined()
})

test('a wish is later than the one before it, whatever the clock of the device does', async () => {
  const world = await peacefulWorld({ devices: 1 })
  const a = world.at(0)
  const place = { relay: relayUrl, vault: world.relay.vaultOf(a) }
  const { home, platform } = a.context()
  await within(world, wishDeletion({ home, platform }, place, 'delete'), 'the wish')
  let steps = 0
  const clock = { ...platform.clock, now: () => platform.clock.now() - 5_000 * steps++ }
  const behind = { home, platform: { ...platform, clock } }
  expect(await within(world, wishDeletion(behind, place, 'keep'), 'the undo')).toMatchObject({
    finalAtMs: undefined,
  })
})

test.for(['mirror', 'move'] as const)('a relay where it was deleted takes it again, by %s', async (how) => {
  const world = await peacefulWorld({ devices: 2 })
  const [a, b] = [world.at(0), world.at(1)]
  const elsewhere = 'ws://127.0.0.1:2'
  world.addRelay(elsewhere, new RelayDisk(world.random.bytes(16)))
  const asks = async <T>(what: Parameters<typeof asked<T>>[1]): Promise<T> =>
    await within(world, asked(a, what), 'what an owner does')
  await world.syncs(a, b, a)
  await asks((engine) => engine.move({ relay: elsewhere, removeOld: false }))
  await world.syncs(b)
  const { removedMs } = await asks((engine) => engine.move({ relay: elsewhere, removeOld: true }))
  expect(removedMs).toBeDefined()
  world.relayAheadMs += monthMs
  await within(world, world.sweepRelay(), 'the sweep')
  const vault = world.relay.vaultOf(a)
  expect(await world.relay.log(vault)).toEqual([])
  // Its clock is right again.
  world.relayAheadMs = 0
  if (how === 'move') await asks((engine) => engine.move({ relay: relayUrl, removeOld: false }))
  else await asks((engine) => engine.changeMirrors({ do: 'add', relay: relayUrl }))
  a.user.write('of a', 'after it was deleted')
  await world.syncs(a, b)
  const { mirrors, head } = await asks((engine) => engine.status())
  expect(await world.relay.log(vault)).toHaveLength((head?.seq ?? -1) + 1)
  if (how === 'mirror') expect(mirrors).toMatchObject([{ relay: relayUrl, entries: 0, bytes: 0 }])
  expect(b.tree()).toEqual(a.tree())
})

test('a copy that is a mirror now is not what was left', async () => {
  const world = await peacefulWorld({ devices: 1 })
  const a = world.at(0)
  const elsewhere = 'ws://127.0.0.1:2'
  world.addRelay(elsewhere, new RelayDisk(world.random.bytes(16)))
  const removes = within(
    world,
    asked(a, async (engine) => {
      await engine.move({ relay: elsewhere, removeOld: false })
      await engine.changeMirrors({ do: 'add', relay: relayUrl })
      await engine.move({ relay: elsewhere, removeOld: true })
    }),
    'what an owner does',
  )
  await expect(removes).rejects.toMatchObject({
    code: 'mirror-refused',
    data: { what: 'kept', relay: relayUrl },
  })
})
