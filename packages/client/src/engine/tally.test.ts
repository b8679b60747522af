import { expect, it } from 'vitest'
import type { FolderEvent } from './events.ts'
import { Tally } from './tally.ts'

function tally() {
  const told: FolderEvent[] = []
  const at = { ms: 0 }
  const clock = { now: () => at.ms, monotonic: () => at.ms, after: () => ({ cancel: () => undefined }) }
  const traffic = () => ({ sentBytes: 1, receivedBytes: 2 })
  return { at, told, tally: new Tally({ clock, traffic, device: 'd', report: (event) => told.push(event) }) }
}

it('counts what came of a file before the file is done, and once when it is', () => {
  const { tally: one } = tally()
  one.expect(2, 300)
  one.began(60)
  one.began(40)
  expect(one.progress).toMatchObject({ filesDone: 0, filesTotal: 2, bytesDone: 100, bytesTotal: 300 })
  one.did(1, 200)
  expect(one.progress).toMatchObject({ filesDone: 1, bytesDone: 200 })
  one.began(1000)
  expect(one.progress).toMatchObject({ bytesDone: 300, bytesTotal: 300 })
})

it('tells of it, not more often than eyes can follow', () => {
  const { at, told, tally: one } = tally()
  one.expect(1, 300)
  for (at.ms = 0; at.ms < 1000; at.ms += 10) one.began(3)
  expect(told.length).toBe(5)
  expect(told.at(-1)).toMatchObject({ event: 'progress', bytesTotal: 300, bytesReceived: 2 })
})
