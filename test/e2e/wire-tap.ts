// Between clients and a relay: a plain TCP proxy that sees what a capture of the wire would show, keeps it where asked, and understands the
// frames on the way. It outlives the relay behind it, so that clients always dial one address.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import {
  decodeClientMessage,
  decodeRelayMessage,
  type ClientMessage,
  type RelayMessage,
} from '@grenier/protocol'

/** One message that went over the wire. `connection`: counts from 0. */
export type Tapped =
  | { readonly from: 'client'; readonly connection: number; readonly message: ClientMessage }
  | { readonly from: 'relay'; readonly connection: number; readonly message: RelayMessage }

/** Bytes of one direction of one connection: as they went, and frames without the mask. */
interface Captured {
  readonly raw: Buffer[]
  readonly unmasked: Buffer[]
}

/** A tap in front of a port of loopback. */
export class WireTap {
  readonly #server: Server
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  readonly #captures: Captured[] = []
  readonly #keepsBytes: boolean
  readonly #listeners = new Set<(tapped: Tapped) => void>()
  #connections = 0

  private constructor(server: Server, target: number, keepsBytes: boolean) {
    this.#server = server
    this.#target = target
    this.#keepsBytes = keepsBytes
    server.on('connection', (client) => this.#connect(client))
  }

  /** Listens in front of `target`. `keepsBytes`: everything is kept in memory, to be searched. */
  static async open(target: number, options: { keepsBytes: boolean }): Promise<WireTap> {
    const server = createServer()
    const tap = new WireTap(server, target, options.keepsBytes)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return tap
  }

  /** What clients dial. */
  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the tap does not listen')
    return `ws://127.0.0.1:${address.port}`
  }

  /** Everything that went over the wire so far, each direction of each connection as it went and unmasked. */
  get captured(): Buffer[] {
    return this.#captures.flatMap(({ raw, unmasked }) => [Buffer.concat(raw), Buffer.concat(unmasked)])
  }

  /** Told of each message as it passes, before it is handed on; returns how to stop it. */
  onMessage(listener: (tapped: Tapped) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connect(client: Socket): void {
    const connection = this.#connections++
    const relay = connect(this.#target, '127.0.0.1')
    for (const [socket, other] of [
      [client, relay],
      [relay, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        // What was still under way when a process was killed is lost on a real wire, too.
        other.destroySoon()
      })
    }
    this.#pass(client, relay, (payload) => {
      this.#tell({ from: 'client', connection, message: decodeClientMessage(payload) })
    })
    this.#pass(relay, client, (payload) => {
      this.#tell({ from: 'relay', connection, message: decodeRelayMessage(payload) })
    })
  }

  #pass(source: Socket, target: Socket, take: (payload: Uint8Array) => void): void {
    const captured: Captured = { raw: [], unmasked: [] }
    if (this.#keepsBytes) this.#captures.push(captured)
    const frames = new FrameReader((opcode, payload) => {
      if (this.#keepsBytes) captured.unmasked.push(payload)
      if (opcode === binaryOpcode) take(payload)
    })
    source.on('data', (data: Buffer) => {
      if (this.#keepsBytes) captured.raw.push(data)
      frames.take(data)
      if (!target.write(data)) source.pause()
    })
    target.on('drain', () => source.resume())
    source.on('end', () => target.end())
  }

  #tell(tapped: Tapped): void {
    for (const listener of [...this.#listeners]) listener(tapped)
  }
}

const binaryOpcode = 2
const endOfHttp = Buffer.from('\r\n\r\n')

/** Frames of one direction (RFC 6455 §5.2), after the HTTP that opens it. Neither fragments nor extensions: neither side uses them. */
class FrameReader {
  readonly #frame: (opcode: number, payload: Buffer) => void
  #rest: Buffer = Buffer.alloc(0)
  #inHttp = true

  constructor(frame: (opcode: number, payload: Buffer) => void) {
    this.#frame = frame
  }

  take(data: Buffer): void {
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    if (this.#inHttp) {
      const end = this.#rest.indexOf(endOfHttp)
      if (end < 0) return
      this.#rest = this.#rest.subarray(end + endOfHttp.length)
      this.#inHttp = false
    }
    for (let taken = this.#next(); taken > 0; taken = this.#next()) this.#rest = this.#rest.subarray(taken)
  }

  /** Bytes of the frame in front; 0 when it is not whole yet. */
  #next(): number {
    const rest = this.#rest
    if (rest.length < 2) return 0
    const [first = 0, second = 0] = rest
    if ((first & 0xf0) !== 0x80) throw new Error(`a frame with first byte ${first.toString(16)}`)
    const short = second & 0x7f
    const lengthAt = 2
    const maskAt = lengthAt + (short === 126 ? 2 : short === 127 ? 8 : 0)
    const payloadAt = maskAt + ((second & 0x80) === 0 ? 0 : 4)
    if (rest.length < payloadAt) return 0
    const length =
      short === 126
        ? rest.readUInt16BE(lengthAt)
        : short === 127
          ? Number(rest.readBigUInt64BE(lengthAt))
          : short
    if (rest.length < payloadAt + length) return 0
    const payload = Buffer.from(rest.subarray(payloadAt, payloadAt + length))
    if (payloadAt > maskAt) unmask(payload, rest.subarray(maskAt, payloadAt))
    this.#frame(first & 0x0f, payload)
    return payloadAt + length
  }
}

function unmask(payload: Buffer, mask: Uint8Array): void {
  for (let at = 0; at < payload.length; at += 1) payload[at]! ^= mask[at & 3]!
}
