// What prune leaves of a backup that has rules: the versions that stay are whole, and what only others need is dropped.
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { backupVersions, openFolder } from '@grenier/client'
import { retainedOf } from '../../packages/client/src/engine/backup-retention.ts'
import { openVault } from '../../packages/client/src/engine/open-vault.ts'
import { absentFiles } from '../../packages/client/src/disk/source-files.ts'
import { Ground } from '../folder/devices.ts'
import { Backup } from './backing.ts'

const dayMs = 86_400_000
let ground: Ground
beforeEach(() => void (ground = new Ground()))
afterEach(async () => {
  vi.useRealTimers()
  await ground.end()
})

test('the last version of each month stays, those between go', async () => {
  const begin = new Date(2025, 0, 10, 12).getTime()
  vi.useFakeTimers({ toFake: ['Date'], now: begin })
  const backup = await Backup.start(ground)
  const written = new Map<number, Buffer>()
  for (const day of [0, 5, 12, 40, 42, 70, 120]) {
    vi.setSystemTime(begin + day * dayMs)
    const bytes = randomBytes(150_000)
    backup.write('file', bytes)
    const { version } = await backup.run()
    written.set(version.sequence, bytes)
  }
  const { home } = backup.device
  const [record] = home.backups
  if (record === undefined) throw new Error('no backup')
  await home.addFolder({ ...record, backup: { from: 'folder', keep: { monthly: 12 } } })
  const engine = await openFolder(backup.device.context(), backup.vault)
  const pruned = await engine.prune({ keepMs: 30 * dayMs, dryRun: false }).finally(() => engine.close())
  const stay = await backupVersions(backup.device.context(), backup.vault)
  // Of January the third, of February the fifth, of March the sixth, and the latest.
  const sequences = [...written.keys()]
  expect(stay.map(({ sequence }) => sequences.indexOf(sequence))).toEqual([2, 4, 5, 6])
  for (const { sequence } of stay)
    expect((await backup.bytes('file', { sequence })).equals(written.get(sequence) ?? Buffer.alloc(0))).toBe(
      true,
    )
  expect(pruned.packs).toBeGreaterThanOrEqual(3)
  // Wider rules later do not claim what is dropped.
  const wider = { ...record, backup: { from: 'folder' as const, keep: { daily: 1000 } } }
  const open = await openVault(backup.device.context(), wider, absentFiles)
  const retained = await retainedOf(open.vault, Date.now()).finally(() => open.close())
  const past = stay.map(({ sequence }) => sequence)
  expect(past).toEqual(expect.arrayContaining([...(retained?.sequences ?? [0])]))
})

test('without rules, what a prune took is listed no more, and all that is listed can be read', async () => {
  const begin = new Date(2025, 0, 10, 12).getTime()
  vi.useFakeTimers({ toFake: ['Date'], now: begin })
  const backup = await Backup.start(ground)
  for (const day of [0, 5, 100, 105]) {
    vi.setSystemTime(begin + day * dayMs)
    backup.write('file', randomBytes(150_000))
    await backup.run()
  }
  const engine = await openFolder(backup.device.context(), backup.vault)
  await engine.prune({ keepMs: 0, dryRun: false }).finally(() => engine.close())
  const stay = await backupVersions(backup.device.context(), backup.vault)
  expect(stay.length).toBeGreaterThanOrEqual(1)
  expect(stay.length).toBeLessThan(4)
  for (const { sequence } of stay) expect(await backup.bytes('file', { sequence })).toHaveLength(150_000)
})

test('the oldest version that stays is kept, however long the prune takes', async () => {
  const begin = new Date(2025, 0, 31, 23, 55).getTime()
  vi.useFakeTimers({ toFake: ['Date'], now: begin })
  const backup = await Backup.start(ground)
  const written = new Map<number, Buffer>()
  // The last one of January, and ten minutes later the first one of February.
  for (const minutes of [0, 4, 14]) {
    vi.setSystemTime(begin + minutes * 60_000)
    const bytes = randomBytes(150_000)
    backup.write('file', bytes)
    written.set((await backup.run()).version.sequence, bytes)
  }
  const { home } = backup.device
  const [record] = home.backups
  if (record === undefined) throw new Error('no backup')
  await home.addFolder({ ...record, backup: { from: 'folder', keep: { monthly: 12 } } })
  vi.setSystemTime(begin + 40 * dayMs)
  const engine = await openFolder(backup.device.context(), backup.vault)
  let nowMs = Date.now()
  vi.spyOn(Date, 'now').mockImplementation(() => (nowMs += 60_000))
  await engine.prune({ keepMs: 0, dryRun: false }).finally(() => engine.close())
  vi.restoreAllMocks()
  const stay = await backupVersions(backup.device.context(), backup.vault)
  expect(stay.map(({ sequence }) => [...written.keys()].indexOf(sequence))).toEqual([1, 2])
  for (const { sequence } of stay)
    expect((await backup.bytes('file', { sequence })).equals(written.get(sequence) ?? Buffer.alloc(0))).toBe(
      true,
    )
})
