import {
  encodeMessage,
  memoryWirePair,
  type ClientMessageOf,
  type RelayMessage,
  type Wire,
} from '@grenier/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock, Timer } from '../clock.ts'
import { ClientError } from '../errors.ts'
import { connectSession } from './session.ts'
import {
  bytes,
  connected,
  credentials,
  pack,
  relayUrl,
  ScriptedRelay,
  sessionContract,
  vault,
  type Dialled,
} from './session.contract.ts'

const dial = () => Promise.resolve(memoryWirePair(setImmediate))

sessionContract('wires in memory', dial)

/** A clock that a test moves. */
class ManualClock implements Clock {
  private at = 0
  private readonly timers = new Set<{ at: number; fire: () => void }>()

  now(): number {
    return 1_000_000 + this.at
  }

  monotonic(): number {
    return this.at
  }

  after(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.at + delayMs, fire }
    this.timers.add(timer)
    return { cancel: () => void this.timers.delete(timer) }
  }

  advance(ms: number): void {
    this.at += ms
    for (const timer of [...this.timers].filter(({ at }) => at <= this.at)) {
      this.timers.delete(timer)
      timer.fire()
    }
  }

  get waiting(): number {
    return this.timers.size
  }
}

/** Until nothing is under way in memory. */
async function settled(): Promise<void> {
  for (let round = 0; round < 50; round++) await new Promise((resolve) => setImmediate(resolve))
}

describe('a session that the relay refuses', () => {
  it('tells why, and what the judge said', async () => {
    const { session, relay } = await connected(dial)
    relay.script = (message) => {
      if (message.type !== 'append') return undefined
      const data = { reason: 'no-right', sequence: 4 }
      return [{ type: 'error', id: message.id, code: 'entry-refused', retryable: false, data }]
    }
    await expect(session.append(vault, bytes(5, 1))).rejects.toMatchObject({
      code: 'relay-refused',
      retryable: false,
      data: { reason: 'entry-refused', detail: 'no-right', sequence: 4 },
    })
    await session.close()
  })

  it('reads "head-moved" and "vault-unknown" as results', async () => {
    const { session, relay } = await connected(dial)
    relay.script = (message) => {
      const code = message.type === 'append' ? 'head-moved' : 'vault-unknown'
      return [{ type: 'error', id: message.id, code, retryable: true }]
    }
    expect(await session.append(vault, bytes(5, 1))).toBe('moved')
    expect(await session.head(vault)).toBeUndefined()
    await expect(session.subscribe(vault, () => undefined)).rejects.toMatchObject({
      data: { reason: 'vault-unknown' },
    })
    await session.close()
  })

  it.each([
    ['login-failed', 'relay-refused'],
    ['version-unknown', 'update-needed'],
    ['busy', 'relay-refused'],
  ] as const)('rejects a login refused with %s as %s', async (code, expected) => {
    const refused = connected(dial, {
      prepare: (relay) =>
        (relay.script = () => [{ type: 'error', code, retryable: code === 'busy', retryAfterMs: 9 }]),
    })
    await expect(refused).rejects.toMatchObject({ code: expected, data: { reason: code, retryAfterMs: 9 } })
  })

  it('asks for an update when the relay speaks another version', async () => {
    const [client, relay] = memoryWirePair(setImmediate)
    relay.send(
      Uint8Array.from([
        0xa2,
        0x64,
        ...Buffer.from('type'),
        0x69,
        ...Buffer.from('challenge'),
        0x67,
        ...Buffer.from('version'),
        2,
      ]),
    )
    const options = {
      dial: () => Promise.resolve(client),
      url: relayUrl,
      credentials,
      random: { bytes: (n: number) => bytes(n, 1) },
    }
    await expect(connectSession({ ...options, clock: new ManualClock() })).rejects.toMatchObject({
      code: 'update-needed',
    })
  })

  it('asks again for a put that the relay has no room for, and gives up in the end', async () => {
    const clock = new ManualClock()
    const { session, relay } = await connected(dial, { clock })
    let refusals = 2
    relay.script = (message) => {
      if (message.type !== 'put' || refusals === 0) return undefined
      refusals -= 1
      return [{ type: 'error', id: message.id, code: 'busy', retryable: true }]
    }
    const put = session.put(vault, pack(5000, 1))
    for (let round = 0; round < 2; round++) {
      await settled()
      clock.advance(5000)
    }
    await put
    expect(relay.packs.size).toBe(1)
    refusals = Infinity
    const never = expect(session.put(vault, pack(5000, 2))).rejects.toMatchObject({
      data: { reason: 'busy' },
    })
    for (let round = 0; round < 8; round++) {
      await settled()
      clock.advance(20_000)
    }
    await never
    await session.close()
  })
})

describe('a relay that answers nonsense', () => {
  const one = pack(200_000, 1)
  const range = { offset: 100, length: 1000 }
  const data = (id: number, offset: number, length: number): RelayMessage => ({
    type: 'data',
    id,
    offset,
    bytes: bytes(length, 0),
  })

  it.each<[string, (id: number) => RelayMessage]>([
    ['an answer to nothing', () => ({ type: 'pong', id: 99, now: 1 })],
    ['data before the range', (id) => data(id, 0, 10)],
    ['data with a gap', (id) => data(id, 101, 10)],
    ['more data than asked for', (id) => data(id, 100, 1001)],
    ['another answer', (id) => ({ type: 'ok', id, re: 'put' })],
    [
      'a second challenge',
      () => ({ type: 'challenge', version: 1, nonce: bytes(32, 1), incarnation: bytes(16, 1), now: 1 }),
    ],
  ])('ends the connection at %s', async (_, answer) => {
    const { session, relay } = await connected(dial)
    relay.script = (message) => [answer(message.id)]
    const expected = { code: 'relay-unreachable', data: { reason: 'malformed' } }
    await expect(session.get(vault, one.id, range)).rejects.toMatchObject(expected)
    expect(await session.closed).toMatchObject(expected)
  })

  it.each([
    ['beyond the pack', { offset: 0, bytes: 200_001 }],
    ['for what was never sent', { offset: 150_000, bytes: 1 }],
  ])('ends the connection at credit %s', async (_, credit) => {
    const { session, relay } = await connected(dial)
    relay.script = (message) =>
      message.type === 'put' ? [{ type: 'credit', id: message.id, ...credit }] : []
    await expect(session.put(vault, one)).rejects.toMatchObject({ data: { reason: 'malformed' } })
  })

  it('ends the stream of entries at a gap', async () => {
    const { session, relay } = await connected(dial)
    const entries = [{ sequence: 1, entry: bytes(3, 1) }]
    relay.script = (message) => [{ type: 'entries-part', id: message.id, entries, head: 5, last: true }]
    const first = session.entries(vault, 0)[Symbol.asyncIterator]().next()
    await expect(first).rejects.toMatchObject({ data: { reason: 'malformed' } })
  })

  it('takes entries that are counted and not there for a log that is cut short', async () => {
    const { session, relay } = await connected(dial)
    relay.script = ({ id }) => [{ type: 'entries-part', id, entries: [], head: 5, last: true }]
    const first = session.entries(vault, 4)[Symbol.asyncIterator]().next()
    await expect(first).rejects.toMatchObject({ code: 'relay-contradicts', data: { sequence: 4 } })
  })

  it('ends the connection at a frame that is no message', async () => {
    const { session, relayWire } = await connected(dial)
    relayWire.send(bytes(10, 0xff))
    expect(await session.closed).toMatchObject({ code: 'relay-unreachable', data: { reason: 'malformed' } })
  })
})

describe('the order of things on the wire', () => {
  it('lets a small put overtake a large one, and both end whole', async () => {
    const { session, relay } = await connected(dial)
    const large = session.put(vault, pack(4_000_000, 1))
    const small = session.put(vault, pack(4096, 2))
    await Promise.all([large, small])
    const parts = relay.heard.filter((message): message is ClientMessageOf<'part'> => message.type === 'part')
    const smallAt = parts.findIndex(({ bytes: [first] }) => first === 2)
    expect(smallAt).toBeGreaterThan(0)
    expect(parts.length - smallAt).toBeGreaterThan(1)
  })

  it('never has more open, or more without credit, than the protocol allows', async () => {
    const { session, relay } = await connected(dial)
    const held: ClientMessageOf<'put'>[] = []
    relay.script = (message) => {
      if (message.type === 'put') held.push(message)
      return message.type === 'ping' ? undefined : []
    }
    const puts = [
      ...Array.from({ length: 20 }, (_, index) => session.put(vault, pack(4_000_000, index))),
      ...Array.from({ length: 100 }, (_, index) => session.put(vault, pack(20_000, 100 + index))),
    ]
    await settled()
    expect(held.filter(({ sizeBytes }) => sizeBytes > 20_000).length).toBe(6)
    expect(held.length).toBe(64)
    for (const { id } of held) relay.refuse(id, 'quota')
    const results = await Promise.allSettled([...puts.slice(0, 6), ...puts.slice(20, 78)])
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['rejected']))
    await settled()
    expect(held.length).toBeGreaterThan(64)
    const rest = Promise.allSettled(puts)
    await session.close()
    await rest
  })

  it('holds an append back until the put that it claims is announced, and no longer', async () => {
    const { session, relay } = await connected(dial)
    relay.script = (message) => (message.type === 'append' || message.type === 'login' ? undefined : [])
    const puts = Array.from({ length: 7 }, (_, index) => session.put(vault, pack(4_000_000, index)))
    const claiming = session.append(vault, pack(1, 6).id)
    expect(await session.append(vault, pack(1, 5).id)).toBe('appended')
    await settled()
    expect(relay.log.length).toBe(1)
    relay.refuse((relay.heard.find(({ type }) => type === 'put') as ClientMessageOf<'put'>).id, 'quota')
    await expect(puts[0]).rejects.toMatchObject({ data: { reason: 'quota' } })
    expect(await claiming).toBe('appended')
    const rest = Promise.allSettled(puts)
    await session.close()
    await rest
  })

  it('keeps going on a line so slow that the window is at its smallest', async () => {
    const clock = new ManualClock()
    const { session, relay } = await connected(dial, { clock })
    relay.putWindowBytes = 4_000_000
    // Each ping takes 2 s to come back: what arrived meanwhile was little.
    relay.script = (message) => {
      if (message.type === 'ping') clock.advance(2000)
      return undefined
    }
    await session.put(vault, pack(4_000_000, 1))
    const sizes = relay.heard.filter((message) => message.type === 'part').map((part) => part.bytes.length)
    expect(Math.min(...sizes)).toBeLessThan(65_536)
    const read = await session.get(vault, pack(1, 1).id, { offset: 0, length: 4_000_000 })
    expect(read?.length).toBe(4_000_000)
    await session.close()
  })

  it('goes on where an earlier connection stopped', async () => {
    const { session, relay } = await connected(dial, {
      prepare: (fresh) => (fresh.resumed = true),
      resume: bytes(16, 13),
    })
    const one = pack(3_000_000, 1)
    const sent: number[] = []
    relay.script = (message) => {
      if (message.type === 'put')
        return [{ type: 'credit', id: message.id, offset: 2_000_000, bytes: 1_000_000 }]
      if (message.type !== 'part') return undefined
      sent.push(message.offset)
      return message.offset + message.bytes.length === 3_000_000
        ? [{ type: 'ok', id: message.id, re: 'put' }]
        : []
    }
    await session.put(vault, one)
    expect((relay.heard[0] as ClientMessageOf<'login'>).resume).toEqual(bytes(16, 13))
    expect(sent.filter((offset) => offset >= 131_072).at(0)).toBe(2_000_000)
    await session.close()
  })

  it('takes no bytes that were not sealed', async () => {
    const { session } = await connected(dial)
    const { id } = pack(1, 1)
    // @ts-expect-error plain bytes have no brand: what is not sealed does not compile
    await session.put(vault, { id, bytes: bytes(10, 1) })
    await session.close()
  })
})

describe('a connection that goes quiet', () => {
  it('is asked, and given up after three pings without an answer', async () => {
    const clock = new ManualClock()
    const { session, relay } = await connected(dial, { clock })
    for (let round = 0; round < 4; round++) {
      clock.advance(25_000)
      await settled()
    }
    expect(relay.types().filter((type) => type === 'ping').length).toBe(4)
    relay.script = () => []
    const head = expect(session.head(vault)).rejects.toMatchObject({ code: 'relay-unreachable' })
    for (let round = 0; round < 3; round++) {
      clock.advance(25_000)
      await settled()
    }
    expect(await session.closed).toMatchObject({ data: { reason: 'silent' }, retryable: true })
    await head
    expect(clock.waiting).toBe(0)
  })

  it('tells the relay that it is there while it only listens', async () => {
    const clock = new ManualClock()
    const { session, relay } = await connected(dial, { clock })
    for (let sequence = 0; sequence < 8; sequence++) {
      clock.advance(12_500)
      relay.say({ type: 'entry', vault, sequence, entry: bytes(10, 1) })
      await settled()
    }
    expect(relay.types().filter((type) => type === 'ping').length).toBe(4)
    await session.close()
  })

  it('is given up when pongs come but an answer does not', async () => {
    const clock = new ManualClock()
    const { session, relay } = await connected(dial, { clock })
    relay.script = (message) => (message.type === 'ping' ? undefined : [])
    const head = expect(session.head(vault)).rejects.toMatchObject({ data: { reason: 'stalled' } })
    for (let round = 0; round < 5; round++) {
      clock.advance(25_000)
      await settled()
    }
    await head
  })

  it('is not waited for when it never logs in, or never connects', async () => {
    const clock = new ManualClock()
    const options = {
      url: relayUrl,
      credentials,
      clock,
      random: { bytes: (count: number) => bytes(count, 1) },
    }
    const [client, relay] = memoryWirePair(setImmediate)
    const silent = connectSession({ ...options, dial: () => Promise.resolve(client) })
    const expected = { code: 'relay-unreachable', data: { reason: 'timeout' } }
    const failed = expect(silent).rejects.toMatchObject(expected)
    let closed = false
    relay.onClose(() => (closed = true))
    await settled()
    clock.advance(30_000)
    await failed
    await settled()
    expect(closed).toBe(true)

    const late = Promise.withResolvers<typeof client>()
    const [lateClient, lateRelay] = memoryWirePair(setImmediate)
    lateRelay.onClose(() => (closed = true))
    closed = false
    const never = expect(connectSession({ ...options, dial: () => late.promise })).rejects.toMatchObject(
      expected,
    )
    clock.advance(30_000)
    await never
    late.resolve(lateClient)
    await settled()
    expect(closed).toBe(true)
    expect(clock.waiting).toBe(0)
  })

  it('follows the clock of the relay', async () => {
    const clock = new ManualClock()
    const { session, relay } = await connected(dial, { clock })
    relay.script = (message) => [{ type: 'pong', id: message.id, now: clock.now() + 5000 }]
    clock.advance(25_000)
    await settled()
    expect(session.clockOffsetMs).toBe(5000)
    await session.close()
  })
})

describe('a relay that says anything at all', () => {
  it('ends the connection or is ignored, and nothing waits for ever', async () => {
    const frames = [0, 2, 3, 4].flatMap((id) =>
      [
        { type: 'ok', id, re: 'put' },
        { type: 'ok', id, re: 'have', states: ['claimed'] },
        { type: 'credit', id, offset: 10, bytes: 10 },
        { type: 'data', id, offset: 0, bytes: bytes(20, 1) },
        { type: 'entries-part', id, entries: [{ sequence: 0, entry: bytes(9, 1) }], head: 3, last: true },
        { type: 'error', id, code: 'busy', retryable: true },
        { type: 'pong', id, now: 5 },
      ].map((message) => encodeMessage(message as RelayMessage)),
    )
    const frame = fc.record({
      index: fc.nat(frames.length - 1),
      at: fc.nat(),
      bit: fc.nat(7),
      flip: fc.boolean(),
    })
    const run = fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), async (said) => {
      const { session, relay, relayWire } = await connected(dial, { clock: new ManualClock() })
      relay.script = () => []
      const waiting = Promise.allSettled([
        session.put(vault, pack(300, 1)),
        session.get(vault, pack(1, 1).id, { offset: 0, length: 40 }),
        session.have(vault, [pack(1, 1).id]),
        session.entries(vault, 0)[Symbol.asyncIterator]().next(),
      ])
      for (const { index, at, bit, flip } of said) {
        const sent = frames[index]!.slice()
        if (flip) sent[at % sent.length]! ^= 1 << bit
        relayWire.send(sent)
      }
      relayWire.close()
      for (const result of await waiting)
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ClientError)
      expect(await session.closed).toBeInstanceOf(ClientError)
    })
    await fc.assert(run, { numRuns: 150 })
  })
})

describe('frames right behind the login', () => {
  it('are not lost', async () => {
    const [client, relayWire] = memoryWirePair(queueMicrotask)
    const options = {
      dial: () => Promise.resolve(client),
      url: relayUrl,
      credentials,
      clock: new ManualClock(),
    }
    const connecting = connectSession({ ...options, random: { bytes: (count) => bytes(count, 1) } })
    const relay = new ScriptedRelay(relayWire)
    relay.script = (message) => [
      { type: 'ok', id: message.id, re: 'login', session: bytes(16, 1), resumed: false, now: 1 },
      { type: 'error', code: 'shutting-down', retryable: true },
    ]
    const session = await connecting
    expect(await session.closed).toMatchObject({ code: 'relay-refused', data: { reason: 'shutting-down' } })
  })
})

describe('the memory of parts', () => {
  it('is used again once the wire lets go of it, and never before', async () => {
    const held: { frame: Uint8Array; was: Uint8Array; sent: () => void }[] = []
    const dialHolding = (): Promise<Dialled> => {
      const [client, relay] = memoryWirePair(setImmediate)
      const send = (frame: Uint8Array, sent?: () => void): void => {
        if (sent !== undefined) held.push({ frame, was: frame.slice(), sent })
        client.send(frame.slice())
      }
      const holding = Object.create(client, {
        send: { value: send },
        bufferedBytes: { get: () => 0 },
        onFrame: { value: (listener: (frame: Uint8Array) => void) => client.onFrame(listener) },
        onDrain: { value: (listener: () => void) => client.onDrain(listener) },
        onClose: { value: (listener: (reason?: string) => void) => client.onClose(listener) },
        close: { value: () => client.close() },
      }) as Wire
      return Promise.resolve([holding, relay])
    }
    const { session, relay } = await connected(dialHolding)
    await session.put(vault, pack(1 << 20, 5))
    const first = held.splice(0)
    const memories = new Set(first.map(({ frame }) => frame.buffer))
    expect(memories.size).toBe(first.length)
    for (const { frame, was } of first) expect(Buffer.compare(frame, was)).toBe(0)
    for (const { sent } of first) sent()
    await session.put(vault, pack(128 << 10, 6))
    expect(held.length).toBeGreaterThan(0)
    for (const { frame } of held) expect(memories.has(frame.buffer)).toBe(true)
    expect(relay.packs.size).toBe(2)
    await session.close()
  })
})
