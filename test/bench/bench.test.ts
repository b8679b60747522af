// The bench runs through, tiny, and writes the document that bench/README.md states. No time is judged here.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Figure } from '../../bench/figures.ts'
import type { Report } from '../../bench/report.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
let place = ''

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'grenier-bench-test-'))
})

afterAll(() => rmSync(place, { recursive: true, force: true }))

/** Runs the bench as `npm run bench` does, and gives its document. */
async function bench<T extends object>(...args: string[]): Promise<Report & T> {
  const file = join(place, 'report.json')
  const command = [join(root, 'bench/main.ts'), ...args, '--json', file]
  const child = spawn(join(root, 'node_modules/.bin/node'), command, {
    env: { ...process.env, GRENIER_BENCH_DIR: place },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (said += data.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  expect(code, said).toBe(0)
  return JSON.parse(readFileSync(file, 'utf8')) as Report & T
}

function expectHead(report: Report, what: string): void {
  expect(report).toMatchObject({ format: 1, what, machine: { node: process.version } })
  expect(report.machine.cores).toBeGreaterThan(0)
  expect(Date.parse(report.at)).not.toBeNaN()
}

function expectFigures(figures: readonly Figure[], names: readonly RegExp[]): void {
  for (const { name, value } of figures) expect(value, name).toBeGreaterThanOrEqual(0)
  for (const name of names)
    expect(figures.map((figure) => figure.name)).toContainEqual(expect.stringMatching(name))
}

// The figures come from processes that /proc accounts for.
describe.skipIf(process.platform !== 'linux')('the bench', () => {
  test('micro measures every stage and says what bounds the whole', async () => {
    const report = await bench<{
      ceilings: { boundBy: string; largestStage: string; mibPerSecond: number }[]
    }>(...['micro', '--mib', '1', '--files', '100', '--rounds', '1'])
    expectHead(report, 'micro')
    const stages = [
      'read',
      'cut',
      'hash',
      'compress',
      'seal and name',
      'mask and send',
      'store, durable',
      'write',
    ]
    expectFigures(
      report.figures,
      [...stages, 'open', 'check', 'lstat', 'ceiling'].map((name) => new RegExp(name)),
    )
    expect(report.ceilings).toHaveLength(2)
    for (const { boundBy, largestStage, mibPerSecond } of report.ceilings) {
      expect([boundBy, largestStage]).not.toContain('')
      expect(mibPerSecond).toBeGreaterThan(0)
    }
  })

  test('path carries a load over and says what that took', async () => {
    const report = await bench('path', 'D2', '--scale', '0.005')
    expectHead(report, 'path')
    expectFigures(report.figures, [
      /here to sent/,
      /here to there/,
      /memory of the relay/,
      /cpu of the receiver/,
    ])
  })

  test('the comparison runs with one tool, counts bytes, and draws', async () => {
    const svg = join(place, 'chart.svg')
    const sizes = ['--scale', '0.001', '--only', 'D1', '--rounds', '1']
    const report = await bench<{ results: Record<string, unknown>[]; tools: object[]; loads: object[] }>(
      ...[...sizes, '--tools', 'grenier', '--data', join(place, 'data'), '--svg', svg],
    )
    expectHead(report, 'compare')
    expect(report.loads).toEqual([{ name: 'D1', files: 1, bytes: 1 << 20 }])
    expect(report.tools).toMatchObject([{ key: 'grenier', name: 'Grenier' }])
    expect(report.results.map(({ job }) => job)).toEqual(['full', 'prepend', 'rename'])
    for (const result of report.results) {
      expect(result).toMatchObject({ tool: 'grenier', load: 'D1', rounds: 1, timesGrenier: 1 })
      expect(result['sentBytes']).toBeGreaterThan(0)
      expect(result['receivedBytes']).toBeGreaterThan(0)
    }
    expect(report.results[0]?.['sentBytes']).toBeGreaterThan(1 << 20)
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [\s\S]*prefers-color-scheme: dark[\s\S]*<\/svg>\n$/)
  })

  // Where it is installed.
  test.skipIf(spawnSync('restic', ['version']).error !== undefined)(
    'restic measures both by turns, with the share of the relay',
    async () => {
      const report = await bench<{ figures: Figure[] }>(
        'restic',
        'small',
        '--scale',
        '0.005',
        '--rounds',
        '2',
      )
      expectHead(report, 'restic')
      expectFigures(report.figures, [
        /^export, small, cpu$/,
        /^export, small, cpu of the relay$/,
        /^restic restore and tar, small, cpu$/,
        /^restic restore and tar, small, memory, most$/,
      ])
    },
  )
})
