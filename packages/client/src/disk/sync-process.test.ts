import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SyncProcess } from './sync-process.ts'

const isLinux = process.platform === 'linux'

describe.runIf(isLinux)('the process that flushes', () => {
  it('answers each who asks', async () => {
    const syncs = new SyncProcess(tmpdir())
    expect(await Promise.all([syncs.run(), syncs.run()])).toEqual([true, true])
    expect(await syncs.run()).toBe(true)
  })

  it('says that it cannot, where there is nothing to flush', async () => {
    expect(await new SyncProcess(join(tmpdir(), 'grenier-not-there')).run()).toBe(false)
  })

  it('is started again when somebody ended it', async () => {
    const syncs = new SyncProcess(tmpdir())
    expect(await syncs.run()).toBe(true)
    const before = childrenOf(process.pid)
    for (const pid of before) process.kill(pid)
    expect(await syncs.run()).toBe(true)
    expect(before).not.toEqual([])
    expect(childrenOf(process.pid).filter((pid) => before.includes(pid))).toEqual([])
  })
})

/** The shells that a process started, by number. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        const [, command, rest] =
          /^\d+ \((.*)\) (.*)$/.exec(readFileSync(`/proc/${entry}/stat`, 'utf8').trim()) ?? []
        return command === 'sh' && Number(rest?.split(' ')[1]) === parent
      } catch {
        return false
      }
    })
    .map(Number)
}
