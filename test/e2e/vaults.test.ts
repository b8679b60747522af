// What there is at a relay, and an owner's wish that a vault go: in real processes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lineOf, Stage } from './commands.ts'

const dayMs = 86_400_000

test('vaults lists what there is; a vault is to be deleted after the floor, for owners to say, and to take back', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const url = await relay.start()
  const [alpha, beta] = [stage.device('alpha'), stage.device('beta')]
  const [one, two] = [stage.newFolder('one'), stage.path('two')]
  await alpha.setup(url)
  writeFileSync(join(one, 'first'), 'first')
  await alpha.done('add', one, '--name', 'garden')
  await beta.done('join', await alpha.invite(one), two, '--device-name', 'beta')
  const before = lineOf((await alpha.done('vaults')).lines, 'vault')
  expect(before).toMatchObject({ name: 'garden', folder: one, relay: url })
  expect(Number(before['bytes'])).toBeGreaterThan(0)
  expect(before).not.toHaveProperty('deletion')

  expect((await alpha.run('vault', 'delete', 'garden')).exitCode).toBe(2)
  expect((await beta.run('vault', 'delete', 'garden', '--yes')).exitCode).toBe(5)
  const wished = lineOf((await alpha.done('vault', 'delete', 'garden', '--yes')).lines, 'vault-delete')
  expect(Math.abs(Number(wished['finalMs']) - Date.now() - 30 * dayMs)).toBeLessThan(dayMs / 24)
  const shown = lineOf((await beta.done('vaults')).lines, 'vault')
  expect(shown['deletion']).toMatchObject({ finalMs: wished['finalMs'], signed: true })

  writeFileSync(join(two, 'second'), 'second')
  await beta.done('sync', '--once')
  await alpha.done('vault', 'delete', 'garden', '--undo')
  await alpha.done('sync', '--once')
  expect(lineOf((await beta.done('vaults')).lines, 'vault')).not.toHaveProperty('deletion')
  // One that is not synced here any more has its name all the same.
  await alpha.done('forget', one)
  const kept = lineOf((await alpha.done('vaults')).lines, 'vault')
  expect(kept).toMatchObject({ name: 'garden', role: 'owner', relay: url })
  expect(kept).not.toHaveProperty('folder')
  expect(Math.abs(Number(kept['changedMs']) - Date.now())).toBeLessThan(dayMs)
})
