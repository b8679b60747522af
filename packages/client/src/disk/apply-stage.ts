// First half of a group: contents and links in the staging area, with their bits and times, not yet flushed.
import type { Content, Stamp } from '../sync/tree.ts'
import type { FillFailure, WantedFile } from './content-source.ts'
import { refusalOf, type Refusal } from './apply-report.ts'
import { isPut, needsContent, type GroupOptions, type Put, type PutStep, type Step } from './apply-step.ts'
import { stagedName, stagedPath } from './staging-names.ts'

/** Stages what the waiting steps need; those for which that fails are refused. */
export async function stage(
  options: GroupOptions,
  steps: readonly Step[],
  refuse: (step: Step, refusal: Refusal) => void,
): Promise<void> {
  const wanted = steps
    .filter(isPut)
    .filter(({ state, change }) => state === 'waiting' && needsContent(change))
  for (const step of wanted)
    step.staged = { name: stagedName(options.nextCount(), largeContent(step.change)), stamp: undefined }
  await fill(options, wanted, refuse)
  const unfinished = wanted.filter(({ state, staged }) => state === 'waiting' && staged?.stamp === undefined)
  for (const step of unfinished) {
    try {
      await finish(options, step)
    } catch (error) {
      refuse(step, refusalOf(error))
    }
  }
  await remember(options, unfinished)
}

/** A file from here on is not fetched all over again where a run was cut off. */
export const largeBytesMin = 8 << 20

function largeContent({ row: { value } }: Put): Content | undefined {
  return value.kind === 'file' && value.sizeBytes >= largeBytesMin ? value.content : undefined
}

async function fill(
  options: GroupOptions,
  steps: readonly PutStep[],
  refuse: (step: Step, refusal: Refusal) => void,
): Promise<void> {
  const files = steps.flatMap((step) => {
    const { value } = step.change.row
    const { staged } = step
    if (value.kind !== 'file' || value.content === undefined || staged === undefined) return []
    const { content, sizeBytes, mode, mtimeNs } = value
    const done = (stamp: Stamp): void => {
      staged.stamp = stamp
    }
    const finish = { bits: { mode, mtimeNs }, done }
    return [{ step, file: { content, sizeBytes, staged: staged.name, path: step.change.path, finish } }]
  })
  if (files.length === 0) return
  const failures = await options.content.fill(files.map(({ file }) => file))
  const failed = files.flatMap((one, index) => {
    const failure = failures[index]
    return failure === undefined ? [] : [{ ...one, failure }]
  })
  for (const { step, failure } of await refill(options, failed)) {
    const { code, detail } = failure
    refuse(step, detail === undefined ? { code } : { code, detail })
  }
}

interface Failed {
  readonly step: PutStep
  readonly file: WantedFile
  readonly failure: FillFailure
}

/**
 * What had no room beside the others may have it alone: the half-filled ones give up theirs, and each is tried again, the smallest first,
 * until one does not fit. Gives those that failed for good.
 */
async function refill(
  { content, files }: GroupOptions,
  failed: readonly Failed[],
): Promise<readonly Failed[]> {
  const crowded = failed.filter(({ failure }) => failure.code === 'disk-full')
  if (crowded.length < 2) return failed
  for (const { file } of crowded) await files.change({ do: 'drop-staged', name: file.staged })
  const waiting = [...crowded].sort((a, b) => a.file.sizeBytes - b.file.sizeBytes)
  for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
    const [failure] = await content.fill([next.file])
    if (failure !== undefined) break
    waiting.shift()
  }
  return failed.filter((one) => !crowded.includes(one) || waiting.includes(one))
}

async function finish({ files }: GroupOptions, { change, staged }: PutStep): Promise<void> {
  const { value } = change.row
  const name = staged?.name ?? ''
  if (value.kind === 'link')
    await files.change({ do: 'stage-link', name, target: value.target, mtimeNs: value.mtimeNs })
  else if (value.kind === 'file')
    await files.change({ do: 'finish-staged', name, mode: value.mode, mtimeNs: value.mtimeNs })
}

/** Stamps of what is staged: by them it is known again once it is in place. */
async function remember({ files }: GroupOptions, steps: readonly PutStep[]): Promise<void> {
  const staged = steps.flatMap(({ state, staged }) =>
    state === 'waiting' && staged !== undefined ? [staged] : [],
  )
  const looks = await files.look(staged.map(({ name }) => stagedPath(name)))
  for (const [index, one] of staged.entries()) one.stamp = looks[index]?.stamp
}
