// What every state store promises. Each case makes a store of its own.
import { afterEach, describe, expect, it } from 'vitest'
import type { StateStore, StateWrite } from './state-store.ts'

/** Where a store lives: it can be opened again after it was closed. */
export interface StoreHome {
  open(): Promise<StateStore>
  remove(): Promise<void>
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const put = (key: string, value = key): StateWrite => ({ type: 'put', key, value: bytes(value) })
const del = (key: string): StateWrite => ({ type: 'del', key })

async function listed(rows: AsyncIterable<readonly [string, Uint8Array]>): Promise<string[]> {
  const out: string[] = []
  for await (const [key, value] of rows) out.push(`${key}=${Buffer.from(value).toString()}`)
  return out
}

/** Runs the contract on the stores that `makeHome` makes room for. */
export function stateStoreContract(name: string, makeHome: () => Promise<StoreHome>): void {
  describe(`the state store ${name}`, () => {
    let home: StoreHome | undefined
    const opened: StateStore[] = []

    const open = async (): Promise<StateStore> => {
      home ??= await makeHome()
      const store = await home.open()
      opened.push(store)
      return store
    }

    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
      await home?.remove()
      home = undefined
    })

    it('has nothing at first', async () => {
      const store = await open()
      expect(store.get('a')).toBeUndefined()
      expect(await listed(store.range({ from: '', to: '\x7f' }))).toEqual([])
    })

    it('gives back what was written, and not what was deleted', async () => {
      const store = await open()
      await store.batch([put('a'), put('b'), put('empty', '')], { flush: false })
      await store.batch([del('a'), put('b', 'new'), del('never')], { flush: true })
      expect(store.get('a')).toBeUndefined()
      expect(store.get('b')).toEqual(bytes('new'))
      expect(store.get('empty')).toEqual(new Uint8Array(0))
    })

    it('takes the last of several writes of one key in a batch', async () => {
      const store = await open()
      await store.batch([put('a', '1'), del('a'), put('a', '2'), put('b'), del('b')], { flush: false })
      expect(await listed(store.range({ from: '', to: '\x7f' }))).toEqual(['a=2'])
    })

    it('lists from ≤ key < to, in order of the characters, control characters included', async () => {
      const store = await open()
      const keys = ['a', 'a\0', 'a\x01b', 'a b', 'aZ', 'aa', 'b', 'b~', 'b\x7f00e9', 'c']
      await store.batch(
        [...keys].reverse().map((key) => put(key, 'v')),
        { flush: false },
      )
      const inOrder = async (from: string, to: string): Promise<string[]> =>
        (await listed(store.range({ from, to }))).map((line) => line.slice(0, -2))
      expect(await inOrder('', '\x7f')).toEqual(keys)
      expect(await inOrder('a\x01', 'b')).toEqual(['a\x01b', 'a b', 'aZ', 'aa'])
      expect(await inOrder('b', 'b')).toEqual([])
    })

    it('lists backwards, and no more than the limit', async () => {
      const store = await open()
      await store.batch(
        ['a', 'b', 'c', 'd'].map((key) => put(key)),
        { flush: false },
      )
      expect(await listed(store.range({ from: 'a', to: 'd', reverse: true }))).toEqual(['c=c', 'b=b', 'a=a'])
      expect(await listed(store.range({ from: 'a', to: 'd', limit: 2 }))).toEqual(['a=a', 'b=b'])
      expect(await listed(store.range({ from: 'a', to: 'd', limit: 1, reverse: true }))).toEqual(['c=c'])
    })

    it('lists what was there when the listing began, whatever is written meanwhile', async () => {
      const store = await open()
      const keys = Array.from({ length: 2500 }, (_, index) => `k${String(index).padStart(5, '0')}`)
      await store.batch(
        keys.map((key) => put(key, 'old')),
        { flush: false },
      )
      const seen: string[] = []
      for await (const [key, value] of store.range({ from: 'k', to: 'l' })) {
        if (seen.length === 0)
          await store.batch([del('k02499'), put('k00001', 'new'), put('k00000a')], { flush: false })
        seen.push(`${key}=${Buffer.from(value).toString()}`)
      }
      expect(seen).toEqual(keys.map((key) => `${key}=old`))
    })

    it('can be left in the middle of a listing', async () => {
      const store = await open()
      await store.batch(
        ['a', 'b', 'c'].map((key) => put(key)),
        { flush: false },
      )
      for await (const [key] of store.range({ from: 'a', to: 'z' })) if (key === 'b') break
      expect(store.get('c')).toEqual(bytes('c'))
    })

    it('keeps everything over closing and opening', async () => {
      const store = await open()
      await store.batch([put('a'), put('b')], { flush: true })
      await store.batch([del('a')], { flush: false })
      await store.close()
      const again = await open()
      expect(again.get('a')).toBeUndefined()
      expect(again.get('b')).toEqual(bytes('b'))
    })

    it('is open once at a time', async () => {
      const store = await open()
      await expect(open()).rejects.toMatchObject({ name: 'ClientError', code: 'home-locked' })
      await store.close()
      await expect(open()).resolves.toBeDefined()
    })
  })
}
