// What prune leaves of a backup that has rules: the versions that stay are whole, and what only others need is dropped.
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { backupVersions, openFolder } from '@grenier/client'
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
})
