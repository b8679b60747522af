// What every DeletionStore does. Each case makes its own stores.
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SignedWish } from './deletion-store.ts'
import { all, anna, append, day, headOf, key, pack, send, start, vault } from './store-samples.contract.ts'
import type { MakeStores } from './store-samples.contract.ts'
import type { Stores } from './stores.ts'
import { noUsage, usedBytes } from './usage.ts'

const floor = 30 * day

const wish = (more: Partial<SignedWish> = {}): SignedWish => ({
  wish: 'delete',
  keyKind: 'device',
  key: key('owner'),
  at: start,
  signature: new Uint8Array(64).fill(3),
  ...more,
})

/** Runs the contract against one implementation. */
export function describeDeletionStore(name: string, make: MakeStores): void {
  const opened = async (): Promise<Stores> => {
    const stores = await make()
    onTestFinished(() => stores.close())
    for (const sequence of [0, 1]) await stores.logs.append(append('v', sequence))
    await send(stores, pack('one'))
    await stores.logs.append(append('v', 2, { added: [pack('one')] }))
    await send(stores, pack('two'))
    await stores.logs.append(append('other', 0))
    return stores
  }
  const cleared = async ({ deletions, ledger, packs }: Stores, now: number, limit: number): Promise<void> => {
    while ((await deletions.clear(now, limit)) > 0) {
      const gone = await ledger.bury(await ledger.due(now, 100), now)
      await packs.delete(gone)
      await ledger.forget(gone)
    }
  }

  describe(`DeletionStore ${name}`, () => {
    it('keeps the latest wish, and takes none that is as old', async () => {
      const { deletions } = await opened()
      expect(await deletions.keep(vault('nowhere'), wish(), start)).toBe('unknown')
      expect(await deletions.wish(vault('v'), start)).toBeUndefined()
      expect(await deletions.keep(vault('v'), wish(), start)).toBe('kept')
      expect(await deletions.wish(vault('v'), start)).toEqual({ signed: wish(), finalAt: start + floor })
      expect(await deletions.keep(vault('v'), wish({ wish: 'keep', at: start + 1 }), start)).toBe('kept')
      expect(await deletions.keep(vault('v'), wish(), start + 5)).toBe('replayed')
      expect(await deletions.keep(vault('v'), wish({ at: start + 1 }), start + 5)).toBe('replayed')
      expect((await deletions.wish(vault('v'), start))?.finalAt).toBeUndefined()
      expect(await deletions.due(start + 2 * floor, 9)).toEqual([])
    })

    it('counts the floor from the first of several wishes to delete by the same key', async () => {
      const { deletions } = await opened()
      await deletions.keep(vault('v'), wish(), start)
      await deletions.keep(vault('v'), wish({ at: start + day }), start + day)
      expect(await deletions.due(start + floor - 1, 9)).toEqual([])
      expect(await deletions.due(start + floor, 9)).toEqual([vault('v')])
    })

    it('counts the floor anew for the wish of another key', async () => {
      const { deletions } = await opened()
      await deletions.keep(vault('v'), wish({ key: key('thief') }), start)
      await deletions.keep(vault('v'), wish({ at: start + day }), start + day)
      expect((await deletions.wish(vault('v'), start))?.finalAt).toBe(start + day + floor)
      expect(await deletions.due(start + floor, 9)).toEqual([])
    })

    it('forgets only the wish that was judged', async () => {
      const { deletions } = await opened()
      await deletions.keep(vault('v'), wish(), start)
      await deletions.lapse(vault('v'), wish({ at: start - 1 }))
      await deletions.lapse(vault('v'), wish({ key: key('thief') }))
      expect((await deletions.wish(vault('v'), start))?.signed).toEqual(wish())
      await deletions.lapse(vault('v'), wish())
      expect(await deletions.wish(vault('v'), start)).toBeUndefined()
    })

    it('is final only at the head that was judged, and not before it is due', async () => {
      const { deletions, logs } = await opened()
      await deletions.keep(vault('v'), wish(), start)
      expect(await deletions.finish(vault('v'), headOf('v', 2), start + floor - 1)).toBe(false)
      expect(await deletions.finish(vault('v'), headOf('v', 1), start + floor)).toBe(false)
      expect(await logs.vault(vault('v'))).toBeDefined()
    })

    it.each([1, 100])(
      'takes everything but the wish and the last state, %i rows at a time',
      async (limit) => {
        const stores = await opened()
        const { deletions, logs, ledger } = stores
        const now = start + floor
        await deletions.keep(vault('v'), wish(), start)
        expect(await deletions.finish(vault('v'), headOf('v', 2), now)).toBe(true)
        expect(await logs.vault(vault('v'))).toBeUndefined()
        expect(await deletions.keep(vault('v'), wish({ wish: 'keep', at: now }), now)).toBe('sweeping')
        await cleared(stores, now, limit)
        expect(await logs.entries(vault('v'), 0, 1e6)).toEqual([])
        expect(await all(ledger.list(vault('v')))).toEqual([])
        expect(await ledger.vaultUsage(vault('v'))).toEqual(noUsage)
        const alone = await ledger.vaultUsage(vault('other'))
        expect(await ledger.usage(anna)).toEqual(alone)
        expect(usedBytes(alone)).toBeGreaterThan(0)
        expect(await deletions.deleted(vault('v'))).toEqual({
          signed: wish(),
          state: new TextEncoder().encode('state v'),
        })
      },
    )

    it('lets nobody put back a vault that was deleted, until an owner wishes it', async () => {
      const stores = await opened()
      const { deletions, logs } = stores
      const now = start + floor
      await deletions.keep(vault('v'), wish(), start)
      await deletions.finish(vault('v'), headOf('v', 2), now)
      await cleared(stores, now, 100)
      expect(await logs.append(append('v', 0))).toEqual({ result: 'head-moved', head: undefined })
      expect(await deletions.keep(vault('v'), wish({ at: now }), now)).toBe('replayed')
      expect(await deletions.keep(vault('v'), wish({ wish: 'keep', at: now }), now)).toBe('revived')
      expect(await deletions.deleted(vault('v'))).toBeUndefined()
      expect(await logs.vaultsOf(anna)).toEqual([vault('other')])
      expect(await logs.append(append('v', 0))).toEqual({ result: 'appended' })
    })
  })
}
