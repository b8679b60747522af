// Every stage of the path alone, in one run, and what they add up to.
import { availableParallelism } from 'node:os'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { removeNow } from '../ending.ts'
import { short, type Figure } from '../figures.ts'
import type { Options } from '../options.ts'
import { newPlace } from '../stage.ts'
import { ceilingOf, type Ceiling } from './ceiling.ts'
import { contentCosts, type Content } from './content.ts'
import { diskCosts, writeFloor } from './disks.ts'
import { fileCosts, type FileCost } from './per-file.ts'
import { pipelineFigures } from './pipeline.ts'
import { cpuMsPerMib, mibPerSecond, type StageCost } from './stage-cost.ts'
import { wireCosts } from './wire.ts'

const mibDefault = 64
const filesDefault = 2000
const runsDefault = 5

/** The ceiling of the path for one kind of content. */
export interface ContentCeiling extends Ceiling {
  readonly content: Content
  readonly storedShare: number
}

/** What was found: figures of each stage and file, and the ceilings. */
export interface Micro {
  readonly figures: readonly Figure[]
  readonly ceilings: readonly ContentCeiling[]
}

/** Measures everything. */
export async function measureMicro(options: Options): Promise<Micro> {
  const how = { mib: options.mib ?? mibDefault, runs: options.rounds ?? runsDefault }
  const place = newPlace()
  try {
    const wire = await wireCosts(how)
    mkdirSync(join(place, 'disks'))
    const disks = await diskCosts(join(place, 'disks'), how)
    const floor = await writeFloor(place, how)
    const figures = [...wire, ...disks, floor].flatMap((stage) => stageFigures(stage))
    const ceilings: ContentCeiling[] = []
    for (const content of ['random', 'text'] as const) {
      const { stages, storedShare } = await contentCosts(content, how)
      figures.push(...stages.flatMap((stage) => stageFigures(stage, content)))
      const ceiling = ceilingOf([...stages, ...wire, ...disks], {
        cores: availableParallelism(),
        storedShare,
      })
      ceilings.push({ content, storedShare, ...ceiling })
    }
    figures.push(...(await pipelineFigures(place, how)))
    const files = await fileCosts(place, { files: options.files ?? filesDefault, runs: how.runs })
    return {
      figures: [...figures, ...files.flatMap(fileFigures), ...ceilings.flatMap(ceilingFigures)],
      ceilings,
    }
  } finally {
    removeNow(place)
  }
}

/** The ceilings in sentences. */
export function said({ ceilings }: Micro): string {
  const lines = ceilings.map(({ content, mibPerSecond: rate, boundBy, largestStage, bounds }) => {
    const others = bounds.map(({ name, msPerMib }) => `  ${name}: ${short(msPerMib)} ms a MiB`)
    return `${content}: at most ${short(rate)} MiB/s over the whole path, held there by ${boundBy}; the most of it goes to: ${largestStage}\n${others.join('\n')}`
  })
  return lines.join('\n')
}

function stageFigures(stage: StageCost, content?: Content): Figure[] {
  const name = `${stage.thread}: ${stage.name}${content === undefined ? '' : ` (${content})`}`
  return [
    { name, value: mibPerSecond(stage), unit: 'MiB/s' },
    { name: `${name}, cpu a MiB`, value: cpuMsPerMib(stage), unit: 'ms' },
  ]
}

function fileFigures({ name, files, ours, floor }: FileCost): Figure[] {
  const eachUs = (ms: number): number => (ms / files) * 1000
  return [
    { name: `a file: ${name}`, value: eachUs(ours.wallMs), unit: 'µs' },
    { name: `a file: its floor, ${floor.name}`, value: eachUs(floor.cost.wallMs), unit: 'µs' },
    { name: `a file: cpu to the floor's cpu`, value: ours.cpuMs / floor.cost.cpuMs, unit: 'times' },
  ]
}

function ceilingFigures({ content, mibPerSecond: value }: ContentCeiling): Figure[] {
  return [{ name: `ceiling of the whole path (${content})`, value, unit: 'MiB/s' }]
}
