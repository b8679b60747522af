// The folder moved, as a person meets it: real commands, what they say, and what they leave alone.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lineOf, Stage, type Device } from '../e2e/commands.ts'

async function added(): Promise<{ stage: Stage; alpha: Device; folder: string }> {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const alpha = stage.device('alpha')
  const folder = stage.newFolder('here')
  fs.writeFileSync(join(folder, 'f'), 'x')
  await alpha.setup(await relay.start())
  await alpha.done('add', folder)
  return { stage, alpha, folder }
}

test('a folder that was moved is found at its new place when that is named, and nothing counts as removed', async () => {
  const { stage, alpha, folder } = await added()
  const to = stage.path('elsewhere')
  fs.renameSync(folder, to)
  const lost = await alpha.run('sync', '--once')
  expect([lost.exitCode, lineOf(lost.lines, 'error')['code']]).toEqual([1, 'folder-unusable'])
  expect(lost.stderr).toContain('Was it moved? `grenier sync NEW_PLACE` finds it')
  fs.writeFileSync(join(to, 'g'), 'y')
  const found = await alpha.done('sync', to, '--once')
  expect(found.stderr).toContain(`${to} is the folder that was ${folder}`)
  expect(
    found.lines.filter(({ event }) => event === 'change').map(({ action, path }) => [action, path]),
  ).toEqual([['put', 'g']])
  expect((await alpha.status(to))['state']).toBe('synced')
  await alpha.done('sync', '--once')
})

test('a copy beside the original is not taken for it', async () => {
  const { stage, alpha, folder } = await added()
  const copy = stage.path('copy')
  fs.cpSync(folder, copy, { recursive: true })
  const refused = await alpha.run('sync', copy, '--once')
  expect([refused.exitCode, lineOf(refused.lines, 'error')['code']]).toEqual([2, 'folder-unknown'])
  expect((await alpha.run('add', copy)).exitCode).toBe(7)
})

test('a folder inside a synced one is refused, also for another home, and where a link leads there', async () => {
  const { stage, alpha, folder } = await added()
  const inside = join(folder, 'inside')
  fs.mkdirSync(inside)
  fs.symlinkSync(inside, stage.path('link'))
  for (const path of [inside, stage.path('link')]) {
    const refused = await alpha.run('add', path)
    expect([refused.exitCode, lineOf(refused.lines, 'error')['code']]).toEqual([2, 'folder-taken'])
  }
  const beta = stage.device('beta')
  const refused = await beta.run('join', await alpha.invite(folder), inside, '--device-name', 'beta')
  expect([refused.exitCode, lineOf(refused.lines, 'error')['code']]).toEqual([2, 'folder-taken'])
  expect(fs.readdirSync(inside)).toEqual([])
})
