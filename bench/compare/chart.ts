// The comparison as a chart: a group of bars for each job, each group with a scale of its own. Plain SVG that reads on white and on black.
import { loadTitles } from '../data.ts'
import type { Comparison } from './compare.ts'
import { jobTitles } from './jobs.ts'
import type { Result } from './results.ts'
import { groups, seconds } from './table.ts'

const [width, left, right] = [760, 150, 170]
const [barHeight, gap, titleHeight, groupGap] = [18, 6, 30, 22]

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .quiet { fill: #59636e }
  .bar { fill: #9aa5b1 }
  .own { fill: #1a7f5a }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .quiet { fill: #9198a1 }
    .bar { fill: #5b6673 }
    .own { fill: #3fb68b }
    .spread { stroke: #e6edf3 }
  }`

/** Draws it; shorter is better. The stroke at a bar's end goes from the least to the most. */
export function chartOf({ tools, results, rounds }: Comparison): string {
  const nameOf = (key: string): string => tools.find((tool) => tool.key === key)?.name ?? key
  const body: string[] = []
  let y = 24
  const say = (x: number, text: string, kind = ''): void => {
    body.push(`<text x="${x}" y="${y}"${kind === '' ? '' : ` class="${kind}"`}>${escaped(text)}</text>`)
  }
  say(8, `Seconds from folder A over a server to folder B, median of ${rounds}; shorter is better`, 'quiet')
  for (const group of groups(results.filter((result) => result.rounds > 0))) {
    const [{ load, job }] = group
    y += groupGap + 8
    say(8, `${load}: ${loadTitles[load]}, ${jobTitles[job]}`, 'title')
    y += titleHeight - barHeight
    const most = Math.max(...group.map(({ wallMs }) => wallMs.most))
    for (const result of group) {
      body.push(barOf(result, { y, name: nameOf(result.tool), scale: (width - left - right) / most }))
      y += barHeight + gap
    }
  }
  const height = y + 10
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`
  return `${open}\n<title>Grenier and other tools on the same work</title>\n<style>${style}\n</style>\n${body.join('\n')}\n</svg>\n`
}

function barOf(
  { tool, wallMs, timesGrenier }: Result,
  { y, name, scale }: { y: number; name: string; scale: number },
): string {
  const at = (ms: number): string => (left + ms * scale).toFixed(1)
  const middle = y + barHeight / 2
  const own = tool === 'grenier'
  const times = own || timesGrenier === undefined ? '' : ` (${timesGrenier.toFixed(2)}×)`
  const label = `${seconds(wallMs.median)} s${times}`
  return [
    `<text x="${left - 10}" y="${middle + 4}" text-anchor="end">${escaped(name)}</text>`,
    `<rect class="${own ? 'bar own' : 'bar'}" x="${left}" y="${y}" width="${Math.max(1, wallMs.median * scale).toFixed(1)}" height="${barHeight}" rx="2"/>`,
    `<path class="spread" d="M${at(wallMs.least)} ${middle}H${at(wallMs.most)}"/>`,
    `<text x="${(left + wallMs.most * scale + 8).toFixed(1)}" y="${middle + 4}">${escaped(label)}</text>`,
  ].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
