// The entry of a worker thread: takes a task, gives buffers back by moving them, and errors with their code.
import type { Transferable } from 'node:worker_threads'
import { CryptoError } from '@grenier/crypto'
import Tinypool from 'tinypool'
import { packCut, unpackCutTask } from './cut-message.ts'
import { buffersOf, releaseBuffers } from './moved-bytes.ts'
import * as work from './work.ts'
import { movedWith, type Answer, type Chunks, type Task, type Work } from './worker-message.ts'

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
