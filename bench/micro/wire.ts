// Bytes over a WebSocket on loopback, as client and relay send and take them: what each end's thread does for it. The other end is a thread
// of its own, since a client masks what it sends and a relay does not.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { createServer } from 'node:http'
import { limits, parseRelayUrl, type Wire } from '@grenier/protocol'
import { WebSocketServer } from 'ws'
import { dialWebSocket } from '../../packages/client/src/relay/dial-websocket.ts'
import { WebSocketWire } from '../../packages/relay/src/server/ws-wire.ts'
import type { StageCost } from './stage-cost.ts'

const partBytes = limits.partBytes
/** Sent ahead of what is taken, as much as a sender lets stand. */
const aheadBytes = 4 << 20

interface ThreadCost {
  readonly cpuMs: number
  readonly wallMs: number
}

type Order = 'take' | 'send'

/** Measures both ways, each end alone. */
export async function wireCosts({ mib, runs }: { mib: number; runs: number }): Promise<StageCost[]> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { wireMib: mib },
    execArgv: process.execArgv,
  })
  const [port] = (await once(worker, 'message')) as [number]
  const wire = await dialWebSocket(parseRelayUrl(`ws://127.0.0.1:${port}`))
  const take = taker(wire)
  const up: [ThreadCost, ThreadCost][] = []
  const down: [ThreadCost, ThreadCost][] = []
  for (let run = 0; run < runs; run += 1) {
    up.push(await together(worker, 'take', () => send(wire, mib)))
    down.push(await together(worker, 'send', () => take(mib)))
  }
  wire.close()
  await worker.terminate()
  const stage = (name: string, thread: StageCost['thread'], costs: readonly ThreadCost[]): StageCost => {
    const [least] = [...costs].sort((a, b) => a.cpuMs - b.cpuMs)
    if (least === undefined) throw new RangeError('no run')
    return { name, thread, mib, isStored: true, waitsForDisk: false, ...least }
  }
  return [
    stage(
      'mask and send',
      'sender',
      up.map(([own]) => own),
    ),
    stage(
      'take and unmask',
      'relay',
      up.map(([, other]) => other),
    ),
    stage(
      'send on',
      'relay',
      down.map(([, other]) => other),
    ),
    stage(
      'take',
      'receiver',
      down.map(([own]) => own),
    ),
  ]
}

/** Both ends at the same time; gives what this one and the other one took. */
async function together(
  worker: Worker,
  order: Order,
  work: () => Promise<void>,
): Promise<[own: ThreadCost, other: ThreadCost]> {
  const answer = once(worker, 'message')
  worker.postMessage(order)
  const own = await clockOfThisThread()(work)
  const [other] = (await answer) as [ThreadCost]
  return [own, other]
}

/**
 * Measures what this thread does from one call's end to the next one's: what arrives before it is told to wait for it counts, too, and
 * doing nothing takes no processor.
 */
function clockOfThisThread(): (work: () => Promise<void>) => Promise<ThreadCost> {
  let before = process.threadCpuUsage()
  return async (work) => {
    const start = performance.now()
    await work()
    const { user, system } = process.threadCpuUsage(before)
    before = process.threadCpuUsage()
    return { wallMs: performance.now() - start, cpuMs: (user + system) / 1000 }
  }
}

async function send(wire: Wire, mib: number): Promise<void> {
  const part = Buffer.alloc(partBytes, 0x5a)
  let drained: (() => void) | undefined
  wire.onDrain(() => drained?.())
  for (let left = mib << 20; left > 0; left -= partBytes) {
    // Masking writes over what it is given: a part has to be a new one, as those of a pack are.
    wire.send(Buffer.from(part))
    while (wire.bufferedBytes > aheadBytes) await new Promise<void>((resolve) => (drained = resolve))
  }
  while (wire.bufferedBytes > 0) await new Promise<void>((resolve) => (drained = resolve))
}

/** Takes what comes, from the start on; each call resolves when so much more than at the last call has come. */
function taker(wire: Wire): (mib: number) => Promise<void> {
  let [taken, wanted] = [0, 0]
  let enough: (() => void) | undefined
  wire.onFrame((frame) => {
    taken += frame.length
    if (taken >= wanted) enough?.()
  })
  return (mib) => {
    wanted += mib << 20
    return taken >= wanted ? Promise.resolve() : new Promise((resolve) => (enough = resolve))
  }
}

/** The relay's end: takes or sends when told to, and says what that took. */
async function serve(mib: number): Promise<void> {
  const server = createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: limits.frameBytes })
  sockets.on('connection', (socket, request) => {
    request.socket.setNoDelay(true)
    const wire = new WebSocketWire(socket, request.socket)
    const [take, clock] = [taker(wire), clockOfThisThread()]
    parentPort?.on('message', (order: Order) => {
      const done = clock(() => (order === 'take' ? take(mib) : send(wire, mib)))
      void done.then((cost) => parentPort?.postMessage(cost))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  parentPort?.postMessage((server.address() as AddressInfo).port)
}

const given = workerData as { wireMib?: number } | null
if (!isMainThread && given?.wireMib !== undefined) await serve(given.wireMib)
