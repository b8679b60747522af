// What every PackLedger does. Each case makes its own stores.
import { describe, expect, it, onTestFinished } from 'vitest'
import { anna, append, day, hour, key, pack, roomy, send, start, vault } from './store-samples.contract.ts'
import type { MakeStores, SamplePack } from './store-samples.contract.ts'
import type { Reservation } from './pack-ledger.ts'
import type { Stores } from './stores.ts'
import { usedBytes } from './usage.ts'

/** Runs the contract against one implementation. */
export function describePackLedger(name: string, make: MakeStores): void {
  const opened = async (): Promise<Stores> => {
    const stores = await make()
    onTestFinished(() => stores.close())
    return stores
  }
  const reservation = (one: SamplePack, more: Partial<Reservation> = {}): Reservation => ({
    vault: vault('v'),
    pack: one.id,
    sizeBytes: one.sizeBytes,
    chargedTo: anna,
    quota: roomy,
    now: start,
    ...more,
  })
  const place = (one: SamplePack): { vault: ReturnType<typeof vault>; pack: SamplePack['id'] } => ({
    vault: vault('v'),
    pack: one.id,
  })
  const stateOf = async ({ ledger }: Stores, one: SamplePack): Promise<string | undefined> =>
    (await ledger.rows(vault('v'), [one.id]))[0]?.state
  const swept = async ({ ledger, packs }: Stores, now: number): Promise<number> => {
    const gone = await ledger.bury(await ledger.due(now, 100), now)
    await packs.delete(gone)
    await ledger.forget(gone)
    return gone.length
  }

  describe(`PackLedger ${name}`, () => {
    it('takes a pack from reserved to pending, and charges it from the start', async () => {
      const stores = await opened()
      const one = pack('one')
      expect(await stateOf(stores, one)).toBeUndefined()
      expect(await stores.ledger.reserve(reservation(one))).toEqual({ result: 'reserved' })
      expect(await stateOf(stores, one)).toBe('arriving')
      expect((await stores.ledger.usage(anna)).pendingBytes).toBe(4096)
      expect(await stores.ledger.pend(reservation(one), start)).toBe('pending')
      expect(await stateOf(stores, one)).toBe('pending')
      expect((await stores.ledger.usage(anna)).pendingBytes).toBe(4096)
    })

    it('forgets a pack that does not come, with its charge; one that came stays', async () => {
      const stores = await opened()
      const [one, other] = [pack('one'), pack('other')]
      await stores.ledger.reserve(reservation(one))
      await stores.ledger.reserve(reservation(other))
      await stores.ledger.pend(reservation(other), start)
      for (const each of [one, one, other, pack('never')]) await stores.ledger.release(place(each))
      expect(await stateOf(stores, one)).toBeUndefined()
      expect(await stateOf(stores, other)).toBe('pending')
      expect((await stores.ledger.usage(anna)).pendingBytes).toBe(other.sizeBytes)
      expect(await stores.ledger.due(start + day + 1, 10)).toEqual([place(other)])
      expect(await stores.ledger.reserve(reservation(one))).toEqual({ result: 'reserved' })
    })

    it('reserves twice without charging twice, and takes the latest size', async () => {
      const { ledger } = await opened()
      const one = pack('one')
      await ledger.reserve(reservation(one, { sizeBytes: 9000 }))
      expect(await ledger.reserve(reservation(one))).toEqual({ result: 'reserved' })
      expect((await ledger.usage(anna)).pendingBytes).toBe(4096)
    })

    it('says that a pack is held already, in which state, and never twice the bytes', async () => {
      const stores = await opened()
      const one = pack('one')
      await stores.logs.append(append('v', 0))
      await send(stores, one)
      expect(await stores.ledger.reserve(reservation(one))).toEqual({ result: 'held', state: 'pending' })
      await stores.logs.append(append('v', 1, { added: [one] }))
      expect(await stores.ledger.reserve(reservation(one))).toEqual({ result: 'held', state: 'claimed' })
      await stores.logs.append(append('v', 2, { dropped: [one.id] }))
      expect(await stores.ledger.reserve(reservation(one))).toEqual({ result: 'held', state: 'dropped' })
      expect(await stores.ledger.pend(reservation(one), start)).toBe('dropped')
    })

    it('refuses another size under the same name', async () => {
      const stores = await opened()
      const one = pack('one')
      await send(stores, one)
      expect(await stores.ledger.reserve(reservation(one, { sizeBytes: 1 }))).toEqual({
        result: 'size',
        sizeBytes: 4096,
      })
    })

    it('holds the quota of bytes over all vaults of an identity, many at once', async () => {
      const { ledger } = await opened()
      const quota = { ...roomy, bytesMax: 10 * 4096 }
      const results = await Promise.all(
        Array.from({ length: 15 }, (_, at) =>
          ledger.reserve(reservation(pack(`p${at}`), { quota, vault: vault(`v${at % 3}`) })),
        ),
      )
      expect(results.filter(({ result }) => result === 'reserved')).toHaveLength(10)
      expect(usedBytes(await ledger.usage(anna))).toBe(10 * 4096)
      expect(await ledger.reserve(reservation(pack('p0'), { quota, vault: vault('v0') }))).toEqual({
        result: 'reserved',
      })
    })

    it('charges the identity of the vault, whoever sends', async () => {
      const { ledger, logs } = await opened()
      await logs.append(append('v', 0))
      await ledger.reserve(reservation(pack('one'), { chargedTo: key('bert') }))
      expect((await ledger.usage(key('bert'))).pendingBytes).toBe(0)
      expect((await ledger.usage(anna)).pendingBytes).toBe(4096)
    })

    it('charges a pack that comes before the genesis to who sent it, until the vault claims it', async () => {
      const stores = await opened()
      const [one, two] = [pack('one'), pack('two')]
      const bert = key('bert')
      const bytes = async (): Promise<number[]> => {
        const [own, his] = await Promise.all([stores.ledger.usage(anna), stores.ledger.usage(bert)])
        return [own.pendingBytes, own.liveBytes, his.pendingBytes]
      }
      for (const each of [one, two]) {
        await stores.ledger.reserve(reservation(each, { chargedTo: bert }))
        await stores.ledger.pend({ ...place(each), sizeBytes: each.sizeBytes }, start)
      }
      expect(await bytes()).toEqual([0, 0, 8192])
      await stores.logs.append(append('v', 0))
      expect(await bytes()).toEqual([0, 0, 8192])
      expect((await stores.ledger.vaultUsage(vault('v'))).pendingBytes).toBe(0)
      // What the vault takes for its own counts against the quota of who pays for it.
      const full = { ...roomy, bytesMax: usedBytes(await stores.ledger.usage(anna)) + 4095 }
      const taking = append('v', 1, { added: [one], quota: full })
      expect(await stores.logs.append(taking)).toMatchObject({ result: 'quota', what: 'bytes' })
      expect(await stores.logs.append({ ...taking, quota: roomy })).toEqual({ result: 'appended' })
      expect(await bytes()).toEqual([0, 4096, 4096])
      expect(await swept(stores, start + 30 * day)).toBe(1)
      expect(await bytes()).toEqual([0, 4096, 0])
    })

    it('moves bytes from pending to live to kept, and charges nothing once they are gone', async () => {
      const stores = await opened()
      const one = pack('one')
      const bytes = async (): Promise<number[]> => {
        const { pendingBytes, liveBytes, keptBytes } = await stores.ledger.usage(anna)
        return [pendingBytes, liveBytes, keptBytes]
      }
      await stores.logs.append(append('v', 0))
      await send(stores, one)
      expect(await bytes()).toEqual([4096, 0, 0])
      await stores.logs.append(append('v', 1, { added: [one] }))
      expect(await bytes()).toEqual([0, 4096, 0])
      await stores.logs.append(append('v', 2, { dropped: [one.id] }))
      expect(await bytes()).toEqual([0, 0, 4096])
      expect(await swept(stores, start + 30 * day)).toBe(1)
      expect(await bytes()).toEqual([0, 0, 0])
    })

    it('sweeps what nothing claimed for 24 hours, and not a moment earlier', async () => {
      const stores = await opened()
      const [one, two] = [pack('one'), pack('two')]
      await stores.logs.append(append('v', 0))
      await send(stores, one)
      await send(stores, two)
      await stores.logs.append(append('v', 1, { added: [two] }))
      await stores.ledger.reserve(reservation(pack('never came'), { now: start + hour }))
      expect(await swept(stores, start + day - 1)).toBe(0)
      expect(await swept(stores, start + day)).toBe(1)
      expect(await stateOf(stores, one)).toBeUndefined()
      expect(await stateOf(stores, two)).toBe('claimed')
      expect(await swept(stores, start + day + hour)).toBe(1)
      expect((await stores.ledger.usage(anna)).pendingBytes).toBe(0)
    })

    it('gives a pack that is asked for again its 24 hours again', async () => {
      const stores = await opened()
      const one = pack('one')
      await send(stores, one)
      await stores.ledger.reserve(reservation(one, { now: start + 20 * hour }))
      expect(await swept(stores, start + 30 * hour)).toBe(0)
      expect(await swept(stores, start + 44 * hour)).toBe(1)
    })

    it('keeps dropped packs for the floor from the drop on, and for at least 24 hours', async () => {
      const stores = await opened()
      const [one, two] = [pack('one'), pack('two')]
      await stores.logs.append(append('v', 0))
      await stores.logs.append(append('w', 0, { retentionMs: 0 }))
      await send(stores, one, { vaultName: 'v' })
      await send(stores, two, { vaultName: 'w' })
      await stores.logs.append(append('v', 1, { added: [one] }))
      await stores.logs.append(append('w', 1, { added: [two] }))
      const dropped = start + 5 * day
      await stores.logs.append(append('v', 2, { dropped: [one.id], now: dropped }))
      await stores.logs.append(append('w', 2, { dropped: [two.id], now: dropped }))
      expect(await swept(stores, dropped + day - 1)).toBe(0)
      expect(await stores.ledger.due(dropped + day, 100)).toEqual([{ vault: vault('w'), pack: two.id }])
      expect(await swept(stores, dropped + 30 * day - 1)).toBe(1)
      expect(await swept(stores, dropped + 30 * day)).toBe(1)
    })

    it('does not let a lowered floor shorten what was dropped before it took effect', async () => {
      const stores = await opened()
      const [before, after] = [pack('before'), pack('after')]
      await stores.logs.append(append('v', 0))
      for (const one of [before, after]) await send(stores, one)
      await stores.logs.append(append('v', 1, { added: [before, after] }))
      await stores.logs.append(append('v', 2, { dropped: [before.id] }))
      await stores.logs.append(append('v', 3, { spine: true, retentionMs: day, now: start + hour }))
      await stores.logs.append(append('v', 4, { dropped: [after.id], now: start + day }))
      expect(await swept(stores, start + 30 * day - 1)).toBe(0)
      expect(await swept(stores, start + 30 * day)).toBe(1)
      expect(await stateOf(stores, before)).toBeUndefined()
      expect(await stateOf(stores, after)).toBe('dropped') // the lowered floor takes effect an hour later
      expect(await swept(stores, start + 30 * day + hour)).toBe(1)
    })

    it('looks again before it buries: a pack that was restored or claimed meanwhile stays', async () => {
      const stores = await opened()
      const [one, two] = [pack('one'), pack('two')]
      await stores.logs.append(append('v', 0))
      await send(stores, one)
      await stores.logs.append(append('v', 1, { added: [one] }))
      await stores.logs.append(append('v', 2, { dropped: [one.id] }))
      await send(stores, two)
      const now = start + 31 * day
      const due = await stores.ledger.due(now, 100)
      expect(due).toHaveLength(2)
      await stores.logs.append(append('v', 3, { restored: [one], added: [two] }))
      expect(await stores.ledger.bury(due, now)).toEqual([])
      expect(await stateOf(stores, one)).toBe('claimed')
    })

    it('lets nothing claim, restore or send what is being deleted, and goes on where a sweep stopped', async () => {
      const stores = await opened()
      const one = pack('one')
      await stores.logs.append(append('v', 0))
      await send(stores, one)
      const now = start + 2 * day
      expect(await stores.ledger.bury([place(one)], now)).toEqual([place(one)])
      expect(await stateOf(stores, one)).toBe('gone')
      expect((await stores.ledger.usage(anna)).pendingBytes).toBe(0)
      expect(await stores.logs.append(append('v', 1, { added: [one] }))).toMatchObject({ absent: [one.id] })
      expect(await stores.ledger.reserve(reservation(one))).toEqual({ result: 'busy' })
      expect(await stores.ledger.due(now, 100)).toEqual([place(one)])
      expect(await swept(stores, now)).toBe(1)
      expect(await stores.ledger.reserve(reservation(one))).toEqual({ result: 'reserved' })
    })

    it('takes away bytes that came after their reservation was swept', async () => {
      const stores = await opened()
      const one = pack('one')
      await stores.logs.append(append('v', 0))
      await stores.ledger.reserve(reservation(one))
      expect(await swept(stores, start + day)).toBe(1)
      expect(await stores.ledger.pend(reservation(one), start + day)).toBe('unreserved')
      expect(await stateOf(stores, one)).toBe('gone')
      expect(await swept(stores, start + day)).toBe(1)
      expect(await stateOf(stores, one)).toBeUndefined()
    })

    it('forgets only what is gone', async () => {
      const stores = await opened()
      const one = pack('one')
      await send(stores, one)
      await stores.ledger.forget([place(one)])
      expect(await stateOf(stores, one)).toBe('pending')
    })

    it('bounds how much is due at once', async () => {
      const stores = await opened()
      await stores.logs.append(append('v', 0))
      for (const one of ['a', 'b', 'c', 'd', 'e']) await send(stores, pack(one))
      expect(await stores.ledger.due(start + 2 * day, 3)).toHaveLength(3)
    })
  })
}
