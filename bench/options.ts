// The command line of the bench: read once, checked here.
import { parseArgs } from 'node:util'

/** What can be measured. */
export const whats = [
  'compare',
  'micro',
  'path',
  'latency',
  'large',
  'archive',
  'restic',
  'relay',
  'line',
] as const
export type What = (typeof whats)[number]

/** What `parseArgs` reads; `--json` is read before it. */
export const readOptions = {
  rounds: { type: 'string' },
  only: { type: 'string' },
  tools: { type: 'string' },
  tree: { type: 'string' },
  data: { type: 'string' },
  scale: { type: 'string' },
  svg: { type: 'string' },
  mib: { type: 'string' },
  files: { type: 'string' },
  'under-load': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** What is to be done. */
export interface Options {
  readonly what: What
  /** The word after it: a load, or a number of files. */
  readonly subject: string | undefined
  readonly rounds: number | undefined
  /** Loads of the comparison. */
  readonly only: readonly string[] | undefined
  readonly tools: readonly string[] | undefined
  /** The installed dependency tree. */
  readonly tree: string | undefined
  /** Where generated data is kept. */
  readonly data: string | undefined
  /** Every load is this much smaller (or larger). */
  readonly scale: number
  readonly jsonFile: string | undefined
  /** One object a line on stdout instead of a table. */
  readonly jsonLines: boolean
  readonly svg: string | undefined
  readonly underLoad: boolean
  /** Nothing is measured: what can be is said, all of it or what belongs to `what`. */
  readonly help: 'all' | 'one' | undefined
  /** Data of one measurement, and files of one. */
  readonly mib: number | undefined
  readonly files: number | undefined
}

/** Reads the command line. `--json` alone means lines; before a word it means a file of that name. @throws Error that says what is wrong */
export function optionsOf(words: readonly string[]): Options {
  const { args, jsonFile, jsonLines } = withoutJson(words)
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: readOptions })
  const named = positionals[0] === 'help' ? positionals.slice(1) : positionals
  const [first = 'compare', subject] = named
  const what = whats.find((one) => one === first)
  if (what === undefined) throw new Error(`nothing is called ${first}: ${whats.join(', ')}`)
  return {
    what,
    subject,
    rounds: numberOf('rounds', values.rounds),
    only: listOf(values.only),
    tools: listOf(values.tools),
    tree: values.tree,
    data: values.data,
    scale: numberOf('scale', values.scale) ?? 1,
    jsonFile,
    jsonLines,
    svg: values.svg,
    underLoad: values['under-load'] ?? false,
    help: values.help === true || named !== positionals ? (named.length === 0 ? 'all' : 'one') : undefined,
    mib: numberOf('mib', values.mib),
    files: numberOf('files', values.files),
  }
}

/** `--json` may stand alone, which `parseArgs` does not know. */
function withoutJson(words: readonly string[]): {
  args: string[]
  jsonFile: string | undefined
  jsonLines: boolean
} {
  const at = words.indexOf('--json')
  if (at === -1) return { args: [...words], jsonFile: undefined, jsonLines: false }
  const next = words[at + 1]
  const jsonFile = next === undefined || next.startsWith('--') ? undefined : next
  const args = words.filter((_, place) => place !== at && (jsonFile === undefined || place !== at + 1))
  return { args, jsonFile, jsonLines: jsonFile === undefined }
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} wants a number above 0, not ${text}`)
  return value
}

function listOf(text: string | undefined): string[] | undefined {
  return text?.split(',').filter((word) => word !== '')
}
