// A thread of `hash-thread.ts`, seen from this side: what it was asked, what it said, and its end, whichever way that came.
import { Worker } from 'node:worker_threads'
import { equal, type ChunkId } from '@grenier/crypto'
import type { ChunkRange } from '@grenier/crypto/chunk-ids'
import type { HashAnswer, HashTask } from './hash-thread.ts'
import { release } from './moved-bytes.ts'
import { RunLostError } from './worker-pool.ts'

/** Chunks of some bytes, and what they are taken for. */
export interface ToCheck {
  readonly key: Uint8Array
  /** Moved, with their buffer. */
  readonly bytes: Uint8Array
  readonly ranges: readonly ChunkRange[]
  readonly ids: readonly ChunkId[]
}

/** One thread, from its beginning to its end. */
export class HashBeside {
  readonly #worker: Worker
  readonly #started = Promise.withResolvers<undefined>()
  /** What it is at, by number. */
  readonly #waiting = new Map<number, PromiseWithResolvers<HashAnswer>>()
  #number = 0
  #state: 'begins' | 'ready' | 'over' = 'begins'
  #ended: Promise<void> | undefined

  /** @throws what the system says where it has no thread */
  constructor() {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#worker = new Worker(new URL(`./hash-thread.${extension}`, import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: 1 },
      ...(extension === 'ts' ? { execArgv: ['--conditions=source'] } : {}),
    })
    this.#worker.on('message', (said: 'started' | HashAnswer) => {
      if (said !== 'started') this.#answered(said)
      else if (this.#state === 'begins') this.#state = 'ready'
      this.#started.resolve(undefined)
    })
    for (const event of ['error', 'messageerror', 'exit'])
      this.#worker.on(event, (cause: unknown) => this.#over(cause))
    this.#worker.unref()
  }

  /** Whether it can be asked. */
  get isReady(): boolean {
    return this.#state === 'ready'
  }

  /** Whether it came to an end that nobody wished. */
  get isOver(): boolean {
    return this.#state === 'over'
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0
  }

  /** When it can be asked, or never will be. */
  async begun(): Promise<void> {
    this.#worker.ref()
    await this.#started.promise
    if (this.isIdle) this.#worker.unref()
  }

  /** The chunks, where they are what their ids say. @throws RunLostError where the thread ended: the bytes are lost then */
  async checked({ key, bytes, ranges, ids }: ToCheck): Promise<(Uint8Array | undefined)[]> {
    const answer = await this.#asked({ key, ranges, bytes: bytes as Uint8Array<ArrayBuffer> })
    const chunks = ranges.map(({ start, length }, at) => {
      const id = ids[at]
      const isIt = id !== undefined && equal(answer.ids.subarray(at * id.length, (at + 1) * id.length), id)
      return isIt ? answer.bytes.subarray(start, start + length) : undefined
    })
    if (chunks.every((chunk) => chunk === undefined)) release([answer.bytes])
    return chunks
  }

  #asked(task: Omit<HashTask, 'number'>): Promise<HashAnswer> {
    this.#number += 1
    this.#worker.postMessage({ number: this.#number, ...task } satisfies HashTask, [task.bytes.buffer])
    this.#worker.ref()
    const waiting = Promise.withResolvers<HashAnswer>()
    this.#waiting.set(this.#number, waiting)
    return waiting.promise
  }

  #answered(answer: HashAnswer): void {
    this.#waiting.get(answer.number)?.resolve(answer)
    this.#waiting.delete(answer.number)
    if (this.isIdle) this.#worker.unref()
  }

  #over(cause: unknown): void {
    this.#state = 'over'
    this.#started.resolve(undefined)
    for (const { reject } of this.#waiting.values())
      reject(new RunLostError('a thread ended with what it had', { cause }))
    this.#waiting.clear()
  }

  /** Ends it, after what it is at. It is asked nothing any more. */
  end(): Promise<void> {
    return (this.#ended ??= this.#end())
  }

  async #end(): Promise<void> {
    while (!this.isIdle) await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise))
    // V8 takes the process down where a thread is ended while it loads its modules.
    await this.begun()
    await this.#worker.terminate()
  }
}
