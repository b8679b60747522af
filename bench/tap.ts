// Counts what goes over a port: a forwarder on a thread of its own, so that it goes on while this thread waits for a command.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

/** Bytes in each direction, without the headers of TCP. */
export interface Traffic {
  readonly sentBytes: number
  readonly receivedBytes: number
}

/** A forwarder in front of a port of loopback. */
export class Tap {
  readonly port: number
  readonly #worker: Worker
  readonly #counts: BigInt64Array

  private constructor(worker: Worker, counts: BigInt64Array, port: number) {
    this.#worker = worker
    this.#counts = counts
    this.port = port
  }

  /** Forwards to `target`, on a port of its own. */
  static async open(target: number): Promise<Tap> {
    const counts = new BigInt64Array(new SharedArrayBuffer(16))
    const worker = new Worker(new URL(import.meta.url), { workerData: { tapTarget: target, counts } })
    const [port] = (await once(worker, 'message')) as [number]
    return new Tap(worker, counts, port)
  }

  /** What clients sent and received so far. */
  get traffic(): Traffic {
    return {
      sentBytes: Number(Atomics.load(this.#counts, 0)),
      receivedBytes: Number(Atomics.load(this.#counts, 1)),
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}

interface TapWork {
  readonly tapTarget: number
  readonly counts: BigInt64Array
}

async function forward({ tapTarget, counts }: TapWork): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const to = connect({ port: tapTarget, host: '127.0.0.1', allowHalfOpen: true })
    client.on('data', (data) => Atomics.add(counts, 0, BigInt(data.length)))
    to.on('data', (data) => Atomics.add(counts, 1, BigInt(data.length)))
    client.pipe(to).pipe(client)
    for (const [one, other] of [
      [client, to],
      [to, client],
    ] as const)
      one.on('error', () => other.destroy()).setNoDelay(true)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  parentPort?.postMessage((server.address() as AddressInfo).port)
}

const work = workerData as Partial<TapWork> | null
if (!isMainThread && work?.tapTarget !== undefined) await forward(work as TapWork)
