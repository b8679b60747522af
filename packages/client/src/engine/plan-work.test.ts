import { describe, expect, it, test } from 'vitest'
import { nextSeeds, seedsMaxDefault } from '../state/closure.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Apply, Plan } from '../sync/action.ts'
import type { Name, RelativePath } from '../sync/name.ts'
import { rootId, type NodeId } from '../sync/tree.ts'
import { smallBytesMax, smallChangesMax } from './meanwhile.ts'
import { partChangesMax, PlanWork, type PlanWorkParts } from './plan-work.ts'

test('a plan is several parts: between two of them a run answers, and turns to what came', () => {
  expect(partChangesMax * 2).toBeLessThanOrEqual(seedsMaxDefault)
})

describe('a plan that news cuts short', () => {
  const session = {} as RelaySession

  function planOf(count: number): Plan {
    const actions = Array.from({ length: count }, (_, index): Apply => {
      const name = `d${index}` as Name
      const row = { parent: rootId, name, value: { kind: 'directory', mode: 0o755 } } as const
      const path = name as string as RelativePath
      return { do: 'apply', op: 'put', id: `1.${index}` as NodeId, path, row, expect: undefined }
    })
    return { actions, conflicts: [], problems: [] }
  }

  /** Plans are carried out in full, unless `refuses`. `news`: whether some waits at the end of each part, the last one for all that follow. */
  function working(news: boolean[], refuses: () => boolean = () => false) {
    const parts: number[] = []
    const nothing = (): void => undefined
    const receiver = {
      get waiting(): boolean {
        return news[Math.min(parts.length, news.length) - 1] ?? false
      },
    }
    const sender = {
      commit: () => Promise.resolve({ done: 0, moved: false, renamed: new Map(), again: false }),
      read: () => Promise.resolve({ count: 0, lookAgain: [] }),
    }
    const work = new PlanWork({
      vault: { trees: { write: () => Promise.resolve() } },
      sender: () => sender,
      receiver,
      questions: { waiting: false },
      applier: {
        run: (changes: readonly Apply[]) => {
          parts.push(changes.length)
          return Promise.resolve({ done: refuses() ? [] : changes, problems: [], lookAgain: [], left: [] })
        },
      },
      tally: { expect: nothing, did: nothing, solved: nothing, change: nothing },
      brake: { note: nothing },
      checkFolder: () => Promise.resolve(),
    } as unknown as PlanWorkParts)
    return { work, parts }
  }

  it('is made again, over no more than one part', async () => {
    const { work, parts } = working([true])
    expect(work.seedsMax).toBeUndefined()
    const cut = await work.carryOut(session, planOf(2 * partChangesMax))
    expect(cut).toMatchObject({ lasting: partChangesMax, replan: true })
    expect(work.seedsMax).toBe(partChangesMax)
    const trees = { differing: manyDiffering }
    const next = await nextSeeds(trees as unknown as Parameters<typeof nextSeeds>[0], {
      seedsMax: work.seedsMax,
    })
    expect(next?.seeds).toHaveLength(partChangesMax)
    // Of one part, nothing is left to be cut off; what comes after it is another plan.
    expect(await work.carryOut(session, planOf(partChangesMax))).toMatchObject({
      lasting: partChangesMax,
      replan: true,
    })
    expect(parts).toEqual([partChangesMax, partChangesMax])
    expect(work.seedsMax).toBe(partChangesMax)
  })

  it('is followed by plans as large as before once no news waits', async () => {
    const { work } = working([true, false])
    await work.carryOut(session, planOf(2 * partChangesMax))
    expect(work.seedsMax).toBe(partChangesMax)
    expect(await work.carryOut(session, planOf(partChangesMax))).toMatchObject({ replan: false })
    expect(work.seedsMax).toBeUndefined()
  })

  it('is not begun again and again where nothing of it can be done', async () => {
    let refuses = false
    const { work } = working([true], () => refuses)
    await work.carryOut(session, planOf(2 * partChangesMax))
    refuses = true
    expect(await work.carryOut(session, planOf(partChangesMax))).toMatchObject({ lasting: 0, replan: false })
  })

  it('is carried out to its end where no news comes, or all of it is one part', async () => {
    const calm = working([false])
    expect(await calm.work.carryOut(session, planOf(2 * partChangesMax))).toMatchObject({
      lasting: 2 * partChangesMax,
      replan: false,
    })
    const short = working([true])
    expect(await short.work.carryOut(session, planOf(10))).toMatchObject({ lasting: 10, replan: false })
    expect([calm.work.seedsMax, short.work.seedsMax]).toEqual([undefined, undefined])
    expect(calm.parts).toEqual([partChangesMax, partChangesMax])
  })
})

describe('what is small and done beside a group', () => {
  const session = {} as RelaySession

  function put(index: number, bytes = 0): Apply {
    const name = `d${index}` as Name
    const value =
      bytes > 0
        ? ({ kind: 'file', mode: 0o644, mtimeNs: 0n, sizeBytes: bytes, content: undefined } as const)
        : ({ kind: 'directory', mode: 0o755 } as const)
    const path = name as string as RelativePath
    return {
      do: 'apply',
      op: 'put',
      id: `1.${index}` as NodeId,
      path,
      row: { parent: rootId, name, value },
      expect: undefined,
    }
  }

  /** Its applier lets something small be done beside each batch, of which it leaves so many changes. */
  function working({ does, leaves = 0 }: { does: () => Promise<boolean>; leaves?: number }) {
    const nothing = (): void => undefined
    const [told, expected] = [new Array<string>(), [0, 0]]
    const calls = { read: 0 }
    const meanwhile = {
      due: () => ({ promise: Promise.resolve('due' as const), cancel: nothing }),
      run: async () => {
        const changed = await does()
        meanwhile.due = () => ({ promise: new Promise(() => undefined), cancel: nothing })
        return changed
      },
    }
    const applier: PlanWorkParts['applier'] = {
      tidy: () => Promise.resolve(),
      run: async (changes, beside) => {
        const placed = Promise.withResolvers<undefined>()
        setImmediate(() => placed.resolve(undefined))
        await beside?.(placed.promise, () => Promise.resolve())
        const done = changes.slice(0, changes.length - leaves)
        return { done, problems: [], lookAgain: [], left: changes.slice(done.length) }
      },
    }
    const work = new PlanWork({
      vault: { trees: { write: () => Promise.resolve() } },
      sender: () => ({
        commit: () => Promise.resolve({ done: 0, moved: false, renamed: new Map(), again: false }),
        read: () => {
          calls.read += 1
          return Promise.resolve({ count: 0, lookAgain: [] })
        },
      }),
      receiver: { waiting: false },
      questions: { waiting: false },
      applier,
      meanwhile,
      tally: {
        expect: (files: number, bytes: number) => {
          expected[0] = (expected[0] ?? 0) + files
          expected[1] = (expected[1] ?? 0) + bytes
        },
        did: nothing,
        solved: nothing,
        change: ({ path }: { path: string }) => told.push(path),
      },
      brake: { note: nothing },
      checkFolder: () => Promise.resolve(),
    } as unknown as PlanWorkParts)
    return { work, told, expected, calls }
  }

  const plan = (actions: readonly Apply[]): Plan => ({ actions, conflicts: [], problems: [] })

  it('makes what is left of a plan old; what was to come of it is expected no more', async () => {
    const { work, expected, calls } = working({ does: () => Promise.resolve(true), leaves: 2 })
    const done = await work.carryOut(session, plan([put(1), put(2, 10), put(3, 20)]))
    expect(done).toMatchObject({ lasting: 1, replan: true })
    expect([...expected, calls.read]).toEqual([1, 0, 0])
  })

  it('leaves nothing old where all of it is done: it is gone on with', async () => {
    const { work, calls } = working({ does: () => Promise.resolve(true) })
    expect(await work.carryOut(session, plan([put(1), put(2)]))).toMatchObject({ lasting: 2, replan: false })
    expect(calls.read).toBe(1)
  })

  it('takes nothing from the group where it fails, and is told then', async () => {
    const { work, told } = working({ does: () => Promise.reject(new ClientError('brake', 'too much')) })
    await expect(work.carryOut(session, plan([put(1)]))).rejects.toThrow('too much')
    expect(told).toEqual(['d1'])
  })

  it('puts nothing in place where the folder is another one', async () => {
    const { work, told } = working({ does: () => Promise.reject(new ClientError('folder-unmarked', 'gone')) })
    await expect(work.carryOut(session, plan([put(1)]))).rejects.toThrow('gone')
    expect(told).toEqual([])
  })

  it('is what fits into a few changes and bytes, with nothing else to be done', async () => {
    const { work, told } = working({ does: () => Promise.resolve(false) })
    const many = Array.from({ length: smallChangesMax + 1 }, (_, index) => put(index))
    const kept = { keptAs: 'd (conflict)', path: 'd' as RelativePath } as Plan['conflicts'][number]
    const read = { do: 'read', id: '1.9' as NodeId, path: 'd9' as RelativePath } as const
    await work.applySmall(plan(many))
    await work.applySmall(plan([put(1, smallBytesMax + 1)]))
    await work.applySmall({ ...plan([put(1)]), conflicts: [kept] })
    await work.applySmall({ ...plan([put(1)]), actions: [put(1), read] })
    expect(told).toEqual([])
    await work.applySmall(plan([put(1), put(2, smallBytesMax)]))
    expect(told).toEqual(['d1', 'd2'])
  })
})

/** A log that has a great many nodes that are not here. */
async function* manyDiffering({ limit }: { limit: number }): AsyncIterable<readonly [NodeId, object]> {
  for (let index = 0; index < limit; index += 1) {
    yield [`1.${index}` as NodeId, {}]
    await Promise.resolve()
  }
}
