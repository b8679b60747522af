// The second reader against ours on whole sealed exports: the same tree, to the byte, by the words of each member, through moves, links, odd names,
// long files, and epochs that members brought.
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Stage } from '../e2e/commands.ts'
import { addOddities, copyTree, installed } from '../e2e/source-tree.ts'
import { folderDifferences } from '../e2e/trees.ts'
import { readerPath } from './reader.ts'

const node = join(readerPath, '../../../node_modules/.bin/node')

/** Bytes that neither compress nor repeat: 20 MiB are some 80 chunks, more than a row of the tree names. */
function longFile(bytes: number): Buffer {
  const out = Buffer.alloc(bytes)
  let state = 7
  for (let at = 0; at + 4 <= bytes; at += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    out.writeInt32LE(state | 0, at)
  }
  return out
}

test('the second reader ends by itself: `exit` drops what a pipe has not taken yet', () => {
  expect(readFileSync(readerPath, 'utf8')).not.toMatch(/\bexit\(/)
})

test('both readers unpack the same archive to the same tree, from the words of either member', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const url = await relay.start()
  const [alpha, friend] = [stage.device('alpha'), stage.device('friend')]
  const words = [await alpha.setup(url), await friend.setup(url)]
  const [here, there] = [stage.newFolder('here'), stage.path('there')]
  addOddities(here)
  copyTree(installed, join(here, 'installed'), { filesMax: 300, bytesMax: 10 << 20, fileBytesMax: 1 << 20 })
  writeFileSync(join(here, 'long'), longFile(20 << 20))
  await alpha.done('add', here)
  await friend.done('join', await alpha.invite(here), there, '--device-name', 'friend')
  // An accept makes a rekey due: what alpha sends now is of another epoch.
  await alpha.done('sync', '--once')
  appendFileSync(join(here, 'long'), 'and on')
  await alpha.done('sync', '--once')
  await friend.done('sync', '--once')
  mkdirSync(join(there, 'moved'))
  renameSync(join(there, 'installed'), join(there, 'moved', 'installed'))
  renameSync(join(there, 'long'), join(there, 'moved', 'long'))
  writeFileSync(join(there, 'long'), 'another of that name')
  writeFileSync(join(there, 'gone'), 'gone')
  await friend.done('sync', '--once')
  rmSync(join(there, 'gone'))
  await friend.done('sync', '--once')
  await alpha.done('sync', '--once')

  const file = stage.path('vault.grenier')
  await friend.done('export', there, '--sealed', '--out', file)
  for (const [at, phrase] of words.entries()) {
    const [ours, theirs] = [stage.path(`ours-${at}`), stage.path(`theirs-${at}`)]
    const opened = stage.start('grenier', [
      '--json',
      'decrypt',
      file,
      '--phrase-file',
      phrase,
      '--into',
      ours,
    ])
    expect((await opened.ended).exitCode).toBe(0)
    const read = stage.machine(node, readerPath, file, phrase, theirs)
    expect(`${read.exitCode} ${read.stderr}`).toBe('0 ')
    expect(folderDifferences(ours, theirs)).toEqual([])
    expect(folderDifferences(here, theirs)).toEqual([])
  }

  // A damaged byte in the middle: both say of the same file that it is not whole, neither writes it under its name, and all else is the same.
  const hurt = stage.path('hurt.grenier')
  const bytes = readFileSync(file)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4
  writeFileSync(hurt, bytes)
  const [left, leftToo] = [stage.path('left'), stage.path('left-too')]
  const tried = await stage.start('grenier', [
    ...['--json', 'decrypt', hurt, '--phrase-file', words[0] ?? '', '--into', left],
  ]).ended
  const seen = tried.lines.filter(({ event }) => event === 'problem')
  expect(tried.exitCode).toBe(3)
  expect(seen).toMatchObject([
    { path: 'moved/long', code: 'archive-damaged', keptAs: 'moved/long (damaged)' },
  ])
  const triedToo = stage.machine(node, readerPath, hurt, words[0] ?? '', leftToo)
  expect(triedToo.exitCode).toBe(3)
  expect(triedToo.stderr).toMatch(/^damaged: "moved\/long" [^\n]+\n$/)
  rmSync(join(left, 'moved', 'long (damaged)'))
  expect(folderDifferences(left, leftToo)).toEqual([])
  expect(existsSync(join(left, 'moved', 'long'))).toBe(false)

  // What is no archive behind the last record it does not read, and says so.
  const damaged = stage.path('damaged.grenier')
  copyFileSync(file, damaged)
  appendFileSync(damaged, 'x')
  const refused = stage.machine(node, readerPath, damaged, words[0] ?? '')
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain(`no record at ${statSync(file).size}`)
})
