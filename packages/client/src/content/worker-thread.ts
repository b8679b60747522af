// The entry of a worker thread: takes a task, gives buffers back by moving them, and errors with their code. And the messages, with what
// of them is moved: the same on both sides.
import type { Transferable } from 'node:worker_threads'
import { CryptoError, type CryptoErrorCode } from '@grenier/crypto'
import Tinypool from 'tinypool'
import { packCut, unpackCutTask, type PackedCut, type PackedCutTask } from './cut-message.ts'
import { buffersOf, movableOf, releaseBuffers } from './moved-bytes.ts'
import * as work from './work.ts'
import type { CheckTask, Compressed, Compressible, OpenTask, SealedPack, SealTask } from './worker-pool.ts'

type Chunks = readonly (Uint8Array | undefined)[]

/** Each task by its name, and what it gives. */
export interface Work {
  readonly cut: {
    readonly task: PackedCutTask
    readonly gives: PackedCut
  }
  readonly compress: {
    readonly task: { inputs: readonly Compressible[] }
    readonly gives: readonly Compressed[]
  }
  readonly seal: { readonly task: SealTask; readonly gives: SealedPack }
  readonly open: { readonly task: OpenTask; readonly gives: Chunks }
  readonly check: { readonly task: CheckTask; readonly gives: Chunks }
}

/** A task as the pool posts it. */
export type Task = {
  [Name in keyof Work]: { readonly name: Name; readonly task: Work[Name]['task'] }
}[keyof Work]

/** What comes back: a value, or the code of a CryptoError, which would lose its class on the way. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly code: CryptoErrorCode; readonly message: string }

type Given = Work[keyof Work]['gives']

/** Runs one task. */
export default function run(task: Task): unknown {
  try {
    const { value, large } = perform(task)
    const given = buffersOf(large)
    releaseBuffers(movedWith(task).filter((buffer) => !given.includes(buffer)))
    return moved({ ok: true, value }, given)
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    return { ok: false, code: error.code, message: error.message } satisfies Answer<never>
  }
}

function perform(task: Task): { value: Given; large: readonly Uint8Array[] } {
  switch (task.name) {
    case 'cut': {
      const value = work.cut(unpackCutTask(task.task))
      const packed = packCut(value)
      return { value: packed, large: [...value.flatMap((piece) => [piece.bytes, piece.rest]), packed.ids] }
    }
    case 'compress': {
      const value = work.compress(task.task)
      return { value, large: value.map((one) => one.bytes) }
    }
    case 'seal': {
      const value = work.seal(task.task)
      return { value, large: [value.bytes] }
    }
    case 'open':
      return chunksGiven(work.open(task.task))
    case 'check':
      return chunksGiven(work.check(task.task))
  }
}

function chunksGiven(value: Chunks): { value: Chunks; large: readonly Uint8Array[] } {
  return { value, large: value.filter((chunk) => chunk !== undefined) }
}

function moved(value: Answer<Given>, transfer: readonly Transferable[]): unknown {
  if (transfer.length === 0) return value
  return Tinypool.move({ [Tinypool.transferableSymbol]: transfer, [Tinypool.valueSymbol]: value } as never)
}

/** What is moved there with a task: as the contract of `WorkerPool` says. */
export function movedWith(task: Task): ArrayBuffer[] {
  switch (task.name) {
    case 'cut':
      return movableOf(task.task.buffers)
    case 'compress':
      return buffersOf(task.task.inputs.map((input) => input.bytes))
    case 'seal':
      return buffersOf([task.task.plain])
    case 'open':
      return buffersOf([task.task.cells])
    case 'check':
      return buffersOf(task.task.chunks.map((chunk) => chunk.bytes))
  }
}
