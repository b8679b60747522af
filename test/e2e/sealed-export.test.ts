// A sealed export, from a folder to a machine that has nothing but the file and the 24 words; and what damage to the file costs.
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lineOf, Stage, summaryOf, type Device, type Ended, type Line } from './commands.ts'
import { addOddities } from './source-tree.ts'
import { differences, folderDifferences, readTree } from './trees.ts'

/** Flips a bit of one byte. */
function damage(file: string, offset: number): void {
  const handle = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(handle, byte, 0, 1, offset)
  byte[0] = (byte[0] ?? 0) ^ 0x20
  writeSync(handle, byte, 0, 1, offset)
  closeSync(handle)
}

/** Bytes that no compression shrinks, the same each time. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** Of a damaged file there is all that is not lost, with zeros in between, as long as it was; what is lost is a chunk or two. */
function expectSalvaged({ here, into }: { here: string; into: string }, problem: Line): void {
  const { path, keptAs, lost } = problem as unknown as {
    path: string
    keptAs: string
    lost: { offset: number; length: number }[]
  }
  expect(existsSync(join(into, path))).toBe(false)
  expect(keptAs).toBe(`${path} (damaged)`)
  const expected = readFileSync(join(here, path))
  for (const { offset, length } of lost) expected.fill(0, offset, offset + length)
  expect(readFileSync(join(into, keptAs)).equals(expected)).toBe(true)
  expect(statSync(join(into, keptAs)).mtimeMs).toBeCloseTo(statSync(join(here, path)).mtimeMs, 2)
  expect(lost.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(2 << 20)
}

/** A vault of some history: packs, moves, links, odd names. */
async function madeVault(
  stage: Stage,
): Promise<{ alpha: Device; here: string; words: string; added: number }> {
  const relay = await stage.relay()
  const alpha = stage.device('alpha')
  const words = await alpha.setup(await relay.start())
  const here = stage.newFolder('here')
  addOddities(here)
  for (let count = 0; count < 6; count += 1)
    writeFileSync(join(here, `noise-${count}`), noise(3 << 20, count + 1))
  const { head } = summaryOf(await alpha.done('add', here)) as unknown as { head: { seq: number } }
  writeFileSync(join(here, 'noise-0'), 'shorter now')
  renameSync(join(here, 'noise-1'), join(here, 'renamed'))
  await alpha.done('sync', '--once')
  return { alpha, here, words, added: head.seq }
}

/** A machine without a home: `decrypt` must not even look for one. */
async function decrypted(stage: Stage, ...args: string[]): Promise<Ended> {
  return await stage.start('grenier', [
    '--lang',
    'en',
    '--json',
    '--home',
    '/nonexistent/home',
    'decrypt',
    ...args,
  ]).ended
}

test('a sealed export opens with the words alone, as it was at any moment, and is brought up to date in its place', async () => {
  const stage = Stage.forTest()
  const { alpha, here, words, added } = await madeVault(stage)
  const file = stage.path('vault.grenier')
  const first = summaryOf(await alpha.done('export', here, '--sealed', '--out', file))
  const out = stage.path('out')
  const opened = await decrypted(stage, file, '--phrase-file', words, '--into', out)
  expect(opened.exitCode).toBe(0)
  expect(summaryOf(opened)).toMatchObject({
    problems: 0,
    uncertain: 0,
    head: first['head'],
  })
  expect(folderDifferences(here, out)).toEqual([])

  const before = await decrypted(
    stage,
    file,
    '--phrase-file',
    words,
    '--into',
    stage.path('before'),
    '--at',
    String(added),
    '--path',
    'noise-1',
  )
  expect(before.exitCode).toBe(0)
  expect(readFileSync(stage.path('before', 'noise-1')).equals(readFileSync(join(here, 'renamed')))).toBe(true)

  const some = stage.path('some')
  const asked = ['renamed', `odd/empty/`, `odd/zeros`, `odd/empty/within`].flatMap((path) => ['--path', path])
  const several = await decrypted(stage, file, '--phrase-file', words, '--into', some, ...asked)
  expect(several.exitCode).toBe(0)
  expect(readdirSync(some, { recursive: true }).sort()).toEqual(
    ['', '/empty', '/empty/within', '/empty/within/empty', '/zeros']
      .map((path) => `odd${path}`)
      .concat('renamed'),
  )
  for (const at of ['2001-02-03', String(added + 1_000)]) {
    const never = await decrypted(stage, file, '--phrase-file', words, '--list', '--at', at)
    expect(never.exitCode).toBe(2)
    expect(lineOf(never.lines, 'error')['code']).toBe('moment-unknown')
    expect(never.stderr).toContain('hint: without --at')
  }

  const wordless = await decrypted(stage, file, '--list')
  expect(wordless.exitCode).toBe(2)
  expect(lineOf(wordless.lines, 'error')['hint']).toContain('--phrase-file FILE')

  // Again into the same folder: what is there and the same is done, what is there and another is left alone.
  writeFileSync(join(out, 'renamed'), 'mine')
  const again = await decrypted(stage, file, '--phrase-file', words, '--into', out)
  expect(again.exitCode).toBe(3)
  expect(again.lines.filter(({ event }) => event === 'problem')).toMatchObject([
    { path: 'renamed', code: 'not-overwritten' },
  ])
  expect(readFileSync(join(out, 'renamed'), 'utf8')).toBe('mine')

  const wholeBytes = statSync(file).size
  writeFileSync(join(here, 'later'), 'later')
  const running = alpha.start('sync')
  await running.line(({ event, state }) => event === 'state' && state === 'synced')
  // While a sync of the same home runs.
  const updated = summaryOf(await alpha.done('export', here, '--sealed', '--out', file))
  await running.stop()
  expect(updated['entries']).toBe(Number(first['entries']) + 1)
  expect(statSync(file).size - wholeBytes).toBeLessThan(100_000)
  const listed = await decrypted(stage, file, '--phrase-file', words, '--list')
  expect(listed.exitCode).toBe(0)
  expect(listed.lines.filter(({ event }) => event === 'entry').map(({ path }) => path)).toContain('later')

  const foreign = stage.path('foreign.grenier')
  writeFileSync(foreign, 'a letter')
  const refused = await alpha.run('export', here, '--sealed', '--out', foreign)
  expect(refused.exitCode).toBe(1)
  expect(lineOf(refused.lines, 'error')['code']).toBe('archive-foreign')
  expect(readFileSync(foreign, 'utf8')).toBe('a letter')

  const others = await stage.device('stranger').setup(await (await stage.relay('other')).start())
  const closed = await decrypted(stage, file, '--phrase-file', others, '--into', stage.path('closed'))
  expect(closed.exitCode).toBe(5)
  expect(lineOf(closed.lines, 'error')['code']).toBe('archive-closed')
})

test('a damaged byte costs the chunks that it lies in and no more, wherever it lies, and an export onto the file mends it', async () => {
  const stage = Stage.forTest()
  const { alpha, here, words } = await madeVault(stage)
  const whole = stage.path('whole.grenier')
  await alpha.done('export', here, '--sealed', '--out', whole)
  const copy = stage.path('copy.grenier')
  const size = statSync(whole).size
  // Front, first head, genesis, the middle of a pack, the second log, index, end.
  for (const [offset, costs] of [
    [20, false],
    [60, false],
    [400, false],
    [size >> 1, true],
    [size - 9000, false],
    [size - 300, false],
    [size - 20, false],
  ] as const) {
    copyFileSync(whole, copy)
    damage(copy, offset)
    const into = stage.path(`damaged-${offset}`)
    const { lines, exitCode } = await decrypted(stage, copy, '--phrase-file', words, '--into', into)
    const problems = lines.filter(({ event }) => event === 'problem')
    expect(problems.length > 0, `damage at ${offset}`).toBe(costs)
    expect(lines.filter(({ event }) => event === 'uncertain')).toEqual([])
    const isCutShort = lines.some(({ event }) => event === 'unfinished')
    expect(isCutShort).toBe(offset === size - 20)
    expect(exitCode).toBe(costs || isCutShort ? 3 : 0)
    for (const problem of problems) {
      expect(problem['code']).toBe('archive-damaged')
      expectSalvaged({ here, into }, problem)
      rmSync(join(into, String(problem['keptAs'])))
    }
    expect(differences(readTree(here), readTree(into)).map((line) => line.split(':')[0])).toEqual(
      problems.map(({ path }) => JSON.stringify(path)),
    )
  }
  damage(copy, size >> 1)
  await alpha.done('export', here, '--sealed', '--out', copy)
  const mended = await decrypted(stage, copy, '--phrase-file', words, '--into', stage.path('mended'))
  expect(mended.exitCode).toBe(0)
  expect(folderDifferences(here, stage.path('mended'))).toEqual([])
})

test('an export that was cut off goes on, byte for byte as if it had not been, and what is there of it can be read', async () => {
  const stage = Stage.forTest()
  const { alpha, here, words } = await madeVault(stage)
  const whole = stage.path('whole.grenier')
  await alpha.done('export', here, '--sealed', '--out', whole)
  const size = statSync(whole).size
  for (const length of [10, 56, 100, 5000, size >> 1, size - 200, size - 1]) {
    const cut = stage.path(`cut-${length}.grenier`)
    copyFileSync(whole, `${cut}.part`)
    truncateSync(`${cut}.part`, length)
    if (length === size >> 1) {
      const { lines, exitCode } = await decrypted(
        stage,
        `${cut}.part`,
        '--phrase-file',
        words,
        '--into',
        stage.path('part'),
      )
      expect(exitCode).toBe(3)
      expect(lines.some(({ event }) => event === 'unfinished')).toBe(true)
      const lost = lines.filter(({ event }) => event === 'problem')
      const kept = lost.filter(({ keptAs }) => keptAs !== undefined)
      expect(differences(readTree(here), readTree(stage.path('part'))).length).toBe(lost.length + kept.length)
    }
    await alpha.done('export', here, '--sealed', '--out', cut)
    expect(readFileSync(cut).equals(readFileSync(whole)), `cut at ${length}`).toBe(true)
  }
  const streamed = await alpha.startPlain('export', here, '--sealed', '--out', '-').ended
  expect(streamed.stdout.equals(readFileSync(whole))).toBe(true)
})

test('decrypt leaves alone what lies in the staging area of a synced folder, or of another run', async () => {
  const stage = Stage.forTest()
  const { alpha, here, words } = await madeVault(stage)
  const file = stage.path('vault.grenier')
  await alpha.done('export', here, '--sealed', '--out', file)
  const mine = join(here, '.grenier', 'staging', 'kept-1-2-3-4')
  mkdirSync(join(here, '.grenier', 'staging'), { recursive: true })
  writeFileSync(mine, 'the last writes of somebody')
  const refused = await decrypted(stage, file, '--phrase-file', words, '--into', here)
  expect(refused.exitCode).toBe(1)
  expect(lineOf(refused.lines, 'error')).toMatchObject({ code: 'folder-unusable' })
  expect(readFileSync(mine, 'utf8')).toBe('the last writes of somebody')
  const out = stage.newFolder('out')
  mkdirSync(join(out, '.grenier', 'staging'), { recursive: true })
  writeFileSync(join(out, '.grenier', 'staging', 'archive-abcdef-1'), 'of another run')
  expect((await decrypted(stage, file, '--phrase-file', words, '--into', out)).exitCode).toBe(0)
  expect(readFileSync(join(out, '.grenier', 'staging', 'archive-abcdef-1'), 'utf8')).toBe('of another run')
  const fresh = stage.path('fresh')
  expect((await decrypted(stage, file, '--phrase-file', words, '--into', fresh)).exitCode).toBe(0)
  expect(existsSync(join(fresh, '.grenier'))).toBe(false)
})
