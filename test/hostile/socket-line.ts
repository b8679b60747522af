// Lines that are real sockets: what a client dials is a WebSocket on loopback, over the client's own dialling code and the relay's own wire, and
// behind it stands whatever the test puts there. Time of a simulated world waits while a frame is under way on one.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dialWebSocket } from '@grenier/client'
import { limits, parseRelayUrl, type Wire } from '@grenier/protocol'
import { WebSocketServer } from 'ws'
import { WebSocketWire } from '../../packages/relay/src/server/ws-wire.ts'

/** What is under way on one connection: frames, a greeting or a goodbye that the other end has not heard yet. */
class UnderWay {
  frames = 0
  changed: () => void = () => undefined
  /** An end that said goodbye: what comes to it is nobody's. */
  closed = false

  add(count: number): void {
    this.frames = Math.max(0, this.frames + count)
    this.changed()
  }

  /** Nothing is any more. */
  end(): void {
    this.closed = true
    this.frames = 0
    this.changed()
  }
}

interface Expected {
  readonly upstream: Wire
  readonly underWay: UnderWay
}

/** The sockets of one world. One server does for all worlds of a process. */
export class SocketLines {
  readonly #open = new Set<UnderWay>()
  #heard: (() => void)[] = []
  #dialling: Promise<unknown> = Promise.resolve()

  /** The client's end of a new socket; the other end is piped into `upstream`. */
  async dial(upstream: Wire): Promise<Wire> {
    const underWay = new UnderWay()
    underWay.changed = () => this.#changed(underWay)
    underWay.add(1)
    const dialled = this.#dialling.then(async () => {
      const port = await server()
      expected = { upstream, underWay }
      return await dialWebSocket(parseRelayUrl(`ws://127.0.0.1:${port}`))
    })
    this.#dialling = dialled.catch(() => undefined)
    return counted(await dialled, underWay)
  }

  /** Resolves when something happened on a socket; undefined while nothing is under way on any. */
  readonly underWay = (): Promise<void> | undefined => {
    if (this.#open.size === 0) return undefined
    return new Promise((resolve) => void this.#heard.push(resolve))
  }

  #changed(one: UnderWay): void {
    if (one.frames > 0) this.#open.add(one)
    else this.#open.delete(one)
    for (const heard of this.#heard.splice(0)) heard()
  }
}

let expected: Expected | undefined
let listening: Promise<number> | undefined

/** The port of the server. It keeps no process alive. */
function server(): Promise<number> {
  listening ??= new Promise((resolve) => {
    const http = createServer()
    const sockets = new WebSocketServer({
      server: http,
      perMessageDeflate: false,
      maxPayload: limits.frameBytes,
    })
    sockets.on('connection', (socket, request) => {
      const line = expected
      expected = undefined
      if (line === undefined) socket.terminate()
      else pipe(new WebSocketWire(socket, request.socket), line)
    })
    http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port)).unref()
  })
  return listening
}

/** What comes from the client goes upstream, and back. */
function pipe(wire: WebSocketWire, { upstream, underWay }: Expected): void {
  let isOver = false
  wire.onFrame((frame) => {
    // The memory of a frame is taken back when this returns.
    if (!isOver) upstream.send(new Uint8Array(frame))
    underWay.add(-1)
  })
  upstream.onFrame((frame) => {
    if (isOver) return
    underWay.add(1)
    wire.send(frame)
  })
  upstream.onClose((reason) => {
    if (isOver) return
    isOver = true
    underWay.add(1)
    wire.close(1001, reason)
  })
  wire.onClose(() => {
    if (!isOver) upstream.close()
    isOver = true
    underWay.end()
  })
}

/** The client's end, whose frames are counted. */
function counted(wire: Wire, underWay: UnderWay): Wire {
  underWay.add(-1)
  return {
    get bufferedBytes() {
      return wire.bufferedBytes
    },
    send: (frame) => {
      if (!underWay.closed) underWay.add(1)
      wire.send(frame)
    },
    onFrame: (listener) =>
      wire.onFrame((frame) => {
        listener(frame)
        underWay.add(-1)
      }),
    onDrain: (listener) => wire.onDrain(listener),
    onClose: (listener) =>
      wire.onClose((reason) => {
        listener(reason)
        underWay.end()
      }),
    close: (code, reason) => {
      if (!underWay.closed) underWay.add(1)
      wire.close(code, reason)
    },
  }
}
