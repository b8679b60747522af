// Tries one target after the other, each with a seed of its own; what is found is told with the command that finds it again.
import { Seeded } from '../simulation/seeded.ts'
import type { Target } from './target.ts'
import { checkpointTarget, codeTarget, frameTarget, relayTarget } from './targets-doors.ts'
import { entryTarget, payloadTarget, signedTarget } from './targets-log.ts'
import {
  blobTarget,
  certificateTarget,
  containerTarget,
  keyUnderTarget,
  sealTarget,
} from './targets-sealed.ts'

/** Everything that a hostile party can supply. */
export const targets: readonly Target[] = [
  entryTarget,
  signedTarget,
  payloadTarget,
  containerTarget,
  sealTarget,
  blobTarget,
  keyUnderTarget,
  certificateTarget,
  frameTarget,
  relayTarget,
  codeTarget,
  checkpointTarget,
]

/** What came of many tries: how often each outcome, and what was found. */
export interface Outcome {
  readonly counts: Map<string, number>
  readonly findings: string[]
}

/** Findings that are kept: more of the same say nothing new. */
const findingsMax = 5

/** Tries a target with one seed after the other while `goesOn` says so. */
export async function fuzz(
  target: Target,
  firstSeed: number,
  goesOn: (tries: number) => boolean,
): Promise<Outcome> {
  const counts = new Map<string, number>()
  const findings: string[] = []
  for (let tries = 0; goesOn(tries); tries += 1) {
    const seed = firstSeed + tries
    try {
      const outcome = await target.try(new Seeded(seed))
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    } catch (error) {
      counts.set('FOUND', (counts.get('FOUND') ?? 0) + 1)
      if (findings.length < findingsMax) findings.push(told(target, seed, error))
    }
  }
  return { counts, findings }
}

function told(target: Target, seed: number, error: unknown): string {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const cause =
    error instanceof Error && error.cause instanceof Error ? `\n  because: ${error.cause.stack}` : ''
  return `npm run fuzz -- --only '${target.name}' --seed ${seed} --runs 1\n${what}${cause}`
}
