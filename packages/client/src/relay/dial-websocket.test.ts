// The same contract over a real WebSocket on loopback, and what only a real one has: certificates, pins, strangers.
import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limits, parseRelayUrl, pinText, type Wire } from '@grenier/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { dialWebSocket } from './dial-websocket.ts'
import { bytes, connected, pack, sessionContract, vault, type Dialled } from './session.contract.ts'

const ended: (() => void)[] = []
afterAll(() => ended.forEach((end) => end()))

/** The relay's end of a WebSocket, as the scripted relay wants it. */
function relayWire(socket: WebSocket): Wire {
  const early: Uint8Array[] = []
  let listener: ((frame: Uint8Array) => void) | undefined
  socket.on('message', (data: Buffer) => (listener === undefined ? early.push(data) : listener(data)))
  return {
    send: (frame) => socket.send(frame),
    get bufferedBytes() {
      return socket.bufferedAmount
    },
    onFrame: (take) => {
      listener = take
      early.splice(0).forEach(take)
    },
    onDrain: () => undefined,
    onClose: (closed) => socket.on('close', () => closed()),
    close: (code, reason) => socket.close(code, reason),
  }
}

const listening = async (server: Server | ReturnType<typeof createHttp>): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  ended.push(() => server.close())
  return (server.address() as AddressInfo).port
}

const accepted = (server: WebSocketServer): Promise<Wire> =>
  new Promise((resolve) => server.once('connection', (socket) => resolve(relayWire(socket))))

async function dial(): Promise<Dialled> {
  const http = createHttp()
  const server = new WebSocketServer({
    server: http,
    perMessageDeflate: false,
    maxPayload: limits.frameBytes,
  })
  const port = await listening(http)
  const relay = accepted(server)
  return [await dialWebSocket(parseRelayUrl(`ws://localhost:${port}`)), await relay]
}

sessionContract('a WebSocket', dial)

/** A self-made certificate for `localhost`, and the pin of its key. */
function selfMade(): { key: Buffer; cert: Buffer; pin: Uint8Array } {
  const folder = mkdtempSync(join(tmpdir(), 'grenier-tls-'))
  const file = (name: string) => join(folder, name)
  try {
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const files = ['-keyout', file('key'), '-out', file('cert'), '-subj', '/CN=localhost', '-days', '2']
    execFileSync('openssl', [...made, ...files], { stdio: 'ignore' })
    const key = readFileSync(file('key'))
    const spki = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' })
    return {
      key,
      cert: readFileSync(file('cert')),
      pin: new Uint8Array(createHash('sha256').update(spki).digest()),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('a relay with a self-made certificate', () => {
  const certificate = selfMade()

  async function serve(): Promise<{ port: number; server: WebSocketServer; upgrades: () => number }> {
    const https = createHttps({ key: certificate.key, cert: certificate.cert })
    let upgrades = 0
    https.on('upgrade', () => upgrades++)
    const server = new WebSocketServer({ server: https })
    return { port: await listening(https), server, upgrades: () => upgrades }
  }

  it('is reached with its pin, and carries packs', async () => {
    const { port, server } = await serve()
    const relay = accepted(server)
    const wire = await dialWebSocket(parseRelayUrl(`wss://localhost:${port}#${pinText(certificate.pin)}`))
    const other = await relay
    const { session } = await connected(() => Promise.resolve([wire, other]))
    await session.put(vault, pack(300_000, 1))
    await session.close()
  })

  it('is refused with another pin, before anything is said', async () => {
    const { port, upgrades } = await serve()
    const wrong = parseRelayUrl(`wss://localhost:${port}#${pinText(bytes(32, 1))}`)
    await expect(dialWebSocket(wrong)).rejects.toMatchObject({
      code: 'relay-unreachable',
      retryable: false,
      data: { reason: 'pin' },
    })
    expect(upgrades()).toBe(0)
  })

  it('is refused without a pin, before anything is said', async () => {
    const { port, upgrades } = await serve()
    await expect(dialWebSocket(parseRelayUrl(`wss://localhost:${port}`))).rejects.toMatchObject({
      code: 'relay-unreachable',
      retryable: false,
      data: { reason: 'certificate' },
    })
    expect(upgrades()).toBe(0)
  })
})

describe('what is no relay', () => {
  it('is told apart: nothing there, another server, a server that redirects', async () => {
    const http = createHttp((_request, response) =>
      response.writeHead(302, { location: 'https://elsewhere.example' }).end(),
    )
    const port = await listening(http)
    await expect(dialWebSocket(parseRelayUrl(`ws://localhost:${port}`))).rejects.toMatchObject({
      data: { reason: 'http' },
    })
    await new Promise((resolve) => http.close(resolve))
    await expect(dialWebSocket(parseRelayUrl(`ws://localhost:${port}`))).rejects.toMatchObject({
      code: 'relay-unreachable',
      retryable: true,
      data: { reason: 'network' },
    })
  })

  it.each([
    ['a frame that is too large', (socket: WebSocket) => socket.send(Buffer.alloc(limits.frameBytes + 1))],
    ['text', (socket: WebSocket) => socket.send('hello')],
    ['a broken connection', (socket: WebSocket) => socket.terminate()],
  ])('ends the wire at %s', async (_, say) => {
    const http = createHttp()
    const server = new WebSocketServer({ server: http })
    const port = await listening(http)
    server.on('connection', say)
    const wire = await dialWebSocket(parseRelayUrl(`ws://localhost:${port}`))
    const frames: Uint8Array[] = []
    wire.onFrame((frame) => frames.push(frame))
    await new Promise((resolve) => wire.onClose(resolve))
    expect(frames).toEqual([])
  })
})
