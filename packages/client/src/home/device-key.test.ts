import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { encodeDevice, makeDevice, passphraseCosts, sealDevice, systemRandom } from '@grenier/crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keysAt, openKeys, openKeysWith, writeKeys } from './device-key.ts'
import { makeHome, openHome } from './home-files.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'grenier-keys-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const device = makeDevice(systemRandom)
const start = { deviceName: 'Métairie', device, identity: undefined, relays: [] }
const file = (name = 'device.key'): string => join(directory, name)
const failing = (code: string): unknown => expect.objectContaining({ code })

/** A home whose keys another process sealed. */
function sealedHome(): Uint8Array {
  makeHome(directory, start)
  const bytes = sealDevice(device, { passphrase: 'p', cost: passphraseCosts.least, random: systemRandom })
  writeFileSync(file(), bytes)
  return bytes
}

test('a sealed home tells what needs no keys, and its keys once they are opened', () => {
  sealedHome()
  const home = openHome(directory)
  expect(home.deviceName).toBe('Métairie')
  expect(() => home.device).toThrow(failing('keys-locked'))
  expect(() => openKeys(directory, 'q')).toThrow(
    expect.objectContaining({ code: 'keys-locked', data: { path: directory, what: 'wrong' } }),
  )
  expect(() => home.device).toThrow(failing('keys-locked'))
  const key = openKeys(directory, 'p')
  expect(home.device).toEqual(device)
  expect(openHome(directory).device).toEqual(device)
  expect(openKeysWith(directory, key)).toBe(true)
  // Sealed anew, the key of before is worth nothing.
  writeKeys(directory, device, 'p')
  expect(openKeysWith(directory, key)).toBe(false)
})

test('a home made with a passphrase never has its keys in clear on disk', () => {
  makeHome(directory, { ...start, passphrase: 'p' })
  const bytes = readFileSync(file())
  expect(bytes.includes(Buffer.from(device.sign.secretKey.subarray(0, 32)))).toBe(false)
  expect(bytes.includes(Buffer.from(device.kem.secretKey))).toBe(false)
  expect(statSync(file()).mode & 0o777).toBe(0o600)
  expect(keysAt(directory).sealedBy).toBe('passphrase')
})

test('whatever a crash leaves in between, the keys are there and the leftover goes', () => {
  const sealed = sealedHome()
  for (const length of [0, 1, sealed.length - 1, sealed.length]) {
    writeFileSync(file(), encodeDevice(device), { mode: 0o600 })
    writeFileSync(file('device.key.new'), sealed.subarray(0, length), { mode: 0o600 })
    expect(openHome(directory).device).toEqual(device)
    expect(existsSync(file('device.key.new'))).toBe(false)
  }
  // Half unsealed: keys in clear must not stay beside the sealed ones.
  writeFileSync(file(), sealed)
  writeFileSync(file('device.key.new'), encodeDevice(device), { mode: 0o600 })
  expect(keysAt(directory).sealedBy).toBe('passphrase')
  expect(existsSync(file('device.key.new'))).toBe(false)
  const ofNobody = `device.key.${spawnSync(process.execPath, ['--version']).pid}.new`
  // Its number went to a process that lives: this one's parent.
  const ofAnother = `device.key.${process.ppid}.new`
  writeFileSync(file(ofNobody), 'left by a crash')
  writeFileSync(file(ofAnother), 'left by a crash')
  utimesSync(file(ofAnother), 1, 1)
  writeKeys(directory, device, 'p')
  expect(readdirSync(directory).filter((name) => name.endsWith('.new'))).toEqual([])
  expect(keysAt(directory).sealedBy).toBe('passphrase')
  writeKeys(directory, device, undefined)
  expect(readFileSync(file())).toEqual(Buffer.from(encodeDevice(device)))
  expect(statSync(file()).mode & 0o777).toBe(0o600)
})

test('what another process is writing is left to it', async () => {
  sealedHome()
  const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const ended = once(other, 'exit')
  const unfinished = file(`device.key.${other.pid}.new`)
  writeFileSync(unfinished, 'half wri')
  expect(keysAt(directory).sealedBy).toBe('passphrase')
  expect(readFileSync(unfinished, 'utf8')).toBe('half wri')
  other.stdin.end()
  await ended
  expect(keysAt(directory).sealedBy).toBe('passphrase')
  expect(existsSync(unfinished)).toBe(false)
})

/** `takings`: how often somebody who cannot see the writer takes away what it has half written. */
test.each([0, 50])(
  'keys that one process writes while another opens them are written, %i taken',
  async (takings) => {
    makeHome(directory, start)
    const source = fileURLToPath(new URL('./device-key.ts', import.meta.url))
    const writer = `const [source, directory, takings] = process.argv.slice(1)
    const fs = (await import('node:fs')).default
    const { fsyncSync } = fs
    let taken = 0
    fs.fsyncSync = (file) => {
      fsyncSync(file)
      if (taken >= Number(takings)) return
      for (const name of fs.readdirSync(directory).filter((one) => one.endsWith('.new'))) {
        fs.rmSync(directory + '/' + name)
        taken += 1
      }
    }
    ;(await import('node:module')).syncBuiltinESMExports()
    const { keysAt, writeKeys } = await import(source)
    const device = keysAt(directory).device()
    for (let n = 0; n < 100; n += 1) writeKeys(directory, device, undefined)
    process.exitCode = taken === Number(takings) ? 0 : 2`
    const writing = spawn(
      process.execPath,
      ['--conditions=source', '--input-type=module', '-e', writer, source, directory, String(takings)],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    let isAtIt = true
    const ended = once(writing, 'exit').finally(() => (isAtIt = false))
    let opened = 0
    while (isAtIt) {
      expect(keysAt(directory).device()).toEqual(device)
      opened += 1
      await setImmediate()
    }
    expect(await ended).toEqual([0, null])
    expect(opened).toBeGreaterThan(0)
    expect(keysAt(directory).device()).toEqual(device)
  },
)

test('what is no file in the place of the keys is told, and waited for by nobody', () => {
  makeHome(directory, start)
  const path = file()
  const puts: readonly (() => void)[] = [
    () => void execFileSync('mkfifo', ['-m', '600', path]),
    () => {
      mkdirSync(path, { mode: 0o700 })
    },
  ]
  for (const put of puts) {
    rmSync(path, { recursive: true })
    put()
    expect(() => openHome(directory)).toThrow(
      expect.objectContaining({ code: 'state-broken', data: { path: directory, what: 'keys' } }),
    )
  }
})

test('sealed keys that others may read, or that are broken, or ask for too much, are not opened', () => {
  const sealed = sealedHome()
  chmodSync(file(), 0o640)
  expect(() => openHome(directory)).toThrow(failing('home-unsafe'))
  expect(() => openKeys(directory, 'p')).toThrow(failing('home-unsafe'))
  chmodSync(file(), 0o600)
  const huge = sealed.slice()
  huge[6] = 0xff
  for (const bytes of [sealed.subarray(0, 60), huge, Buffer.alloc(100_000, 'GRNK'), new Uint8Array(0)]) {
    writeFileSync(file(), bytes)
    expect(() => openHome(directory)).toThrow(failing('state-broken'))
    expect(() => openKeys(directory, 'p')).toThrow(failing('state-broken'))
  }
  const newer = sealed.slice()
  newer[4] = 2
  writeFileSync(file(), newer)
  expect(() => openHome(directory)).toThrow(failing('update-needed'))
})
