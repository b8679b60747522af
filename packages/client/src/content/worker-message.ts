// The messages between the pool and its threads, with what of them is moved: the same on both sides. Without the pool library, which costs a
// process that never starts a thread 4 MiB.
import type { CryptoErrorCode } from '@grenier/crypto'
import type { PackedCut, PackedCutTask } from './cut-message.ts'
import { buffersOf, movableOf } from './moved-bytes.ts'
import type { CheckTask, Compressed, Compressible, OpenTask, SealedPack, SealTask } from './worker-pool.ts'

export type Chunks = readonly (Uint8Array | undefined)[]

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
