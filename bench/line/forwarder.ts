// A line made without the kernel's help, for machines where it does not give any: a forwarder that hands bytes on late and slowly. Each
// connection is a line of its own. Nothing is lost on it: a forwarder sees no packets.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { freePort } from '../peers/peer.ts'
import type { Stage } from '../stage.ts'
import type { Line, Shape } from './line.ts'

/** Bytes that may wait on one side of the line, about what a modem holds. */
const queueBytes = 64 * 1024

interface Work {
  readonly lineTarget: number
  readonly shape: Shape
  readonly sent: BigInt64Array
}

/** Starts a relay behind a forwarder. */
export async function forwarderLine(stage: Stage, shape: Shape): Promise<Line> {
  const port = await freePort()
  const sent = new BigInt64Array(new SharedArrayBuffer(8))
  const work: Work = { lineTarget: port, shape, sent }
  const worker = new Worker(new URL(import.meta.url), { workerData: work })
  const [dialled] = (await once(worker, 'message')) as [number]
  const { url } = await stage.relay({ port, dialled })
  return {
    kind: 'a forwarder on loopback, without loss',
    url,
    prefix: () => [],
    sentBytes: () => Number(Atomics.load(sent, 0)),
    async close() {
      await worker.terminate()
    },
  }
}

async function forward({ lineTarget, shape, sent }: Work): Promise<void> {
  const server = createServer((client) => {
    const relay = connect({ port: lineTarget, host: '127.0.0.1' })
    const delayMs = shape.roundTripMs / 2
    const up = { delayMs, bitsPerSecond: shape.upBitsPerSecond }
    pour(client, relay, { ...up, passed: (bytes) => Atomics.add(sent, 0, BigInt(bytes)) })
    pour(relay, client, { delayMs, bitsPerSecond: shape.downBitsPerSecond, passed: () => undefined })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  parentPort?.postMessage((server.address() as AddressInfo).port)
}

interface Direction {
  readonly delayMs: number
  readonly bitsPerSecond: number
  /** Told when bytes have left the queue. */
  readonly passed: (bytes: number) => void
}

/** One direction, in order: the queue empties at its rate, and what has left it arrives later by the delay. */
function pour(from: Socket, to: Socket, { delayMs, bitsPerSecond, passed }: Direction): void {
  let [freeAt, waiting] = [0, 0]
  let before: Promise<unknown> = Promise.resolve()
  from.setNoDelay(true)
  from.on('error', () => to.destroy())
  from.on('data', (data: Buffer) => {
    freeAt = Math.max(freeAt, performance.now()) + (data.length * 8000) / bitsPerSecond
    waiting += data.length
    if (waiting > queueBytes) from.pause()
    const left = untilTime(freeAt).then(() => {
      waiting -= data.length
      passed(data.length)
      if (waiting <= queueBytes) from.resume()
    })
    // Timers of different lengths may fire out of their order: what came before has to have been handed on.
    before = Promise.all([before, left, untilTime(freeAt + delayMs)]).then(() => to.write(data))
  })
  from.on('close', () => void before.then(() => to.end()))
}

async function untilTime(time: number): Promise<void> {
  const ms = Math.max(0, time - performance.now())
  await new Promise((resolve) => setTimeout(resolve, ms))
}

const given = workerData as Partial<Work> | null
if (!isMainThread && given?.lineTarget !== undefined) await forward(given as Work)
