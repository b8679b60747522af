// The whole archive as a tar that the system's own tar unpacks to the same tree.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { lockOf } from '../../packages/client/src/cli/file-lock.ts'
import { LevelStateStore } from '../../packages/client/src/state/state-store-level.ts'
import { lineOf, Stage, summaryOf } from './commands.ts'
import { addOddities, copyTree, installed } from './source-tree.ts'
import { differences, folderDifferences, readTree } from './trees.ts'

/** What GNU tar says of what it does all the same: times long ago or ahead, and that names are bytes. */
function isRemark(line: string): boolean {
  return /time stamp|'hdrcharset'/.test(line)
}

test('an export unpacks to the same tree, from a file and from standard output', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const url = await relay.start()
  const [alpha, beta] = [stage.device('alpha'), stage.device('beta')]
  const [here, there] = [stage.newFolder('here'), stage.path('there')]
  copyTree(installed, join(here, 'installed'), { filesMax: 600, bytesMax: 30 << 20, fileBytesMax: 8 << 20 })
  addOddities(here)
  await alpha.setup(url)
  await alpha.done('add', here)
  await beta.done('join', await alpha.invite(here), there, '--device-name', 'beta')

  const unpacked = async (tar: string, name: string): Promise<string> => {
    const into = stage.newFolder(name)
    const { exitCode, stderr } = stage.machine('tar', '-xpf', tar, '-C', into, '--no-same-owner')
    const complaints = stderr.split('\n').filter((line) => line !== '' && !isRemark(line))
    expect(complaints).toEqual([])
    expect(exitCode).toBe(0)
    return await Promise.resolve(into)
  }
  const file = stage.path('archive.tar')
  const exported = await beta.done('export', there, '--out', file)
  expect(summaryOf(exported)['files']).toBe(summaryOf(await alpha.done('sync', '--once'))['files'])
  expect(folderDifferences(here, await unpacked(file, 'from-file'))).toEqual([])

  const refused = await beta.run('export', there, '--out', file)
  expect(refused.exitCode).toBe(2)
  expect(lineOf(refused.lines, 'error')).toMatchObject({ code: 'usage' })

  const streamed = stage.path('streamed.tar')
  const { exitCode, stdout } = await alpha.startPlain('export', here, '--out', '-').ended
  expect(exitCode).toBe(0)
  writeFileSync(streamed, stdout)
  expect(folderDifferences(here, await unpacked(streamed, 'streamed'))).toEqual([])

  // As it was, too, also what is gone since.
  const then = summaryOf(await alpha.done('sync', '--once'))['head']
  const asThen = readTree(here)
  rmSync(join(here, 'installed'), { recursive: true })
  writeFileSync(join(here, 'new since'), 'x')
  await alpha.done(
    'restore',
    here,
    '--at',
    String((then as { seq: number }).seq),
    '--into',
    stage.path('as-then'),
  )
  expect(differences(asThen, readTree(stage.path('as-then')))).toEqual([])
  await alpha.done('restore', here, '--at', String((then as { seq: number }).seq), '--exact')
  expect(differences(asThen, readTree(here))).toEqual([])
  writeFileSync(join(here, 'new since'), 'y')
  await alpha.done('sync', '--once')
  const old = stage.path('old.tar')
  await alpha.done('export', here, '--out', old, '--at', String((then as { seq: number }).seq))
  expect(differences(asThen, readTree(await unpacked(old, 'old')))).toEqual([])

  // What is archived is what stands at the relay, whatever lies in the folder.
  const before = readTree(here)
  writeFileSync(join(here, 'not sent yet'), 'x')
  await alpha.done('export', here, '--out', stage.path('again.tar'))
  expect(differences(before, readTree(await unpacked(stage.path('again.tar'), 'again')))).toEqual([])
})

test('an export beside a running sync is the vault as it stood, while the sync goes on', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const alpha = stage.device('alpha')
  await alpha.setup(await relay.start())
  const here = stage.newFolder('here')
  copyTree(installed, join(here, 'installed'), { filesMax: 60, bytesMax: 4 << 20, fileBytesMax: 1 << 20 })
  writeFileSync(join(here, 'large'), randomBytes(5 << 20))
  await alpha.done('add', here)
  const running = alpha.start('sync')
  await running.line(({ event, state }) => event === 'state' && state === 'synced')
  const before = readTree(here)
  const unpacked = (tar: string, name: string): string => {
    const into = stage.newFolder(name)
    const { exitCode } = stage.machine('tar', '-xpf', tar, '-C', into, '--no-same-owner')
    expect(exitCode).toBe(0)
    return into
  }
  const file = stage.path('beside.tar')
  const { files } = summaryOf(await alpha.done('export', here, '--out', file))
  expect(files).toBe([...before.values()].filter(({ kind }) => kind !== 'directory').length)
  expect(differences(before, readTree(unpacked(file, 'beside')))).toEqual([])

  const { head } = summaryOf(await alpha.done('export', here, '--out', stage.path('again.tar')))
  rmSync(join(here, 'large'))
  await running.line(
    ({ event, path, action }) => event === 'change' && path === 'large' && action === 'remove',
  )
  await running.line(({ event, state }) => event === 'state' && state === 'synced')
  const at = String((head as { seq: number }).seq)
  const then = await alpha.startPlain('export', here, '--out', '-', '--at', at).ended
  expect(then.exitCode).toBe(0)
  writeFileSync(file, then.stdout)
  expect(differences(before, readTree(unpacked(file, 'then')))).toEqual([])
  await running.stop()
})

test('two exports into one file at once: what has the name is whole, and nothing else is left', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const alpha = stage.device('alpha')
  await alpha.setup(await relay.start())
  const here = stage.newFolder('here')
  writeFileSync(join(here, 'large'), randomBytes(8 << 20))
  await alpha.done('add', here)
  const running = alpha.start('sync')
  await running.line(({ event, state }) => event === 'state' && state === 'synced')
  const file = stage.path('both.tar')
  const both = await Promise.all([0, 1].map(() => alpha.run('export', here, '--out', file, '--yes')))
  // The one that comes while the other one writes is refused, and disturbs nothing.
  expect(both.map(({ exitCode }) => exitCode).sort()[0]).toBe(0)
  for (const { exitCode, lines } of both)
    if (exitCode !== 0) expect(lineOf(lines, 'error')).toMatchObject({ code: 'archive-busy' })
  const into = stage.newFolder('out')
  expect(stage.machine('tar', '-xpf', file, '-C', into, '--no-same-owner').exitCode).toBe(0)
  expect(folderDifferences(here, into)).toEqual([])
  expect(readdirSync(dirname(file)).filter((name) => /part|mark|lock/.test(name))).toEqual([])

  // A sealed one goes on with what is there: two at once would write over each other.
  const sealed = stage.path('both.grenier')
  const lock = lockOf(alpha.home, sealed)
  const held = await LevelStateStore.open(lock)
  const busy = await alpha.run('export', here, '--sealed', '--out', sealed)
  await held.close()
  expect(busy.exitCode).toBe(1)
  expect(lineOf(busy.lines, 'error')).toMatchObject({ code: 'archive-busy' })
  expect(existsSync(sealed)).toBe(false)
  await alpha.done('export', here, '--sealed', '--out', sealed)
  expect(existsSync(lock)).toBe(false)

  // One that a crash left, broken, keeps nobody out.
  mkdirSync(lock)
  writeFileSync(join(lock, 'CURRENT'), 'x')
  await alpha.done('export', here, '--sealed', '--out', sealed)
  expect(existsSync(lock)).toBe(false)
  expect(readdirSync(dirname(sealed)).filter((name) => name.includes('lock'))).toEqual([])
  await running.stop()
})
