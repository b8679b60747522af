// Which versions of a backup stay: all young ones, the latest, and the last one of each of the latest days, weeks, months and years that have one.
import type { KeepRules } from '../home/home.ts'
import { firstNoted, forgetVersions, versionsIn } from './backup-versions.ts'
import { headerOf } from './pruned-history.ts'
import type { Vault } from './vault.ts'

/** A moment that may stay. */
export interface Candidate {
  readonly sequence: number
  readonly atMs: number
}

/** What stays of a backup besides everything that is young. `sequences`: rising; `oldestMs`: of the first of them. */
export interface Retained {
  readonly sequences: readonly number[]
  readonly oldestMs: number
}

const names = ['daily', 'weekly', 'monthly', 'yearly'] as const

/** Of candidates, the oldest first, those that stay. Days are those of the local calendar, weeks begin on Monday. `sinceMs`: all that are younger stay. */
export function staying<T extends Candidate>(
  candidates: readonly T[],
  rules: KeepRules,
  sinceMs: number,
): ReadonlySet<T> {
  const kept = new Set(candidates.filter(({ atMs }) => atMs >= sinceMs))
  const latest = candidates.at(-1)
  if (latest !== undefined) kept.add(latest)
  for (const name of names) {
    const periods = new Set<string>()
    for (const one of candidates.toReversed()) {
      const period = periodOf(new Date(one.atMs), name)
      if (periods.has(period)) continue
      if (periods.size >= (rules[name] ?? 0)) break
      periods.add(period)
      kept.add(one)
    }
  }
  return kept
}

function periodOf(date: Date, name: (typeof names)[number]): string {
  const [year, month] = [date.getFullYear(), date.getMonth()]
  if (name === 'yearly') return String(year)
  if (name === 'monthly') return `${year}-${month}`
  if (name === 'daily') return `${year}-${month}-${date.getDate()}`
  const monday = new Date(year, month, date.getDate() - ((date.getDay() + 6) % 7))
  return `${monday.getFullYear()}-${monday.getMonth()}-${monday.getDate()}`
}

/** What stays of this vault; undefined where it is no backup with rules of its own. Before what was noted, each change of the log is a candidate. */
export async function retainedOf(vault: Vault, sinceMs: number): Promise<Retained | undefined> {
  const rules = vault.record.backup?.keep
  if (rules === undefined) return undefined
  const through = vault.log.state.spine.prune?.through ?? 0
  const noted = await versionsIn(vault.trees, through)
  // What was noted and is forgotten since, an earlier prune dropped: rules that are wider now do not bring it back.
  const first = firstNoted(vault.trees) ?? noted[0]?.sequence ?? vault.log.nextSequence
  const candidates: Candidate[] = []
  for (let sequence = through + 1; sequence < first; sequence += 1) {
    const header = headerOf(vault, sequence)
    if (header?.kind === 'change') candidates.push({ sequence, atMs: header.at })
  }
  const kept = [...staying([...candidates, ...noted], rules, sinceMs)].filter(({ atMs }) => atMs < sinceMs)
  const sequences = [...new Set(kept.map(({ sequence }) => sequence))].sort((a, b) => a - b)
  return { sequences, oldestMs: Math.min(sinceMs, ...kept.map(({ atMs }) => atMs)) }
}

/** After a prune: versions that do not stay are none any more. */
export async function forgetOthers(vault: Vault, sinceMs: number): Promise<void> {
  const noted = await versionsIn(vault.trees)
  const kept = staying(noted, vault.record.backup?.keep ?? {}, sinceMs)
  await forgetVersions(
    vault.trees,
    noted.filter((one) => !kept.has(one)),
  )
}
