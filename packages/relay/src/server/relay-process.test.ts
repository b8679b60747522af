// The command as a real process: started, spoken to over TLS with a pin, administered while it runs and when it does not, stopped.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { get } from 'node:https'
import { TLSSocket } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  certifyDevice,
  encodeCertificate,
  identityFromEntropy,
  makeDevice,
  publicDevice,
  sign,
  systemRandom,
} from '@grenier/crypto'
import {
  decodeRelayMessage,
  encodeMessage,
  loginBytes,
  loginLabel,
  parseRelayUrl,
  type RelayMessage,
} from '@grenier/protocol'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket, type RawData } from 'ws'
import { spkiPin } from '../tls/self-made-certificate.ts'

const script = `import { main } from ${JSON.stringify(new URL('../cli/main.ts', import.meta.url).href)}
await main(process.argv.slice(1))`

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'grenier-relay-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

interface Run {
  readonly process: ChildProcess
  stdout: string
  stderr: string
  readonly exited: Promise<number | null>
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', script, ...args])
  const started: Run = {
    process: child,
    stdout: '',
    stderr: '',
    exited: once(child, 'close').then(([code]) => code as number | null),
  }
  child.stdout.on('data', (data: Buffer) => (started.stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (started.stderr += data.toString()))
  onTestFinished(() => void child.kill('SIGKILL'))
  return started
}

async function ready(started: Run): Promise<string> {
  while (!started.stdout.includes('\n'))
    await Promise.race([once(started.process.stdout!, 'data'), failed(started)])
  const line: unknown = JSON.parse(started.stdout.split('\n')[0]!)
  return (line as { url: string }).url
}

async function failed(started: Run): Promise<never> {
  throw new Error(`ended with ${await started.exited}: ${started.stderr}`)
}

async function finished(...args: string[]): Promise<Run & { code: number | null }> {
  const started = run(...args)
  const code = await started.exited
  return { ...started, code }
}

/** What the relay says to these messages, until `count` have come. */
async function talk(url: string, code: string | undefined): Promise<RelayMessage> {
  const { url: address, origin, pin } = parseRelayUrl(url)
  const socket = new WebSocket(address, { rejectUnauthorized: false })
  socket.binaryType = 'nodebuffer'
  const pieces: RelayMessage[] = []
  const waiting: ((message: RelayMessage) => void)[] = []
  socket.on('message', (data: RawData) => {
    const message = decodeRelayMessage(data as Buffer)
    const next = waiting.shift()
    if (next === undefined) pieces.push(message)
    else next(message)
  })
  const next = () =>
    new Promise<RelayMessage>((resolve) => {
      const message = pieces.shift()
      if (message === undefined) waiting.push(resolve)
      else resolve(message)
    })
  let seen: Uint8Array | undefined
  socket.on('upgrade', (response) => {
    if (!(response.socket instanceof TLSSocket)) return
    const { raw } = response.socket.getPeerCertificate(true)
    seen = spkiPin(`-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----\n`)
  })
  const challenge = await next()
  expect(seen).toEqual(pin)
  if (challenge.type !== 'challenge') throw new Error('no challenge')
  const identity = identityFromEntropy(new Uint8Array(32).fill(1))
  const device = makeDevice(systemRandom)
  const key = identity.sign.publicKey
  const clientNonce = systemRandom.bytes(32)
  const facts = loginBytes({ origin, relayNonce: challenge.nonce, clientNonce, keyKind: 'identity', key })
  const signature = sign(identity.sign.secretKey, loginLabel, facts)
  const login = {
    type: 'login',
    id: 1,
    version: 1,
    keyKind: 'identity',
    key,
    clientNonce,
    signature,
  } as const
  socket.send(encodeMessage(login))
  expect(await next()).toMatchObject({ type: 'ok', re: 'login' })
  const certificate = encodeCertificate(certifyDevice(identity, publicDevice(device)))
  const invite = code === undefined ? {} : { invite: code }
  socket.send(encodeMessage({ type: 'open-account', id: 2, certificate, ...invite }))
  const reply = await next()
  socket.close()
  return reply
}

async function page(url: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    get(url, { rejectUnauthorized: false }, (response) => {
      let text = ''
      response.on('data', (data: Buffer) => (text += data.toString()))
      response.on('end', () => resolve(text))
    }).on('error', reject)
  })
}

it('runs over TLS with a pin, takes an invited account, is administered, and stops cleanly', async () => {
  const data = join(newFolder(), 'relay')
  const serve = run(
    'serve',
    '--data',
    data,
    '--listen',
    '127.0.0.1:0',
    '--tls-self',
    '--registration',
    'invite',
    '--json',
  )
  const url = await ready(serve)
  expect(url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+#sha256=[\w-]{43}$/)
  expect(statSync(join(data, 'admin.sock')).mode & 0o777).toBe(0o600)
  expect(await page(url.replace('wss', 'https'))).toMatch(/^A Grenier relay[^\n]*\n$/)

  const made = await finished('invite', 'create', '--uses', '2', '--data', data, '--json')
  expect(made.code).toBe(0)
  const { code, id } = JSON.parse(made.stdout) as { code: string; id: string }
  expect(await talk(url, 'not-a-code')).toMatchObject({ type: 'error', code: 'invitation-wrong' })
  expect(await talk(url, code)).toMatchObject({ type: 'ok', re: 'open-account' })
  const accounts = await finished('account', 'list', '--data', data, '--json')
  const account: unknown = JSON.parse(accounts.stdout)
  expect(account).toMatchObject({ event: 'account', state: 'open', plan: 'default' })

  serve.process.kill('SIGTERM')
  expect(await serve.exited).toBe(0)
  expect(serve.stderr).not.toContain(code)

  const listed = await finished('invite', 'list', '--data', data, '--json')
  expect(JSON.parse(listed.stdout)).toMatchObject({ id, uses: 2, used: 1, state: 'valid' })
})

it('does not start twice on one data folder, and is asked over its socket meanwhile', async () => {
  const data = join(newFolder(), 'a'.repeat(60), 'b'.repeat(60))
  const first = run('serve', '--data', data, '--listen', '127.0.0.1:0', '--json')
  await ready(first)
  expect(first.stderr).toContain('registration is open')
  const second = await finished('serve', '--data', data, '--listen', '127.0.0.1:0', '--lang', 'en')
  expect(second.code).toBe(1)
  expect(second.stderr).toContain('another process uses this data folder')
  const list = await finished('invite', 'list', '--data', data)
  expect(list.code).toBe(0)
  first.process.kill('SIGINT')
  expect(await first.exited).toBe(0)
})

const noFifos = spawnSync('mkfifo', ['--version']).status !== 0

it.skipIf(noFifos)('ends at once when it is told to stop before it is ready', async () => {
  const folder = newFolder()
  const [pipe, data] = [join(folder, 'cert.pem'), join(folder, 'relay')]
  spawnSync('mkfifo', [pipe])
  const serve = run('serve', '--data', data, '--listen', '127.0.0.1:0', '--tls-cert', pipe, '--tls-key', pipe)
  // Opened as soon as the relay reads its certificate, which never comes.
  const certificate = await open(pipe, 'w')
  onTestFinished(() => certificate.close())
  serve.process.kill('SIGTERM')
  await serve.exited
  expect(serve.process.signalCode).toBe('SIGTERM')
})

it('goes on when nobody reads what it says any more', async () => {
  const data = join(newFolder(), 'relay')
  const serve = run(
    'serve',
    '--data',
    data,
    '--listen',
    '127.0.0.1:0',
    '--tls-self',
    '--registration',
    'open',
    '--json',
  )
  const url = await ready(serve)
  serve.process.stderr!.destroy()
  serve.process.stdout!.destroy()
  expect(await talk(url, undefined)).toMatchObject({ type: 'ok', re: 'open-account' })
  expect(await talk(url, undefined)).toMatchObject({ type: 'ok', re: 'open-account' })
  serve.process.kill('SIGTERM')
  await once(serve.process, 'exit')
  expect(serve.process.exitCode).toBe(0)
})
