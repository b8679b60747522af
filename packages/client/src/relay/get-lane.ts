// Packs on their way from the relay: each get is given credit piece by piece under one window, so that small gets and other answers
// are not kept waiting behind large ones.
import type { PackId, VaultId } from '@grenier/crypto'
import {
  bulkFrameBytes,
  limits,
  ProtocolError,
  type RelayAnswer,
  type RelayMessageOf,
} from '@grenier/protocol'
import type { Clock } from '../clock.ts'
import type { ClientError } from '../errors.ts'
import { freshBytes } from '../fresh-bytes.ts'
import { FlowWindow } from './flow-window.ts'
import type { Link } from './link.ts'
import { refused } from './relay-failure.ts'
import { Turns, type Turn } from './turns.ts'

/** Frames with so many bytes are given back by hand. */
const largeBytes = 16 * 1024

/** Which bytes of which pack. */
export interface PackRange {
  readonly pack: PackId
  readonly offset: number
  readonly length: number
}

// A class, as `Put` is.
class Get implements Turn {
  readonly vault: VaultId
  readonly range: PackRange
  readonly done = Promise.withResolvers<Uint8Array | undefined>()
  /** Made when the first bytes are there: a queue of gets costs nothing. */
  bytes: Uint8Array = new Uint8Array(0)
  /** 0 until the `get` was sent. */
  id = 0
  grantedBytes = 0
  receivedBytes = 0
  readonly #mayOpen: () => boolean

  constructor(vault: VaultId, range: PackRange, mayOpen: () => boolean) {
    this.vault = vault
    this.range = range
    this.#mayOpen = mayOpen
  }

  get leftBytes(): number {
    return this.range.length - this.grantedBytes
  }

  get ready(): boolean {
    return this.leftBytes > 0 && (this.id !== 0 || this.#mayOpen())
  }
}

/** All gets of one session. */
export class GetLane {
  private readonly link: Link
  private readonly window: FlowWindow
  private readonly turns = new Turns()
  private readonly gets = new Set<Get>()
  private openGets = 0

  constructor(options: { link: Link; clock: Clock }) {
    this.link = options.link
    this.window = new FlowWindow(options.clock)
    this.link.onEnd((error) => this.fail(error))
  }

  /** Exactly the bytes asked for; undefined when the relay lacks the pack. */
  get(vault: VaultId, range: PackRange): Promise<Uint8Array | undefined> {
    if (this.link.failure !== undefined) return Promise.reject(this.link.failure)
    const get = new Get(vault, range, () => this.openGets < limits.openGets)
    this.gets.add(get)
    this.pump()
    return get.done.promise
  }

  private pump(): void {
    while (this.link.isOpen) {
      const get = this.turns.next(this.gets)
      if (get === undefined) {
        this.window.idle()
        return
      }
      // As much as the window bears: a message for each frame costs either side as much as the frame.
      const creditBytes = this.window.creditBytes(get.leftBytes)
      if (creditBytes === 0) return
      this.grant(get, creditBytes)
    }
  }

  private grant(get: Get, bytes: number): void {
    get.grantedBytes += bytes
    this.window.began(bytes)
    if (get.id !== 0) {
      this.link.send({ type: 'more', id: get.id, bytes })
      return
    }
    this.openGets += 1
    const { vault, range } = get
    get.id = this.link.requestNow((id) => ({ type: 'get', id, vault, ...range, creditBytes: bytes }), {
      take: (answer) => this.take(get, answer),
      fail: (error) => this.close(get, () => get.done.reject(error)),
    })
  }

  private take(get: Get, answer: RelayAnswer): boolean {
    if (answer.type === 'error') {
      if (answer.code === 'pack-missing') this.close(get, () => get.done.resolve(undefined))
      else this.close(get, () => get.done.reject(refused(answer)))
    } else if (answer.type === 'data') this.data(get, answer)
    else throw new ProtocolError('malformed', 'this does not answer get')
    const ended = !this.gets.has(get)
    this.pump()
    return ended
  }

  private data(get: Get, data: RelayMessageOf<'data'>): void {
    const end = get.receivedBytes + data.bytes.length
    if (data.offset !== get.range.offset + get.receivedBytes || end > get.grantedBytes)
      throw new ProtocolError('malformed', 'data that was not asked for')
    // Not zeroed: it is given to nobody before all of it has come.
    if (get.bytes.length === 0) get.bytes = freshBytes(get.range.length)
    get.bytes.set(data.bytes, get.receivedBytes)
    get.receivedBytes = end
    this.window.arrived(data.bytes.length)
    letGo(data)
    if (end === get.range.length) this.close(get, () => get.done.resolve(get.bytes))
  }

  private close(get: Get, settle: () => void): void {
    this.gets.delete(get)
    if (get.id !== 0) this.openGets -= 1
    this.window.withdrew(get.grantedBytes - get.receivedBytes)
    settle()
  }

  private fail(error: ClientError): void {
    for (const get of this.gets) get.done.reject(error)
    this.gets.clear()
  }
}

/**
 * Gives the memory of a frame back: its bytes were copied to their place, and V8 would count them against the heap until it collects, which such
 * frames alone made it do again and again. One that came in one read shares its buffer with others, and stays as it is.
 */
function letGo({ bytes: { buffer, length } }: RelayMessageOf<'data'>): void {
  const isAlone =
    buffer instanceof ArrayBuffer && buffer.byteLength <= length + bulkFrameBytes - limits.partBytes
  if (isAlone && length >= largeBytes) buffer.transfer(0)
}
