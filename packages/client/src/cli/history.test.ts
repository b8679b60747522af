import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeDevice, systemRandom } from '@grenier/crypto'
import { makeHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { directoryOutside } from './history.ts'
import { forgetLastBackup, keepLastBackup, lastBackup } from './last-backup.ts'

const vault = 'ab'.repeat(32)
let place: string
let home: Home
beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'grenier-history-')))
  const device = makeDevice(systemRandom)
  home = makeHome(join(place, 'home'), { deviceName: 'd', device, identity: undefined, relays: [] })
})
afterEach(() => rmSync(place, { recursive: true }))

const refuses = (what: string): Error =>
  expect.objectContaining({ code: 'usage', data: expect.objectContaining({ what }) as unknown }) as Error

describe('a directory to restore into', () => {
  test('is none that is synced, nor one in it', async () => {
    const path = join(place, 'synced')
    await home.addFolder({ path, vault, relay: 'wss://r', name: 'n' })
    for (const into of [path, join(path, 'in')])
      expect(() => directoryOutside(home, into)).toThrow(refuses('into-synced'))
    expect(existsSync(path)).toBe(false)
  })

  test('is not what a backup is made from; but may lie in it', async () => {
    const path = join(place, 'source')
    mkdirSync(path)
    await home.addFolder({ path, vault, relay: 'wss://r', name: 'n', backup: { from: 'folder' } })
    expect(() => directoryOutside(home, path)).toThrow(refuses('into-source'))
    expect(directoryOutside(home, join(path, 'restored'))).toBe(join(path, 'restored'))
  })
})

test('how a backup ended last is remembered until it is forgotten', () => {
  expect(lastBackup(home, vault)).toBeUndefined()
  keepLastBackup(home, vault, { atMs: 5, exitCode: 3 })
  keepLastBackup(home, vault, { atMs: 6, exitCode: 0 })
  expect(lastBackup(home, vault)).toEqual({ atMs: 6, exitCode: 0 })
  forgetLastBackup(home, vault)
  expect(lastBackup(home, vault)).toBeUndefined()
})
