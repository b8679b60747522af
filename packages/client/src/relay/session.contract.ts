// What a session does over any wire, with a small relay that the test scripts: run over wires in memory and over a real WebSocket.
import { createHash } from 'node:crypto'
import { packId, signingKey, systemRandom, vaultId, type SealedBytes } from '@grenier/crypto'
import {
  decodeClientMessage,
  encodeMessage,
  isRetryable,
  limits,
  loginBytes,
  parseRelayUrl,
  type ClientMessage,
  type ClientMessageOf,
  type RelayErrorCode,
  type RelayMessage,
  type Wire,
} from '@grenier/protocol'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { connectSession, type ConnectedSession, type ConnectOptions } from './session.ts'

/** A wire for the client, and the other end of it. */
export type Dialled = readonly [client: Wire, relay: Wire]

export const bytes = (count: number, value: number): Uint8Array => new Uint8Array(count).fill(value)
export const vault = vaultId(bytes(32, 1))
export const relayUrl = parseRelayUrl('ws://localhost:4000')

/** Bytes that stand for a sealed pack. */
export function pack(
  sizeBytes: number,
  value: number,
): { id: ReturnType<typeof packId>; bytes: SealedBytes } {
  return { id: packId(bytes(32, value)), bytes: bytes(sizeBytes, value) as SealedBytes }
}

interface ReceivedPut {
  readonly message: ClientMessageOf<'put'>
  readonly into: Uint8Array
  received: number
}

/** A relay in memory for one wire: takes everything, keeps what it heard, and answers as the test wants where the test says so. */
export class ScriptedRelay {
  readonly heard: ClientMessage[] = []
  readonly packs = new Map<string, Uint8Array>()
  readonly log: Uint8Array[] = []
  readonly signed: Uint8Array[] = []
  /** Answers instead of the usual; undefined lets the usual happen. */
  script: (message: ClientMessage) => RelayMessage[] | undefined = () => undefined
  /** How far a put may run ahead of what arrived. */
  putWindowBytes = 1024 * 1024
  resumed = false
  readonly nonce = bytes(32, 11)
  private readonly wire: Wire
  private readonly puts = new Map<number, ReceivedPut>()
  private readonly gets = new Map<number, { message: ClientMessageOf<'get'>; sent: number; credit: number }>()

  constructor(wire: Wire) {
    this.wire = wire
    wire.onFrame((frame) => this.take(decodeClientMessage(frame)))
    this.say({
      type: 'challenge',
      version: 1,
      nonce: this.nonce,
      incarnation: bytes(16, 12),
      now: Date.now(),
    })
  }

  say(...messages: RelayMessage[]): void {
    for (const message of messages) this.wire.send(encodeMessage(message))
  }

  refuse(id: number, code: RelayErrorCode, data?: Record<string, string | number>): void {
    this.say({ type: 'error', id, code, retryable: isRetryable(code), data })
  }

  types(): string[] {
    return this.heard.map(({ type }) => type)
  }

  /** The whole of a put's bytes so far, by the value that fills its id. */
  private take(message: ClientMessage): void {
    this.heard.push(message)
    const scripted = this.script(message)
    if (scripted === undefined) this.usual(message)
    else this.say(...scripted)
  }

  private usual(message: ClientMessage): void {
    switch (message.type) {
      case 'login':
        this.signed.push(message.signature)
        this.say({
          type: 'ok',
          id: message.id,
          re: 'login',
          session: bytes(16, 13),
          resumed: this.resumed,
          now: Date.now(),
        })
        return
      case 'put':
        this.puts.set(message.id, { message, into: new Uint8Array(message.sizeBytes), received: 0 })
        return
      case 'part':
        this.part(message)
        return
      case 'get':
        this.gets.set(message.id, { message, sent: 0, credit: message.creditBytes })
        this.serve(message.id)
        return
      case 'more':
        this.gets.get(message.id)!.credit += message.bytes
        this.serve(message.id)
        return
      default:
        this.small(message)
    }
  }

  private small(message: ClientMessage): void {
    const { id } = message
    const at = 1000
    const head = { sequence: Math.max(0, this.log.length - 1), hash: bytes(32, 14), at }
    if (message.type === 'ping') this.say({ type: 'pong', id, now: Date.now() })
    else if (message.type === 'append') {
      this.log.push(message.entry)
      this.say({ type: 'ok', id, re: 'append', sequence: this.log.length - 1 })
    } else if (message.type === 'entries') this.entries(message)
    else if (message.type === 'have')
      this.say({
        type: 'ok',
        id,
        re: 'have',
        states: message.packs.map((key) => (this.packs.has(hex(key)) ? 'pending' : 'absent')),
      })
    else if (message.type === 'head' || message.type === 'subscribe')
      this.say({ type: 'ok', id, re: message.type, ...head })
    else if (message.type === 'vaults') this.vaults(message)
    else if (message.type === 'account')
      this.say({ type: 'ok', id, re: 'account', plan: 'member', quotaBytes: 100, usedBytes: 1 })
    else if (
      message.type === 'open-account' ||
      message.type === 'withdraw-device' ||
      message.type === 'renew-account'
    )
      this.say({ type: 'ok', id, re: message.type })
    else if (message.type === 'vault-facts')
      this.say({ type: 'ok', id, re: message.type, packBytes: 9, keptBytes: 1, entryBytes: 7, entries: 2 })
    else if (message.type === 'delete-vault')
      this.say({ type: 'ok', id, re: message.type, finalAt: message.at + 5 })
  }

  private vaults({ id, after }: ClientMessageOf<'vaults'>): void {
    const more = after === undefined
    this.say({ type: 'ok', id, re: 'vaults', vaults: [bytes(32, more ? 1 : 2)], last: !more })
  }

  private entries(message: ClientMessageOf<'entries'>): void {
    const chosen = this.log.slice(message.from, message.from + 10)
    const entries = chosen.map((entry, index) => ({ sequence: message.from + index, entry }))
    const head = this.log.length - 1
    this.say({ type: 'entries-part', id: message.id, entries: entries.slice(0, 4), head, last: false })
    this.say({ type: 'entries-part', id: message.id, entries: entries.slice(4), head, last: true })
  }

  private part(message: ClientMessageOf<'part'>): void {
    const put = this.puts.get(message.id)
    if (put === undefined) return
    expect(message.offset).toBe(put.received)
    put.into.set(message.bytes, message.offset)
    put.received += message.bytes.length
    if (put.received < put.into.length) {
      const may = Math.min(put.into.length, put.received + this.putWindowBytes)
      this.say({ type: 'credit', id: message.id, offset: put.received, bytes: may - put.received })
      return
    }
    this.packs.set(hex(put.message.pack), put.into)
    this.puts.delete(message.id)
    this.say({ type: 'ok', id: message.id, re: 'put' })
  }

  private serve(id: number): void {
    const get = this.gets.get(id)!
    const pack = this.packs.get(hex(get.message.pack))
    if (pack === undefined) {
      this.refuse(id, 'pack-missing')
      return
    }
    for (;;) {
      const left = Math.min(get.credit, get.message.length - get.sent, limits.partBytes)
      if (left === 0) return
      const offset = get.message.offset + get.sent
      this.say({ type: 'data', id, offset, bytes: pack.subarray(offset, offset + left) })
      get.sent += left
      get.credit -= left
    }
  }
}

const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex')

/** Signs with a hash: the scripted relay knows no keys, but can tell what was signed. */
export const credentials: ConnectOptions['credentials'] = {
  keyKind: 'device',
  key: signingKey(bytes(32, 21)),
  sign: (label, signed) => new Uint8Array(createHash('sha512').update(label).update(signed).digest()),
}

/** A session and the relay that it talks to. */
export async function connected(
  dial: () => Promise<Dialled>,
  options: Partial<ConnectOptions> & { prepare?: (relay: ScriptedRelay) => void } = {},
): Promise<{ session: ConnectedSession; relay: ScriptedRelay; relayWire: Wire }> {
  const [client, relayWire] = await dial()
  const relay = new ScriptedRelay(relayWire)
  options.prepare?.(relay)
  const session = await connectSession({
    dial: () => Promise.resolve(client),
    url: relayUrl,
    credentials,
    clock: systemClock,
    random: systemRandom,
    ...options,
  })
  return { session, relay, relayWire }
}

/** What a session does over the wires that `dial` makes. */
export function sessionContract(name: string, dial: () => Promise<Dialled>): void {
  describe(`a session over ${name}`, () => {
    it('logs in for the origin that it dialled', async () => {
      const { session, relay } = await connected(dial)
      const login = relay.heard[0] as ClientMessageOf<'login'>
      const facts = {
        origin: 'http://localhost:4000',
        relayNonce: relay.nonce,
        clientNonce: login.clientNonce,
      }
      const signed = loginBytes({ ...facts, keyKind: 'device', key: credentials.key })
      expect(login.signature).toEqual(credentials.sign('grenier/v1/login', signed))
      expect(session.incarnation).toBe('0c'.repeat(16))
      expect(session.resumption).toEqual(bytes(16, 13))
      await session.close()
      expect(await session.closed).toBeUndefined()
    })

    it('carries packs of every size there and back unchanged', async () => {
      const { session, relay } = await connected(dial)
      const sizes = [1, 4096, 65_536, 131_072, 131_073, 1_000_000, limits.packBytes]
      const packs = sizes.map((size, index) => pack(size, index + 1))
      for (const [index, one] of packs.entries())
        one.bytes.set([index, index + 1, index + 2].slice(0, one.bytes.length))
      await Promise.all(packs.map((one) => session.put(vault, one)))
      expect(relay.packs.size).toBe(packs.length)
      const back = await Promise.all(
        packs.map((one) => session.get(vault, one.id, { offset: 0, length: one.bytes.length })),
      )
      for (const [index, one] of packs.entries()) expect(Buffer.compare(back[index]!, one.bytes)).toBe(0)
      await session.close()
    })

    it('gets exactly the range that was asked for', async () => {
      const { session } = await connected(dial)
      const one = pack(300_000, 5)
      for (let at = 0; at < one.bytes.length; at++) one.bytes[at] = at % 251
      await session.put(vault, one)
      for (const [offset, length] of [
        [0, 1],
        [65_616, 65_552],
        [299_999, 1],
        [10, 0],
        [100, 250_000],
      ] as const)
        expect(await session.get(vault, one.id, { offset, length })).toEqual(
          new Uint8Array(one.bytes.subarray(offset, offset + length)),
        )
      expect(await session.get(vault, pack(1, 99).id, { offset: 0, length: 1 })).toBeUndefined()
      await session.close()
    })

    it('sends an append behind the puts that it claims, without waiting for them', async () => {
      const { session, relay } = await connected(dial)
      const one = pack(4096, 5)
      const put = session.put(vault, one)
      const append = session.append(vault, Buffer.concat([Buffer.from('header'), one.id]))
      await Promise.all([put, append])
      const types = relay.types().filter((type) => type !== 'ping')
      expect(types).toEqual(['login', 'put', 'part', 'append'])
      await session.close()
    })

    it('streams the entries of a log in order, up to the head', async () => {
      const { session, relay } = await connected(dial)
      for (let sequence = 0; sequence < 35; sequence++) relay.log.push(bytes(100, sequence))
      const seen: number[] = []
      for await (const one of session.entries(vault, 3)) {
        expect('entry' in one && one.entry[0]).toBe(one.sequence)
        seen.push(one.sequence)
      }
      expect(seen).toEqual(Array.from({ length: 32 }, (_, index) => index + 3))
      for await (const one of session.entries(vault, 35)) expect(one).toBeUndefined()
      await session.close()
    })

    it('passes pushed entries to who subscribed', async () => {
      const { session, relay } = await connected(dial)
      const pushed = Promise.withResolvers<number>()
      await session.subscribe(vault, (entry) => pushed.resolve(entry.sequence))
      relay.say({ type: 'entry', vault: bytes(32, 9), sequence: 1, entry: bytes(10, 1) })
      relay.say({ type: 'entry', vault, sequence: 2, entry: bytes(10, 1) })
      expect(await pushed.promise).toBe(2)
      await session.close()
    })

    it('asks about packs, the head, the account and its vaults', async () => {
      const { session, relay } = await connected(dial)
      const one = pack(10, 1)
      await session.put(vault, one)
      const many = Array.from({ length: 1500 }, () => one.id)
      expect(await session.have(vault, [one.id, pack(1, 2).id])).toEqual(['pending', 'absent'])
      expect(await session.have(vault, many)).toEqual(many.map(() => 'pending'))
      relay.log.push(bytes(1, 1))
      expect(await session.head(vault)).toEqual({ sequence: 0, hash: bytes(32, 14), at: 1000 })
      expect(await session.account()).toEqual({ plan: 'member', quotaBytes: 100, usedBytes: 1 })
      expect(await session.vaults()).toEqual([bytes(32, 1), bytes(32, 2)])
      await session.openAccount(bytes(1300, 1), 'GARDEN')
      await session.withdrawDevice(signingKey(bytes(32, 1)))
      await session.renewAccount(signingKey(bytes(32, 1)), bytes(64, 2))
      const facts = { packBytes: 9, keptBytes: 1, entryBytes: 7, entries: 2, deletion: undefined }
      expect(await session.vaultFacts(vault)).toEqual(facts)
      const wish = { wish: 'delete', at: 3, signature: bytes(64, 2) } as const
      expect(await session.deleteVault(vault, wish)).toEqual({ finalAtMs: 8, isRevived: false })
      expect(Math.abs(session.clockOffsetMs)).toBeLessThan(60_000)
      expect(session.traffic.sentBytes).toBeGreaterThan(10)
      expect(session.traffic.receivedBytes).toBeGreaterThan(10)
      await session.close()
    })

    it('fails everything that waits when the connection breaks', async () => {
      const { session, relay, relayWire } = await connected(dial)
      relay.script = (message) => (message.type === 'ping' ? undefined : [])
      const waiting = [
        session.head(vault),
        session.append(vault, bytes(10, 1)),
        session.have(vault, [pack(1, 1).id]),
        ...Array.from({ length: 80 }, (_, index) => session.put(vault, pack(200_000, index))),
        ...Array.from({ length: 80 }, () =>
          session.get(vault, pack(1, 1).id, { offset: 0, length: 200_000 }),
        ),
        session.entries(vault, 0)[Symbol.asyncIterator]().next(),
        session.subscribe(vault, () => undefined),
      ]
      const settled = Promise.allSettled(waiting)
      relayWire.close(1012, 'restart')
      for (const result of await settled)
        expect(result).toMatchObject({
          status: 'rejected',
          reason: { code: 'relay-unreachable', retryable: true, data: { reason: 'closed' } },
        })
      expect(await session.closed).toMatchObject({ code: 'relay-unreachable' })
      await expect(session.put(vault, pack(1, 1))).rejects.toMatchObject({ code: 'relay-unreachable' })
      await expect(session.head(vault)).rejects.toMatchObject({ code: 'relay-unreachable' })
      await session.close()
    })
  })
}
