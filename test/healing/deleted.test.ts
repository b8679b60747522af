// A vault that its owner had deleted at its relay: a relay that says so, with the owner's wish, has lost nothing.
import { expect, test } from 'vitest'
import { errorReport } from '../../packages/client/src/cli/error-report.ts'
import { exitCodeOf } from '../../packages/client/src/cli/exit-code.ts'
import { english } from '../../packages/client/src/cli/messages-en.ts'
import { wishDeletion } from '../../packages/client/src/engine/vault-deletion.ts'
import { eventsOf, peacefulWorld } from '../hostile/hostile-world.ts'
import { relayUrl, within } from '../simulation/world.ts'

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
