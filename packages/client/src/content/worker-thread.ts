// The entry of a worker thread: takes a task, gives buffers back by moving them, and errors with their code.
import type { Transferable } from 'node:worker_threads'
import { CryptoError, type CryptoErrorCode } from '@grenier/crypto'
import Tinypool from 'tinypool'
import * as work from './work.ts'
import type { Compressible, ContentKeys, OpenTask, Piece, SealTask } from './worker-pool.ts'

/** A task by its name, as the pool posts it. */
export type Task =
  | { readonly name: 'cut'; readonly task: { keys: ContentKeys; pieces: readonly Piece[] } }
  | { readonly name: 'compress'; readonly task: { inputs: readonly Compressible[] } }
  | { readonly name: 'seal'; readonly task: SealTask }
  | { readonly name: 'open'; readonly task: OpenTask }

/** What comes back: a value, or the code of a CryptoError, which would lose its class on the way. */
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: CryptoErrorCode; readonly message: string }

/** Runs one task. */
export default function run(task: Task): unknown {
  try {
    const value = perform(task)
    return moved({ ok: true, value } satisfies Answer, buffersOf(value))
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    return { ok: false, code: error.code, message: error.message } satisfies Answer
  }
}

function perform(task: Task): unknown {
  switch (task.name) {
    case 'cut':
      return work.cut(task.task)
    case 'compress':
      return work.compress(task.task)
    case 'seal':
      return work.seal(task.task)
    case 'open':
      return work.open(task.task)
  }
}

function moved(value: Answer, transfer: readonly Transferable[]): unknown {
  if (transfer.length === 0) return value
  return Tinypool.move({ [Tinypool.transferableSymbol]: transfer, [Tinypool.valueSymbol]: value } as never)
}

/**
 * The buffers that hold large byte arrays of a task or result, each once: moved instead of copied. Small ids are copied, and so is
 * whatever shares its buffer with Node's own pool.
 */
export function buffersOf(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>()
  collect(value, found)
  return [...found]
}

/** Below this a copy is cheaper than a move. */
const movedBytesMin = 1024

function collect(value: unknown, found: Set<ArrayBuffer>): void {
  if (value instanceof Uint8Array) {
    const whole = value.byteLength === value.buffer.byteLength
    if (whole && value.byteLength >= movedBytesMin && value.buffer instanceof ArrayBuffer)
      found.add(value.buffer)
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, found)
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) collect(item, found)
  }
}
