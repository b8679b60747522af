// What is written down of an export that was begun, beside what there is of it: which one it is, the files that were not whole, and how far it is. A line
// of it counts with its sum and its end; what comes behind one that does not is nothing.
import { crc32 } from 'node:zlib'
import * as v from 'valibot'
import type { FileIdentity } from '../archive/archive-file.ts'
import { exportFormat, type ExportMark } from '../engine/export-mark.ts'
import type { HistoryRow } from '../engine/history-query.ts'
import { exportMarkSchema, exportProblemSchema } from './control-history.ts'
import type { MarkSum } from './part-sum.ts'

/** All that decides what is in it. `at`: as it was said, for the same words mean a later moment each time. `wrapped`: in age. */
export interface BegunWhat {
  readonly vault: string
  readonly at: string | null
  readonly wrapped: boolean
}

/** A file that is not in it as it is in the vault. */
export type BegunProblem = Extract<HistoryRow, { row: 'problem' }>

/** How far it is for sure. `sums`: one after the other, of all bytes up to there. `problems`: all that were told until then. */
export interface BegunFar {
  readonly mark: ExportMark
  readonly sums: readonly MarkSum[]
  readonly problems: readonly BegunProblem[]
}

/** `file`: that was made for it. `format`: that of its bytes. `key`: of the sums. */
export interface BegunExport extends BegunWhat {
  readonly file: FileIdentity
  readonly format: number
  /** undefined in what an earlier program began: then it is not known how far it is. */
  readonly key?: string | undefined
  readonly far?: BegunFar | undefined
}

const lineSchema: v.GenericSchema<unknown, Line> = v.union([
  v.object({
    export: v.number(),
    vault: v.string(),
    at: v.nullable(v.string()),
    wrapped: v.boolean(),
    key: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
    file: v.object({ dev: v.string(), ino: v.string(), born: v.optional(v.string()) }),
  }),
  v.object({ problem: exportProblemSchema }),
  // A number in what an earlier program began, which has no key.
  v.object({ mark: exportMarkSchema, sum: v.union([v.string(), v.number()]) }),
])
type Line =
  | ({ readonly export: number; readonly file: FileIdentity; readonly key?: string | undefined } & BegunWhat)
  | { readonly problem: BegunProblem }
  | { readonly mark: ExportMark; readonly sum: string | number }

/** A mark as it is written down. `sum`: of what came since the last one. */
export interface FarLine extends Pick<BegunFar, 'mark' | 'problems'> {
  readonly sum: string
}

/** The beginning of it, as it stands on the disk; of one that goes on with what was said of it so far. */
export function encodeBegun({
  far,
  ...begun
}: Omit<BegunExport, 'format' | 'far' | 'key'> & { readonly key: string; readonly far?: FarLine }): string {
  const { vault, at, wrapped, key, file } = begun
  const first = lineText({ export: exportFormat, vault, at, wrapped, key, file })
  return far === undefined ? first : first + encodeFar(far)
}

/** What is added with a mark. `problems`, and what is given in it: those that came since the last one. */
export function encodeFar({ mark, sum, problems }: FarLine): string {
  return [...problems.map((problem) => lineText({ problem })), lineText({ mark, sum })].join('')
}

/** undefined for what is no such file. */
export function decodeBegun(text: string): BegunExport | undefined {
  const [problems, given, sums]: [BegunProblem[], string[], MarkSum[]] = [[], [], []]
  let begun: BegunExport | undefined
  let far: BegunFar | undefined
  let told = 0
  for (const line of linesOf(text)) {
    if ('export' in line) {
      if (begun !== undefined) break
      const { export: format, ...what } = line
      begun = { format, ...what }
    } else if (begun === undefined) break
    else if ('problem' in line) problems.push(line.problem)
    else if (begun.key === undefined || typeof line.sum !== 'string') break
    else {
      given.push(...line.mark.given)
      sums.push({ tarBytes: line.mark.tarBytes, sum: line.sum })
      far = { mark: line.mark, sums, problems }
      told = problems.length
    }
  }
  if (begun === undefined || far === undefined) return begun
  return { ...begun, far: { ...far, mark: { ...far.mark, given }, problems: problems.slice(0, told) } }
}

function* linesOf(text: string): Generator<Line> {
  // What stands behind the last end is no line.
  for (const line of text.split('\n').slice(0, -1)) {
    const json = line.slice(sumChars + 1)
    if (line !== `${sumText(json)} ${json}`) return
    const decoded = lineOf(json)
    if (decoded === undefined) return
    yield decoded
  }
}

function lineOf(json: string): Line | undefined {
  try {
    const checked = v.safeParse(lineSchema, JSON.parse(json))
    return checked.success ? checked.output : undefined
  } catch {
    return undefined
  }
}

const sumChars = 8

function sumText(text: string): string {
  return crc32(text).toString(16).padStart(sumChars, '0')
}

function lineText(line: Line): string {
  const json = JSON.stringify(line)
  return `${sumText(json)} ${json}\n`
}
