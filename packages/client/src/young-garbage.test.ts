import { execFile } from 'node:child_process'
import { constants } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

/** Of a process of its own, in which nothing else goes on: for each number of bytes, which collections it led to. */
async function collectionsAfter(everyBytes: number, told: readonly number[]): Promise<readonly number[][]> {
  const code = `
    import { PerformanceObserver } from 'node:perf_hooks'
    import { youngCollector } from ${JSON.stringify(new URL('young-garbage.ts', import.meta.url).href)}
    const kinds = []
    new PerformanceObserver((list) => kinds.push(...list.getEntries().map(({ detail }) => detail.kind))).observe({ entryTypes: ['gc'] })
    const said = async () => { await new Promise((done) => setImmediate(done)); await new Promise((done) => setImmediate(done)); return kinds.splice(0) }
    const collect = youngCollector(${everyBytes})
    await said()
    const all = []
    for (const bytes of ${JSON.stringify(told)}) { collect(bytes); all.push(await said()) }
    console.log(JSON.stringify(all))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code])
  return JSON.parse(stdout) as number[][]
}

describe('what was just thrown away', () => {
  it('is looked for each time that so many bytes went through, among the young objects alone', async () => {
    const mib = 1 << 20
    const young = [constants.NODE_PERFORMANCE_GC_MINOR]
    expect(await collectionsAfter(4 * mib, [mib, 3 * mib - 1, 1, mib, 2 * mib, mib, 100 * mib, mib])).toEqual(
      [[], [], young, [], [], young, young, []],
    )
  })
})
