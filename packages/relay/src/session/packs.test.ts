// Putting and getting packs: credit, refusals, going on after a broken connection.
import { packId, packIdOf } from '@grenier/crypto'
import { limits, type RelayMessageOf } from '@grenier/protocol'
import { describe, expect, it } from 'vitest'
import { putWindowBytes, putWindowSmallBytes } from '../limits.ts'
import { outcome, packOf, ScriptedClient, settle, World, type Said } from './scripted-client.vectors.ts'

const MiB = 1024 * 1024

describe('a put', () => {
  it('of what is here already is acknowledged at once', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const pack = packOf(4 * MiB)
    await client.put(vault.state.vault, pack)
    const again = client.startPut(vault.state.vault, pack)
    client.sendParts(again, pack, [0, limits.putFreeBytes])
    expect(outcome(await client.reply(again))).toBe('ok')
    await settle()
    expect(client.closed).toBe(false)
  })

  it('of other bytes than its name says is refused, and may be tried again', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const pack = packOf()
    expect(outcome(await client.put(vault.state.vault, packOf(), packIdOf(pack)))).toBe('pack-wrong')
    const have: Said = { type: 'have', vault: vault.state.vault, packs: [packIdOf(pack)] }
    expect(await client.ask(have)).toMatchObject({ states: ['absent'] })
    expect((await world.stores.ledger.usage(person.identity.sign.publicKey)).pendingBytes).toBe(0)
    expect(outcome(await client.put(vault.state.vault, pack))).toBe('ok')
    expect(await client.ask(have)).toMatchObject({ states: ['pending'] })
  })

  it('may send no more than its credit', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const pack = packOf(4 * MiB)
    const id = client.startPut(vault.state.vault, pack)
    client.sendParts(id, pack, [0, 3 * MiB])
    const error = await client.until((message) => message.type === 'error')
    expect(error).toMatchObject({ code: 'malformed' })
    await client.untilClosed()
  })

  it('is given credit as its bytes are written, never more than a window ahead', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const pack = packOf(4 * MiB)
    expect(outcome(await client.put(vault.state.vault, pack))).toBe('ok')
    const credits = client.heard.filter((message) => message.type === 'credit')
    expect(credits.length).toBeGreaterThan(2)
    for (const { bytes } of credits) expect(bytes).toBeLessThanOrEqual(putWindowBytes + limits.partBytes)
    const ends = credits.map(({ offset, bytes }) => offset + bytes)
    expect(ends).toEqual([...ends].sort((a, b) => a - b))
    expect(ends.at(-1)).toBe(pack.length)
  })

  it('is given a small window while much is on its way already', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    for (let at = 0; at < 8; at++) client.startPut(vault.state.vault, packOf(4 * MiB))
    await settle()
    const credits = client.heard.filter((message) => message.type === 'credit')
    expect(credits[0]).toMatchObject({ offset: 0, bytes: putWindowBytes })
    expect(credits.at(-1)).toMatchObject({ offset: 0, bytes: putWindowSmallBytes })
    const pack = packOf(4 * MiB)
    expect(outcome(await client.put(vault.state.vault, pack))).toBe('ok')
  })

  it('ends the connection when a part does not follow', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const pack = packOf(100_000)
    const id = client.startPut(vault.state.vault, pack)
    client.say({ type: 'part', id, offset: 1000, bytes: pack.slice(1000, 2000) })
    const error = await client.until((message) => message.type === 'error')
    expect(error).toMatchObject({ code: 'malformed' })
  })

  it('that does not move is given up, so that what waits for it goes on', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const id = client.startPut(vault.state.vault, packOf(100_000))
    await settle()
    for (let passed = 0; passed < limits.stallMs; passed += limits.pingEveryMs) {
      world.clock.advance(limits.pingEveryMs)
      client.say({ type: 'ping', id: client.nextId() })
      await settle()
    }
    expect(outcome(await client.reply(id))).toBe('busy')
    expect(client.closed).toBe(false)
  })

  it('is refused beyond so many at once, with the others untouched', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const packs = Array.from({ length: limits.openPuts + 1 }, () => packOf())
    const ids = packs.map((pack) => client.startPut(vault.state.vault, pack))
    expect(outcome(await client.reply(ids.at(-1)!))).toBe('too-many')
    packs.forEach((pack, index) => client.sendParts(ids[index]!, pack, [0, pack.length]))
    const replies = await Promise.all(ids.slice(0, -1).map((id) => client.reply(id)))
    expect(new Set(replies.map(outcome))).toEqual(new Set(['ok']))
  })

  it('may come before the genesis that its vault begins with', async () => {
    const world = new World()
    const { person, client } = await world.newcomer()
    const vault = world.genesis(person)
    const pack = packOf()
    expect(outcome(await client.put(vault.state.vault, pack))).toBe('ok')
    await client.ask({ type: 'append', vault: vault.state.vault, entry: vault.genesis.bytes })
    const have: Said = { type: 'have', vault: vault.state.vault, packs: [packIdOf(pack)] }
    expect(await client.ask(have)).toMatchObject({ states: ['pending'] })
  })
})

describe('a put whose connection broke', () => {
  async function broken(sentBytes: number) {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const pack = packOf(MiB)
    const id = client.startPut(vault.state.vault, pack)
    await client.until(
      (m): m is RelayMessageOf<'credit'> => m.type === 'credit' && m.offset + m.bytes >= sentBytes,
    )
    client.sendParts(id, pack, [0, sentBytes])
    await settle()
    return { world, person, client, vault, pack }
  }

  it('goes on where it stood, on the next connection of the same key', async () => {
    const { world, person, client, vault, pack } = await broken(512 * 1024)
    client.wire.close()
    await settle()
    const next = new ScriptedClient(world.core)
    const login = await next.login(person.device.sign, 'device', { resume: client.session! })
    expect(login).toMatchObject({ resumed: true })
    const id = next.startPut(vault.state.vault, pack)
    const credit = await next.until((message) => message.type === 'credit')
    expect(credit.offset).toBe(512 * 1024)
    next.sendParts(id, pack, [credit.offset, pack.length])
    expect(outcome(await next.reply(id))).toBe('ok')
  })

  it('goes on also when the relay had not noticed, and when the first parts come again', async () => {
    const { world, person, client, vault, pack } = await broken(256 * 1024)
    const next = new ScriptedClient(world.core)
    const login = await next.login(person.device.sign, 'device', { resume: client.session! })
    expect(login).toMatchObject({ resumed: true })
    await client.untilClosed()
    const id = next.startPut(vault.state.vault, pack)
    next.sendParts(id, pack, [0, limits.putFreeBytes])
    const credit = await next.until((message) => message.type === 'credit')
    expect(credit.offset).toBe(256 * 1024)
    next.sendParts(id, pack, [credit.offset, pack.length])
    expect(outcome(await next.reply(id))).toBe('ok')
  })

  it('is nothing to another key, and nothing after a while', async () => {
    const { world, client } = await broken(256 * 1024)
    client.wire.close()
    await settle()
    const { person: other } = await world.newcomer()
    const thief = new ScriptedClient(world.core)
    const resume = client.session!
    expect(await thief.login(other.device.sign, 'device', { resume })).toMatchObject({ resumed: false })
    const late = await broken(256 * 1024)
    late.client.wire.close()
    await settle()
    late.world.clock.advance(limits.resumeMs)
    const next = new ScriptedClient(late.world.core)
    const login = await next.login(late.person.device.sign, 'device', { resume: late.client.session! })
    expect(login).toMatchObject({ resumed: false })
  })

  it('is charged as long as it may go on, and no longer', async () => {
    const { world, person, client, pack } = await broken(256 * 1024)
    client.wire.close()
    await settle()
    expect((await world.stores.ledger.usage(person.identity.sign.publicKey)).pendingBytes).toBe(pack.length)
    world.clock.advance(limits.resumeMs)
    await settle()
    expect((await world.stores.ledger.usage(person.identity.sign.publicKey)).pendingBytes).toBe(0)
  })
})

describe('a get', () => {
  it('says that a pack is missing, or a range outside of it', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const pack = packOf()
    const range = { offset: 0, length: 4096 }
    expect(outcome(await client.get(vault.state.vault, packIdOf(pack), range))).toBe('pack-missing')
    await client.put(vault.state.vault, pack)
    const beyond = { offset: 1, length: 4096 }
    expect(outcome(await client.get(vault.state.vault, packIdOf(pack), beyond))).toBe('pack-size')
    expect(await client.get(vault.state.vault, packIdOf(pack), { offset: 4000, length: 96 })).toEqual(
      pack.slice(4000),
    )
  })

  it('sends no more than the client has room for', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const pack = packOf(MiB)
    await client.put(vault.state.vault, pack)
    const id = client.nextId()
    const get = {
      type: 'get',
      id,
      vault: vault.state.vault,
      pack: packIdOf(pack),
      offset: 0,
      length: MiB,
    } as const
    client.say({ ...get, creditBytes: 100_000 })
    await settle()
    const received = () =>
      client.heard.reduce((sum, message) => sum + (message.type === 'data' ? message.bytes.length : 0), 0)
    expect(received()).toBe(100_000)
    client.say({ type: 'more', id, bytes: 50_000 })
    await settle()
    expect(received()).toBe(150_000)
  })

  it('ends quietly with its connection', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const pack = packOf(MiB)
    await client.put(vault.state.vault, pack)
    const get = {
      type: 'get',
      vault: vault.state.vault,
      pack: packIdOf(pack),
      offset: 0,
      length: MiB,
    } as const
    client.say({ ...get, id: client.nextId(), creditBytes: 1 })
    await settle()
    client.wire.close()
    await settle()
    expect(world.core.connections).toBe(0)
  })

  it('of a name that is nobody’s pack says no more than missing', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const name = packId(new Uint8Array(32).fill(9))
    expect(outcome(await client.get(vault.state.vault, name, { offset: 0, length: 1 }))).toBe('pack-missing')
  })
})
