// The comparison as text for a terminal.
import { loadTitles } from '../data.ts'
import { short } from '../figures.ts'
import type { Comparison } from './compare.ts'
import { jobTitles } from './jobs.ts'
import type { Result, Spread } from './results.ts'

const columns = [
  'tool',
  'seconds',
  'least to most',
  'to Grenier',
  'CPU s client + server',
  'memory MiB client / server',
  'MB sent / received',
]

/** A table for each job of each load. */
export function tablesOf({ loads, tools, results }: Comparison): string {
  const nameOf = (key: string): string => tools.find((tool) => tool.key === key)?.name ?? key
  const sections = groups(results).map((group) => {
    const [{ load, job }] = group
    const size = loads.find(({ name }) => name === load)
    const measure = `${size?.files ?? 0} file${size?.files === 1 ? '' : 's'}, ${short((size?.bytes ?? 0) / 1e6)} MB`
    const rows = group.map((result) => [nameOf(result.tool), ...cellsOf(result)])
    return `${load}, ${loadTitles[load]} (here: ${measure}), ${jobTitles[job]}\n\n${aligned([columns, ...rows])}\n`
  })
  return sections.join('\n')
}

/** Results of the same load and job, side by side. */
export function groups(results: readonly Result[]): [Result, ...Result[]][] {
  const found = new Map<string, [Result, ...Result[]]>()
  for (const result of results) {
    const key = `${result.load} ${result.job}`
    const group = found.get(key)
    if (group === undefined) found.set(key, [result])
    else group.push(result)
  }
  return [...found.values()]
}

function cellsOf(result: Result): string[] {
  const { wallMs, timesGrenier, clientCpuMs, serverCpuMs, clientPeakMiB, serverPeakMiB } = result
  if (result.rounds === 0) return [`failed: ${(result.problem ?? '').split('\n')[0] ?? ''}`.slice(0, 60)]
  return [
    seconds(wallMs.median),
    between(wallMs),
    timesGrenier === undefined ? '–' : `${timesGrenier.toFixed(2)}×`,
    `${seconds(clientCpuMs.median)} + ${seconds(serverCpuMs.median)}`,
    `${short(Math.round(clientPeakMiB.most))} / ${short(Math.round(serverPeakMiB.most))}`,
    result.sentBytes === undefined
      ? '–'
      : `${megabytes(result.sentBytes)} / ${megabytes(result.receivedBytes ?? 0)}`,
  ]
}

function between({ least, most }: Spread): string {
  return `${seconds(least)} to ${seconds(most)}`
}

/** To the hundredth below ten, to the tenth below a hundred. */
export function seconds(ms: number): string {
  return short(ms / 1000)
}

function megabytes(bytes: number): string {
  return bytes < 1e5 ? (bytes / 1e6).toFixed(3) : short(bytes / 1e6)
}

/** The first column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('   ')
  return rows.map(line).join('\n')
}
