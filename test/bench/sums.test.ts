// What the bench makes of what it measured: pure sums.
import { describe, expect, test } from 'vitest'
import { chartOf } from '../../bench/compare/chart.ts'
import type { Measured } from '../../bench/compare/one-run.ts'
import { resultsOf, type Outcome } from '../../bench/compare/results.ts'
import { tablesOf } from '../../bench/compare/table.ts'
import { summed } from '../../bench/figures.ts'
import { ceilingOf } from '../../bench/micro/ceiling.ts'
import type { StageCost } from '../../bench/micro/stage-cost.ts'
import { helpOf } from '../../bench/help.ts'
import { optionsOf, readOptions, whats } from '../../bench/options.ts'

function took(wallMs: number, more: Partial<Measured> = {}): Measured {
  const cpu = { clientCpuMs: 1, serverCpuMs: 1, clientPeakMiB: 1, serverPeakMiB: 1 }
  return { job: 'full', wallMs, pushMs: undefined, traffic: undefined, ...cpu, ...more }
}

function outcome(tool: string, round: number, measured: Measured): Outcome {
  return { tool, load: 'D2', round, measured }
}

describe('results', () => {
  const outcomes = [
    outcome('grenier', 0, took(9000, { traffic: { sentBytes: 5, receivedBytes: 6 } })),
    outcome('restic', 0, took(9000)),
    ...[1000, 2000, 3000].map((ms, at) => outcome('grenier', at + 1, took(ms))),
    ...[3000, 4000, 3000].map((ms, at) => outcome('restic', at + 1, took(ms))),
  ]

  test('compare times within a round, and take bytes from the round that counts them', () => {
    const [grenier, restic] = resultsOf(outcomes)
    expect(grenier).toMatchObject({
      tool: 'grenier',
      rounds: 3,
      wallMs: { median: 2000, least: 1000, most: 3000 },
      sentBytes: 5,
      receivedBytes: 6,
      timesGrenier: 1,
    })
    // 3, 2 and 1 times Grenier's in the same round.
    expect(restic).toMatchObject({ tool: 'restic', wallMs: { median: 3000 }, timesGrenier: 2 })
  })

  test('stand in table and chart under the names of the tools', () => {
    const comparison = {
      rounds: 3,
      scale: 1,
      loads: [{ name: 'D2' as const, files: 2, bytes: 3 }],
      tools: [
        { key: 'grenier', name: 'Grenier', version: '1' },
        { key: 'restic', name: 'rest & <ic>', version: '2' },
      ],
      results: resultsOf(outcomes),
    }
    expect(tablesOf(comparison)).toMatch(/Grenier .* 1\.00×[\s\S]*rest & <ic> .* 2\.00×/)
    expect(chartOf(comparison)).toContain('rest &amp; &lt;ic>')
  })

  test('say what failed, and leave it out of the chart', () => {
    const failed = resultsOf([
      outcome('grenier', 0, took(1)),
      { tool: 'grenier', load: 'D2', round: 1, problem: 'it broke' },
    ])
    expect(failed).toMatchObject([{ rounds: 0, problem: 'it broke' }])
    const comparison = { rounds: 1, scale: 1, loads: [], tools: [], results: failed }
    expect(tablesOf(comparison)).toContain('failed: it broke')
    expect(chartOf(comparison)).not.toContain('<rect')
  })
})

describe('the ceiling', () => {
  const stage = (thread: StageCost['thread'], cpuMs: number, more: Partial<StageCost> = {}): StageCost => {
    return {
      name: thread,
      thread,
      mib: 1,
      wallMs: cpuMs,
      cpuMs,
      isStored: false,
      waitsForDisk: false,
      ...more,
    }
  }

  test('is held by the cores where the work is spread', () => {
    const stages = [stage('sender', 2), stage('relay', 2), stage('receiver', 2), stage('workers', 4)]
    const ceiling = ceilingOf(stages, { cores: 2, storedShare: 1 })
    expect(ceiling).toMatchObject({ mibPerSecond: 200, largestStage: 'workers' })
    expect(ceiling.boundBy).toContain('processor time')
  })

  test('is held by the slowest thread where there are cores enough, and counts stored bytes as less', () => {
    const stages = [stage('sender', 2), stage('relay', 16, { isStored: true }), stage('workers', 4)]
    const ceiling = ceilingOf(stages, { cores: 16, storedShare: 0.5 })
    expect(ceiling).toMatchObject({ mibPerSecond: 125, boundBy: "the relay's own thread" })
  })

  test('is held by the disk where stages wait for it', () => {
    const waiting = stage('relay', 1, { wallMs: 101, waitsForDisk: true })
    expect(ceilingOf([waiting], { cores: 1, storedShare: 1 })).toMatchObject({
      mibPerSecond: 10,
      boundBy: 'the disk',
    })
  })
})

describe('the command line', () => {
  test('compares when nothing else is said', () => {
    expect(optionsOf([])).toMatchObject({ what: 'compare', scale: 1, jsonLines: false, only: undefined })
    expect(optionsOf(['--only', 'D1,D2', '--tools', 'grenier'])).toMatchObject({
      only: ['D1', 'D2'],
      tools: ['grenier'],
    })
  })

  test('takes --json alone as lines, and before a word as a file', () => {
    expect(optionsOf(['latency', '--json'])).toMatchObject({ jsonLines: true, jsonFile: undefined })
    expect(optionsOf(['--json', 'a.json', 'large', '300'])).toMatchObject({
      what: 'large',
      subject: '300',
      jsonFile: 'a.json',
    })
  })

  test('says what it can measure, and what each of them takes', () => {
    expect(optionsOf(['--help'])).toMatchObject({ help: 'all' })
    expect(optionsOf(['large', '-h'])).toMatchObject({ what: 'large', help: 'one' })
    expect(optionsOf(['help', 'line'])).toMatchObject({ what: 'line', help: 'one' })
    expect(optionsOf(['large'])).toMatchObject({ help: undefined })
    const all = helpOf(undefined)
    for (const option of [...Object.keys(readOptions), 'json']) expect(all).toContain(`--${option}`)
    for (const what of whats) {
      expect(all).toContain(`  ${what === 'compare' ? '[compare]' : what}`)
      expect(helpOf(what)).toContain('--help')
    }
    expect(helpOf('archive')).toContain('--mib')
    expect(helpOf('archive')).not.toContain('--tools')
  })

  test('refuses what it does not know', () => {
    expect(() => optionsOf(['--nothing'])).toThrow('--nothing')
    expect(() => optionsOf(['fast'])).toThrow('nothing is called fast')
    expect(() => optionsOf(['--rounds', 'many'])).toThrow('--rounds wants a number')
  })
})

test('figures of several runs become their medians', () => {
  const run = (value: number) => [{ name: 'it', value, unit: 'ms' as const }]
  expect(summed([run(3), run(1), run(2)])).toEqual([{ name: 'it', unit: 'ms', value: 2, least: 1, most: 3 }])
})
