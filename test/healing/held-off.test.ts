// A mirror that is asked where the vault is, and takes its time: no device is kept from its own relay by it for long, none is kept from stopping, and
// none is kept from another mirror, which says so.
import { openFolder, systemClock, type Clock, type Platform } from '@grenier/client'
import { systemRandom } from '@grenier/crypto'
import { memoryWirePair, type Wire } from '@grenier/protocol'
import { memoryStores } from '@grenier/relay'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { briefMs } from '../../packages/client/src/engine/brief-session.ts'
import { agree, Ground, otherRelayUrl, relayUrl, thirdRelayUrl, type Device } from '../folder/devices.ts'

/** Waits between attempts are over at once; what is waited for longer than that comes when the test moves the clock. */
const shortMs = 5000

class MovedClock implements Clock {
  #aheadMs = 0
  readonly #timers = new Set<{ readonly atMs: number; readonly fire: () => void }>()

  now(): number {
    return systemClock.now() + this.#aheadMs
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#aheadMs
  }

  after(delayMs: number, fire: () => void): { cancel: () => void } {
    if (delayMs <= shortMs) {
      const soon = setImmediate(fire)
      return { cancel: () => clearImmediate(soon) }
    }
    const timer = { atMs: this.monotonic() + delayMs, fire }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  pass(ms: number): void {
    this.#aheadMs += ms
    for (const timer of [...this.#timers].filter(({ atMs }) => atMs <= this.monotonic())) {
      this.#timers.delete(timer)
      timer.fire()
    }
  }
}

type Dial = Platform['dial']
type Between = (url: string, dial: Dial) => ReturnType<Dial>

let ground: Ground
let a: Device
let b: Device
let clock: MovedClock

beforeEach(async () => {
  ground = new Ground(memoryStores({ random: systemRandom }))
  clock = new MovedClock()
  a = ground.device('alpha')
  b = ground.device('beta', { isAlone: true })
  a.write('first', 'of a')
  await a.add()
  await b.join(a)
  for (const relay of [otherRelayUrl, thirdRelayUrl]) {
    const engine = await openFolder(a.context(), a.folder)
    await engine.changeMirrors({ do: 'add', relay }).finally(() => engine.close())
  }
  await agree(a, b)
})
afterEach(() => ground.end())

/** Syncs b once, with this between it and the relays. */
async function syncs(between: Between, signal = new AbortController().signal): Promise<void> {
  const context = b.context()
  const { platform } = context
  const dial: Dial = (url) => between(url, platform.dial.bind(platform))
  const engine = await openFolder({ ...context, signal, platform: { ...platform, clock, dial } }, b.folder)
  try {
    await engine.run({ once: true })
  } finally {
    await engine.close()
  }
}

async function promote(relay: string): Promise<void> {
  const engine = await openFolder(a.context(), a.folder)
  await engine.promote({ relay, force: false }).finally(() => engine.close())
}

function relayOf(device: Device): string | undefined {
  return device.home.folders[0]?.relay
}

/** A line on which nothing ever comes. */
function black(): Wire {
  return memoryWirePair((run) => void setImmediate(run))[0]
}

/** Lets the device in, then says no more. `asked` is called with the first thing that it is asked after that. */
async function mute(wire: Promise<Wire>, asked: () => void): Promise<Wire> {
  const live = await wire
  let sent = 0
  const send = live.send.bind(live)
  live.send = (frame, done) => {
    // The first one logs in.
    if ((sent += 1) === 1) send(frame, done)
    else asked()
  }
  return live
}

/** Resolves with the second call. */
function both(): { readonly promise: Promise<undefined>; readonly one: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  let count = 0
  return {
    promise,
    one: () => {
      if ((count += 1) === 2) resolve(undefined)
    },
  }
}

/** Asked first, one mirror never answers, and the other one no more once it has let the device in. */
function held(asked: () => void): Between {
  const seen = new Set<string>([relayUrl])
  return async (url, dial) => {
    if (seen.has(url)) return await dial(url)
    seen.add(url)
    if (url === thirdRelayUrl) return await mute(dial(url), asked)
    asked()
    return black()
  }
}

describe('mirrors that hold a device up while its relay is away', () => {
  test('do so for one look’s time; then the device is back at its relay', async () => {
    ground.lose(relayUrl)
    b.write('of b', 'for its relay')
    const asked = both()
    const run = syncs(held(asked.one))
    await asked.promise
    ground.restart(relayUrl)
    clock.pass(briefMs)
    await run
    expect(relayOf(b)).toBe(relayUrl)
    await a.sync()
    expect(a.read('of b')).toBe('for its relay')
  })

  test('let go at once of one that is to stop', async () => {
    ground.lose(relayUrl)
    const asked = both()
    const stop = new AbortController()
    const run = syncs(held(asked.one), stop.signal)
    await asked.promise
    stop.abort()
    await run.catch(() => undefined)
    expect(relayOf(b)).toBe(relayUrl)
  })

  test('keep nobody from the one at which an owner went on', async () => {
    ground.lose(relayUrl)
    await promote(thirdRelayUrl)
    let looks = 0
    await syncs(async (url, dial) =>
      url === otherRelayUrl && (looks += 1) === 1 ? black() : await dial(url),
    )
    expect(relayOf(b)).toBe(thirdRelayUrl)
  })
})

test('a run that ends by itself looks with each attempt: a mirror that missed one look is asked again', async () => {
  ground.lose(relayUrl)
  await promote(otherRelayUrl)
  let looks = 0
  await syncs(async (url, dial) => {
    if (url === otherRelayUrl && (looks += 1) === 1) ground.dial('ws://127.0.0.1:9')
    return await dial(url)
  })
  expect(looks).toBeGreaterThan(1)
  expect(relayOf(b)).toBe(otherRelayUrl)
})
