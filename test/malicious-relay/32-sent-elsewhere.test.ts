// A relay that wants its members elsewhere, or at a dead end: only an owner's entry in the log sends anybody anywhere, and nothing that stands
// behind it in the log that was left is taken.
import {
  decodeEntry,
  encodeChange,
  framePayload,
  makeChange,
  makeConfig,
  makeDevice,
  signEntry,
} from '@grenier/crypto'
import { openFolder } from '@grenier/client'
import { expect, test } from 'vitest'
import { eventsOf, expectHalt, expectNothingReadable, peacefulWorld } from '../hostile/hostile-world.ts'
import { HostileMember, reassembled } from '../hostile/member.ts'
import { relayUrl } from '../simulation/world.ts'

const elsewhere = 'wss://elsewhere.example'

/** The entry by which the member, an owner, takes the vault elsewhere, over the log as it stands; and the log after it. */
function moveBy(member: HostileMember): ReturnType<typeof makeConfig> {
  const { sequence, hash } = member.state.head
  return makeConfig({ ...member.on, continuation: { relay: elsewhere, sequence, hash } })
}

test('attack 32: a relay sends nobody elsewhere: not by a stranger’s word, not by a writer’s, not by an owner’s of another vault', async () => {
  const world = await peacefulWorld({ devices: 3 })
  const [a, b] = [world.at(0), world.at(1)]
  await world.syncs(a, b)
  const member = new HostileMember(world, a)
  await member.read()
  const right = moveBy(member).entry
  for (const signer of [makeDevice(world.random), b.home.device]) {
    const forged = reassembled(right.bytes, {}, signer)
    world.relay.lieTo(b, { log: (log) => [...log, { sequence: log.length, entry: forged }] })
    await expectHalt(world, b, 'relay-contradicts')
    expect(b.home.folders[0]?.relay).toBe(relayUrl)
  }
  // The writer's own word, rightly signed in its own name.
  const { header, payload } = decodeEntry(right.bytes)
  const { publicKey, secretKey } = b.home.device.sign
  const written = signEntry({ header: { ...header, device: publicKey }, payload, secretKey }).bytes
  world.relay.lieTo(b, { log: (log) => [...log, { sequence: log.length, entry: written }] })
  await expectHalt(world, b, 'relay-contradicts')
  expect(b.home.folders[0]?.relay).toBe(relayUrl)
  world.relay.repent(b)
  await world.syncs(b)
  const other = await peacefulWorld({ seed: 9 })
  const stranger = new HostileMember(other, other.at(0))
  await stranger.read()
  const planted = moveBy(stranger).entry.bytes
  world.relay.lieTo(b, { log: (log) => [...log, { sequence: log.length, entry: planted }] })
  await expectHalt(world, b, 'relay-contradicts')
  expect(b.home.folders[0]?.relay).toBe(relayUrl)
})

test('attack 32: what stands behind the entry that leads away, at a relay that lets it, is taken by nobody', async () => {
  const world = await peacefulWorld()
  const [a, b] = [world.at(0), world.at(1)]
  await world.syncs(a, b)
  const before = b.tree()
  const member = new HostileMember(world, a)
  await member.read()
  const move = moveBy(member)
  const payload = member.payload(framePayload(encodeChange({ operations: [], index: [] })))
  const writer = new HostileMember(world, b)
  const behind = makeChange({ ...member.on, signer: writer.device, state: move.state, added: [], payload })
  const { sequence } = move.state.head
  world.relay.lieTo(b, {
    log: (log) => [
      ...log.slice(0, sequence),
      { sequence, entry: move.entry.bytes },
      { sequence: sequence + 1, entry: behind.entry.bytes },
    ],
  })
  const outcome = await world.sync(b)
  // It dials the other one, which here is the same machine under a name that it does not know.
  expect(outcome).toMatchObject({ code: 'relay-refused', data: { reason: 'login-failed' } })
  expect(b.home.folders[0]).toMatchObject({ relay: elsewhere, movedFrom: relayUrl })
  expect(eventsOf(b, 'moved')).toEqual([{ event: 'moved', relay: elsewhere, from: relayUrl }])
  const status = await (async () => {
    const engine = await openFolder(b.context(), b.folderPath)
    try {
      return await engine.status()
    } finally {
      await engine.close()
    }
  })()
  expect(status.head?.seq).toBe(sequence)
  expect(b.tree()).toEqual(before)
  expectNothingReadable(world)
})
