import { describe, expect, it, test } from 'vitest'
import { nextSeeds, seedsMaxDefault } from '../state/closure.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Apply, Plan } from '../sync/action.ts'
import type { Name, RelativePath } from '../sync/name.ts'
import { rootId, type NodeId } from '../sync/tree.ts'
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
          return Promise.resolve({ done: refuses() ? [] : changes, problems: [], lookAgain: [] })
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

/** A log that has a great many nodes that are not here. */
async function* manyDiffering({ limit }: { limit: number }): AsyncIterable<readonly [NodeId, object]> {
  for (let index = 0; index < limit; index += 1) {
    yield [`1.${index}` as NodeId, {}]
    await Promise.resolve()
  }
}
