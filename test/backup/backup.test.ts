// Backups of real folders: what a run sees, what it leaves out, what it keeps, and that the source is never written to.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Ground, timesOf, treeOf } from '../folder/devices.ts'
import { Backup } from './backing.ts'

let ground: Ground
beforeEach(() => void (ground = new Ground()))
afterEach(() => ground.end())

describe('a backup of a folder', () => {
  test('is the folder, to the bit and the nanosecond, each time it runs, and what was comes back', async () => {
    const backup = await Backup.start(ground)
    backup.write('a/one', 'one')
    backup.write('two', 'two')
    fs.chmodSync(join(backup.source, 'two'), 0o640)
    fs.symlinkSync('../nowhere', join(backup.source, 'a/link'))
    fs.mkdirSync(join(backup.source, 'empty'))
    const first = await backup.run()
    const before = treeOf(backup.source)
    expect(treeOf(await backup.restored(ground))).toEqual(before)
    backup.write('two', 'two, changed')
    fs.renameSync(join(backup.source, 'a'), join(backup.source, 'b'))
    backup.remove('empty')
    const second = await backup.run()
    expect(second.version.sequence).toBeGreaterThan(first.version.sequence)
    expect(second.changes).toEqual(['move b', 'put two', 'remove empty'])
    expect(treeOf(await backup.restored(ground))).toEqual(treeOf(backup.source))
    const { sequence } = first.version
    expect(treeOf(await backup.restored(ground, { sequence }))).toEqual(before)
    expect(treeOf(await backup.restored(ground, { timeMs: first.version.atMs }))).toEqual(before)
  })

  test('writes nothing to it, and sends nothing when nothing changed', async () => {
    const backup = await Backup.start(ground)
    backup.write('a/one', 'one')
    const seen = (): unknown => [
      treeOf(backup.source),
      [...timesOf(backup.source)],
      fs.statSync(backup.source, { bigint: true }).ctimeNs,
      fs.readdirSync(backup.source),
    ]
    const before = seen()
    const first = await backup.run()
    const second = await backup.run()
    expect(second.version.sequence).toBe(first.version.sequence)
    expect(second.version.atMs).toBeGreaterThan(first.version.atMs)
    expect(second.changes).toEqual([])
    expect(seen()).toEqual(before)
  })

  test('keeps a mass deletion as a version like any other', async () => {
    const backup = await Backup.start(ground)
    for (let at = 0; at < 60; at += 1) backup.write(`many/${at}`, `file ${at}`)
    backup.write('stays', 'here')
    const first = await backup.run()
    const before = treeOf(backup.source)
    backup.remove('many')
    await backup.run()
    expect(treeOf(await backup.restored(ground))).toEqual(treeOf(backup.source))
    expect(treeOf(await backup.restored(ground, first.version))).toEqual(before)
  })

  test('goes on where it was when this device lost its state: the source wins, and nothing is sent twice', async () => {
    const backup = await Backup.start(ground)
    const bytes = Buffer.alloc(300_000, 'a line of some length that repeats itself\n')
    backup.write('d/large', bytes)
    backup.write('gone', 'soon')
    await backup.run()
    const { home } = backup.device.context()
    fs.rmSync(home.stateDirectory(backup.vault), { recursive: true })
    backup.remove('gone')
    backup.write('new', 'new')
    fs.utimesSync(join(backup.source, 'd/large'), 1_000_000, 1_000_000)
    const again = await backup.run()
    expect(again.problems).toEqual([])
    expect(treeOf(await backup.restored(ground))).toEqual(treeOf(backup.source))
    expect(fs.statSync(join(backup.source, 'd/large')).mtimeMs).toBe(1_000_000_000)
  })
})
