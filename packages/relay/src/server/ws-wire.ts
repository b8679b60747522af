// A Wire over one WebSocket of the `ws` library: the only file that knows how it sends, and what it says when it is done.
import { OneWrite, type Corkable, type Wire } from '@grenier/protocol'
import type { RawData, WebSocket } from 'ws'

const closeUnsupported = 1003
/** What a close frame has room for (RFC 6455 §5.5). */
const reasonBytesMax = 123

/** Frames from this size on are let go of by hand. */
const largeBytes = 16 * 1024

/** The relay's end of a WebSocket. Nothing of a frame is kept when its listener has returned. */
export class WebSocketWire implements Wire {
  readonly #socket: WebSocket
  readonly #oneWrite: OneWrite
  #frame: ((frame: Uint8Array) => void) | undefined
  #early: Uint8Array[] = []
  #drain: (() => void) | undefined
  #close: ((reason?: string) => void) | undefined
  #ended: { reason: string | undefined } | undefined

  /** `stream`: what the WebSocket writes to. */
  constructor(socket: WebSocket, stream: Corkable) {
    this.#socket = socket
    this.#oneWrite = new OneWrite(stream, (release) => process.nextTick(release))
    socket.binaryType = 'nodebuffer'
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('close', (code, reason) => this.#finish(reason.toString('utf8') || `closed with code ${code}`))
    // A frame that breaks WebSocket, or a broken connection: `close` follows and says so.
    socket.on('error', () => undefined)
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  send(frame: Uint8Array, sent?: () => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#oneWrite.hold(frame.length)
    this.#socket.send(frame, { binary: true }, (error) => {
      // After a failure nobody knows who still looks at these bytes.
      if (!(error instanceof Error)) sent?.()
      this.#drain?.()
    })
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#frame = listener
    const early = this.#early
    this.#early = []
    if (early.length === 0) return
    queueMicrotask(() => {
      for (const frame of early) this.#frame?.(frame)
    })
  }

  onDrain(listener: () => void): void {
    this.#drain = listener
  }

  onClose(listener: (reason?: string) => void): void {
    this.#close = listener
    const ended = this.#ended
    if (ended !== undefined) queueMicrotask(() => listener(ended.reason))
  }

  close(code?: number, reason?: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.close(
      code,
      reason === undefined ? undefined : Buffer.from(reason).subarray(0, reasonBytesMax),
    )
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (!isBinary || !(data instanceof Uint8Array)) {
      this.close(closeUnsupported, 'binary frames only')
      return
    }
    if (this.#frame === undefined) {
      this.#early.push(data)
      return
    }
    this.#frame(data)
    letGo(data)
  }

  #finish(reason: string): void {
    if (this.#ended !== undefined) return
    this.#ended = { reason }
    this.#close?.(reason)
  }
}

/**
 * Gives the memory of a frame back at once. Left to the collector, the memory of bulk frames alone makes it run so often that it takes as
 * much of the processor as all the rest. `ws` makes a buffer for a frame that it was not sent in one piece; what shares its buffer
 * with others stays as it is.
 */
function letGo({ buffer, length }: Uint8Array): void {
  if (length >= largeBytes && length === buffer.byteLength && buffer instanceof ArrayBuffer)
    buffer.transfer(0)
}
