import { describe, expect, it } from 'vitest'
import type { HistoryQuery } from '../engine/history-query.ts'
import type { RelativePath } from '../sync/name.ts'
import { decodeRequest } from './control-message.ts'
import { askedForMarks, knowsNoGoingOn } from './older-holder.ts'

/** Refuses what a version refuses that does not know some members: by the same check, of the same members under names that nobody knows. */
function older(unknown: readonly string[]): {
  asked: string[][]
  ask: (query: HistoryQuery) => Promise<string>
} {
  const asked: string[][] = []
  const ask = (query: HistoryQuery): Promise<string> => {
    asked.push(Object.keys(query))
    const told = Object.entries(query).map(([name, value]: [string, unknown]): [string, unknown] => [
      unknown.includes(name) ? `no-${name}` : name,
      value,
    ])
    const line = JSON.stringify({
      version: 1,
      request: { ask: 'history', path: '/p', query: Object.fromEntries(told) as object },
    })
    try {
      decodeRequest(line)
      return Promise.resolve('done')
    } catch (error) {
      const { message } = error as Error
      return Promise.reject(new Error(message.replace('no-', '')))
    }
  }
  return { asked, ask }
}

const from = {
  ...{ tarBytes: 1, path: 'p' as RelativePath, filesDone: 0, bytesDone: 0, given: [] },
  ...{ sequence: 1, hash: 'ab' },
}

describe('a sync that was started by an earlier version', () => {
  it('is asked once more without the marks that it does not know', async () => {
    const { asked, ask } = older(['marks', 'from'])
    expect(await askedForMarks({ do: 'export', marks: true }, ask)).toBe('done')
    expect(asked).toEqual([['do', 'marks'], ['do']])
  })

  it('is asked once where it knows them, and where none are wanted', async () => {
    for (const marks of [true, undefined]) {
      const { asked, ask } = older([])
      expect(await askedForMarks({ do: 'export', marks, from }, ask)).toBe('done')
      expect(asked).toEqual([marks === true ? ['do', 'from', 'marks'] : ['do', 'from']])
    }
  })

  it('is not asked again after anything else, and says that it cannot go on', async () => {
    const { asked, ask } = older(['marks', 'from'])
    const refused: unknown = await askedForMarks({ do: 'export', marks: true, from }, ask).catch(
      (error: unknown) => error,
    )
    expect(knowsNoGoingOn(refused)).toBe(true)
    expect(asked.length).toBeLessThan(3)
    const other = new Error('request.path: Invalid type')
    let times = 0
    const failing = (): Promise<never> => {
      times += 1
      return Promise.reject(other)
    }
    expect(await askedForMarks({ do: 'export', marks: true }, failing).catch((error: unknown) => error)).toBe(
      other,
    )
    expect([times, knowsNoGoingOn(other)]).toEqual([1, false])
  })
})
