// What every LogStore does. Each case makes its own stores.
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  all,
  anna,
  append,
  day,
  entryBytes,
  headOf,
  key,
  pack,
  roomy,
  send,
  start,
  vault,
} from './store-samples.contract.ts'
import type { MakeStores } from './store-samples.contract.ts'
import type { AppendedEntry, LogStore } from './log-store.ts'
import type { Stores } from './stores.ts'
import { protectingQuota } from './usage.ts'

/** Runs the contract against one implementation. */
export function describeLogStore(name: string, make: MakeStores): void {
  const opened = async (): Promise<Stores> => {
    const stores = await make()
    onTestFinished(() => stores.close())
    return stores
  }
  const grown = async (logs: LogStore, count: number): Promise<void> => {
    for (let sequence = 0; sequence < count; sequence++) await logs.append(append('v', sequence))
  }

  describe(`LogStore ${name}`, () => {
    it('knows nothing of a vault without a genesis', async () => {
      const { logs } = await opened()
      expect(await logs.vault(vault('v'))).toBeUndefined()
      expect(await logs.entries(vault('v'), 0, 1000)).toEqual([])
      expect(await logs.append(append('v', 1))).toEqual({ result: 'head-moved', head: undefined })
    })

    it('has an incarnation of 16 bytes', async () => {
      const { logs } = await opened()
      expect(logs.incarnation).toHaveLength(16)
    })

    it('appends to the head and keeps the exact bytes', async () => {
      const { logs } = await opened()
      await grown(logs, 3)
      expect(await logs.vault(vault('v'))).toEqual({
        head: headOf('v', 2),
        chargedTo: anna,
        state: new TextEncoder().encode('state v'),
      })
      expect(await logs.entries(vault('v'), 0, 10_000)).toEqual(
        [0, 1, 2].map((sequence) => ({ sequence, bytes: entryBytes('v', sequence) })),
      )
    })

    it('refuses an append to a head that has moved, and says where it stands', async () => {
      const { logs } = await opened()
      await grown(logs, 2)
      expect(await logs.append(append('v', 1))).toEqual({ result: 'head-moved', head: headOf('v', 1) })
      expect(await logs.append(append('v', 0))).toEqual({ result: 'head-moved', head: headOf('v', 1) })
      const forked = append('v', 2, { previous: { sequence: 1, hash: headOf('w', 1).hash } })
      expect(await logs.append(forked)).toEqual({ result: 'head-moved', head: headOf('v', 1) })
      expect((await logs.vault(vault('v')))?.head).toEqual(headOf('v', 1))
    })

    it('lets exactly one of many appends to the same head through', async () => {
      const { logs } = await opened()
      await grown(logs, 1)
      const results = await Promise.all(Array.from({ length: 20 }, () => logs.append(append('v', 1))))
      expect(results.filter(({ result }) => result === 'appended')).toHaveLength(1)
      expect(results.filter(({ result }) => result === 'head-moved')).toHaveLength(19)
    })

    it('keeps the logs of vaults apart', async () => {
      const { logs } = await opened()
      await Promise.all(['a', 'b', 'c'].map((one) => logs.append(append(one, 0))))
      await logs.append(append('b', 1))
      expect((await logs.vault(vault('a')))?.head).toEqual(headOf('a', 0))
      expect((await logs.entries(vault('b'), 0, 10_000)).map(({ sequence }) => sequence)).toEqual([0, 1])
    })

    it('reads from the middle, up to a number of bytes, but never nothing', async () => {
      const { logs } = await opened()
      await grown(logs, 6)
      const sequences = async (from: number, limitBytes: number): Promise<number[]> =>
        (await logs.entries(vault('v'), from, limitBytes)).map(({ sequence }) => sequence)
      expect(await sequences(2, 1)).toEqual([2])
      expect(await sequences(2, 700)).toEqual([2, 3, 4])
      expect(await sequences(4, 10_000)).toEqual([4, 5])
      expect(await sequences(6, 10_000)).toEqual([])
    })

    it('keeps the state until an append brings another', async () => {
      const { logs } = await opened()
      await grown(logs, 2)
      await logs.append(append('v', 2, { spine: true, state: new Uint8Array([7]) }))
      await logs.append(append('v', 3))
      expect((await logs.vault(vault('v')))?.state).toEqual(new Uint8Array([7]))
    })

    it('finds vaults by whoever may read them now', async () => {
      const { logs } = await opened()
      const bert = key('bert')
      await logs.append(append('a', 0, { members: [anna, bert] }))
      await logs.append(append('b', 0))
      const both = [vault('a'), vault('b')].sort((x, y) => Buffer.compare(x, y))
      expect(await logs.vaultsOf(anna)).toEqual(both)
      expect(await logs.vaultsOf(bert)).toEqual([vault('a')])
      await logs.append(append('a', 1, { spine: true, members: [anna] }))
      expect(await logs.vaultsOf(bert)).toEqual([])
      await logs.append(append('a', 2))
      expect(await logs.vaultsOf(anna)).toEqual(both)
      expect(await logs.vaultsOf(key('nobody'))).toEqual([])
    })

    it('tells watchers of each durable append, in order, until they stop', async () => {
      const { logs } = await opened()
      const seen: AppendedEntry[] = []
      const stop = logs.watch((entry) => seen.push(entry))
      await Promise.all([0, 1, 2].map((sequence) => logs.append(append('v', sequence))))
      await logs.append(append('v', 1))
      stop()
      await logs.append(append('v', 3))
      expect(seen.map(({ sequence }) => sequence)).toEqual([0, 1, 2])
      expect(seen[2]).toEqual({ vault: vault('v'), sequence: 2, bytes: entryBytes('v', 2) })
    })

    it('claims pending packs in the same transaction', async () => {
      const stores = await opened()
      const one = pack('one')
      await stores.logs.append(append('v', 0))
      await send(stores, one)
      expect(await stores.logs.append(append('v', 1, { added: [one] }))).toEqual({ result: 'appended' })
      expect((await stores.ledger.rows(vault('v'), [one.id]))[0]?.state).toBe('claimed')
    })

    it('changes nothing at all when one pack of an append is missing, of another size, or named twice', async () => {
      const stores = await opened()
      const [one, two] = [pack('one'), pack('two')]
      await stores.logs.append(append('v', 0))
      await send(stores, one)
      expect(await stores.logs.append(append('v', 1, { added: [one, two] }))).toEqual({
        result: 'packs',
        absent: [two.id],
        wrong: [],
      })
      const wrong = { id: one.id, sizeBytes: 8192 }
      expect(await stores.logs.append(append('v', 1, { added: [wrong] }))).toEqual({
        result: 'packs',
        absent: [],
        wrong: [one.id],
      })
      expect(await stores.logs.append(append('v', 1, { added: [one, one] }))).toMatchObject({
        wrong: [one.id],
      })
      expect((await stores.ledger.rows(vault('v'), [one.id]))[0]?.state).toBe('pending')
      expect((await stores.logs.vault(vault('v')))?.head).toEqual(headOf('v', 0))
      expect(await stores.logs.append(append('v', 1, { added: [one] }))).toEqual({ result: 'appended' })
      expect(await stores.logs.append(append('v', 2, { added: [one] }))).toMatchObject({ absent: [one.id] })
    })

    it('does not find a pack of one vault in another', async () => {
      const stores = await opened()
      const one = pack('one')
      await stores.logs.append(append('v', 0))
      await stores.logs.append(append('w', 0))
      await send(stores, one, { vaultName: 'v' })
      expect(await stores.logs.append(append('w', 1, { added: [one] }))).toMatchObject({ absent: [one.id] })
    })

    it('drops and restores packs', async () => {
      const stores = await opened()
      const one = pack('one')
      const state = async (): Promise<unknown> => (await stores.ledger.rows(vault('v'), [one.id]))[0]
      await stores.logs.append(append('v', 0))
      await send(stores, one)
      expect(await stores.logs.append(append('v', 1, { dropped: [one.id] }))).toMatchObject({
        absent: [one.id],
      })
      await stores.logs.append(append('v', 1, { added: [one] }))
      expect(await stores.logs.append(append('v', 2, { restored: [one] }))).toMatchObject({
        absent: [one.id],
      })
      await stores.logs.append(append('v', 2, { dropped: [one.id], now: start + day }))
      expect(await state()).toEqual({ state: 'dropped', sizeBytes: 4096, since: start + day })
      await stores.logs.append(append('v', 3, { restored: [one] }))
      expect(await state()).toMatchObject({ state: 'claimed' })
    })

    it('restores a pack that was never here while it was claimed, once it is put', async () => {
      const stores = await opened()
      const one = pack('one')
      const state = async (): Promise<unknown> => (await stores.ledger.rows(vault('v'), [one.id]))[0]?.state
      await stores.logs.append(append('v', 0))
      await stores.logs.append(append('v', 1, { added: [one], absentPacks: 'lost' }))
      await stores.logs.append(append('v', 2, { dropped: [one.id] }))
      expect(await state()).toBeUndefined()
      expect(await stores.logs.append(append('v', 3, { restored: [one] }))).toMatchObject({
        absent: [one.id],
      })
      await send(stores, one)
      const putBack = append('v', 3, { restored: [one], absentPacks: 'lost' })
      expect(await stores.logs.append(putBack)).toEqual({ result: 'appended' })
      expect(await state()).toBe('claimed')
      expect((await stores.ledger.usage(anna)).liveBytes).toBe(4096)
    })

    it('puts a log back whose packs are lost, and takes their bytes again', async () => {
      const stores = await opened()
      const [one, two] = [pack('one'), pack('two')]
      await stores.logs.append(append('v', 0))
      await send(stores, two)
      const putBack = append('v', 1, { added: [one, two], absentPacks: 'lost' })
      expect(await stores.logs.append(putBack)).toEqual({ result: 'appended' })
      const rows = await stores.ledger.rows(vault('v'), [one.id, two.id])
      expect(rows.map((row) => row?.state)).toEqual(['lost', 'claimed'])
      expect((await stores.ledger.usage(anna)).liveBytes).toBe(4096)
      await send(stores, one)
      expect((await stores.ledger.rows(vault('v'), [one.id]))[0]?.state).toBe('claimed')
      expect((await stores.ledger.usage(anna)).liveBytes).toBe(8192)
    })

    it('refuses what goes over the quota, and lets go on who frees space', async () => {
      const { logs, ledger } = await opened()
      await grown(logs, 2)
      const { entries, vaults } = await ledger.usage(anna)
      const quota = { ...roomy, entriesMax: entries, vaultsMax: vaults }
      expect(await logs.append(append('v', 2, { quota }))).toEqual({ result: 'quota', what: 'entries' })
      expect(await logs.append(append('w', 0, { quota: { ...roomy, vaultsMax: vaults } }))).toEqual({
        result: 'quota',
        what: 'vaults',
      })
      expect(await logs.append(append('v', 2, { quota: { ...roomy, bytesMax: 1000 } }))).toEqual({
        result: 'quota',
        what: 'bytes',
      })
      expect((await ledger.usage(anna)).entries).toBe(2)
      expect(await logs.append(append('v', 2))).toEqual({ result: 'appended' })
    })

    it('takes entries that protect in a full account, up to a limit of their own', async () => {
      const { logs, ledger } = await opened()
      await grown(logs, 2)
      const { entryBytes } = await ledger.usage(anna)
      const full = { ...roomy, bytesMax: 0, entriesMax: 0, vaultsMax: 0 }
      expect(await logs.append(append('v', 2, { quota: protectingQuota(full) }))).toEqual({
        result: 'appended',
      })
      const quota = { ...protectingQuota(full), entryBytesMax: entryBytes }
      expect(await logs.append(append('v', 3, { quota }))).toEqual({ result: 'quota', what: 'bytes' })
    })

    it('moves all charges along when the identity is renewed', async () => {
      const stores = await opened()
      const one = pack('one')
      await stores.logs.append(append('v', 0))
      await stores.logs.append(append('w', 0))
      await send(stores, one)
      const before = await stores.ledger.usage(anna)
      const renewed = key('anna, renewed')
      await stores.logs.append(append('v', 1, { spine: true, chargedTo: renewed }))
      const [old, now] = [await stores.ledger.usage(anna), await stores.ledger.usage(renewed)]
      expect(old).toMatchObject({ vaults: 1, entries: 1, pendingBytes: 0 })
      expect(now).toMatchObject({ vaults: 1, entries: 2, pendingBytes: 4096 })
      expect(old.entries + now.entries).toBe(before.entries + 1)
    })

    it('retires plain entries up to the prune once the floor has passed, and never the spine', async () => {
      const { logs, ledger } = await opened()
      await grown(logs, 3)
      await logs.append(append('v', 3, { spine: true }))
      await logs.append(append('v', 4))
      await logs.append(append('v', 5))
      const prune = { upTo: 4, checkpoint: 2 }
      await logs.append(append('v', 6, { spine: true, prune, now: start + day }))
      expect(await logs.retire(start + 31 * day - 1, 100)).toBe(0)
      const before = await ledger.usage(anna)
      expect(await logs.retire(start + 31 * day, 100)).toBe(2)
      const entries = await logs.entries(vault('v'), 0, 10_000)
      expect(entries.map((entry) => ('bytes' in entry ? 'whole' : 'retired'))).toEqual([
        'whole',
        'retired',
        'whole',
        'whole',
        'retired',
        'whole',
        'whole',
      ])
      expect(entries[1]).toEqual({ sequence: 1, bodyHash: append('v', 1).bodyHash })
      const after = await ledger.usage(anna)
      expect(before.entries - after.entries).toBe(2)
      expect(before.entryBytes - after.entryBytes).toBe(400)
      expect(await logs.retire(start + 99 * day, 100)).toBe(0)
    })

    it('retires in steps, and later what an earlier prune spared', async () => {
      const { logs } = await opened()
      await grown(logs, 10)
      await logs.append(append('v', 10, { spine: true, prune: { upTo: 4, checkpoint: 5 } }))
      await logs.append(append('v', 11, { spine: true, prune: { upTo: 8, checkpoint: 9 } }))
      const later = start + 30 * day
      expect(await logs.retire(later, 3)).toBe(3)
      expect(await logs.retire(later, 3)).toBe(3)
      expect(await logs.retire(later, 3)).toBe(2)
      const whole = (await logs.entries(vault('v'), 0, 10_000)).filter((entry) => 'bytes' in entry)
      expect(whole.map(({ sequence }) => sequence)).toEqual([0, 9, 10, 11])
    })

    it('does not let a lowered floor shorten what was dropped before it took effect', async () => {
      const { logs } = await opened()
      await grown(logs, 3)
      await logs.append(append('v', 3, { spine: true, retentionMs: day }))
      await logs.append(append('v', 4, { spine: true, prune: { upTo: 2, checkpoint: 3 } }))
      expect(await logs.retire(start + 2 * day, 100)).toBe(0)
      expect(await logs.retire(start + 30 * day, 100)).toBe(2)
    })

    it('takes back a stretch that is retired already', async () => {
      const { logs, ledger } = await opened()
      await logs.append(append('v', 0))
      await logs.append(append('v', 1, { bytes: undefined }))
      expect(await logs.entries(vault('v'), 1, 1000)).toEqual([
        { sequence: 1, bodyHash: append('v', 1).bodyHash },
      ])
      expect((await ledger.usage(anna)).entries).toBe(1)
    })

    it('lists every pack row in order', async () => {
      const stores = await opened()
      const packs = ['one', 'two', 'three'].map((one) => pack(one))
      await stores.logs.append(append('v', 0))
      for (const one of packs) await send(stores, one)
      const ids = packs.map(({ id }) => id).sort((a, b) => Buffer.compare(a, b))
      expect((await all(stores.ledger.list(vault('v')))).map((row) => row.pack)).toEqual(ids)
      expect(await all(stores.ledger.list(vault('w')))).toEqual([])
    })
  })
}
