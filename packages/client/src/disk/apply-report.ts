// What an apply is given and what it tells.
import type { Clock } from '../clock.ts'
import type { Apply, Problem, ProblemCode, StepAside } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { ContentSource } from './content-source.ts'
import type { CutOffFiles } from './cut-off-files.ts'
import { DiskError, type FileSystem } from './file-system.ts'
import type { IgnoreRules } from './ignore.ts'
import type { OwnTraces } from './own-traces.ts'
import type { TreesSource } from './look-report.ts'

export interface ApplyOptions {
  readonly files: FileSystem
  readonly trees: TreesSource
  readonly content: ContentSource
  readonly ignore: IgnoreRules
  readonly clock: Clock
  /** Whether something in the staging area is not the applier's, and not of an earlier run: it is not swept. */
  readonly isHeld?: ((staged: string) => boolean) | undefined
  /** Large files that were being fetched: not thrown away, and noted there. */
  readonly cutOff?: CutOffFiles | undefined
  /** Where it is noted what the watcher is going to hear of. */
  readonly traces?: OwnTraces | undefined
  /** What people call this device: for the name of a copy that has to be kept beside. */
  readonly device?: string | undefined
  /** Asked between groups. */
  readonly signal?: AbortSignal | undefined
}

/** What is applied. */
export type Change = Apply | StepAside

export interface ApplyReport {
  /** Done, durable, and in base and local. */
  readonly done: readonly Change[]
  /**
   * Directories where something was not what the plan saw, sorted: nothing was done about it, or a user was quicker after it. Look
   * there, then plan again.
   */
  readonly lookAgain: readonly RelativePath[]
  /** Sorted by path. */
  readonly problems: readonly Problem[]
  /** Not tried: something was done beside what came before it, and it is to be planned anew. */
  readonly left: readonly Change[]
}

/**
 * Waits for this, and lets others do something beside it until it is there. Each time `before` is called first. Says whether folder or state were
 * changed. Rejects when the work cannot be gone on with.
 */
export type Beside = (work: Promise<void>, before: () => Promise<void>) => Promise<boolean>

/** What a failure means: something changed meanwhile, or a problem of this one thing. */
export type Refusal = 'changed' | { readonly code: ProblemCode; readonly detail?: string }

const changedCodes = ['ECHANGED', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'ELOOP']
const problemCodes: readonly (readonly [ProblemCode, readonly string[]])[] = [
  ['disk-full', ['ENOSPC', 'EDQUOT']],
  ['name-unholdable', ['ENAMETOOLONG', 'EINVAL', 'EILSEQ']],
]

/** Reads a failure of the disk; anything else is thrown on. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
  if (changedCodes.includes(error.code)) return 'changed'
  const code = problemCodes.find(([, codes]) => codes.includes(error.code))?.[0] ?? 'unwritable'
  return { code, detail: error.code }
}
