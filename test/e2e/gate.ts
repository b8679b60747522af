// Between clients and a relay: a plain TCP proxy that lets so many bytes of the relay's through, and holds back the rest until it is opened, as a line that says
// nothing any more: what comes over it cannot come to its end, however fast the machine is and however often it is dialled anew.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A gate in front of a port of loopback. */
export class Gate {
  /** Bytes from the relay that pass from now on, on all connections together. */
  passes = Number.POSITIVE_INFINITY
  readonly #server: Server
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  readonly #held = new Set<() => void>()

  private constructor(server: Server, target: number) {
    this.#server = server
    this.#target = target
    server.on('connection', (client) => this.#connect(client))
  }

  /** Listens in front of `target`. */
  static async before(target: number): Promise<Gate> {
    const server = createServer()
    const gate = new Gate(server, target)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return gate
  }

  /** What clients dial. */
  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the gate does not listen')
    return `ws://127.0.0.1:${address.port}`
  }

  /** All passes, also what was held back. */
  open(): void {
    this.passes = Number.POSITIVE_INFINITY
    for (const release of this.#held) release()
    this.#held.clear()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connect(client: Socket): void {
    const relay = connect(this.#target, '127.0.0.1')
    const release = (): void => void relay.resume()
    this.#held.add(release)
    for (const [socket, other] of [
      [client, relay],
      [relay, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        this.#held.delete(release)
        other.destroySoon()
      })
      socket.on('end', () => other.end())
      other.on('drain', () => {
        if (socket === client || this.passes > 0) socket.resume()
      })
    }
    client.on('data', (data: Buffer) => {
      if (!relay.write(data)) client.pause()
    })
    relay.on('data', (data: Buffer) => {
      const piece = data.subarray(0, Math.min(this.passes, data.length))
      this.passes -= piece.length
      if (!client.write(piece) || this.passes === 0) relay.pause()
      if (piece.length < data.length) relay.unshift(data.subarray(piece.length))
    })
  }
}
