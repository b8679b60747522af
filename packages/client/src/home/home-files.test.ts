import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  certifyDevice,
  identityFromEntropy,
  makeDevice,
  publicDevice,
  publicIdentity,
  systemRandom,
} from '@grenier/crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { homeExists, makeHome, openHome } from './home-files.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'grenier-home-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function start() {
  const device = makeDevice(systemRandom)
  const identity = identityFromEntropy(systemRandom.bytes(32))
  const certificate = certifyDevice(identity, publicDevice(device))
  return {
    deviceName: 'Métairie',
    device,
    identity: { keys: publicIdentity(identity), certificate },
    relays: ['wss://a'],
  }
}

describe('a home on disk', () => {
  test('gives back what it was made with', async () => {
    const given = start()
    const made = makeHome(directory, given)
    await made.addFolder({ path: '/a', vault: 'ab'.repeat(32), relay: 'wss://a', name: 'Photos' })
    const opened = openHome(directory)
    expect(opened.device).toEqual(given.device)
    expect(opened.deviceName).toBe('Métairie')
    expect(opened.certificate).toEqual(given.identity.certificate)
    expect(opened.identity).toEqual(given.identity.keys)
    expect(opened.folders).toEqual([{ path: '/a', vault: 'ab'.repeat(32), relay: 'wss://a', name: 'Photos' }])
    await opened.removeFolder('/a')
    expect(openHome(directory).folders).toEqual([])
  })

  test('keeps a folder that another process added meanwhile', async () => {
    const one = makeHome(directory, start())
    const other = openHome(directory)
    await one.addFolder({ path: '/a', vault: 'aa', relay: 'r', name: 'a' })
    await other.addFolder({ path: '/b', vault: 'bb', relay: 'r', name: 'b' })
    expect(openHome(directory).folders.map((folder) => folder.path)).toEqual(['/a', '/b'])
  })

  test('loses nothing of what several processes write at once', async () => {
    makeHome(directory, start())
    const source = fileURLToPath(new URL('./home-files.ts', import.meta.url))
    const writer = `const [source, directory, name] = process.argv.slice(1)
      const home = (await import(source)).openHome(directory)
      process.stdout.write('ready')
      for await (const _ of process.stdin) break
      for (let n = 0; n < 25; n += 1)
        await home.addFolder({ path: '/' + name + n, vault: name.repeat(2) + (10 + n), relay: 'r', name })`
    const names = ['a', 'b', 'c']
    const writers = names.map((name) =>
      spawn(
        process.execPath,
        ['--conditions=source', '--input-type=module', '-e', writer, source, directory, name],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      ),
    )
    const ended = Promise.all(writers.map((one) => once(one, 'exit')))
    await Promise.all(writers.map(({ stdout }) => once(stdout, 'data')))
    for (const { stdin } of writers) stdin.end('go')
    expect(await ended).toEqual(names.map(() => [0, null]))
    const wanted = names.flatMap((name) => Array.from({ length: 25 }, (_, n) => `/${name}${n}`))
    expect(
      openHome(directory)
        .folders.map(({ path }) => path)
        .sort(),
    ).toEqual(wanted.sort())
    expect(readdirSync(directory).filter((name) => name.endsWith('.new'))).toEqual([])
  })

  test('is changed where what locks it is damaged, and a folder is forgotten without it', async () => {
    const home = makeHome(directory, start())
    const lock = join(directory, 'state', 'home')
    await home.addFolder({ path: '/a', vault: 'aa', relay: 'r', name: 'a' })
    for (const name of readdirSync(lock)) if (name !== 'LOCK') writeFileSync(join(lock, name), 'damaged')
    await home.addFolder({ path: '/b', vault: 'bb', relay: 'r', name: 'b' })
    rmSync(lock, { recursive: true })
    writeFileSync(lock, 'no directory')
    await home.removeFolder('/a')
    expect(openHome(directory).folders.map(({ path }) => path)).toEqual(['/b'])
  })

  test('is private from the first byte, and refused when it is not', () => {
    makeHome(directory, start())
    expect(statSync(join(directory, 'device.key')).mode & 0o777).toBe(0o600)
    expect(statSync(join(directory, 'home.json')).mode & 0o777).toBe(0o600)
    chmodSync(join(directory, 'device.key'), 0o644)
    expect(() => openHome(directory)).toThrow(expect.objectContaining({ code: 'home-unsafe' }))
  })

  test('takes an identity and another relay, and refuses another identity', async () => {
    const { identity, ...joined } = start()
    const home = makeHome(directory, { ...joined, identity: undefined })
    expect(home.identity).toBeUndefined()
    await home.enrol({ identity, relay: 'wss://b' })
    expect(openHome(directory).identity).toEqual(identity.keys)
    expect(openHome(directory).relays).toEqual(['wss://a', 'wss://b'])
    const other = start().identity
    await expect(home.enrol({ identity: other, relay: 'wss://c' })).rejects.toMatchObject({
      code: 'home-exists',
    })
  })

  test('is made once, and missing is said', () => {
    expect(homeExists(directory)).toBe(false)
    expect(() => openHome(directory)).toThrow(expect.objectContaining({ code: 'home-missing' }))
    makeHome(directory, start())
    expect(() => makeHome(directory, start())).toThrow(expect.objectContaining({ code: 'home-exists' }))
  })
})
