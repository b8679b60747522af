// A relay, and a member that helps it, who want a new state or new members to be believed. What a checkpoint says against everybody's own fold is in
// test/engine/checkpoint.test.ts, what a prune names in test/engine/pruned.test.ts.
import { decodeEntry, signEntry, toHex, type Header } from '@grenier/crypto'
import { expect, test } from 'vitest'
import { behindByTwo, bytesAt } from '../hostile/forged-log.ts'
import { expectHalt, peacefulWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'

test('attack 22: an entry that no prune retired is not taken as its hash alone', async () => {
  const { world, known } = await behindByTwo()
  const b = world.at(1)
  for (const at of [known, known + 1]) {
    world.relay.lieTo(b, {
      log: (log) =>
        log.map((given) =>
          given.sequence === at ? { sequence: at, bodyHash: decodeEntry(bytesAt(log, at)).bodyHash } : given,
        ),
    })
    await expectHalt(world, b, 'relay-contradicts')
  }
})

test('attack 22: a checkpoint of a writer, and a prune of it that the same writer signs, halt whoever is shown them', async () => {
  const world = await peacefulWorld({ devices: 3 })
  const [a, b] = [world.at(0), world.at(1)]
  await world.syncs(a, b)
  const traitor = new HostileMember(world, world.at(2))
  const { sequence: at, holds } = await traitor.namesNoState()
  const after = await traitor.read()
  const forged = decodeEntry(traitor.forged(traitor.device)).header
  const part = { through: holds, checkpoint: { sequence: at, hash: after.head.hash } }
  const header: Header = { ...forged, kind: 'prune', part } as never
  const prune = signEntry({
    header,
    payload: new Uint8Array(0),
    secretKey: traitor.device.sign.secretKey,
  }).bytes
  await expect(traitor.append(prune)).rejects.toMatchObject({ data: { reason: 'entry-refused' } })
  await world.syncs(b)
  world.relay.lieTo(b, { log: (log) => [...log, { sequence: log.length, entry: prune }] })
  await expectHalt(world, b, 'relay-contradicts')
})

test('attack 22: each attempt at an invitation has a secret of its own, so that none vouches for two histories', async () => {
  const world = await peacefulWorld({ devices: 1 })
  const a = world.at(0)
  const attempts: string[] = []
  world.relay.lieTo(a, {
    moved: (bytes) => {
      const { header } = decodeEntry(bytes)
      if (header.kind === 'member' && header.part.action === 'invite')
        attempts.push(toHex(header.part.invitee.sign))
      return attempts.length < 3
    },
  })
  await world.invite(a)
  expect(attempts).toHaveLength(3)
  expect(new Set(attempts).size).toBe(3)
})
