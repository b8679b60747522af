// Keys under a passphrase, in real processes: sealed, opened, locked, in clear again; and the secrets are in nothing that is said.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { decodeDevice } from '@grenier/crypto'
import { expect, test } from 'vitest'
import { findCanaries, textCanary, type Canary, type Haystack } from './canary-search.ts'
import { lineOf, Stage, type Ended } from './commands.ts'

const passphrase = 'Marronnier-sous-la-pluie-42'

test('a device is sealed by a passphrase, works with it, says keys-locked without, and never shows a secret', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const url = await relay.start()
  const alpha = stage.device('alpha')
  const folder = stage.newFolder('documents')
  const [right, wrong] = [stage.path('right'), stage.path('wrong')]
  writeFileSync(right, `${passphrase}\n`, { mode: 0o600 })
  writeFileSync(wrong, 'Marronnier\n', { mode: 0o600 })
  const keyFile = join(alpha.home, 'device.key')
  const said: Haystack[] = []
  const run = async (...args: string[]): Promise<Ended> => {
    const ended = await alpha.run('--verbose', ...args)
    said.push({ where: args.join(' '), bytes: Buffer.from(JSON.stringify(ended.lines) + ended.stderr) })
    return ended
  }
  const open = ['--passphrase-file', right]

  await alpha.setup(url)
  const { sign, kem } = decodeDevice(new Uint8Array(readFileSync(keyFile)))
  const secrets: Canary[] = [
    textCanary('the passphrase', passphrase),
    { what: 'the signing key', bytes: sign.secretKey.subarray(0, 32) },
    { what: 'the KEM key', bytes: kem.secretKey },
  ]
  writeFileSync(join(folder, 'one'), 'one')
  await alpha.done('add', folder)
  expect((await run('passphrase', 'set')).exitCode).toBe(2)
  // Nobody is logged in to a desktop here: refused, and the keys stay as they are.
  const inClear = readFileSync(keyFile)
  const away = await run('keyring', 'on')
  expect([away.exitCode, lineOf(away.lines, 'error')['code']]).toEqual([1, 'keyring-unavailable'])
  expect(readFileSync(keyFile)).toEqual(inClear)
  expect(lineOf((await run('passphrase', 'set', ...open)).lines, 'passphrase')['sealed']).toBe(true)
  expect(statSync(keyFile).mode & 0o777).toBe(0o600)
  said.push({ where: 'device.key', bytes: readFileSync(keyFile) })

  for (const locked of [await run('sync', '--once'), await run('devices', folder)]) {
    expect(locked.exitCode).toBe(7)
    expect(lineOf(locked.lines, 'error')['code']).toBe('keys-locked')
  }
  expect((await run('limit')).exitCode).toBe(0)
  expect((await run('status')).exitCode).toBe(0)
  const refused = await run('sync', '--once', '--passphrase-file', wrong)
  expect(refused.exitCode).toBe(7)
  expect(refused.stderr).toContain('does not open')
  writeFileSync(join(folder, 'two'), 'two')
  expect((await run('sync', '--once', ...open)).exitCode).toBe(0)

  // What watches holds them in memory alone, and answers for itself.
  const watching = alpha.start('sync', ...open)
  await watching.line((line) => line['state'] === 'synced')
  expect((await run('status')).exitCode).toBe(0)
  for (const ask of ['status', 'members', 'invite']) said.push(await overheard(alpha.home, ask, folder))
  said.push(...shownOf(watching.process.pid))
  await watching.stop()

  // What `unlock` leaves open serves commands that give no passphrase.
  const unlocked = lineOf((await run('unlock', '--for', '1h', ...open)).lines, 'unlock')
  expect(unlocked).toMatchObject({ keys: 'unlocked', idleMs: 3_600_000 })
  expect((await run('sync', '--once')).exitCode).toBe(0)
  const later = alpha.start('sync')
  await later.line((line) => line['state'] === 'synced')
  const locked = lineOf((await run('lock')).lines, 'lock')
  expect(locked).toMatchObject({ wasOpen: true, running: [later.process.pid] })
  said.push(...shownOf(later.process.pid), { where: 'what it said', bytes: Buffer.from(later.transcript()) })
  await later.stop()
  expect((await run('sync', '--once')).exitCode).toBe(7)

  expect((await run('passphrase', 'remove')).exitCode).toBe(7)
  expect(findCanaries(secrets, said)).toEqual([])
  expect((await run('passphrase', 'remove', ...open)).exitCode).toBe(0)
  expect((await run('sync', '--once')).exitCode).toBe(0)
  // The search finds what is there to be found.
  expect(findCanaries(secrets, [{ where: 'device.key', bytes: readFileSync(keyFile) }])).toHaveLength(2)
})

/** What this process answers to who asks over its control socket. */
async function overheard(home: string, ask: string, path: string): Promise<Haystack> {
  const name = readdirSync(join(home, 'run')).find((one) => /^\d+\.sock$/.test(one)) ?? ''
  const socket = connect(join(home, 'run', name))
  const more = { status: {}, members: { path }, invite: { path, role: 'reader', expiresMs: 1000 } }[ask]
  socket.write(`${JSON.stringify({ version: 1, request: { ask, ...more } })}\n`)
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(Buffer.from(piece as Uint8Array))
  const bytes = Buffer.concat(pieces)
  expect(bytes.toString()).toContain('"answer":"done"')
  return { where: `control socket, ${ask}`, bytes }
}

/** What everybody on the machine, or every process of the user, is shown of a process. */
function shownOf(pid: number | undefined): Haystack[] {
  if (process.platform !== 'linux') return []
  return ['cmdline', 'environ'].map((name) => ({
    where: `/proc/${name}`,
    bytes: readFileSync(`/proc/${pid}/${name}`),
  }))
}

test('setup and join seal the keys of a new device at once', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const url = await relay.start()
  const [alpha, beta] = [stage.device('alpha'), stage.device('beta')]
  const [one, two, file] = [stage.newFolder('one'), stage.path('two'), stage.path('passphrase')]
  writeFileSync(file, passphrase, { mode: 0o600 })
  const open = ['--passphrase-file', file]
  await alpha.done('setup', url, '--phrase-out', stage.path('words'), ...open)
  expect(readFileSync(join(alpha.home, 'device.key')).subarray(0, 4).toString()).toBe('GRNK')
  writeFileSync(join(one, 'a'), 'a')
  await alpha.done('add', one, ...open)
  const code = String(lineOf((await alpha.done('invite', one, ...open)).lines, 'invite')['code'])
  await beta.done('join', code, two, ...open)
  expect(readFileSync(join(two, 'a'), 'utf8')).toBe('a')
  expect((await beta.run('sync', '--once')).exitCode).toBe(7)
  await beta.done('sync', '--once', ...open)
})
