import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SortedKeys } from './sorted-keys.ts'
import { MemoryDisk } from './state-store-memory.ts'
import { stateStoreContract } from './state-store.contract.ts'
import type { StateStore, StateWrite } from './state-store.ts'

stateStoreContract('in memory', () => {
  const disk = new MemoryDisk()
  return Promise.resolve({
    open: () => Promise.resolve().then(() => disk.open()),
    remove: () => Promise.resolve(),
  })
})

async function contents(store: StateStore): Promise<Map<string, string>> {
  const out = new Map<string, string>()
  for await (const [key, value] of store.range({ from: '', to: '\x7f' }))
    out.set(key, Buffer.from(value).toString())
  return out
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const write = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 3 }) }),
  fc.record({ type: fc.constant('del' as const), key }),
)
const batches = fc.array(fc.record({ writes: fc.array(write, { maxLength: 4 }), flush: fc.boolean() }), {
  maxLength: 12,
})

describe('the state store in memory', () => {
  it('says how many listings were begun and are left open', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    await store.batch([{ type: 'put', key: 'a', value: new Uint8Array(1) }], { flush: false })
    const left = store.range({ from: 'a', to: 'b' })[Symbol.asyncIterator]()
    await left.next()
    for await (const [key] of store.range({ from: 'a', to: 'b' })) if (key === 'a') break
    await store.close()
    expect(disk.leftOpen).toBe(1)
    await left.return?.()
    expect(disk.leftOpen).toBe(0)
  })
})

describe('a crash of the state store in memory', () => {
  it('loses the batches since the last flush from the end, whole, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.nat(12), async (all, kept) => {
        const disk = new MemoryDisk()
        const store = disk.open()
        for (const { writes, flush } of all) await store.batch(writes, { flush })
        const flushed = all.findLastIndex(({ flush }) => flush) + 1
        expect(disk.unflushedBatches).toBe(all.length - flushed)
        disk.crash(kept)
        const expected = new Map<string, string>()
        for (const { writes } of all.slice(0, flushed + kept)) applyTo(expected, writes)
        expect(await contents(disk.open())).toEqual(new Map([...expected].sort()))
      }),
    )
  })

  it('ends the handle that was open', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    const batch = store.batch([{ type: 'put', key: 'a', value: new Uint8Array(1) }], { flush: true })
    disk.crash()
    await expect(batch).rejects.toMatchObject({ code: 'interrupted' })
    expect(() => store.get('a')).toThrow(expect.objectContaining({ code: 'interrupted' }))
    await expect(store.batch([], { flush: false })).rejects.toMatchObject({ code: 'interrupted' })
  })
})

describe('sorted keys', () => {
  it('stay in order whatever is added and deleted', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(3000)), {
      minLength: 0,
      maxLength: 3000,
      size: 'max',
    })
    fc.assert(
      fc.property(steps, fc.nat(3000), fc.nat(3000), (all, a, b) => {
        const keys = new SortedKeys()
        const model = new Set<string>()
        for (const [adds, number] of all) {
          const text = String(number).padStart(4, '0')
          if (adds && !model.has(text)) keys.add(text)
          if (!adds && model.has(text)) keys.delete(text)
          if (adds) model.add(text)
          else model.delete(text)
        }
        const [from, to] = [String(a).padStart(4, '0'), String(b).padStart(4, '0')]
        expect(keys.between(from, to)).toEqual([...model].sort().filter((text) => text >= from && text < to))
      }),
      { numRuns: 30 },
    )
  })
})

function applyTo(model: Map<string, string>, writes: readonly StateWrite[]): void {
  for (const each of writes) {
    if (each.type === 'put') model.set(each.key, Buffer.from(each.value).toString())
    else model.delete(each.key)
  }
}
