// Pushing what was appended, listing what is there, and a clean end.
import { memoryWirePair, type RelayMessage } from '@grenier/protocol'
import { describe, expect, it } from 'vitest'
import { ManualClock, outcome, settle, World, type ScriptedClient } from './scripted-client.vectors.ts'
import { Outbox, SendPool } from './outbox.ts'
import { bulkQueueBytes, sendCutBytes, sendCutFrames } from '../limits.ts'
import { limits } from '@grenier/protocol'

const pushed = (client: ScriptedClient): number[] =>
  client.heard.flatMap((message: RelayMessage) => (message.type === 'entry' ? [message.sequence] : []))

describe('a subscriber', () => {
  it('is pushed what others append, in order, and not what it appends itself', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const other = await world.device(person.device)
    const subscribe = { type: 'subscribe', vault: vault.state.vault } as const
    expect(await other.ask(subscribe)).toMatchObject({ sequence: 0 })
    await client.ask(subscribe)
    for (const from of [client, client, other, client]) {
      const next = world.change(vault, person.device)
      expect(
        outcome(await from.ask({ type: 'append', vault: vault.state.vault, entry: next.entry.bytes })),
      ).toBe('ok')
      vault.state = next.state
    }
    await settle()
    expect(pushed(other)).toEqual([1, 2, 4])
    expect(pushed(client)).toEqual([3])
  })

  it('still hears of an entry of which its own copy was refused', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const other = await world.device(person.device)
    await other.ask({ type: 'subscribe', vault: vault.state.vault })
    const [one, two] = [world.change(vault, person.device), world.change(vault, person.device)]
    const ask = (from: ScriptedClient, bytes: Uint8Array) =>
      from.ask({ type: 'append', vault: vault.state.vault, entry: bytes })
    const replies = await Promise.all([ask(client, one.entry.bytes), ask(other, two.entry.bytes)])
    expect(replies.map(outcome)).toEqual(['ok', 'head-moved'])
    await settle()
    expect(pushed(other)).toEqual([1])
  })

  it('misses nothing that is appended while it subscribes', async () => {
    // One turn more of waiting each time, so that the append ends at every point of the subscribing.
    for (let turns = 0; turns < 40; turns++) {
      const world = new World()
      const { person, client, vault } = await world.owner()
      const other = await world.device(person.device)
      const { entry } = world.change(vault, person.device)
      const appended = client.ask({ type: 'append', vault: vault.state.vault, entry: entry.bytes })
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      const from = await other.ask({ type: 'subscribe', vault: vault.state.vault })
      await appended
      await settle()
      const known = 'sequence' in from ? from.sequence : undefined
      expect([known, ...pushed(other)], `after ${turns} turns`).toContain(1)
    }
  })

  it('is pushed what another process appended', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const second = new World({ stores: world.stores })
    const other = await second.device(person.device)
    await other.ask({ type: 'subscribe', vault: vault.state.vault })
    const one = world.change(vault, person.device)
    await client.ask({ type: 'append', vault: vault.state.vault, entry: one.entry.bytes })
    await settle()
    expect(pushed(other)).toEqual([1])
    vault.state = one.state
    const two = second.change(vault, person.device)
    const reply = await other.ask({ type: 'append', vault: vault.state.vault, entry: two.entry.bytes })
    expect(outcome(reply)).toBe('ok')
  })
})

it('entries come in pieces, up to the limit asked for and the head', async () => {
  const world = new World()
  const { person, client, vault } = await world.owner()
  for (let turn = 0; turn < 5; turn++) {
    const next = world.change(vault, person.device)
    await client.ask({ type: 'append', vault: vault.state.vault, entry: next.entry.bytes })
    vault.state = next.state
  }
  const listed = async (from: number, limitBytes?: number) => {
    const parts = await client.entries(vault.state.vault, from, limitBytes)
    return Array.isArray(parts)
      ? parts.flatMap(({ entries }) => entries.map(({ sequence }) => sequence))
      : parts
  }
  expect(await listed(0)).toEqual([0, 1, 2, 3, 4, 5])
  expect(await listed(4)).toEqual([4, 5])
  expect(await listed(2, 1)).toEqual([2])
  expect(await listed(6)).toEqual([])
})

it('a relay that stops answers the appends under way, says so, and takes nobody any more', async () => {
  const world = new World()
  const { person, client, vault } = await world.owner()
  const { entry } = world.change(vault, person.device)
  const append = client.ask({ type: 'append', vault: vault.state.vault, entry: entry.bytes })
  await settle()
  await world.core.stop()
  expect(outcome(await append)).toBe('ok')
  await client.untilClosed()
  expect(client.heard.at(-1)).toMatchObject({ code: 'shutting-down', retryable: true })
  const { client: late } = { client: await world.device(person.device).catch(() => undefined) }
  expect(late).toBeUndefined()
})

describe('the outbox', () => {
  function slow() {
    const held: (() => void)[] = []
    const [mine, theirs] = memoryWirePair((deliver) => held.push(deliver))
    theirs.onFrame(() => undefined)
    const clock = new ManualClock()
    const cuts: string[] = []
    const pool = new SendPool()
    const outbox = new Outbox({ wire: mine, clock, pool, cut: (reason) => cuts.push(reason) })
    const data = { type: 'data', id: 1, offset: 0, bytes: new Uint8Array(limits.partBytes) } as const
    return { held, clock, cuts, outbox, data }
  }

  it('holds bulk back while much is queued, and lets small things pass', async () => {
    const { held, outbox, data } = slow()
    let sent = 0
    const bulk = (async () => {
      for (; sent < 100 && (await outbox.ready(true)); sent++) outbox.send(data)
    })()
    await settle()
    expect(sent).toBe(Math.ceil(bulkQueueBytes / limits.partBytes))
    expect(await outbox.ready(false)).toBe(true)
    while (held.length > 0) {
      held.shift()!()
      await settle()
    }
    await bulk
    expect(sent).toBe(100)
  })

  it('cuts a reader that takes nothing, or lets too much pile up', () => {
    const { clock, cuts, outbox, data } = slow()
    outbox.send(data)
    clock.advance(limits.stallMs)
    expect(cuts).toEqual(['reads nothing'])
    for (let bytes = 0; bytes <= sendCutBytes; bytes += limits.partBytes) outbox.send(data)
    expect(cuts.at(-1)).toBe('reads too slowly')
  })

  it('cuts a reader behind many small answers, whatever bytes these have, and forgets those that were read', async () => {
    const { held, cuts, outbox } = slow()
    const send = (count: number): void => {
      for (let id = 0; id < count; id++) outbox.send({ type: 'pong', id, now: 0 })
    }
    for (let round = 0; round < 3; round++) {
      send(sendCutFrames)
      for (const deliver of held.splice(0)) deliver()
      await settle()
    }
    expect(cuts).toEqual([])
    send(sendCutFrames + 1)
    expect(cuts).toEqual(['reads too slowly'])
  })

  it('tells who waits that the connection ended', async () => {
    const { outbox, data } = slow()
    for (let count = 0; count < 20; count++) outbox.send(data)
    const waiting = outbox.ready(true)
    outbox.close()
    expect(await waiting).toBe(false)
  })
})
