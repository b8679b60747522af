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

test('vaults tells a copy that a vault left behind from the vault, and who sees none where to look', async () => {
  const stage = Stage.forTest()
  const [first, second] = [await stage.relay('first'), await stage.relay('second')]
  const [from, to] = [await first.start(), await second.start()]
  const alpha = stage.device('alpha')
  await alpha.setup(from)
  const none = await alpha.done('vaults')
  expect(none.stderr).toContain(`No vaults of this device at ${from}. \`grenier recover ${from}\``)
  const folder = stage.newFolder('folder')
  writeFileSync(join(folder, 'first'), 'first')
  await alpha.done('add', folder, '--name', 'garden')
  await alpha.done('move', folder, to)
  const { lines } = await alpha.done('vaults')
  const listed = lines.filter(({ event }) => event === 'vault')
  expect(listed).toMatchObject([
    { relay: from, wentTo: to },
    { relay: to, folder },
  ])
  expect(listed[1]).not.toHaveProperty('wentTo')
  const { stdout } = await alpha.startPlain('vaults').ended
  expect(stdout.toString()).toContain(`at ${from}, the copy that stayed there when the vault went to ${to}`)
})
