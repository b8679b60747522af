import { describe, expect, it } from 'vitest'
import { EarlyFlush, earlyFlushBytes } from './early-flush.ts'

/** A disk whose flushes end when the test says so. */
class Flushes {
  readonly fds: number[] = []
  readonly #ends: { resolve: () => void; reject: (error: Error) => void }[] = []

  readonly run = async (fd: number): Promise<void> => {
    this.fds.push(fd)
    const end: PromiseWithResolvers<undefined> = Promise.withResolvers()
    this.#ends.push({ resolve: () => end.resolve(undefined), reject: end.reject })
    await end.promise
  }

  async end(at: number, error?: Error): Promise<void> {
    if (error === undefined) this.#ends[at]?.resolve()
    else this.#ends[at]?.reject(error)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('the flush of a file that is still being written', () => {
  it('begins each time so much was written, and not before', async () => {
    const flushes = new Flushes()
    const early = new EarlyFlush(7, flushes.run)
    early.wrote(earlyFlushBytes - 1)
    expect(flushes.fds).toEqual([])
    early.wrote(1)
    expect(flushes.fds).toEqual([7])
    await flushes.end(0)
    early.wrote(earlyFlushBytes - 1)
    expect(flushes.fds).toEqual([7])
    early.wrote(1)
    expect(flushes.fds).toEqual([7, 7])
    await flushes.end(1)
  })

  it('is one at a time, and what was written meanwhile counts for the next', async () => {
    const flushes = new Flushes()
    const early = new EarlyFlush(7, flushes.run)
    early.wrote(earlyFlushBytes)
    early.wrote(3 * earlyFlushBytes)
    expect(flushes.fds).toHaveLength(1)
    await flushes.end(0)
    early.wrote(1)
    expect(flushes.fds).toHaveLength(2)
    await flushes.end(1)
  })

  it('is waited for by who closes the file', async () => {
    const flushes = new Flushes()
    const early = new EarlyFlush(7, flushes.run)
    early.wrote(earlyFlushBytes)
    let isOver = false
    const over = early.over().then(() => (isOver = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOver).toBe(false)
    await flushes.end(0)
    await over
  })

  it('does not begin once the file is being closed', async () => {
    const flushes = new Flushes()
    const early = new EarlyFlush(7, flushes.run)
    early.wrote(earlyFlushBytes)
    const over = early.over()
    await flushes.end(0)
    early.wrote(earlyFlushBytes)
    await over
    expect(flushes.fds).toHaveLength(1)
  })

  it('waits for that of another file, which is not waited for in turn', async () => {
    const flushes = new Flushes()
    const [one, other] = [new EarlyFlush(7, flushes.run), new EarlyFlush(8, flushes.run)]
    one.wrote(earlyFlushBytes)
    other.wrote(earlyFlushBytes)
    expect(flushes.fds).toEqual([7])
    await other.over()
    const third = new EarlyFlush(9, flushes.run)
    third.wrote(earlyFlushBytes)
    await flushes.end(0)
    third.wrote(1)
    expect(flushes.fds).toEqual([7, 9])
    await flushes.end(1)
  })

  it('tells who writes on, and who closes the file, what it failed with', async () => {
    const flushes = new Flushes()
    const early = new EarlyFlush(7, flushes.run)
    early.wrote(earlyFlushBytes)
    await flushes.end(0, new Error('the disk broke'))
    expect(() => early.wrote(1)).toThrow('the disk broke')
    await expect(early.over()).rejects.toThrow('the disk broke')
    expect(flushes.fds).toHaveLength(1)
  })
})
