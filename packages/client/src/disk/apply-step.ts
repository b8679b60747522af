// A change on its way through a group.
import type { Problem } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import { sameContent, type NodeId, type Stamp } from '../sync/tree.ts'
import type { ApplyOptions, Beside, Change } from './apply-report.ts'
import type { DiskTraits } from './file-system.ts'

export type Put = Extract<Change, { op: 'put' }>
export type Move = Extract<Change, { op: 'move' }>
export type Remove = Extract<Change, { op: 'remove' }>
export type Aside = Extract<Change, { do: 'step-aside' }>

/** Where a run collects what happened. */
export interface Collected {
  readonly done: Change[]
  readonly lookAgain: Set<RelativePath>
  readonly problems: Problem[]
}

export interface GroupOptions extends ApplyOptions {
  readonly traits: DiskTraits
  /** Stamps of nodes after our own effects, which the plan could not know. */
  readonly fresh: Map<NodeId, Stamp>
  readonly report: Collected
  /** A number that no name in the staging area has yet. */
  readonly nextCount: () => number
  /** What is waited for while contents come. */
  readonly beside: Beside
}

export interface Step {
  readonly change: Change
  /** The staged file or link, and its stamp there. */
  staged: { readonly name: string; stamp: Stamp | undefined } | undefined
  state: 'waiting' | 'done' | 'refused'
}

export type PutStep = Step & { readonly change: Put }

export function isPut(step: Step): step is PutStep {
  return step.change.do === 'apply' && step.change.op === 'put'
}

/** A file that is staged, and goes where nothing is. */
export type NewStep = PutStep & { readonly staged: { readonly name: string; readonly stamp: Stamp } }

/** The steps in order, new files that follow each other together. */
export function* runsOf(steps: readonly Step[]): Generator<Step | readonly NewStep[]> {
  let run: NewStep[] = []
  for (const step of steps) {
    if (isNew(step)) {
      run.push(step)
      continue
    }
    if (run.length > 0) yield run
    run = []
    yield step
  }
  if (run.length > 0) yield run
}

function isNew(step: Step): step is NewStep {
  return isPut(step) && step.change.expect === undefined && step.staged?.stamp !== undefined
}

/** Whether it puts a file or link that is not there yet with these very bytes. */
export function needsContent({ row, expect }: Put): boolean {
  if (row.value.kind === 'directory') return false
  if (row.value.kind === 'link' || expect?.value.kind !== 'file') return true
  return !sameContent(row.value, expect.value)
}
