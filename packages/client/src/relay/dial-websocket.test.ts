// The same contract over a real WebSocket on loopback, and what only a real one meets. Certificates and pins: test/tls-pin.test.ts.
import { createServer as createHttp } from 'node:http'
import type { AddressInfo } from 'node:net'
import { limits, parseRelayUrl, type Wire } from '@grenier/protocol'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { dialWebSocket } from './dial-websocket.ts'
import { sessionContract, type Dialled } from './session.contract.ts'

const collected = vi.hoisted(() => ({ bytes: 0 }))
vi.mock('../young-garbage.ts', () => ({
  youngCollector: () => (bytes: number) => {
    collected.bytes += bytes
  },
}))

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

const listening = async (server: ReturnType<typeof createHttp>): Promise<number> => {
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

describe('what came', () => {
  it('counts for the collector, of frames too whose memory somebody gave back', async () => {
    const [wire, relay] = await dial()
    const before = collected.bytes
    let frames = 0
    const all = new Promise<void>((resolve) => {
      wire.onFrame(({ buffer }) => {
        if (buffer instanceof ArrayBuffer && buffer.byteLength === 65_536) buffer.transfer(0)
        frames += 1
        if (frames === 40) resolve()
      })
    })
    for (let count = 0; count < 40; count += 1) relay.send(Buffer.alloc(65_536, count))
    await all
    expect(collected.bytes - before).toBe(40 * 65_536)
    wire.close()
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
