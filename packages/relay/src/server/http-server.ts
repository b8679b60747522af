// The listening half: http or https, WebSocket connections handed to the relay as wires, one line of text for a browser.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Server } from 'node:net'
import { hash, keyedHash, toHex, type Random } from '@grenier/crypto/verify'
import { limits } from '@grenier/protocol'
import { WebSocketServer, type WebSocket } from 'ws'
import type { RelayCore } from '../core/relay-core.ts'
import { RelayError } from '../errors.ts'
import { closeGraceMs, connectionsMax, handshakeTimeoutMs, strangerBytes } from '../limits.ts'
import { WebSocketWire } from './ws-wire.ts'

/** What a server listens with. */
export interface HttpServerOptions {
  readonly core: RelayCore
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** PEM. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
  /** Whether a proxy on this machine stands in front, and names who is behind it. */
  readonly behindProxy: boolean
  readonly random: Random
}

/** A server that listens. */
export interface HttpServer {
  readonly port: number
  /** Takes no more connections. */
  refuseNew(): void
  /** Ends what is still connected; resolves when nothing is. */
  close(): Promise<void>
}

/** Listens. @throws RelayError `listen-failed`, `tls-failed` */
export async function listen(options: HttpServerOptions): Promise<HttpServer> {
  const server = makeServer(options)
  const sockets = new WebSocketServer({
    server,
    path: '/',
    perMessageDeflate: false,
    maxPayload: limits.frameBytes,
    clientTracking: true,
  })
  const nameOf = peerNames(options)
  sockets.on('connection', (socket, request) => {
    request.socket.setNoDelay(true)
    holdStranger(options.core, { socket, request, from: nameOf(request) })
  })
  // Errors of the listening socket come to both; the promise below has them.
  sockets.on('error', () => undefined)
  await listening(server, options)
  const address = server.address()
  let ended: Promise<void> | undefined
  const end = (): Promise<void> => (ended ??= new Promise((resolve) => server.close(() => resolve())))
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    refuseNew: () => void end(),
    async close() {
      sockets.close()
      // Those who do not say goodbye in return are not waited for long.
      const impatient = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
        server.closeAllConnections()
      }, closeGraceMs)
      await end()
      clearTimeout(impatient)
    },
  }
}

function makeServer({ tls }: HttpServerOptions) {
  const http = { headersTimeout: handshakeTimeoutMs, requestTimeout: handshakeTimeoutMs }
  const server = tls === undefined ? createServer(http, greet) : secureServer(tls, http)
  server.maxConnections = connectionsMax + 100
  return server
}

function secureServer(tls: { key: string; cert: string }, http: object) {
  try {
    return createSecureServer({ ...http, ...tls, handshakeTimeout: handshakeTimeoutMs }, greet)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown'
    throw new RelayError('tls-failed', reason, { cause })
  }
}

function greet(request: IncomingMessage, response: ServerResponse): void {
  const found = request.url === '/' && (request.method === 'GET' || request.method === 'HEAD')
  response.writeHead(found ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
  response.end(found ? 'A Grenier relay: it keeps what it cannot read.\n' : 'Not here.\n')
}

// ws knows one limit for frames; until the login, the bytes of the connection are counted as well.
function holdStranger(
  core: RelayCore,
  peer: { socket: WebSocket; request: IncomingMessage; from: string },
): void {
  const { socket } = peer.request
  const connected = core.connect(new WebSocketWire(peer.socket, socket), peer.from)
  const count = (): void => {
    if (connected.known) socket.off('data', count)
    else if (socket.bytesRead > strangerBytes) peer.socket.terminate()
  }
  socket.on('data', count)
}

// Names live as long as the process and cannot be turned back into addresses without its memory.
function peerNames({ random, behindProxy }: HttpServerOptions): (request: IncomingMessage) => string {
  const key = hash('grenier/v1/peer-key', random.bytes(32))
  return (request) => {
    const near = request.socket.remoteAddress ?? ''
    const loopback = near === '::1' || near.replace('::ffff:', '').startsWith('127.')
    const far = behindProxy && loopback ? lastForwarded(request) : undefined
    // Who sits at this machine guesses nothing over the network.
    if (loopback && far === undefined) return ''
    const name = new TextEncoder().encode(networkOf(far ?? near))
    return toHex(keyedHash(key, 'grenier/v1/peer-name', name)).slice(0, 32)
  }
}

// Only the last one was written by the proxy in front; those before it are what the client says.
function lastForwarded(request: IncomingMessage): string | undefined {
  const header = request.headers['x-forwarded-for']
  const text = typeof header === 'string' ? header : header?.at(-1)
  const last = text?.split(',').at(-1)?.trim()
  return last === '' ? undefined : last
}

// One household has a whole /64 of IPv6.
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  if (!plain.includes(':')) return plain
  const [front = ''] = plain.split('::')
  return front.split(':').slice(0, 4).join(':')
}

async function listening(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const data = { listen: `${host}:${port}`, reason: cause.code ?? cause.message }
      reject(new RelayError('listen-failed', cause.message, { cause, data }))
    })
    server.listen(port, host, resolve)
  })
}
