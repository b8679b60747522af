// What a look is given and what it tells.
import type { Clock } from '../clock.ts'
import type { TreesTransaction } from '../state/trees.ts'
import type { Problem } from '../sync/action.ts'
import type { NodeId } from '../sync/tree.ts'
import type { FileSystem } from './file-system.ts'
import type { IgnoreRules } from './ignore.ts'

/** A transaction that its holder ends, by `commit` or by this. */
export interface OpenTransaction extends TreesTransaction {
  abandon(): void
}

/** Begins transactions on the trees of the folder's vault; the next one waits for the one before to end. */
export interface TreesSource {
  begin(): Promise<OpenTransaction>
}

export interface LookOptions {
  readonly files: FileSystem
  readonly trees: TreesSource
  readonly ignore: Pick<IgnoreRules, 'enter' | 'ignores'>
  /** Whether it is a folder that is never written to: then nothing in it was left by this program, and a synced folder in it is one like any other. */
  readonly isSource?: boolean | undefined
  /** Of a source: an empty directory where something was mounted is what its owner wants. */
  readonly allowEmpty?: boolean | undefined
  readonly clock: Clock
  /** What people call this device: for the name of a copy that a crash left. */
  readonly device?: string | undefined
  /** Asked between directories; a look that stops leaves what it has written. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Called between two directories, when much is new and nothing else was seen, with no transaction open; it may give nodes other ids. Says whether
 * it is to be called again.
 */
export type Between = () => Promise<boolean>

/** What a look saw. */
export interface LookReport {
  /** Directories listed. */
  readonly directories: number
  /** Rows of the local column that were written, and of these: that came, that changed (or moved), that vanished. */
  readonly came: number
  readonly changed: number
  readonly vanished: number
  /** The nodes of these rows; undefined when there are more than a few. */
  readonly nodes: readonly NodeId[] | undefined
  /** Sorted by path; of the directories that were looked at. At most `problemsMax`. */
  readonly problems: readonly Problem[]
}

/** So many nodes are told one by one. */
export const nodesMax = 256

/** More problems than this in one look are not listed one by one: people read the first ones. */
export const problemsMax = 10_000
