// A client for tests: says exactly what it is told, over the wire in memory, and keeps what it heard. It judges nothing.
import {
  certifyDevice,
  encodeCertificate,
  encodeChange,
  identityFromEntropy,
  makeChange,
  makeDevice,
  makeGenesis,
  packIdOf,
  payloadKeyOf,
  publicIdentity,
  publicDevice,
  sealPayload,
  sign,
  type Device,
  type Entry,
  type Identity,
  type LogState,
  type PackId,
  type Random,
  type SigningPair,
  type VaultId,
} from '@grenier/crypto'
import {
  decodeRelayMessage,
  encodeMessage,
  loginBytes,
  loginLabel,
  memoryWirePair,
  protocolVersion,
  type ClientMessage,
  type KeyKind,
  type RelayMessage,
  type RelayMessageOf,
  type Wire,
} from '@grenier/protocol'
import type { Clock, Timer } from '../core/clock.ts'
import { RelayCore, type CoreOptions } from '../core/relay-core.ts'
import { memoryStores } from '../store/stores-memory.ts'
import type { Stores } from '../store/stores.ts'

export const origin = 'https://relay.example'

/** Random bytes that a counter fixes: different at each call, the same in each run. */
export function countingRandom(): Random {
  let calls = 0
  return {
    bytes(count) {
      calls++
      const out = Buffer.alloc(count)
      for (let at = 0; at < count; at++)
        out[at] = (calls * 167 + at * 31 + (calls >> 8) * 13 + (at >> 3)) & 255
      return new Uint8Array(out)
    },
  }
}

/** A clock that moves when it is told to. */
export class ManualClock implements Clock {
  #nowMs = Date.UTC(2026, 10, 22, 12)
  #monotonicMs = 0
  #timers: { at: number; fire: () => void }[] = []

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#monotonicMs
  }

  after(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.#monotonicMs + delayMs, fire }
    this.#timers.push(timer)
    return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) }
  }

  /** Time passes; timers fire in order. */
  advance(byMs: number): void {
    const until = this.#monotonicMs + byMs
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((other) => other !== due)
      this.#nowMs += due.at - this.#monotonicMs
      this.#monotonicMs = due.at
      due.fire()
    }
    this.#nowMs += until - this.#monotonicMs
    this.#monotonicMs = until
  }

  /** The wall clock alone is set forward or back. */
  jump(byMs: number): void {
    this.#nowMs += byMs
  }
}

/** The code of a refusal, or `ok`. */
export function outcome(reply: unknown): string {
  if (typeof reply !== 'object' || reply === null || !('type' in reply)) return 'data'
  return 'code' in reply ? String(reply.code) : String(reply.type)
}

/** Lets everything that waits for nothing but its turn happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export type Reply = RelayMessageOf<'ok'> | RelayMessageOf<'error'>

type Unnumbered<T> = T extends ClientMessage ? Omit<T, 'id'> : never
export type Said = Unnumbered<Exclude<ClientMessage, { type: 'part' | 'more' | 'login' | 'entries' | 'get' }>>

/** What takes connections: a relay, or a way to it. */
export type Door = Pick<RelayCore, 'connect'>

export class ScriptedClient {
  readonly wire: Wire
  readonly heard: RelayMessage[] = []
  closed = false
  closeReason: string | undefined
  session: Uint8Array | undefined
  #ids = 0
  #listeners = new Set<() => void>()

  constructor(core: Door, from = 'here') {
    const [mine, theirs] = memoryWirePair(queueMicrotask)
    this.wire = mine
    mine.onFrame((frame) => {
      this.heard.push(decodeRelayMessage(frame))
      this.#wake()
    })
    mine.onClose((reason) => {
      this.closed = true
      this.closeReason = reason
      this.#wake()
    })
    core.connect(theirs, from)
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  nextId(): number {
    return ++this.#ids
  }

  say(message: ClientMessage): void {
    this.wire.send(encodeMessage(message))
  }

  /** The first message that passes, now or later. Rejects when the wire closes before. */
  async until<T extends RelayMessage>(passes: (message: RelayMessage) => message is T): Promise<T> {
    for (;;) {
      const found = this.heard.find(passes)
      if (found !== undefined) return found
      if (this.closed) throw new Error(`closed: ${this.closeReason ?? ''}`)
      await new Promise<void>((resolve) => {
        const listener = () => {
          this.#listeners.delete(listener)
          resolve()
        }
        this.#listeners.add(listener)
      })
    }
  }

  async untilClosed(): Promise<void> {
    while (!this.closed) await settle()
  }

  reply(id: number): Promise<Reply> {
    return this.until(
      (message): message is Reply => (message.type === 'ok' || message.type === 'error') && message.id === id,
    )
  }

  ask(message: Said): Promise<Reply> {
    const id = this.nextId()
    this.say({ ...message, id })
    return this.reply(id)
  }

  challenge(): Promise<RelayMessageOf<'challenge'>> {
    return this.until((message) => message.type === 'challenge')
  }

  async login(
    pair: SigningPair,
    keyKind: KeyKind,
    more: { certificate?: Uint8Array; resume?: Uint8Array; origin?: string; reopen?: true } = {},
  ): Promise<Reply> {
    const { nonce } = await this.challenge()
    const clientNonce = new Uint8Array(32).fill(7)
    const key = pair.publicKey
    const facts = { origin: more.origin ?? origin, relayNonce: nonce, clientNonce, keyKind, key }
    const signature = sign(pair.secretKey, loginLabel, loginBytes(facts))
    const { certificate, resume, reopen } = more
    const id = this.nextId()
    this.say({
      type: 'login',
      id,
      version: protocolVersion,
      keyKind,
      key,
      clientNonce,
      signature,
      ...(certificate === undefined ? {} : { certificate }),
      ...(resume === undefined ? {} : { resume }),
      ...(reopen === undefined ? {} : { reopen }),
    })
    const reply = await this.reply(id)
    if (reply.type === 'ok' && reply.re === 'login') this.session = reply.session
    return reply
  }

  /** Announces a pack and sends what needs no credit, then the rest as credit comes. */
  async put(vault: VaultId, bytes: Uint8Array, name: PackId = packIdOf(bytes)): Promise<Reply> {
    const id = this.startPut(vault, bytes, name)
    let sent = this.sendParts(id, bytes, [0, 128 * 1024])
    while (sent < bytes.length) {
      const credit = await this.until(
        (m): m is RelayMessageOf<'credit'> | RelayMessageOf<'error'> =>
          (m.type === 'credit' && m.id === id && m.offset + m.bytes > sent) ||
          (m.type === 'error' && m.id === id),
      )
      if (credit.type === 'error') return credit
      sent = this.sendParts(id, bytes, [sent, credit.offset + credit.bytes])
    }
    return this.reply(id)
  }

  startPut(vault: VaultId, bytes: Uint8Array, pack: PackId = packIdOf(bytes)): number {
    const id = this.nextId()
    this.say({ type: 'put', id, vault, pack, sizeBytes: bytes.length })
    return id
  }

  sendParts(id: number, bytes: Uint8Array, [from, until]: readonly [number, number]): number {
    const end = Math.min(until, bytes.length)
    for (let offset = from; offset < end; offset += 65_536)
      this.say({ type: 'part', id, offset, bytes: bytes.slice(offset, Math.min(offset + 65_536, end)) })
    return end
  }

  async get(
    vault: VaultId,
    pack: PackId,
    range: { offset: number; length: number },
  ): Promise<Uint8Array | Reply> {
    const id = this.nextId()
    this.say({ type: 'get', id, vault, pack, ...range, creditBytes: 65_536 })
    const out = Buffer.alloc(range.length)
    let got = 0
    while (got < range.length) {
      const piece = await this.until(
        (m): m is RelayMessageOf<'data'> | RelayMessageOf<'error'> =>
          (m.type === 'data' && m.id === id && m.offset === range.offset + got) ||
          (m.type === 'error' && m.id === id),
      )
      if (piece.type === 'error') return piece
      out.set(piece.bytes, got)
      got += piece.bytes.length
      this.say({ type: 'more', id, bytes: piece.bytes.length })
    }
    return new Uint8Array(out)
  }

  async entries(
    vault: VaultId,
    from: number,
    limitBytes = 1 << 20,
  ): Promise<RelayMessageOf<'entries-part'>[] | Reply> {
    const id = this.nextId()
    this.say({ type: 'entries', id, vault, from, limitBytes })
    const last = await this.until(
      (m): m is RelayMessageOf<'entries-part'> | RelayMessageOf<'error'> =>
        (m.type === 'entries-part' && m.id === id && m.last) || (m.type === 'error' && m.id === id),
    )
    if (last.type === 'error') return last
    return this.heard.filter(
      (m): m is RelayMessageOf<'entries-part'> => m.type === 'entries-part' && m.id === id,
    )
  }
}

/** A person: an identity with one device, certified. */
export interface Person {
  readonly identity: Identity
  readonly device: Device
  readonly certificate: Uint8Array
}

/** A vault as its owner's device knows it. */
export interface OwnVault {
  readonly genesis: Entry
  readonly epochKey: Uint8Array
  state: LogState
}

/** A relay in memory with people around it. */
export class World {
  readonly clock = new ManualClock()
  readonly random = countingRandom()
  readonly stores: Stores
  readonly core: RelayCore
  /** Where its people connect. */
  door: Door
  #people = 0

  constructor(options: Partial<CoreOptions> & { stores?: Stores } = {}) {
    this.stores = options.stores ?? memoryStores({ random: this.random })
    this.core = new RelayCore({
      stores: this.stores,
      clock: this.clock,
      random: this.random,
      config: { origins: [origin, 'http://localhost:8090'], registration: 'open' },
      ...options,
    })
    this.door = this.core
  }

  person(): Person {
    const identity = identityFromEntropy(new Uint8Array(32).fill(++this.#people))
    const device = makeDevice(this.random)
    return { identity, device, certificate: this.certify(identity, device) }
  }

  certify(identity: Identity, device: Device): Uint8Array {
    return encodeCertificate(certifyDevice(identity, publicDevice(device)))
  }

  /** Opens the account of a person. */
  async register(person: Person, invite?: string): Promise<Reply> {
    const client = new ScriptedClient(this.door)
    await client.login(person.identity.sign, 'identity')
    const reply = await client.ask({
      type: 'open-account',
      certificate: person.certificate,
      ...(invite === undefined ? {} : { invite }),
    })
    client.wire.close()
    return reply
  }

  /** A connection that this device has logged in on. */
  async device(
    device: Device,
    more: { certificate?: Uint8Array; resume?: Uint8Array } = {},
  ): Promise<ScriptedClient> {
    const client = new ScriptedClient(this.door)
    await client.login(device.sign, 'device', more)
    return client
  }

  /** A person with an account, logged in. */
  async newcomer(): Promise<{ person: Person; client: ScriptedClient }> {
    const person = this.person()
    await this.register(person)
    return { person, client: await this.device(person.device) }
  }

  genesis(person: Person, more: { at?: number; retentionMs?: number } = {}): OwnVault {
    const made = makeGenesis({
      identity: publicIdentity(person.identity),
      device: person.device,
      certificate: certifyDevice(person.identity, publicDevice(person.device)),
      name: 'photos',
      deviceName: 'laptop',
      at: this.clock.now(),
      random: this.random,
      ...more,
    })
    return { genesis: made.entry, epochKey: made.epochKey, state: made.state }
  }

  /** A person with an account and a vault, logged in. */
  async owner(): Promise<{ person: Person; client: ScriptedClient; vault: OwnVault }> {
    const { person, client } = await this.newcomer()
    const vault = this.genesis(person)
    await client.ask({ type: 'append', vault: vault.state.vault, entry: vault.genesis.bytes })
    return { person, client, vault }
  }

  /** The next change of a vault, which adds and restores these packs. Does not move `vault.state`. */
  change(
    vault: OwnVault,
    device: Device,
    more: { packs?: Uint8Array[]; restored?: Uint8Array[]; at?: number } = {},
  ) {
    const payload = sealPayload(encodeChange({ operations: [], index: [] }), {
      payloadKey: payloadKeyOf(vault.epochKey, 0, vault.state.vault),
      binding: vault.state.vault,
      epoch: 0,
      bulk: false,
      random: this.random,
    })
    const claim = (bytes: Uint8Array) => ({ id: packIdOf(bytes), sizeBytes: bytes.length, epoch: 0 })
    return makeChange({
      state: vault.state,
      signer: device,
      at: more.at ?? this.clock.now(),
      added: (more.packs ?? []).map(claim),
      restored: (more.restored ?? []).map(claim),
      payload,
    })
  }
}

/** Bytes that no other call gives, of an allowed size of packs. */
let made = 0
export function packOf(sizeBytes = 4096): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  new DataView(bytes.buffer).setUint32(0, ++made)
  return bytes
}
