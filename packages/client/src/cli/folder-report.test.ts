import { describe, expect, test } from 'vitest'
import type { FolderEvent } from '../engine/events.ts'
import { FolderReport } from './folder-report.ts'
import { Output } from './output.ts'
import type { BarStream } from './progress-bar.ts'
import { RunProgress } from './run-progress.ts'

class Captured implements BarStream {
  text = ''
  readonly isTTY = false
  readonly columns = 80
  write(text: string): void {
    this.text += text
  }
}

/** What people and scripts are told of these events, one after the other. */
function told(events: readonly FolderEvent[]): { readonly people: string[]; readonly scripts: string[] } {
  const [people, scripts] = [false, true].map((json) => {
    const [stdout, stderr] = [new Captured(), new Captured()]
    const output = new Output({
      language: 'en',
      json,
      verbose: false,
      stdout,
      stderr,
      environment: {},
    })
    const report = new FolderReport(output, new RunProgress(output), { folder: '/f' })
    for (const event of events) report.take(event)
    return (json ? stdout : stderr).text.split('\n').slice(0, -1)
  })
  return { people: people ?? [], scripts: scripts ?? [] }
}

const syncing: FolderEvent = { event: 'state', state: 'syncing' }
const synced: FolderEvent = { event: 'state', state: 'synced' }
const away: FolderEvent = { event: 'state', state: 'offline' }
const refuses: FolderEvent = { event: 'state', state: 'offline', code: 'relay-refused', reason: 'quota' }

describe('a relay in trouble', () => {
  test('that is out of reach is told of, and that it is back', () => {
    expect(told([syncing, away, away, syncing, synced, away, syncing]).people).toEqual([
      'the relay is out of reach; trying again',
      'the relay is there again',
      'the relay is out of reach; trying again',
      'the relay is there again',
    ])
  })

  test('that refuses is told of once, with its reason, however often it is asked; and when that is over', () => {
    const twice = [refuses, syncing, refuses, syncing]
    expect(told([syncing, ...twice]).people).toEqual([
      'the relay refuses for now: the account is full; trying again',
    ])
    expect(told([syncing, ...twice, synced, refuses]).people).toEqual([
      'the relay refuses for now: the account is full; trying again',
      'the relay gives and takes again',
      'the relay refuses for now: the account is full; trying again',
    ])
  })

  test('is told of as it is: another reason, or none that is known, or a line that broke meanwhile', () => {
    const busy: FolderEvent = { ...refuses, reason: 'busy' }
    const unknown: FolderEvent = { ...refuses, reason: 'because' }
    expect(told([refuses, syncing, busy, syncing, unknown, syncing, away, syncing, synced]).people).toEqual([
      'the relay refuses for now: the account is full; trying again',
      'the relay refuses for now: it is overloaded; trying again',
      'the relay cannot give or take what is needed now; trying again',
      'the relay is out of reach; trying again',
      'the relay is there again',
    ])
  })

  test('that goes away after it refused, or refuses after it was away, is told of as it is', () => {
    expect(told([syncing, refuses, away, away, syncing, synced]).people).toEqual([
      'the relay refuses for now: the account is full; trying again',
      'the relay is out of reach; trying again',
      'the relay is there again',
    ])
    expect(told([syncing, away, refuses, syncing, synced]).people).toEqual([
      'the relay is out of reach; trying again',
      'the relay refuses for now: the account is full; trying again',
      'the relay gives and takes again',
    ])
  })

  test('that refused is not said to have taken it when the folder stops for another reason', () => {
    const halted: FolderEvent = { event: 'state', state: 'halted', code: 'relay-rollback' }
    expect(told([refuses, syncing, halted]).people).toEqual([
      'the relay refuses for now: the account is full; trying again',
    ])
  })

  test('is told to scripts each time, with the reason', () => {
    const lines = told([refuses, syncing, refuses]).scripts.map((line) => JSON.parse(line) as unknown)
    expect(lines).toEqual([refuses, syncing, refuses].map((event) => ({ folder: '/f', ...event })))
  })
})
