// Moves are moves: one operation in the log, one rename on the other side, whatever is moved, and whatever happened to it elsewhere meanwhile.
// GRENIER_FULL=1 takes a file of 1 GiB; without it one of 24 MiB.
import * as fs from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { systemRandom } from '@grenier/crypto'
import { agree, Ground, type Device, type Outcome } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())

const full = process.env['GRENIER_FULL'] === '1'
const fileCount = full ? 10_000 : 2_000
const fileMiB = full ? 1024 : 24
/** What a move may cost on the line, each way, with logging in and everything. */
const costBytesMax = 64 * 1024

function writeLarge(device: Device, path: string): void {
  const file = fs.openSync(device.at(path), 'w')
  const bytes = systemRandom.bytes(1 << 20)
  for (let at = 0; at < fileMiB; at += 1) {
    bytes[0] = at
    bytes[1] = at >> 8
    fs.writeSync(file, bytes)
    for (let each = 2; each < bytes.length; each += 4096) bytes[each] = ((bytes[each] ?? 0) + 1) & 0xff
  }
  fs.closeSync(file)
}

const inode = (device: Device, path: string): bigint => fs.statSync(device.at(path), { bigint: true }).ino
const actions = ({ events }: Outcome): string[] =>
  events.flatMap((event) => (event.event === 'change' ? [`${event.action} ${event.path}`] : []))

async function expectCheap(run: Promise<Outcome>, changes: readonly string[]): Promise<void> {
  const outcome = await run
  expect(actions(outcome).sort()).toEqual([...changes].sort())
  expect(outcome.summary.bytesSent).toBeLessThan(costBytesMax)
  expect(outcome.summary.bytesReceived).toBeLessThan(costBytesMax)
}

test(`a folder of ${fileCount} files is renamed for next to nothing, and is the same files there`, async () => {
  const [a, b] = await ground.pair()
  for (let at = 0; at < fileCount; at += 1) a.write(`old/${at % 50}/file ${at}`, `what ${at} holds`)
  await agree(a, b)
  const [folder, file] = [inode(b, 'old'), inode(b, 'old/7/file 7')]
  fs.renameSync(a.at('old'), a.at('new'))
  await expectCheap(a.sync(), ['move new'])
  await expectCheap(b.sync(), ['move new'])
  expect([inode(b, 'new'), inode(b, 'new/7/file 7')]).toEqual([folder, file])
})

test('what was edited elsewhere in a folder that moves meanwhile goes along, and nothing else is sent', async () => {
  const [a, b] = await ground.pair()
  for (let at = 0; at < 300; at += 1) a.write(`old/${at % 5}/file ${at}`, `what ${at} holds`)
  await agree(a, b)
  fs.renameSync(a.at('old'), a.at('new'))
  b.write('old/3/file 3', 'edited there')
  b.write('old/3/more', 'and this is new')
  await a.sync()
  await expectCheap(b.sync(), ['move new', 'put new/3/file 3', 'put new/3/more'])
  await expectCheap(a.sync(), ['put new/3/file 3', 'put new/3/more'])
  await agree(a, b)
  expect(a.read('new/3/file 3')).toBe('edited there')
})

test(`a file of ${fileMiB} MiB is renamed, moved and copied without its bytes on the line`, async () => {
  const [a, b] = await ground.pair()
  fs.mkdirSync(a.at('deep'))
  writeLarge(a, 'film')
  await agree(a, b)
  const file = inode(b, 'film')
  fs.renameSync(a.at('film'), a.at('deep/renamed film'))
  await expectCheap(a.sync(), ['move deep/renamed film'])
  await expectCheap(b.sync(), ['move deep/renamed film'])
  expect(inode(b, 'deep/renamed film')).toBe(file)
  fs.copyFileSync(a.at('deep/renamed film'), a.at('copy'))
  await expectCheap(a.sync(), ['put copy'])
})
