// Where the applier gets content from. It names staged files; whoever implements this fetches, checks and writes them.
import type { ProblemCode } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { Content, Stamp } from '../sync/tree.ts'
import type { FileBits } from './file-system.ts'

/** One file to assemble in the staging area. */
export interface WantedFile {
  readonly content: Content
  readonly sizeBytes: number
  /** Name for `FileSystem.openStaged`. */
  readonly staged: string
  /** Where it will go: for messages, and for finding chunks on this disk. */
  readonly path: RelativePath
  /** Whoever closes it may finish it, which spares opening it again; what is only closed the applier finishes. */
  readonly finish?: Finish | undefined
}

/** For `FileWriter.finish`, and who is told what it gave. */
export interface Finish {
  readonly bits: FileBits
  readonly done: (stamp: Stamp) => void
}

/** Why a file could not be assembled; its staged file is dropped by the applier. */
export interface FillFailure {
  readonly code: ProblemCode
  readonly detail?: string | undefined
}

/**
 * Assembles many files at once, because small ones share packs. Each is opened once with `openStaged`, written in full (exactly
 * `sizeBytes`, every chunk checked by its id) and closed; flushing is the applier's. Answers in the order asked, undefined for
 * done. Rejects only with what stops the whole run (a `ClientError`); what concerns one file is its `FillFailure`.
 */
export interface ContentSource {
  fill(files: readonly WantedFile[]): Promise<readonly (FillFailure | undefined)[]>
}
