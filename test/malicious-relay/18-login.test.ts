// Somebody who has seen a login, or stands between a client and another relay.
import { openAccount } from '@grenier/client'
import {
  decodeClientMessage,
  decodeRelayMessage,
  limits,
  type RelayMessage,
  type Wire,
} from '@grenier/protocol'
import { expect, test } from 'vitest'
import { peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { readyMade } from '../simulation/world.ts'

interface Heard {
  readonly wire: Wire
  readonly messages: RelayMessage[]
  closed: boolean
}

/** A line to the real relay, of somebody who says what they like. */
function stranger(world: HostileWorld): Heard {
  const wire = world.connect()
  const heard: Heard = { wire, messages: [], closed: false }
  wire.onFrame((frame) => void heard.messages.push(decodeRelayMessage(frame.slice())))
  wire.onClose(() => (heard.closed = true))
  return heard
}

test('attack 18: a login that was heard is refused on every other connection', async () => {
  const world = await peacefulWorld({ devices: 1 })
  const logins = world.relay.frames.filter((frame) => decodeClientMessage(frame.slice()).type === 'login')
  expect(logins.length).toBeGreaterThan(1)
  for (const login of logins) {
    const { wire, messages } = stranger(world)
    await world.until(() => messages.some(({ type }) => type === 'challenge'))
    wire.send(login)
    await world.until(() => messages.length > 1)
    expect(messages[1]).toMatchObject({ type: 'error', code: 'login-failed' })
  }
})

test('attack 18: a challenge is good for half a minute', async () => {
  const world = await peacefulWorld({ devices: 1 })
  const heard = stranger(world)
  await world.until(() => false, limits.loginMs - 1000)
  expect(heard.closed).toBe(false)
  await world.until(() => false, 2000)
  expect(heard.closed).toBe(true)
})

test('attack 18: a relay that passes a login on to another one does not get in there: its address is signed', async () => {
  const world = await peacefulWorld({ devices: 1 })
  world.more(1)
  const b = world.at(1)
  // All that it dials as another address arrives, in the end, at the real relay.
  const relay = 'ws://127.0.0.1:2'
  const opened = openAccount(b.context(), { relay, invite: undefined, identity: readyMade.identity })
  await expect(world.settles(opened)).rejects.toMatchObject({
    code: 'relay-refused',
    data: { reason: 'login-failed' },
  })
})
