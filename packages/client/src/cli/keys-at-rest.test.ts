import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDevice, systemRandom } from '@grenier/crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClientError } from '../errors.ts'
import { keysAt } from '../home/device-key.ts'
import { makeHome, openHome } from '../home/home-files.ts'
import { errorReport } from './error-report.ts'
import { Interrupt } from './interrupt.ts'
import type { Invocation } from './invocation.ts'
import { isCommandName } from './key-need.ts'
import { openKeysFor } from './key-opening.ts'
import { KeyringAway, type Keyring } from './keyring.ts'
import { catalogueOf } from './messages.ts'
import { Output } from './output.ts'
import { GivenPassphrase } from './passphrase.ts'
import { program } from './program.ts'
import { realPlatform } from './real-platform.ts'

/** A keyring that lives in memory, and can be out of reach, forgetful or false. */
class StandIn implements Keyring {
  readonly entries = new Map<string, Uint8Array>()
  away = false
  forgets = false
  keeps = false

  get(name: string): Promise<Uint8Array | undefined> {
    return this.#here(() => this.entries.get(name)?.slice())
  }

  set(name: string, secret: Uint8Array): Promise<void> {
    return this.#here(() => {
      if (!this.forgets) this.entries.set(name, secret.slice())
    })
  }

  remove(name: string): Promise<void> {
    if (this.keeps) return Promise.reject(new KeyringAway('locked again'))
    return this.#here(() => void this.entries.delete(name))
  }

  #here<T>(work: () => T): Promise<T> {
    return this.away ? Promise.reject(new KeyringAway('nobody there')) : Promise.resolve(work())
  }
}

const device = makeDevice(systemRandom)
let place = ''
let keyring = new StandIn()
let said = ''
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'grenier-at-rest-'))
  keyring = new StandIn()
  said = ''
  makeHome(join(place, 'home'), { deviceName: 'Métairie', device, identity: undefined, relays: [] })
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

const path = (name: string): string => join(place, name)
const keyFile = (home: string): Buffer => readFileSync(join(home, 'device.key'))
const locked = (what: string): unknown =>
  expect.objectContaining({ code: 'keys-locked', data: expect.objectContaining({ what }) as unknown })

function invocation(home: string, passphraseFile?: string): Invocation {
  const stream = { write: (text: string) => void (said += text) }
  const how = { language: 'en', json: false, verbose: true, environment: {} } as const
  return {
    output: new Output({ ...how, stdout: stream, stderr: stream }),
    interrupt: new Interrupt(() => undefined),
    homeDirectory: home,
    yes: true,
    passphrase: new GivenPassphrase(passphraseFile),
    keyring,
    platform: realPlatform,
  }
}

/** The home as another process meets it: nothing is open. */
let copies = 0
function anew(home: string): string {
  const copy = path(`copy ${(copies += 1)}`)
  cpSync(home, copy, { recursive: true })
  chmodSync(join(copy, 'device.key'), 0o600)
  return copy
}

async function run(home: string, args: readonly string[], passphraseFile?: string): Promise<void> {
  await program(invocation(home, passphraseFile), () => undefined).parseAsync([...args], { from: 'user' })
}

async function opened(home: string): Promise<string> {
  const copy = anew(home)
  await openKeysFor(invocation(copy), 'sync')
  expect(openHome(copy).device).toEqual(device)
  return copy
}

describe('keys whose secret lies in the keyring', () => {
  test('are sealed in the home, and opened by what the keyring has', async () => {
    await run(path('home'), ['keyring', 'on'])
    expect(keysAt(path('home')).sealedBy).toBe('keyring')
    for (const { secretKey } of [device.sign, device.kem])
      expect(keyFile(path('home')).includes(Buffer.from(secretKey.subarray(0, 16)))).toBe(false)
    expect(() => openHome(anew(path('home'))).device).toThrow(locked('keyring'))
    await opened(path('home'))
    expect(said).toContain('no file is lost')
  })

  test('have one entry however often they are sealed, and none once something else opens them', async () => {
    await run(path('home'), ['keyring', 'on'])
    const [first] = keyring.entries.keys()
    await run(path('home'), ['keyring', 'on'])
    expect([...keyring.entries.keys()]).toHaveLength(1)
    expect(keyring.entries.has(first ?? '')).toBe(false)
    const home = await opened(path('home'))
    writeFileSync(path('passphrase'), 'Marronnier\n')
    await run(home, ['passphrase', 'set'], path('passphrase'))
    expect(keysAt(home).sealedBy).toBe('passphrase')
    expect(keyring.entries.size).toBe(0)
    const again = anew(home)
    await run(again, ['keyring', 'on'], path('passphrase'))
    expect(keysAt(again).sealedBy).toBe('keyring')
    await run(again, ['keyring', 'off'])
    expect(keysAt(again).sealedBy).toBeUndefined()
    expect(keyring.entries.size).toBe(0)
  })

  test('stay as they were where there is no keyring, or one that keeps nothing', async () => {
    const before = keyFile(path('home'))
    for (const trouble of [() => (keyring.away = true), () => (keyring.forgets = true)]) {
      keyring = new StandIn()
      trouble()
      await expect(run(path('home'), ['keyring', 'on'])).rejects.toMatchObject({
        code: 'keyring-unavailable',
      })
      expect(keyFile(path('home'))).toEqual(before)
      expect(keyring.entries.size).toBe(0)
    }
  })

  test('leave no entry behind when their file cannot be written', async () => {
    // In the place of the unfinished file lies what cannot be replaced by one.
    const stuck = join(path('home'), 'device.key.new')
    const set = keyring.set.bind(keyring)
    keyring.set = async (name, secret) => {
      await set(name, secret)
      cpSync(path('home'), stuck, { recursive: true, filter: (from) => !from.startsWith(stuck) })
    }
    await expect(run(path('home'), ['keyring', 'on'])).rejects.toThrow()
    expect(keyring.entries.size).toBe(0)
    rmSync(stuck, { recursive: true, force: true })
    expect(keysAt(path('home')).sealedBy).toBeUndefined()
  })

  test('stay shut, and are not lost, when the keyring is away, has no entry, or another one', async () => {
    await run(path('home'), ['keyring', 'on'])
    const before = keyFile(path('home'))
    const [[entry, secret]] = [...keyring.entries] as [[string, Uint8Array]]
    keyring.away = true
    await expect(opened(path('home'))).rejects.toEqual(locked('keyring-away'))
    keyring.away = false
    keyring.entries.clear()
    await expect(opened(path('home'))).rejects.toEqual(locked('keyring-missing'))
    keyring.entries.set(entry, systemRandom.bytes(32))
    const wrong: unknown = await opened(path('home')).catch((error: unknown) => error)
    expect(wrong).toEqual(locked('keyring-wrong'))
    const { message, hint } = errorReport(catalogueOf('en'), wrong)
    expect(message + String(hint)).toMatch(/24 words/)
    expect(keyFile(path('home'))).toEqual(before)
    keyring.entries.set(entry, secret)
    await opened(path('home'))
  })

  test('are under the passphrase once it is set, though the keyring cannot be reached to forget', async () => {
    await run(path('home'), ['keyring', 'on'])
    writeFileSync(path('passphrase'), 'Marronnier\n')
    keyring.keeps = true
    await run(path('home'), ['passphrase', 'set'], path('passphrase'))
    expect(keysAt(path('home')).sealedBy).toBe('passphrase')
    expect(said).toContain('could not be taken out')
  })

  test('a file that was under a passphrase opens with nothing once it claims a keyring', async () => {
    writeFileSync(path('passphrase'), 'Marronnier\n')
    await run(path('home'), ['passphrase', 'set'], path('passphrase'))
    const home = anew(path('home'))
    const claiming = keyFile(home)
    claiming[5] = 2
    writeFileSync(join(home, 'device.key'), claiming)
    await expect(openKeysFor(invocation(home, path('passphrase')), 'sync')).rejects.toEqual(
      locked('keyring-missing'),
    )
  })

  test('nothing of the secret or the keys is said', async () => {
    await run(path('home'), ['keyring', 'on'])
    const secrets = [...keyring.entries.values(), device.sign.secretKey.subarray(0, 32), device.kem.secretKey]
    await opened(path('home'))
    await run(path('home'), ['keyring', 'off'])
    for (const secret of secrets)
      for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
        expect(said.includes(Buffer.from(secret).toString(form))).toBe(false)
  })
})

describe('a passphrase that would seal nothing', () => {
  test('is refused by what makes devices where one is, and said elsewhere', async () => {
    writeFileSync(path('passphrase'), 'Marronnier\n')
    const given = invocation(path('home'), path('passphrase'))
    for (const command of ['setup', 'join', 'recover']) {
      const refused = openKeysFor(given, command)
      await expect(refused).rejects.toMatchObject({ code: 'usage', data: { what: 'passphrase-late' } })
    }
    await openKeysFor(given, 'sync')
    expect(said).toContain('was not used')
    expect(existsSync(join(path('home'), 'device.key'))).toBe(true)
    // Where no device is yet, it seals the one that is made.
    await openKeysFor(invocation(path('nowhere'), path('passphrase')), 'setup')
  })
})

test('of every command of the program it is known what it needs of the keys', () => {
  const names = program(invocation(path('home')), () => undefined).commands.map((command) => command.name())
  expect(names.length).toBeGreaterThan(30)
  expect(names.filter((name) => !isCommandName(name))).toEqual([])
})

test('an error that is none of ours shows no byte of a broken key file', async () => {
  const broken = keyFile(path('home'))
  broken[3] = 0
  writeFileSync(join(path('home'), 'device.key'), broken)
  const error: unknown = await run(path('home'), ['status']).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(ClientError)
  invocation(path('home')).output.failure(error)
  expect(said).toContain('error:')
  for (const form of ['hex', 'base64', 'latin1'] as const)
    expect(said.includes(Buffer.from(device.kem.secretKey.subarray(0, 8)).toString(form))).toBe(false)
})
