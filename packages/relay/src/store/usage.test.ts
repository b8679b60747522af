// The arithmetic of charges and limits.
import { describe, expect, it } from 'vitest'
import { addUsage, negateUsage, noUsage, overQuota, usedBytes } from './usage.ts'

const usage = { liveBytes: 1, pendingBytes: 2, keptBytes: 4, entryBytes: 8, entries: 3, vaults: 2 }

describe('usage', () => {
  it('counts live, pending, kept and entry bytes against the quota', () => {
    expect(usedBytes(usage)).toBe(15)
    const quota = { bytesMax: 15, entriesMax: 3, vaultsMax: 2 }
    expect(overQuota(usage, quota)).toBeUndefined()
    expect(overQuota(usage, { ...quota, bytesMax: 14 })).toBe('bytes')
    expect(overQuota(usage, { ...quota, entriesMax: 2 })).toBe('entries')
    expect(overQuota(usage, { ...quota, vaultsMax: 1 })).toBe('vaults')
  })

  it('adds and takes away without a rest', () => {
    expect(addUsage(noUsage, usage)).toEqual(usage)
    expect(usedBytes(addUsage(usage, negateUsage(usage)))).toBe(0)
  })
})
