// A relay that lies over a real socket: what it lists and which logs it shows is up to the test; everything else is the real relay's behind it.
import { once } from 'node:events'
import { decodeClientMessage, decodeRelayMessage, encodeMessage, type RelayMessage } from '@grenier/protocol'
import { WebSocket, WebSocketServer, type RawData } from 'ws'

/** What it says instead. Ids in hex. */
export interface ProxyLies {
  /** Vaults that it keeps to itself. */
  readonly hides?: readonly string[]
  /** Logs that it made up: entries from the genesis on, by vault. */
  readonly plants?: ReadonlyMap<string, readonly Uint8Array[]>
}

/** Stands in front of a relay's port. */
export class LyingProxy {
  lies: ProxyLies = {}
  readonly #server: WebSocketServer
  readonly #target: string

  private constructor(server: WebSocketServer, target: string) {
    this.#server = server
    this.#target = target
    server.on('connection', (client) => this.#connect(client))
  }

  /** Listens in front of the relay at `target`, a URL. */
  static async open(target: string): Promise<LyingProxy> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    return new LyingProxy(server, target)
  }

  /** What clients dial. */
  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return `ws://127.0.0.1:${address.port}`
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connect(client: WebSocket): void {
    const relay = new WebSocket(this.#target)
    const early: Buffer[] = []
    client.on('message', (data) => {
      const frame = bufferOf(data)
      const answer = this.#answer(frame)
      if (answer !== undefined) client.send(encodeMessage(answer))
      else if (relay.readyState === WebSocket.OPEN) relay.send(frame)
      else early.push(frame)
    })
    relay.on('open', () => {
      for (const frame of early.splice(0)) relay.send(frame)
    })
    relay.on('message', (data) => client.send(this.#altered(bufferOf(data))))
    for (const [one, other] of [
      [client, relay],
      [relay, client],
    ] as const) {
      one.on('error', () => undefined)
      one.on('close', () => other.close())
    }
  }

  /** Its own answer to a request about what it made up. */
  #answer(frame: Buffer): RelayMessage | undefined {
    const message = decodeClientMessage(frame)
    if (message.type !== 'entries') return undefined
    const log = this.lies.plants?.get(Buffer.from(message.vault).toString('hex'))
    if (log === undefined) return undefined
    const entries = log.slice(message.from).map((entry, at) => ({ sequence: message.from + at, entry }))
    return { type: 'entries-part', id: message.id, entries, head: log.length - 1, last: true }
  }

  #altered(frame: Buffer): Uint8Array {
    const message = decodeRelayMessage(frame)
    if (message.type !== 'ok' || message.re !== 'vaults') return frame
    const { hides = [], plants = new Map<string, never>() } = this.lies
    const real = message.vaults.map((vault) => Buffer.from(vault).toString('hex'))
    const shown = [...real.filter((vault) => !hides.includes(vault)), ...plants.keys()].sort()
    const vaults = shown.map((vault) => new Uint8Array(Buffer.from(vault, 'hex')))
    return encodeMessage({ ...message, vaults })
  }
}

function bufferOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
