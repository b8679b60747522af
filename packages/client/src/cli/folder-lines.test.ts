import { describe, expect, test } from 'vitest'
import type { FolderEvent } from '../engine/events.ts'
import { eventLine, eventText, summaryLine } from './folder-lines.ts'
import { english } from './messages-en.ts'

const place = { folder: '/home/ana/Documents', vault: 'ab'.repeat(32) }

describe('JSON lines', () => {
  test('carry the event, the folder and the vault', () => {
    const line = eventLine(place, { event: 'change', path: 'a/b.txt', action: 'put', direction: 'up' })
    expect(line).toEqual({ event: 'change', ...place, path: 'a/b.txt', action: 'put', direction: 'up' })
  })

  test('say where a move came from', () => {
    const event: FolderEvent = { event: 'change', path: 'b', from: 'a', action: 'move', direction: 'down' }
    expect(eventLine(place, event)).toMatchObject({ path: 'b', from: 'a', action: 'move', direction: 'down' })
  })

  test('give a path that is not UTF-8 as bytes besides', () => {
    const line = eventLine(place, { event: 'problem', path: 'd/caf\udce9', code: 'unreadable' })
    expect(line['path']).toBe('d/caf\ufffd')
    expect(Buffer.from(String(line['pathBytes']), 'base64url')).toEqual(Buffer.from('d/caf\u00e9', 'latin1'))
    expect(eventLine(place, { event: 'problem', path: 'd', code: 'unreadable' })).not.toHaveProperty(
      'pathBytes',
    )
  })

  test('hand progress, states, void entries and blind watchers through', () => {
    expect(eventLine(place, { event: 'state', state: 'offline' })).toEqual({
      event: 'state',
      ...place,
      state: 'offline',
    })
    expect(eventLine(place, { event: 'blind', reason: 'watch-limit' })).toMatchObject({
      reason: 'watch-limit',
    })
  })

  test('end with a summary that has every field, null where it is not known', () => {
    const counts = {
      files: undefined,
      bytes: undefined,
      bytesSent: 5,
      bytesReceived: 6,
      conflicts: 0,
      problems: 1,
      head: undefined,
      durationMs: 7,
    }
    expect(JSON.parse(JSON.stringify(summaryLine(undefined, counts, 4)))).toEqual({
      event: 'summary',
      files: null,
      bytes: null,
      bytesSent: 5,
      bytesReceived: 6,
      conflicts: 0,
      problems: 1,
      head: null,
      durationMs: 7,
      exitCode: 4,
    })
  })
})

describe('lines for people', () => {
  test('escape what is in names', () => {
    const event: FolderEvent = { event: 'change', path: 'a\u001b[31m', action: 'put', direction: 'up' }
    expect(eventText(english, event)).toBe('↑ put a\\x1b[31m')
  })

  test('leave progress to the bar', () => {
    const nothing = {
      filesDone: 0,
      filesTotal: 0,
      bytesDone: 0,
      bytesTotal: 0,
      bytesSent: 0,
      bytesReceived: 0,
    }
    expect(eventText(english, { event: 'progress', ...nothing })).toBeUndefined()
  })
})
