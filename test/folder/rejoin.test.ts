// A folder that has the same files already as the vault that it joins: they are read, and not sent.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agree, Ground, treeOf } from './devices.ts'

let ground: Ground
beforeAll(() => {
  ground = new Ground()
})
afterAll(() => ground.end())

test.each([
  ['small files', 200, 3000],
  ['large files', 2, 9 << 20],
  ['both', 20, 700_000],
])('%s that the vault has already are not sent again by who joins with them', async (_, count, size) => {
  const [a, b] = await ground.pair()
  for (let at = 0; at < count; at += 1) a.write(`d${at % 7}/f${at}`, randomBytes(size))
  await a.sync()
  await b.sync()
  const c = ground.device('c')
  fs.cpSync(b.folder, c.folder, { recursive: true, filter: (path) => !path.includes('.grenier') })
  const before = inodesIn(c.folder)
  const { summary, kept } = await c.join(a)
  expect(kept).toEqual([])
  // Logins, the log and its entries: nothing that grows with the files.
  expect(summary.bytesSent).toBeLessThan(100_000)
  expect(inodesIn(c.folder)).toEqual(before)
  await agree(a, b, c)
})

test('of files that differ from what the vault has at their place, or lie elsewhere, all is sent, and both versions stay', async () => {
  const [a, b] = await ground.pair()
  const [same, large] = [randomBytes(50_000), randomBytes(9 << 20)]
  a.write('same', same)
  a.write('large', large)
  a.write('small', 'of the vault')
  await a.sync()
  const c = ground.device('c')
  c.write('moved away', same)
  c.write('large', Buffer.concat([large.subarray(0, 5 << 20), Buffer.from('and then another end')]))
  c.write('small', 'of who joins')
  const { kept } = await c.join(a)
  expect(kept).toHaveLength(2)
  await agree(a, b, c)
  expect(Buffer.compare(fs.readFileSync(b.at('moved away')), same)).toBe(0)
  expect(Buffer.compare(fs.readFileSync(b.at('large')), large)).toBe(0)
  expect(treeOf(b.folder)).toHaveLength(6)
})

/** Files that were put in place anew have another inode. */
function inodesIn(folder: string): readonly string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.grenier'))
    .map((path) => `${path} ${fs.statSync(`${folder}/${path}`).ino}`)
    .sort()
}
