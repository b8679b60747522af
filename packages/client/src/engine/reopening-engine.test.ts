import { describe, expect, test } from 'vitest'
import { ClientError } from '../errors.ts'
import type { EngineContext, FolderEngine } from './api.ts'
import { ReopeningEngine } from './reopening-engine.ts'

const goesOn = new ClientError('relay-refused', 'a pack is not there', {
  data: { reason: 'pack-missing', then: 'goes-on' },
})
const context = { report: () => undefined } as unknown as EngineContext

/** One that ends each run so that it goes on, and says what was done to it. */
function engine(done: string[], name: string): FolderEngine {
  const run = (): Promise<never> => {
    done.push(`run ${name}`)
    return Promise.reject(goesOn)
  }
  const close = (): Promise<void> => {
    done.push(`close ${name}`)
    return Promise.resolve()
  }
  const status = (): Promise<string> => Promise.resolve(name)
  return { run, close, status } as unknown as FolderEngine
}

describe('a folder that goes on over another engine', () => {
  test('tells what went wrong first where it cannot be opened any more, and opens it for the next who asks', async () => {
    const done: string[] = []
    let opened = 0
    let isLocked = false
    const open = (): Promise<FolderEngine> => {
      if (isLocked) return Promise.reject(new ClientError('home-locked', 'held by another process'))
      opened += 1
      return Promise.resolve(engine(done, String(opened)))
    }
    const adopt = (): Promise<never> => {
      isLocked = true
      return Promise.reject(new ClientError('relay-unreachable', 'the line broke', { retryable: true }))
    }
    const folder = await ReopeningEngine.open({ context, open, adopt })
    await expect(folder.run({ once: false })).rejects.toMatchObject({ code: 'relay-unreachable' })
    await expect(folder.status()).rejects.toMatchObject({ code: 'home-locked' })
    isLocked = false
    expect(await Promise.all([folder.status(), folder.status()])).toEqual(['2', '2'])
    await folder.close()
    expect(done).toEqual(['run 1', 'close 1', 'close 2'])
  })

  test('runs on after what the run itself tells, and halts at a relay that contradicts', async () => {
    const done: string[] = []
    const states: unknown[] = []
    const errors = [
      new ClientError('pack-unavailable', 'not now'),
      new ClientError('relay-contradicts', 'another entry'),
    ]
    const folder = await ReopeningEngine.open({
      context: { report: (event: unknown) => states.push(event) } as unknown as EngineContext,
      open: () => Promise.resolve(engine(done, 'it')),
      adopt: () => Promise.reject(errors.shift() ?? new Error('asked once more')),
    })
    await expect(folder.run({ once: false })).rejects.toMatchObject({ code: 'relay-contradicts' })
    expect(done).toEqual(['run it', 'close it', 'run it', 'close it'])
    expect(states).toEqual([{ event: 'state', state: 'halted', code: 'relay-contradicts' }])
    await folder.close()
    expect(done).toHaveLength(5)
  })
})
