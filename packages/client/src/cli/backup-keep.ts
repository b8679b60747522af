// Which versions of a backup are to stay, from the command line. What is not said stays as it was said last.
import type { KeepRules } from '../home/home.ts'
import { parseDuration } from './quantities.ts'
import { usageError } from './usage-error.ts'

export interface KeepFlags {
  readonly keep?: string | undefined
  readonly keepDaily?: string | undefined
  readonly keepWeekly?: string | undefined
  readonly keepMonthly?: string | undefined
  readonly keepYearly?: string | undefined
}

/** @throws ClientError `usage` */
export function keepRulesOf(flags: KeepFlags, before: KeepRules | undefined): KeepRules | undefined {
  const { keep, keepDaily, keepWeekly, keepMonthly, keepYearly } = flags
  const said = [keep, keepDaily, keepWeekly, keepMonthly, keepYearly].some((flag) => flag !== undefined)
  if (!said) return before
  return {
    ...before,
    ...(keep === undefined ? {} : { allMs: parseDuration(keep) }),
    ...(keepDaily === undefined ? {} : { daily: countOf(keepDaily) }),
    ...(keepWeekly === undefined ? {} : { weekly: countOf(keepWeekly) }),
    ...(keepMonthly === undefined ? {} : { monthly: countOf(keepMonthly) }),
    ...(keepYearly === undefined ? {} : { yearly: countOf(keepYearly) }),
  }
}

function countOf(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw usageError('keep-count', text)
  return Number(text)
}
