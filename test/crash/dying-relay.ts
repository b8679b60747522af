// A relay that dies: the real one, in a process of its own, on its real store. It kills itself before or after a message, a batch of its
// database, or a call that makes packs durable. What is wrapped is wrapped here.
import { once } from 'node:events'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { decodeClientMessage, decodeRelayMessage, type Wire } from '@grenier/protocol'
import { RelayCore, startRelay } from '@grenier/relay'
import { Level } from 'level'
import { Moments } from './moments.ts'

/** What the line on its standard input says. */
export interface RelayJob {
  readonly dataFolder: string
  readonly port: number
  readonly journal: string
  /** From 1, counted from the first connection on. */
  readonly dieAt: number
}

const lines = createInterface({ input: process.stdin })
const [line] = (await once(lines, 'line')) as [string]
const { dataFolder, port, journal, dieAt } = JSON.parse(line) as RelayJob
const moments = new Moments({ journal, dieAt })
countBatches()
await countFlushes()
countMessages()
const host = '127.0.0.1'
const relay = await startRelay({ dataFolder, host, port, tls: 'none', registration: 'open' })
moments.begin()
process.stdout.write('ready\n')
// It is told to stop by the end of its standard input.
await once(lines, 'close')
await relay.stop()

function countMessages(): void {
  const connect: unknown = Reflect.get(RelayCore.prototype, 'connect')
  if (typeof connect !== 'function') throw new TypeError('no connect')
  RelayCore.prototype.connect = function (wire, from) {
    return Reflect.apply(connect, this, [countedWire(wire), from]) as ReturnType<RelayCore['connect']>
  }
}

function countedWire(wire: Wire): Wire {
  return {
    get bufferedBytes() {
      return wire.bufferedBytes
    },
    send(frame) {
      const message = decodeRelayMessage(frame.slice())
      const what = `send ${message.type}${'re' in message ? ` ${message.re}` : ''}`
      moments.reach(what)
      wire.send(frame)
      moments.reach(`after ${what}`)
    },
    onFrame: (take) =>
      wire.onFrame((frame) => {
        const { type } = decodeClientMessage(frame.slice())
        moments.reach(`receive ${type}`)
        take(frame)
        moments.reach(`after receive ${type}`)
      }),
    onDrain: (drained) => wire.onDrain(drained),
    onClose: (closed) => wire.onClose(closed),
    close: (code, reason) => wire.close(code, reason),
  }
}

function countBatches(): void {
  const around = (what: string, call: (...given: unknown[]) => unknown) =>
    async function (this: unknown, ...given: unknown[]): Promise<unknown> {
      moments.reach(what)
      const result = await call.apply(this, given)
      moments.reach(`after ${what}`)
      return result
    }
  const batch = Reflect.get(Level.prototype, 'batch') as (...given: unknown[]) => unknown
  Reflect.set(Level.prototype, 'batch', around('batch', batch))
}

/** Every open file has its methods from one prototype. */
async function countFlushes(): Promise<void> {
  const probe = join(dataFolder, 'probe')
  const handle = await open(probe, 'w')
  const prototype = Object.getPrototypeOf(handle) as object
  await handle.close()
  await rm(probe)
  for (const name of ['write', 'writev', 'sync', 'datasync']) {
    const call = Reflect.get(prototype, name) as (...given: unknown[]) => Promise<unknown>
    Reflect.set(prototype, name, async function (this: unknown, ...given: unknown[]): Promise<unknown> {
      moments.reach(name)
      const result = await call.apply(this, given)
      moments.reach(`after ${name}`)
      return result
    })
  }
}
