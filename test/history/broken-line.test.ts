// A line that breaks while a file is read out, while everything is exported, and while it is restored elsewhere: it is asked again on a new one, and
// what comes is what would have come. Where the relay stays away that is said, and nothing half done has a name.
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import {
  openHistory,
  systemClock,
  type Clock,
  type HistoryAnswer,
  type HistoryRow,
  type LookQuery,
} from '@grenier/client'
import { afterAll, expect, test } from 'vitest'
import { differences, readTree } from '../e2e/trees.ts'
import { Ground, relayUrl, type Device } from '../folder/devices.ts'
import { ask, bytesOf, type Answered } from './asking.ts'

/** While the relay is gone waits for it take a moment. */
let isGone = false
const clock: Clock = {
  ...systemClock,
  after: (ms, work) => systemClock.after(isGone ? Math.min(ms, 5) : ms, work),
}
const ground = new Ground()
afterAll(() => ground.end())

/** Several packs in one file, and small files besides. */
const made = (async () => {
  const device = ground.device('alpha', { clock })
  device.write('large', randomBytes(24 << 20))
  for (let at = 0; at < 40; at += 1) device.write(`small/file ${at}`, randomBytes(20_000))
  await device.add()
  return device
})()

/** Asks with no run; `onRow` is called at every row. */
async function asked(device: Device, query: LookQuery, onRow: (row: HistoryRow) => void): Promise<Answered> {
  const opened = await openHistory(device.context(), device.folder)
  const rows: HistoryRow[] = []
  const take = (row: HistoryRow): Promise<void> => {
    rows.push(row.row === 'bytes' ? { ...row, bytes: row.bytes.slice() } : row)
    onRow(row)
    return Promise.resolve()
  }
  try {
    const answer: HistoryAnswer = await opened.history(query, take)
    return { rows, answer }
  } finally {
    await opened.close()
  }
}

/** Breaks the line as often, each time that something came over the one before. */
function breaking(times: number): { onRow: () => void; dials: () => number } {
  const before = ground.dialled(relayUrl)
  const dials = (): number => ground.dialled(relayUrl) - before
  let broken = 0
  return {
    onRow: () => {
      if (broken >= times || dials() <= broken) return
      broken += 1
      ground.hangUp(relayUrl)
    },
    dials,
  }
}

test.each([
  { what: 'a file that is read out', query: { do: 'read', path: 'large' } },
  { what: 'an export', query: { do: 'export' } },
] as const)('$what goes on over broken lines, to the byte', async ({ query }) => {
  const device = await made
  const whole = bytesOf(await ask(device, query))
  const line = breaking(3)
  const came = bytesOf(await asked(device, query, line.onRow))
  expect(line.dials()).toBe(4)
  expect(Buffer.compare(came, whole)).toBe(0)
})

test('what is restored elsewhere is whole in spite of broken lines', async () => {
  const device = await made
  const into = ground.directory('restored')
  const line = breaking(3)
  device.hands.wrote = line.onRow
  const { answer } = await ask(device, { do: 'restore-into', path: '', into })
  device.hands.wrote = undefined
  // Files are written at once: a line may break while it is being opened, too.
  expect(line.dials()).toBeGreaterThanOrEqual(4)
  expect(answer.problems).toBe(0)
  expect(differences(readTree(device.folder), readTree(into))).toEqual([])
})

test('where the relay stays away it is said, and nothing that is not whole has a name', async () => {
  const device = await made
  const into = ground.directory('restored')
  device.hands.wrote = (offset) => {
    if (offset < 4 << 20) return
    isGone = true
    ground.lose(relayUrl)
    ground.hangUp(relayUrl)
  }
  const restoring = ask(device, { do: 'restore-into', path: 'large', into })
  await expect(restoring).rejects.toMatchObject({ code: 'relay-unreachable' })
  device.hands.wrote = undefined
  expect(readdirSync(into)).toEqual([])
  for (const query of [{ do: 'read', path: 'large' }, { do: 'export' }] as const)
    await expect(ask(device, query)).rejects.toMatchObject({ code: 'relay-unreachable' })
  isGone = false
  ground.restart(relayUrl)
  const { answer } = await ask(device, { do: 'restore-into', path: '', into })
  expect(answer.problems).toBe(0)
  expect(differences(readTree(device.folder), readTree(into))).toEqual([])
})
