// Who gets in, and what happens to all others.
import { certifyDevice, encodeCertificate, makeDevice, publicDevice } from '@grenier/crypto'
import { encodeMessage, limits } from '@grenier/protocol'
import { describe, expect, it } from 'vitest'
import { failuresMax, failureWindowMs, peerStrangersMax } from '../limits.ts'
import { outcome, ScriptedClient, settle, World } from './scripted-client.vectors.ts'

describe('the challenge', () => {
  it('comes first, with the incarnation of the store and the time', async () => {
    const world = new World()
    const challenge = await new ScriptedClient(world.core).challenge()
    expect(challenge.incarnation).toEqual(world.stores.logs.incarnation)
    expect(challenge.now).toBe(world.clock.now())
  })

  it('is another one on every connection', async () => {
    const { core } = new World()
    const [one, two] = [
      await new ScriptedClient(core).challenge(),
      await new ScriptedClient(core).challenge(),
    ]
    expect(one.nonce).not.toEqual(two.nonce)
  })

  it('is to be answered within 30 s', async () => {
    const world = new World()
    const client = new ScriptedClient(world.core)
    await client.challenge()
    world.clock.advance(limits.loginMs - 1)
    await settle()
    expect(client.closed).toBe(false)
    world.clock.advance(1)
    await settle()
    expect(client.closed).toBe(true)
  })
})

describe('a login', () => {
  it('is taken under any origin of the configuration, and under no other', async () => {
    const world = new World()
    const person = world.person()
    await world.register(person)
    const login = async (origin: string) =>
      outcome(await new ScriptedClient(world.core).login(person.device.sign, 'device', { origin }))
    expect(await login('https://relay.example')).toBe('ok')
    expect(await login('http://localhost:8090')).toBe('ok')
    expect(await login('https://other.example')).toBe('login-failed')
  })

  it('ends the connection when its signature is wrong', async () => {
    const world = new World()
    const { sign } = world.person().device
    const client = new ScriptedClient(world.core)
    const other = makeDevice(world.random).sign.secretKey
    expect(outcome(await client.login({ ...sign, secretKey: other }, 'device'))).toBe('login-failed')
    await client.untilClosed()
  })

  it('cannot be played again on another connection', async () => {
    const world = new World()
    const person = world.person()
    const first = new ScriptedClient(world.core)
    const frames: Uint8Array[] = []
    const send = first.wire.send.bind(first.wire)
    first.wire.send = (frame) => {
      frames.push(frame.slice())
      send(frame)
    }
    expect(outcome(await first.login(person.identity.sign, 'identity'))).toBe('ok')
    const second = new ScriptedClient(world.core)
    await second.challenge()
    second.wire.send(frames[0]!)
    expect(outcome(await second.reply(1))).toBe('login-failed')
  })

  it('answers a challenge once', async () => {
    const world = new World()
    const client = new ScriptedClient(world.core)
    await client.login(world.person().identity.sign, 'identity')
    expect(outcome(await client.login(world.person().identity.sign, 'identity'))).toBe('login-failed')
    await client.untilClosed()
  })

  it('of a device is refused when it belongs to no account and no vault', async () => {
    const world = new World()
    const client = new ScriptedClient(world.core)
    expect(outcome(await client.login(makeDevice(world.random).sign, 'device'))).toBe('account-unknown')
    await client.untilClosed()
  })

  it('of a new device is taken with a certificate of an identity that has an account', async () => {
    const world = new World()
    const person = world.person()
    const device = makeDevice(world.random)
    const certificate = world.certify(person.identity, device)
    const early = new ScriptedClient(world.core)
    expect(outcome(await early.login(device.sign, 'device', { certificate }))).toBe('account-unknown')
    await world.register(person)
    const client = new ScriptedClient(world.core)
    expect(outcome(await client.login(device.sign, 'device', { certificate }))).toBe('ok')
    expect(outcome(await world.device(device).then((again) => again.ask({ type: 'account' })))).toBe('ok')
  })

  it('is refused with a certificate of another device, or one that nobody signed', async () => {
    const world = new World()
    const person = world.person()
    await world.register(person)
    const device = makeDevice(world.random)
    const forged = certifyDevice(world.person().identity, publicDevice(device))
    const certificates = [
      person.certificate,
      encodeCertificate({ ...forged, identity: person.identity.sign.publicKey }),
    ]
    for (const certificate of certificates) {
      const client = new ScriptedClient(world.core)
      expect(outcome(await client.login(device.sign, 'device', { certificate }))).toBe('login-failed')
    }
  })

  it('of an identity without an account is cut when it opens none', async () => {
    const world = new World()
    const client = new ScriptedClient(world.core)
    expect(outcome(await client.login(world.person().identity.sign, 'identity'))).toBe('ok')
    world.clock.advance(limits.loginMs)
    await settle()
    expect(client.closed).toBe(true)
  })
})

describe('guessing', () => {
  it('has to wait after some failures, until the window has passed', async () => {
    const world = new World()
    const guess = async (from: string) => {
      const client = new ScriptedClient(world.core, from)
      return outcome(await client.login(makeDevice(world.random).sign, 'one-time'))
    }
    for (let turn = 0; turn < failuresMax; turn++) expect(await guess('there')).toBe('account-unknown')
    expect(await guess('there')).toBe('too-many')
    expect(await guess('elsewhere')).toBe('account-unknown')
    world.clock.advance(failureWindowMs)
    expect(await guess('there')).toBe('account-unknown')
  })
})

describe('strangers', () => {
  it('of one peer leave room for those of others', async () => {
    const world = new World()
    for (let turn = 0; turn < peerStrangersMax; turn++) new ScriptedClient(world.core, 'there')
    const refused = new ScriptedClient(world.core, 'there')
    await refused.untilClosed()
    expect(refused.heard).toMatchObject([{ type: 'error', code: 'busy' }])
    await new ScriptedClient(world.core, 'elsewhere').challenge()
  })

  it('are also identities that have logged in and are nobody here', async () => {
    const world = new World()
    for (let turn = 0; turn < peerStrangersMax; turn++)
      await new ScriptedClient(world.core, 'there').login(world.person().identity.sign, 'identity')
    const refused = new ScriptedClient(world.core, 'there')
    await refused.untilClosed()
    expect(refused.heard).toMatchObject([{ type: 'error', code: 'busy' }])
  })
})

describe('before the login', () => {
  it('nothing is answered but a ping', async () => {
    const world = new World()
    const client = new ScriptedClient(world.core)
    expect(outcome(await client.ask({ type: 'account' }))).toBe('not-logged-in')
    client.say({ type: 'ping', id: 9 })
    await client.until((message) => message.type === 'pong')
  })

  it('a frame that is no message ends the connection', async () => {
    const world = new World()
    const client = new ScriptedClient(world.core)
    client.wire.send(new Uint8Array([1, 2, 3]))
    const error = await client.until((message) => message.type === 'error')
    expect(error).toMatchObject({ code: 'malformed' })
    await client.untilClosed()
  })

  it('a large frame ends the connection', async () => {
    const world = new World()
    const client = new ScriptedClient(world.core)
    const packs = Array.from({ length: 1000 }, () => new Uint8Array(32))
    client.wire.send(encodeMessage({ type: 'have', id: 1, vault: new Uint8Array(32), packs }))
    const error = await client.until((message) => message.type === 'error')
    expect(error).toMatchObject({ code: 'too-large' })
    await client.untilClosed()
  })
})

it('a connection that says nothing is cut, one that pings is not', async () => {
  const world = new World()
  const { client } = await world.newcomer()
  for (let turn = 0; turn < 6; turn++) {
    world.clock.advance(limits.pingEveryMs)
    client.say({ type: 'ping', id: client.nextId() })
    await settle()
  }
  expect(client.closed).toBe(false)
  world.clock.advance(limits.silenceMs)
  await settle()
  expect(client.closed).toBe(true)
})
