import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeDevice, systemRandom } from '@grenier/crypto'
import { makeHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { forgetLastRun, keepLastRun, lastRun } from './last-run.ts'

const vault = 'ab'.repeat(32)
const halted = { state: 'halted', conflicts: 1, problems: 2, lastContactMs: 5 } as const

let place: string
let home: Home
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'grenier-last-'))
  const device = makeDevice(systemRandom)
  home = makeHome(join(place, 'home'), { deviceName: 'd', device, identity: undefined, relays: [] })
})
afterEach(() => rmSync(place, { recursive: true }))

describe('how the last run ended', () => {
  test('is remembered, for this user alone, until the folder is forgotten', () => {
    expect(lastRun(home, vault)).toBeUndefined()
    keepLastRun(home, vault, halted)
    expect(lastRun(home, vault)).toEqual(halted)
    const [file = ''] = readdirSync(join(home.directory, 'state'))
    expect(statSync(join(home.directory, 'state', file)).mode & 0o777).toBe(0o600)
    forgetLastRun(home, vault)
    expect(readdirSync(join(home.directory, 'state'))).toEqual([])
  })

  test('keeps the last contact over a run that had none', () => {
    keepLastRun(home, vault, halted)
    keepLastRun(home, vault, { ...halted, state: 'offline', lastContactMs: undefined })
    expect(lastRun(home, vault)).toEqual({ ...halted, state: 'offline' })
  })

  test('is as good as unknown when it cannot be read', () => {
    keepLastRun(home, vault, halted)
    const [file = ''] = readdirSync(join(home.directory, 'state'))
    writeFileSync(join(home.directory, 'state', file), '{"version":1,"state":"odd"}')
    expect(lastRun(home, vault)).toBeUndefined()
  })
})
