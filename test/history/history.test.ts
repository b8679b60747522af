// Looking into the history, and bringing it back elsewhere: with real folders and real states, with and without a run.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ground, treeOf, type Device } from '../folder/devices.ts'
import { ask, askOf, bytesOf, logLines, pathsOf } from './asking.ts'

const ground = new Ground()
let alpha: Device
let beta: Device
/** The head after each step. */
const heads: number[] = []

async function step(device: Device, work: () => void): Promise<void> {
  work()
  const { summary } = await device.sync()
  heads.push(summary.head?.seq ?? -1)
}

const big = Buffer.alloc(9_000_000, 'some bytes that repeat, and a counter: 0123456789')

beforeAll(async () => {
  ;[alpha, beta] = await ground.pair()
  await step(alpha, () => {
    alpha.write('notes/one.txt', 'one')
    alpha.write('notes/deep/two.txt', 'two')
    alpha.write('big', big)
    fs.symlinkSync('notes/one.txt', alpha.at('link'))
  })
  await beta.sync()
  await step(beta, () => {
    beta.write('notes/one.txt', 'one, by beta')
    fs.rmSync(beta.at('big'))
  })
  await alpha.sync()
  await step(alpha, () => fs.renameSync(alpha.at('notes/deep'), alpha.at('notes/moved')))
  await step(alpha, () => {
    fs.rmSync(alpha.at('notes/moved/two.txt'))
    alpha.write('notes/moved/two.txt', 'another file under the same name')
  })
})
afterAll(() => ground.end())

describe('the log', () => {
  test('says who changed which path, the latest first, also what left its name', async () => {
    const lines = logLines(await ask(alpha, { do: 'log' }))
    const byBeta = lines.filter((line) => line.startsWith('beta: ') && !line.endsWith(': member')).join('; ')
    expect(byBeta).toContain('put notes/one.txt')
    expect(byBeta).toContain('remove big')
    expect(lines).toContain('alpha: move notes/moved from notes/deep')
    expect(lines[0]).toBe('alpha: put notes/moved/two.txt')
    expect(lines.at(-1)).toBe('alpha: genesis')
    expect(lines.some((line) => line.endsWith(': member'))).toBe(true)
  })

  test('has no entry of members down as void, whether it gives names or not', async () => {
    const { rows } = await ask(alpha, { do: 'log' })
    const members = rows.flatMap((row) => (row.row === 'entry' && row.kind === 'member' ? [row] : []))
    expect(new Set(members.map(({ action }) => action))).toEqual(new Set(['invite', 'accept', 'rekey']))
    expect(members.map((row) => row.void)).toEqual(members.map(() => undefined))
  })

  test('says whom an entry brought', async () => {
    const { rows } = await ask(alpha, { do: 'log' })
    const touched = rows.flatMap((row) => (row.row === 'entry' ? (row.members ?? []) : []))
    expect(touched).toMatchObject([{ did: 'joined', kind: 'device', name: 'beta', role: 'writer' }])
  })

  test('of a path has what happened to it or below it alone', async () => {
    const lines = logLines(await ask(alpha, { do: 'log', path: 'notes/deep' }))
    const [latest = '', ...before] = lines
    expect(latest).toBe('alpha: move notes/moved from notes/deep')
    const told = before.flatMap((line) => line.replace('alpha: ', '').split('; '))
    expect(told.sort()).toEqual(['put notes/deep', 'put notes/deep/two.txt'])
    expect(logLines(await ask(alpha, { do: 'log', path: 'not' }))).toEqual([])
  })

  test('takes no more entries than were asked for', async () => {
    const all = logLines(await ask(alpha, { do: 'log' }))
    expect(logLines(await ask(alpha, { do: 'log', limit: 2 }))).toEqual(all.slice(0, 2))
  })
})

describe('a former tree', () => {
  test('is listed by directory, or all of it', async () => {
    const [first = 0] = heads
    const moment = { sequence: first }
    expect(pathsOf(await ask(beta, { do: 'list', path: '', deep: false, moment }))).toEqual([
      'big',
      'link',
      'notes',
    ])
    expect(pathsOf(await ask(beta, { do: 'list', path: '/notes/', deep: true, moment }))).toEqual([
      'notes/deep',
      'notes/deep/two.txt',
      'notes/one.txt',
    ])
    const now = await ask(beta, { do: 'list', path: '', deep: false })
    expect(pathsOf(now)).toEqual(['link', 'notes'])
    expect(now.answer).toMatchObject({ files: 1, online: true })
  })

  test('gives the bytes of a file, in order, also of one that is gone', async () => {
    const moment = { sequence: heads[0] ?? 0 }
    const { rows, answer } = await ask(beta, { do: 'read', path: 'big', moment })
    expect(Buffer.compare(bytesOf({ rows, answer }), big)).toBe(0)
    expect(answer).toMatchObject({ files: 1, bytes: big.length })
    const text = await ask(alpha, { do: 'read', path: 'notes/one.txt' })
    expect(Buffer.from(bytesOf(text)).toString()).toBe('one, by beta')
  })

  test.each([
    ['nothing', 'missing'],
    ['notes', 'directory'],
    ['', 'directory'],
    ['link', 'link'],
  ])('has no bytes for %j', async (path, what) => {
    const asked = ask(alpha, { do: 'read', path })
    await expect(asked).rejects.toMatchObject({ code: 'path-unknown', data: { path, what } })
  })

  test('is none before the vault began, nor after its last entry', async () => {
    const before = ask(alpha, { do: 'list', path: '', deep: false, moment: { timeMs: 0 } })
    await expect(before).rejects.toMatchObject({ code: 'moment-unknown', data: { what: 'before' } })
    const after = ask(alpha, { do: 'list', path: '', deep: false, moment: { sequence: 1e6 } })
    await expect(after).rejects.toMatchObject({ code: 'moment-unknown', data: { what: 'after' } })
    const late = await ask(alpha, { do: 'list', path: '', deep: false, moment: { timeMs: 4e12 } })
    expect(late.answer.sequence).toBe(late.answer.head.seq)
  })
})

describe('restoring elsewhere', () => {
  test('writes one subtree under the paths it had, and nothing of ours', async () => {
    const into = ground.directory('into')
    const moment = { sequence: heads[0] ?? 0 }
    await ask(alpha, { do: 'restore-into', path: 'notes/deep', into, moment })
    expect(treeOf(into).map((line) => line.split(' ')[0])).toEqual([
      'notes/',
      'notes/deep/',
      'notes/deep/two.txt',
    ])
    expect(fs.readdirSync(into)).toEqual(['notes'])
  })

  test('overwrites nothing: what is in the way stays, is told, and the rest is written', async () => {
    const into = ground.directory('into')
    fs.writeFileSync(join(into, 'big'), 'mine')
    fs.mkdirSync(join(into, 'notes'))
    fs.writeFileSync(join(into, 'notes/deep'), 'a file where a directory was')
    const elsewhere = ground.directory('elsewhere')
    fs.symlinkSync(elsewhere, join(into, 'link'))
    const moment = { sequence: heads[0] ?? 0 }
    const answered = await ask(alpha, { do: 'restore-into', path: '', into, moment })
    expect(pathsOf(answered)).toEqual([
      'not-overwritten big',
      'not-overwritten link',
      'not-overwritten notes/deep',
      'notes/one.txt',
    ])
    expect(answered.answer).toMatchObject({ files: 1, problems: 3 })
    expect(fs.readFileSync(join(into, 'big'), 'utf8')).toBe('mine')
    expect(fs.readFileSync(join(into, 'notes/deep'), 'utf8')).toBe('a file where a directory was')
    expect(fs.readFileSync(join(into, 'notes/one.txt'), 'utf8')).toBe('one')
  })

  test('counts what is there and the very same as done: again nothing is fetched, and a run that was cut off goes on', async () => {
    const into = ground.directory('into')
    const query = { do: 'restore-into', path: '', into, moment: { sequence: heads[0] ?? 0 } } as const
    const first = await ask(alpha, query)
    expect(first.answer).toMatchObject({ files: 4, problems: 0 })
    const tree = treeOf(into)
    const again = await ask(alpha, query)
    expect(again.answer).toMatchObject({ files: 4, bytes: first.answer.bytes, problems: 0 })
    expect(again.rows.map((row) => row.row === 'restored' && row.already)).toEqual([true, true, true, true])
    expect(again.answer.bytesReceived).toBeLessThan(big.length / 2)
    fs.rmSync(join(into, 'notes/one.txt'))
    const rest = await ask(alpha, query)
    expect(rest.rows.flatMap((row) => (row.row === 'restored' && !row.already ? [row.path] : []))).toEqual([
      'notes/one.txt',
    ])
    expect(treeOf(into)).toEqual(tree)
    expect(fs.readdirSync(into).sort()).toEqual(['big', 'link', 'notes'])
  })

  test.each([
    {
      what: 'a byte, with size and time as they were',
      change: (path: string) => {
        const { mtimeNs } = fs.statSync(path, { bigint: true })
        const handle = fs.openSync(path, 'r+')
        fs.writeSync(handle, 'X', 5_000_000)
        fs.closeSync(handle)
        execFileSync('touch', [
          '-d',
          `@${mtimeNs / 1_000_000_000n}.${String(mtimeNs % 1_000_000_000n).padStart(9, '0')}`,
          path,
        ])
        expect(fs.statSync(path, { bigint: true }).mtimeNs).toBe(mtimeNs)
      },
    },
    {
      what: 'the time',
      change: (path: string) => {
        fs.utimesSync(path, 1, 1)
      },
    },
    {
      what: 'the bits',
      change: (path: string) => {
        fs.chmodSync(path, 0o755)
      },
    },
    {
      what: 'the end',
      change: (path: string) => {
        fs.appendFileSync(path, 'more')
      },
    },
  ])('leaves a file of which $what is another as it is, and tells it', async ({ change }) => {
    const into = ground.directory('into')
    const query = { do: 'restore-into', path: 'big', into, moment: { sequence: heads[0] ?? 0 } } as const
    await ask(alpha, query)
    change(join(into, 'big'))
    const before = fs.readFileSync(join(into, 'big'))
    const answered = await ask(alpha, query)
    expect(pathsOf(answered)).toEqual(['not-overwritten big'])
    expect(answered.answer).toMatchObject({ files: 0, problems: 1 })
    expect(Buffer.compare(fs.readFileSync(join(into, 'big')), before)).toBe(0)
  })

  test('does not write through a link that stands where a directory was', async () => {
    const [into, elsewhere] = [ground.directory('into'), ground.directory('elsewhere')]
    fs.symlinkSync(elsewhere, join(into, 'notes'))
    const moment = { sequence: heads[0] ?? 0 }
    const answered = await ask(alpha, { do: 'restore-into', path: 'notes', into, moment })
    expect(pathsOf(answered)).toEqual(['not-overwritten notes'])
    expect(fs.readdirSync(elsewhere)).toEqual([])
  })
})

test('a directory that a run which was cut off left open gets its bits from the next one, and one of somebody else keeps its own', async () => {
  const [device] = await ground.pair()
  for (const path of ['closed/one.txt', 'other/two.txt']) device.write(path, path)
  for (const path of ['closed', 'other']) fs.chmodSync(device.at(path), 0o500)
  await device.sync()
  const into = ground.directory('into')
  const query = { do: 'restore-into', path: '', into } as const
  await ask(device, query)
  const modeOf = (path: string): number => fs.statSync(join(into, path)).mode & 0o777
  expect([modeOf('closed'), modeOf('other')]).toEqual([0o500, 0o500])
  // As it stands in the middle of a run.
  fs.chmodSync(join(into, 'closed'), 0o700)
  fs.rmSync(join(into, 'closed/one.txt'))
  fs.chmodSync(join(into, 'other'), 0o755)
  const { answer } = await ask(device, query)
  expect(answer).toMatchObject({ files: 2, problems: 0 })
  expect([modeOf('closed'), modeOf('other')]).toEqual([0o500, 0o755])
  for (const path of ['closed', 'other']) fs.chmodSync(device.at(path), 0o700)
})

test('copies of conflicts are found, with what they conflict with', async () => {
  const [gamma, delta] = await ground.pair()
  gamma.write('d/notes.txt', 'first')
  await gamma.sync()
  await delta.sync()
  gamma.write('d/notes.txt', 'by one')
  await gamma.sync()
  delta.write('d/notes.txt', 'by the other')
  const { kept } = await delta.sync()
  const { rows, answer } = await ask(delta, { do: 'conflicts' })
  const found = rows.map((row) => (row.row === 'conflict' ? row : undefined))
  expect(found).toMatchObject([{ path: 'd/notes.txt', there: true, keptAs: kept[0], device: delta.name }])
  expect(answer).toMatchObject({ files: 1, problems: 0 })
})

test('beside a run that watches, all of it is answered; the folder and the log stay as they are', async () => {
  const watching = await alpha.watch()
  await alpha.synced(watching)
  const before = treeOf(alpha.folder)
  const moment = { sequence: heads[0] ?? 0 }
  const [log, bytes] = await Promise.all([
    askOf(watching.engine, { do: 'log', limit: 1 }),
    askOf(watching.engine, { do: 'read', path: 'big', moment }),
  ])
  expect(logLines(log)).toEqual(['alpha: put notes/moved/two.txt'])
  expect(Buffer.compare(bytesOf(bytes), big)).toBe(0)
  expect(treeOf(alpha.folder)).toEqual(before)
  await watching.stop()
})

test('where the disk of the folder is away, the history is there all the same', async () => {
  const away = `${beta.folder}-away`
  fs.renameSync(beta.folder, away)
  try {
    const text = await ask(beta, { do: 'read', path: 'notes/moved/two.txt' })
    expect(Buffer.from(bytesOf(text)).toString()).toBe('another file under the same name')
  } finally {
    fs.renameSync(away, beta.folder)
  }
})
