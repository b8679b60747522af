// The relay's end of a real WebSocket: frames come whole, and memory is let go of only when nobody needs it any more.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { packBytes } from '../store/store-samples.contract.ts'
import { WebSocketWire } from './ws-wire.ts'

async function pair(): Promise<{ wire: WebSocketWire; client: WebSocket }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  onTestFinished(() => {
    server.close()
  })
  await once(server, 'listening')
  const connected = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => client.terminate())
  const [[socket, request]] = await Promise.all([connected, once(client, 'open')])
  return { wire: new WebSocketWire(socket, request.socket), client }
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
// Small ones share a buffer with their neighbours; large ones are in one of their own.
const frames = [1, 100, 5000, 16_384, 20_000, 65_590, 65_536, 200_000, 3].flatMap((sizeBytes) =>
  Array.from({ length: 12 }, (_, at) => packBytes(`frame ${at}`, sizeBytes)),
)

it('hands over every frame whole, also those that came before there was a listener', async () => {
  const { wire, client } = await pair()
  for (const frame of frames.slice(0, 40)) client.send(frame)
  await new Promise((resolve) => client.ping(undefined, undefined, resolve))
  const heard: string[] = []
  await new Promise<void>((done) => {
    wire.onFrame((frame) => {
      heard.push(hashOf(frame))
      if (heard.length === frames.length) done()
    })
    for (const frame of frames.slice(40)) client.send(frame)
  })
  expect(heard).toEqual(frames.map(hashOf))
})

it('says when the memory of a frame may be used again', async () => {
  const { wire, client } = await pair()
  const heard: string[] = []
  const all = new Promise<void>((done) => {
    client.on('message', (data: Buffer) => {
      heard.push(hashOf(data))
      if (heard.length === frames.length) done()
    })
  })
  const free = Array.from({ length: 3 }, () => new Uint8Array(200_000))
  for (const frame of frames) {
    while (free.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const memory = free.pop()!
    memory.set(frame)
    wire.send(memory.subarray(0, frame.length), () => free.push(memory.fill(0)))
  }
  await all
  expect(heard).toEqual(frames.map(hashOf))
})

it('does not say so of what never left', async () => {
  const { wire, client } = await pair()
  client.terminate()
  await new Promise<void>((closed) => wire.onClose(() => closed()))
  let sent = false
  wire.send(new Uint8Array(10), () => (sent = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(sent).toBe(false)
})
