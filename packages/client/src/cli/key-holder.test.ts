import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  deviceKeyOf,
  makeDevice,
  passphraseCosts,
  sealDevice,
  sealDeviceForKeyring,
  systemRandom,
} from '@grenier/crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sealingAt, writeSealedKeys } from '../home/device-key.ts'
import { makeHome, openHome } from '../home/home-files.ts'
import { Interrupt } from './interrupt.ts'
import { endHolder, holderStatus, openedByHolder, startHolder } from './key-holder-client.ts'
import { holderPlaces, type HolderPlace } from './key-holder-place.ts'
import { desktopKeyring } from './keyring-desktop.ts'
import { Output } from './output.ts'
import { GivenPassphrase } from './passphrase.ts'
import { program } from './program.ts'
import { realPlatform } from './real-platform.ts'

const device = makeDevice(systemRandom)
const sealed = sealDevice(device, { passphrase: 'p', cost: passphraseCosts.least, random: systemRandom })
const key = deviceKeyOf(sealed, 'p')

let place = ''
let home = ''
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'grenier-holder-'))
  home = join(place, 'home')
  mkdirSync(join(place, 'runtime'), { mode: 0o700 })
  vi.stubEnv('XDG_RUNTIME_DIR', join(place, 'runtime'))
  makeHome(home, { deviceName: 'Métairie', device, identity: undefined, relays: [] })
  // As another process sealed it: nothing is open here.
  writeFileSync(join(home, 'device.key'), sealed)
})
afterEach(async () => {
  await endHolder(home)
  vi.unstubAllEnvs()
  rmSync(place, { recursive: true, force: true })
})

function best(): HolderPlace {
  const [first] = holderPlaces(home)
  if (first === undefined) throw new Error('no place for a holder')
  return first
}

/** Starts one; gives its process. */
async function hold(idleMs: number | null = null): Promise<number> {
  return await startHolder(home, best(), { key, idleMs })
}

const gone = async (pid: number): Promise<void> =>
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 30_000 })

/** What a holder answers to these bytes. */
async function raw(bytes: string): Promise<Buffer> {
  const socket = connect(join(best().directory, best().name))
  socket.on('error', () => undefined)
  socket.end(bytes)
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(Buffer.from(piece as Uint8Array))
  return Buffer.concat(pieces)
}

describe('what holds keys open', () => {
  test('opens the keys of its home for other processes, until it is told to end', async () => {
    expect(await openedByHolder(home)).toBe(false)
    expect(() => openHome(home).device).toThrow(expect.objectContaining({ code: 'keys-locked' }))
    const pid = await hold()
    expect(await openedByHolder(home)).toBe(true)
    expect(openHome(home).device).toEqual(device)
    expect(await endHolder(home)).toBe(true)
    await gone(pid)
    expect(existsSync(join(best().directory, best().name))).toBe(false)
    expect(await openedByHolder(home)).toBe(false)
    expect(await endHolder(home)).toBe(false)
  })

  test('lets nobody else in, and shows nothing of the key to who lists processes', async () => {
    const pid = await hold()
    const { directory, name } = best()
    expect(directory.startsWith(join(place, 'runtime'))).toBe(true)
    expect(lstatSync(directory).mode & 0o777).toBe(0o700)
    expect(lstatSync(join(directory, name)).mode & 0o777).toBe(0o600)
    if (process.platform !== 'linux') return
    const shown =
      readFileSync(`/proc/${pid}/cmdline`, 'latin1') + readFileSync(`/proc/${pid}/environ`, 'latin1')
    for (const form of ['hex', 'base64', 'latin1'] as const)
      expect(shown.includes(Buffer.from(key).toString(form))).toBe(false)
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max core file size +0 /)
  })

  test('is not asked where others may enter the folder, or reach the socket', async () => {
    await hold()
    const { directory, name } = best()
    chmodSync(directory, 0o755)
    expect(await openedByHolder(home)).toBe(false)
    const again = startHolder(home, best(), { key, idleMs: null })
    await expect(again).rejects.toMatchObject({ code: 'home-unsafe' })
    chmodSync(directory, 0o700)
    chmodSync(join(directory, name), 0o666)
    expect(await openedByHolder(home)).toBe(false)
    chmodSync(join(directory, name), 0o600)
    expect(await openedByHolder(home)).toBe(true)
  })

  test('takes the folder of the home where the system has none for this session', () => {
    chmodSync(join(place, 'runtime'), 0o750)
    expect(holderPlaces(home).map(({ directory }) => directory)).toEqual([join(home, 'run')])
    vi.stubEnv('XDG_RUNTIME_DIR', 'relative')
    expect(holderPlaces(home).at(-1)).toEqual({
      directory: join(home, 'run'),
      name: 'keys.sock',
      endsAtLogout: false,
    })
  })

  test('ends when its socket goes, as at a log-out, and when another takes its place', async () => {
    const first = await hold()
    const second = await hold()
    await gone(first)
    expect((await holderStatus(home))?.pid).toBe(second)
    expect(await openedByHolder(home)).toBe(true)
    rmSync(join(place, 'runtime'), { recursive: true })
    await gone(second)
  })

  test('ends when nothing used it for as long as was said', async () => {
    const pid = await hold(1)
    await vi.waitFor(async () => expect(await openedByHolder(home)).toBe(false))
    await gone(pid)
  })

  test('gives nothing, and ends, once the keys were sealed anew', async () => {
    const pid = await hold()
    writeSealedKeys(home, device, sealDeviceForKeyring(device, systemRandom).sealed)
    expect(await openedByHolder(home)).toBe(false)
    await gone(pid)
  })

  test('that does not start is told as that, and nothing is left of it', async () => {
    const { directory, name } = best()
    // Where its socket is to be there is something that no socket takes the place of.
    mkdirSync(join(directory, name), { recursive: true, mode: 0o700 })
    chmodSync(directory, 0o700)
    await expect(startHolder(home, best(), { key, idleMs: null })).rejects.toMatchObject({
      code: 'unlock-failed',
    })
    expect(await holderStatus(home)).toBeUndefined()
    rmSync(join(directory, name), { recursive: true })
    expect(await startHolder(home, best(), { key, idleMs: null })).toBeGreaterThan(0)
  })

  test('gives nothing for what is no question, or one by who cannot read the home', async () => {
    await hold()
    const sealing = sealingAt(home)
    const asks = [
      'hello\n',
      '{}\n',
      `{"version":2,"ask":"key","sealing":"${sealing}"}\n`,
      'x'.repeat(5000),
      '\n',
    ]
    for (const ask of asks) expect((await raw(ask)).includes(Buffer.from(key))).toBe(false)
    expect(await openedByHolder(home)).toBe(true)
    const other = `{"version":1,"ask":"key","sealing":"${'0'.repeat(64)}"}\n`
    expect((await raw(other)).toString()).toBe('{"answer":"refused"}\n')
  })

  test('clears away what a restart left', async () => {
    const pid = await hold()
    process.kill(pid, 'SIGKILL')
    await gone(pid)
    const socket = join(best().directory, best().name)
    expect(existsSync(socket)).toBe(true)
    expect(await openedByHolder(home)).toBe(false)
    expect(existsSync(socket)).toBe(false)
  })
})

describe('unlock and lock', () => {
  let said = ''
  async function run(args: readonly string[], passphraseFile?: string): Promise<void> {
    const stream = { write: (text: string) => void (said += text) }
    const how = { language: 'en', json: true, verbose: true, environment: {} } as const
    const invocation = {
      output: new Output({ ...how, stdout: stream, stderr: stream }),
      interrupt: new Interrupt(() => undefined),
      homeDirectory: home,
      yes: true,
      passphrase: new GivenPassphrase(passphraseFile),
      keyring: desktopKeyring,
      platform: realPlatform,
    }
    await program(invocation, () => undefined).parseAsync([...args], { from: 'user' })
  }
  const last = (): Record<string, unknown> =>
    JSON.parse(said.match(/^\{.*\}$/gm)?.at(-1) ?? '') as Record<string, unknown>

  test('open the keys by the passphrase and close them; status says which; nothing secret is said', async () => {
    said = ''
    const file = join(place, 'passphrase')
    writeFileSync(file, 'p\n')
    await run(['status'])
    expect(last()).toMatchObject({ event: 'status', keys: 'locked' })
    await expect(run(['sync', '--once'])).rejects.toMatchObject({ code: 'keys-locked' })
    await run(['unlock', '--for', '8h'], file)
    expect(last()).toMatchObject({ event: 'unlock', keys: 'unlocked', idleMs: 8 * 3_600_000 })
    await run(['status'])
    expect(last()).toMatchObject({ keys: 'unlocked' })
    // Who is to set another passphrase must know the one there is.
    await expect(run(['passphrase', 'remove'])).rejects.toMatchObject({ code: 'keys-locked' })
    await run(['lock'])
    expect(last()).toMatchObject({ event: 'lock', keys: 'locked', wasOpen: true, running: [] })
    await run(['lock'])
    expect(last()).toMatchObject({ wasOpen: false })
    const wrong = join(place, 'wrong')
    writeFileSync(wrong, 'q\n')
    await expect(run(['unlock'], wrong)).rejects.toMatchObject({
      code: 'keys-locked',
      data: { what: 'wrong' },
    })
    expect(await holderStatus(home)).toBeUndefined()
    await run(['passphrase', 'remove'], file)
    await expect(run(['lock'])).rejects.toMatchObject({ code: 'usage', data: { what: 'lock-clear' } })
    await run(['unlock'])
    expect(last()).toMatchObject({ keys: 'clear' })
    for (const secret of [key, device.kem.secretKey, device.sign.secretKey.subarray(0, 32)])
      for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
        expect(said.includes(Buffer.from(secret).toString(form))).toBe(false)
  })
})
