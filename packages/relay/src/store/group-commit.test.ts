// Transactions one after the other, batches for many, and nothing of what was refused.
import { describe, expect, it } from 'vitest'
import { GroupCommit, type RowWrite } from './group-commit.ts'

const one = new Uint8Array([1])

interface Failures {
  next: Error | undefined
  ready: Error | undefined
}

function backEnd(): {
  group: GroupCommit
  batches: { batch: readonly RowWrite[]; durable: boolean }[]
  rows: Map<string, Uint8Array>
  fail: Failures
} {
  const rows = new Map<string, Uint8Array>()
  const batches: { batch: readonly RowWrite[]; durable: boolean }[] = []
  const fail: Failures = { next: undefined, ready: undefined }
  const group = new GroupCommit({
    async ready() {
      await Promise.resolve()
      if (fail.ready !== undefined) throw fail.ready
    },
    get: (key) => rows.get(key),
    async write(batch, durable) {
      await Promise.resolve()
      const error = fail.next
      fail.next = undefined
      if (error !== undefined) throw error
      batches.push({ batch, durable })
      for (const { key, value } of batch)
        if (value === undefined) rows.delete(key)
        else rows.set(key, value)
    },
  })
  return { group, batches, rows, fail }
}

describe('group commit', () => {
  it('lets each transaction see those before it, in one batch', async () => {
    const { group, batches, rows } = backEnd()
    const count = (): Promise<number> =>
      group.commit((view) => {
        const next = (view.get('n')?.[0] ?? 0) + 1
        view.put('n', new Uint8Array([next]))
        return next
      }, true)
    expect(await Promise.all([count(), count(), count()])).toEqual([1, 2, 3])
    expect(batches).toHaveLength(1)
    expect(rows.get('n')).toEqual(new Uint8Array([3]))
  })

  it('writes nothing of a transaction that throws, and all of the others', async () => {
    const { group, rows } = backEnd()
    const refused = group.commit((view) => {
      view.put('a', one)
      view.del('b')
      throw new RangeError('no')
    }, true)
    const kept = group.commit((view) => view.put('c', one), true)
    await expect(refused).rejects.toThrow(RangeError)
    await kept
    expect([...rows.keys()]).toEqual(['c'])
  })

  it('flushes when one of the line asks for it, and not otherwise', async () => {
    const { group, batches } = backEnd()
    await Promise.all([
      group.commit((view) => view.put('a', one), false),
      group.commit((view) => view.put('b', one), true),
    ])
    await group.commit((view) => view.put('c', one), false)
    expect(batches.map(({ durable }) => durable)).toEqual([true, false])
  })

  it('writes no batch for transactions that only read', async () => {
    const { group, batches } = backEnd()
    expect(await group.commit((view) => view.get('a'), true)).toBeUndefined()
    expect(batches).toEqual([])
  })

  it('fails all of a line whose batch fails, and goes on with the next', async () => {
    const { group, rows, fail } = backEnd()
    fail.next = new Error('disk')
    const line = [1, 2].map((at) => group.commit((view) => view.put(`k${at}`, one), true))
    const settled = await Promise.allSettled(line)
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await group.commit((view) => view.put('after', one), true)
    expect([...rows.keys()]).toEqual(['after'])
  })

  it('refuses a line while nothing can be written, without deciding it', async () => {
    const { group, fail, rows } = backEnd()
    fail.ready = new Error('no space')
    let decided = false
    const refused = group.commit(() => (decided = true), true)
    await expect(refused).rejects.toThrow('no space')
    expect(decided).toBe(false)
    fail.ready = undefined
    await group.commit((view) => view.put('a', one), true)
    expect(rows.size).toBe(1)
  })

  it('splits a line that is too large for one batch', async () => {
    const { group, batches } = backEnd()
    const large = new Uint8Array(3 * 1024 * 1024)
    await Promise.all(
      Array.from({ length: 7 }, (_, at) => group.commit((view) => view.put(`k${at}`, large), true)),
    )
    expect(batches.map(({ batch }) => batch.length)).toEqual([3, 3, 1])
  })

  it('finishes its line when it is closed, and takes nothing more', async () => {
    const { group, rows } = backEnd()
    const last = group.commit((view) => view.put('a', one), true)
    await group.close()
    await last
    expect(rows.size).toBe(1)
    await expect(group.commit(() => 1, true)).rejects.toMatchObject({ code: 'store-closed' })
  })
})
