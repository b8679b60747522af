// First half of a group: contents and links in the staging area, with their bits and times, not yet flushed.
import { refusalOf, type Refusal } from './apply-report.ts'
import { isPut, needsContent, type GroupOptions, type PutStep, type Step } from './apply-step.ts'
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
  for (const step of wanted) step.staged = { name: stagedName(options.nextCount()), stamp: undefined }
  await fill(options, wanted, refuse)
  for (const step of wanted) {
    if (step.state !== 'waiting') continue
    try {
      await finish(options, step)
    } catch (error) {
      refuse(step, refusalOf(error))
    }
  }
  await remember(options, wanted)
}

async function fill(
  options: GroupOptions,
  steps: readonly PutStep[],
  refuse: (step: Step, refusal: Refusal) => void,
): Promise<void> {
  const files = steps.flatMap((step) => {
    const { value } = step.change.row
    if (value.kind !== 'file' || value.content === undefined || step.staged === undefined) return []
    const { content, sizeBytes } = value
    return [{ step, file: { content, sizeBytes, staged: step.staged.name, path: step.change.path } }]
  })
  if (files.length === 0) return
  const failures = await options.content.fill(files.map(({ file }) => file))
  for (const [index, { step }] of files.entries()) {
    const failure = failures[index]
    if (failure === undefined) continue
    const { code, detail } = failure
    refuse(step, detail === undefined ? { code } : { code, detail })
  }
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
