// A wire over a WebSocket: the one file of the client that knows `ws`, TLS and pins.
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Agent, type RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import { limits, OneWrite, parseRelayUrl, type RelayUrl, type Wire } from '@grenier/protocol'
import { WebSocket } from 'ws'
import type { ClientError } from '../errors.ts'
import { youngCollector } from '../young-garbage.ts'
import { unreachable } from './relay-failure.ts'

/** `bufferedBytes` at which more is asked for: the socket never runs dry between two parts. */
const drainBytes = 256 * 1024
/** What was read is collected each time that a pack of what does not compress has come. */
const collectBytes = 4 << 20
/** How long the other side may take to close: what was sent before still leaves. */
const closeMs = 2000

type Connected = (error: Error | null, socket: Duplex) => void

class PinMismatch extends Error {}

/**
 * Connects to a relay. With a pin, the certificate's public key must be the pinned one, and no authority is asked; without, the
 * certificate must be one that the system trusts. Never compresses, never follows a redirect.
 * @throws ClientError `relay-unreachable` with `data.reason` network, http, certificate, pin or timeout.
 */
export function dialWebSocket(address: RelayUrl): Promise<Wire> {
  // Once more, whoever made the value: `ws:` leaves this machine from nowhere else.
  const url = parseRelayUrl(address.text)
  const socket = new WebSocket(url.url, {
    perMessageDeflate: false,
    maxPayload: limits.frameBytes,
    handshakeTimeout: limits.loginMs,
    followRedirects: false,
    generateMask: noMask,
    ...(url.pin === undefined ? {} : { agent: new PinnedAgent(url.pin) }),
  })
  const wire = new WebSocketWire(socket)
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(wire))
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      reject(unreachable('http', `status ${response.statusCode ?? 0}`))
      socket.terminate()
    })
    socket.once('error', (error) => reject(whyNot(error)))
  })
}

/**
 * A mask keeps pages in a browser from writing what an old proxy takes for a request. Here no page writes, and no proxy reads: it is TLS or
 * this very machine. Zeros spare a copy and a pass over all that is sent, and another at the relay (decision 033).
 */
function noMask(mask: Buffer): void {
  mask.fill(0)
}

class WebSocketWire implements Wire {
  private readonly socket: WebSocket
  private readonly early: Uint8Array[] = []
  private frame: ((frame: Uint8Array) => void) | undefined
  private drain: (() => void) | undefined
  private closeListener: ((reason?: string) => void) | undefined
  private ended: { reason: string } | undefined
  private oneWrite: OneWrite | undefined
  private readonly cameFrame = youngCollector(collectBytes)

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('upgrade', (response: IncomingMessage) => {
      this.oneWrite = new OneWrite(response.socket, (release) => process.nextTick(release))
    })
    socket.binaryType = 'nodebuffer'
    socket.on('message', (data: Buffer, isBinary: boolean) => this.take(data, isBinary))
    socket.on('close', (code: number, reason: Buffer) => this.finish(code, reason.toString()))
    // What went wrong shows in `close`, which always follows; unheard, it would end the process.
    socket.on('error', () => undefined)
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount
  }

  send(frame: Uint8Array, sent?: () => void): void {
    if (this.socket.readyState !== WebSocket.OPEN) return
    this.oneWrite?.hold(frame.length)
    this.socket.send(frame, (error) => {
      if (!(error instanceof Error)) sent?.()
      if (this.socket.bufferedAmount <= drainBytes) this.drain?.()
    })
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.frame = listener
    queueMicrotask(() => {
      for (const frame of this.early.splice(0)) this.frame?.(frame)
    })
  }

  onDrain(listener: () => void): void {
    this.drain = listener
  }

  onClose(listener: (reason?: string) => void): void {
    this.closeListener = listener
    const { ended } = this
    if (ended !== undefined) queueMicrotask(() => listener(ended.reason))
  }

  close(code = 1000, reason = ''): void {
    this.socket.close(code, reason)
    // A dead peer never says goodbye; nobody waits for it at the end of a command.
    setTimeout(() => this.socket.terminate(), closeMs).unref()
  }

  private take(data: Buffer, isBinary: boolean): void {
    if (!isBinary) this.socket.close(1003, 'binary frames only')
    else if (this.frame === undefined || this.early.length > 0) this.early.push(data)
    else {
      // Whoever takes a large one may give its memory back: then it has no length any more.
      const { length } = data
      this.frame(data)
      this.cameFrame(length)
    }
  }

  private finish(code: number, reason: string): void {
    this.ended = { reason: reason === '' ? `code ${code}` : reason }
    this.closeListener?.(this.ended.reason)
  }
}

/** Hands a TLS socket on only when the certificate's key has this SHA-256: before that nothing is sent on it. */
class PinnedAgent extends Agent {
  private readonly pin: Uint8Array

  constructor(pin: Uint8Array) {
    super({ keepAlive: false })
    this.pin = pin
  }

  override createConnection(options: RequestOptions, connected: Connected = () => undefined): undefined {
    const host = options.host ?? 'localhost'
    const socket = connect({
      host,
      port: Number(options.port ?? 443),
      servername: isIP(host) === 0 ? host : '',
      ALPNProtocols: ['http/1.1'],
      // The pin takes the authorities' place: self-made certificates are what it is for.
      rejectUnauthorized: false,
      timeout: limits.loginMs,
    })
    socket.once('error', (error: Error) => connected(error, socket))
    socket.once('timeout', () => socket.destroy(new Error('the TLS handshake timed out')))
    socket.once('secureConnect', () => {
      socket.setTimeout(0)
      if (hasKey(socket, this.pin)) connected(null, socket)
      else socket.destroy(new PinMismatch('the certificate has another key than the URL pins'))
    })
  }
}

function hasKey(socket: TLSSocket, pin: Uint8Array): boolean {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' })
  return key !== undefined && createHash('sha256').update(key).digest().equals(pin)
}

const certificateCodes = /^(?:ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_SSL_)/

function whyNot(error: Error & { code?: string }): ClientError {
  if (error instanceof PinMismatch) return unreachable('pin', error)
  if (certificateCodes.test(error.code ?? '')) return unreachable('certificate', error)
  return unreachable(error.message.includes('timed out') ? 'timeout' : 'network', error)
}
