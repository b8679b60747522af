// Deleting for good: when it is due, and never while the clock is in doubt.
import { makeDrop, packIdOf } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import { clockJumpMs, pendingMaxMs, restartGapMs } from '../limits.ts'
import { ManualClock, packOf, World } from '../session/scripted-client.vectors.ts'
import { DeletionHold, type ClockRecord } from './deletion-hold.ts'

const day = 86_400_000

describe('the sweep', () => {
  it('deletes packs that nothing claimed for a day, and no others', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const [claimed, loose] = [packOf(), packOf()]
    await client.put(vault.state.vault, claimed)
    await client.put(vault.state.vault, loose)
    const { entry } = world.change(vault, person.device, { packs: [claimed] })
    await client.ask({ type: 'append', vault: vault.state.vault, entry: entry.bytes })
    world.clock.advance(pendingMaxMs - 1000)
    expect(await world.core.sweep()).toMatchObject({ held: false, packs: 0 })
    world.clock.advance(2000)
    expect(await world.core.sweep()).toMatchObject({ packs: 1 })
    const packs = [packIdOf(claimed), packIdOf(loose)]
    const rows = await world.stores.ledger.rows(vault.state.vault, packs)
    expect(rows.map((row) => row?.state)).toEqual(['claimed', undefined])
  })

  it('deletes dropped packs once the floor has passed', async () => {
    const world = new World()
    const { person, client } = await world.newcomer()
    const vault = world.genesis(person, { retentionMs: 3 * day })
    await client.ask({ type: 'append', vault: vault.state.vault, entry: vault.genesis.bytes })
    const pack = packOf()
    await client.put(vault.state.vault, pack)
    const added = world.change(vault, person.device, { packs: [pack] })
    await client.ask({ type: 'append', vault: vault.state.vault, entry: added.entry.bytes })
    const drop = makeDrop({ state: added.state, signer: person.device, at: 0, packs: [packIdOf(pack)] })
    await client.ask({ type: 'append', vault: vault.state.vault, entry: drop.entry.bytes })
    world.clock.advance(3 * day - 1000)
    expect(await world.core.sweep()).toMatchObject({ packs: 0 })
    world.clock.advance(2000)
    expect(await world.core.sweep()).toMatchObject({ packs: 1 })
  })

  it('deletes nothing after the clock jumped, until the hoster confirms', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    await client.put(vault.state.vault, packOf())
    await world.core.sweep()
    world.clock.jump(2 * day)
    expect(await world.core.sweep()).toEqual({ held: true, packs: 0, entries: 0, vaults: 0 })
    expect(world.core.deletionsHeld).toBe(true)
    await world.core.confirmClock()
    expect(await world.core.sweep()).toMatchObject({ held: false, packs: 1 })
  })

  it('runs by itself now and then', async () => {
    const events: string[] = []
    const world = new World({ log: (event) => events.push(event) })
    const { client, vault } = await world.owner()
    await client.put(vault.state.vault, packOf())
    for (let hours = 0; hours < 26 && !events.includes('swept'); hours++) {
      world.clock.advance(3_600_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(events).toContain('swept')
    await world.core.stop()
  })
})

describe('the deletion hold', () => {
  function remembering(former?: ClockRecord) {
    let kept = former
    return {
      load: () => Promise.resolve(kept),
      save: (next: ClockRecord) => ((kept = next), Promise.resolve()),
    }
  }
  const start = new ManualClock().now()

  it.each([
    ['a first start', undefined, true],
    ['a start soon after', { seenMs: start - 60_000, held: false }, true],
    ['a start after a long time', { seenMs: start - restartGapMs - 1, held: false }, false],
    ['a start in the past', { seenMs: start + clockJumpMs + 1, held: false }, false],
    ['a start while it was held', { seenMs: start - 1000, held: true }, false],
  ])('after %s', async (_, former, goesOn) => {
    expect(await new DeletionHold(new ManualClock(), remembering(former)).check()).toBe(goesOn)
  })

  it('stays over restarts until it is confirmed', async () => {
    const records = remembering()
    const clock = new ManualClock()
    const hold = new DeletionHold(clock, records)
    await hold.check()
    clock.jump(-2 * clockJumpMs)
    expect(await hold.check()).toBe(false)
    const next = new DeletionHold(clock, records)
    expect(await next.check()).toBe(false)
    await next.confirm()
    expect(await new DeletionHold(clock, records).check()).toBe(true)
  })
})
