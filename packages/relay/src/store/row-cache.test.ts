import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { RowCache } from './row-cache.ts'
import { LevelRows } from './rows-level.ts'

const row = (...bytes: number[]): Uint8Array => new Uint8Array(bytes)

describe('the cache of rows', () => {
  it('has what was set last, and nothing of what was deleted', () => {
    const cache = new RowCache(10)
    cache.set('a', row(1))
    cache.set('a', row(2))
    expect(cache.get('a')).toEqual(row(2))
    cache.set('a', undefined)
    expect(cache.get('a')).toBeUndefined()
  })

  it('is bounded, and keeps what is asked for', () => {
    const cache = new RowCache(10)
    cache.set('often', row(1))
    for (let at = 0; at < 1000; at++) {
      cache.set(`row ${at}`, row(2))
      expect(cache.get('often')).toEqual(row(1))
    }
    const kept = Array.from({ length: 1000 }, (_, at) => cache.get(`row ${at}`)).filter(
      (one) => one !== undefined,
    )
    expect(kept.length).toBeLessThanOrEqual(20)
  })

  it('never gives an earlier value than the last, whatever moved between', () => {
    const cache = new RowCache(2)
    for (let at = 0; at < 200; at++) {
      const key = `row ${(at * 7) % 5}`
      cache.set(key, row(at))
      expect(cache.get(key)).toEqual(row(at))
      const other = `row ${(at * 3) % 5}`
      cache.set(other, undefined)
      expect(cache.get(other)).toBeUndefined()
    }
  })

  it('keeps no large row, not even its earlier and smaller self, and no memory of others', () => {
    const cache = new RowCache(10)
    cache.set('a', row(1))
    cache.set('a', new Uint8Array(5000))
    expect(cache.get('a')).toBeUndefined()
    cache.set('b', new Uint8Array(5000).subarray(10, 20))
    expect(cache.get('b')?.buffer.byteLength).toBe(10)
  })
})

describe('rows of a database with a cache', () => {
  it('are those that were committed last, in each transaction and after it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'grenier-rows-'))
    const rows = await LevelRows.open(folder)
    onTestFinished(async () => {
      await rows.close()
      rmSync(folder, { recursive: true, force: true })
    })
    const add = (by: number) =>
      rows.commit((view) => {
        const next = (view.get('sum')?.[0] ?? 0) + by
        view.put('sum', row(next))
        return next
      })
    const sums = await Promise.all(Array.from({ length: 20 }, () => add(3)))
    expect(sums).toEqual(Array.from({ length: 20 }, (_, at) => 3 * (at + 1)))
    expect(rows.get('sum')).toEqual(row(60))
    const refused = rows.commit((view) => {
      view.put('sum', row(99))
      throw new Error('refused')
    })
    await expect(refused).rejects.toThrow('refused')
    expect(rows.get('sum')).toEqual(row(60))
    await rows.commit((view) => view.del('sum'))
    expect(rows.get('sum')).toBeUndefined()
    await add(5)
    expect(rows.get('sum')).toEqual(row(5))
  })
})
