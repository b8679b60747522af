// Who is in a vault, as people handle it: listing, roles, revoking, with and without a sync at work, in real processes.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isSynced, lineOf, Stage, untilHolds, type Device, type Line } from './commands.ts'
import { folderDifferences } from './trees.ts'

interface Three {
  readonly stage: Stage
  readonly folders: readonly [string, string, string]
  readonly devices: readonly [Device, Device, Device]
}

/** An owner, and two devices that joined by its codes: one by the text, one by the words. */
async function three(): Promise<Three> {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const url = await relay.start()
  const devices = [stage.device('alpha'), stage.device('beta'), stage.device('gamma')] as const
  const folders = [stage.newFolder('one'), stage.path('two'), stage.path('three')] as const
  const [alpha, beta, gamma] = devices
  await alpha.setup(url)
  writeFileSync(join(folders[0], 'first'), 'first')
  await alpha.done('add', folders[0])
  const invited = lineOf((await alpha.done('invite', folders[0])).lines, 'invite')
  await beta.done('join', String(invited['words']), folders[1], '--device-name', 'beta')
  await gamma.done('join', await alpha.invite(folders[0]), folders[2], '--device-name', 'gamma')
  return { stage, folders, devices }
}

interface Listed {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly invitedBy: string | null
  readonly this: boolean
}

function listed(line: Line): readonly Listed[] {
  return line['devices'] as readonly Listed[]
}

test('devices lists who is in the vault; roles are an owner’s to change, and take hold', async () => {
  const { folders, devices } = await three()
  const [alpha, beta] = devices
  const [one, two] = folders
  const all = listed(lineOf((await alpha.done('devices', one)).lines, 'devices'))
  expect(all.map(({ name, role }) => `${name} ${role}`)).toEqual([
    'alpha owner',
    'beta writer',
    'gamma writer',
  ])
  expect(all.map(({ invitedBy }) => invitedBy)).toEqual([null, all[0]?.id, all[0]?.id])
  expect(all.map((one) => one.this)).toEqual([true, false, false])

  expect((await beta.run('role', two, 'gamma', 'reader')).exitCode).toBe(5)
  expect((await alpha.run('role', one, 'nobody', 'reader')).exitCode).toBe(2)
  expect((await alpha.run('role', one, 'alpha', 'writer')).exitCode).toBe(5)
  await alpha.done('role', one, 'beta', 'reader')
  writeFileSync(join(two, 'of a reader'), 'stays here')
  const read = await beta.run('sync', '--once')
  expect(read.exitCode).toBe(3)
  expect(lineOf(read.lines, 'problem')).toMatchObject({ code: 'read-only', path: 'of a reader' })
  expect(readFileSync(join(two, 'of a reader'), 'utf8')).toBe('stays here')
  await alpha.done('role', one, all[1]?.id.slice(0, 12) ?? '', 'writer')
  const [given] = (await alpha.done('log', one)).lines.filter((line) => line['action'] === 'role')
  expect(given?.['members']).toEqual([
    { did: 'role', kind: 'device', id: all[1]?.id, role: 'writer', name: 'beta' },
  ])
  await beta.done('sync', '--once')
  await alpha.done('sync', '--once')
  expect(folderDifferences(one, two)).toEqual([])
})

test('a revoked device says so at once, keeps its files, and comes back only as a new one', async () => {
  const { stage, folders, devices } = await three()
  const [alpha, beta, gamma] = devices
  const [one, two, third] = folders
  const open = await alpha.invite(one, '--role', 'reader')
  const syncs = [alpha.start('sync'), beta.start('sync')]
  await untilHolds(syncs, () => syncs.every(isSynced))

  expect((await alpha.run('revoke', one, 'beta')).exitCode).toBe(2)
  expect((await beta.run('revoke', two, 'gamma', '--yes')).exitCode).toBe(5)
  const revoked = await alpha.done('revoke', one, 'beta', '--yes')
  expect(lineOf(revoked.lines, 'revoke')).toMatchObject({ voided: 1 })
  const ended = await syncs[1]!.ended
  expect(ended.exitCode).toBe(5)
  expect(lineOf(ended.lines, 'error')).toMatchObject({ code: 'device-revoked' })
  expect(lineOf(ended.lines, 'error')['message'], 'who did it').toContain('“alpha”')
  expect(await beta.status(two)).toMatchObject({ state: 'revoked', running: false })
  const said = await beta.startPlain('status', two).ended
  expect(said.stdout.toString()).toContain('“alpha”')
  expect((await stage.device('delta').run('join', open, stage.path('four'))).exitCode).toBe(5)

  // The history says whom it took out, asked of the sync that runs.
  const [entry] = (await alpha.done('log', one)).lines.filter((line) => line['action'] === 'revoke')
  expect(entry?.['members']).toMatchObject([{ did: 'left', kind: 'device', role: 'writer', name: 'beta' }])
  const told = (await alpha.startPlain('log', one).ended).stdout.toString()
  expect(told).toMatch(/ alpha {2}took out “beta”$/m)
  expect(told).toMatch(/ gamma {2}joined \(writer\)$/m)

  // One that was away when it happened hears it as well, and writes nothing.
  await alpha.done('revoke', one, 'gamma', '--yes')
  writeFileSync(join(third, 'never sent'), 'mine')
  writeFileSync(join(one, 'later'), 'not for them')
  await syncs[0]!.stop('SIGINT')
  await alpha.done('sync', '--once')
  // Whatever it asks.
  const asks = ['log', 'ls', 'conflicts', 'adopt', 'export'].map((command) => [command, third])
  for (const [command = '', ...of] of asks) {
    const out = command === 'export' ? ['--out', stage.path('tar')] : []
    const refused = await gamma.run(command, ...of, ...out)
    expect(refused.exitCode, command).toBe(5)
    expect(lineOf(refused.lines, 'error'), command).toMatchObject({ code: 'device-revoked' })
    expect(lineOf(refused.lines, 'error')['message'], command).toContain('“alpha”')
  }
  const late = await gamma.run('sync', '--once')
  expect(late.exitCode).toBe(5)
  expect(lineOf(late.lines, 'error')).toMatchObject({ code: 'device-revoked' })
  expect(await gamma.status(third)).toMatchObject({ state: 'revoked' })
  expect(readFileSync(join(third, 'never sent'), 'utf8')).toBe('mine')
  for (const folder of [two, third]) expect(existsSync(join(folder, 'later'))).toBe(false)
  const heard = await beta.run('ls', two)
  expect(lineOf(heard.lines, 'error')).toMatchObject({ code: 'device-revoked' })
  expect(lineOf(heard.lines, 'error')['message']).toContain('“alpha”')

  const code = await alpha.invite(one)
  await gamma.done('forget', third)
  const again = await gamma.run('join', code, third)
  expect(again.exitCode).toBe(5)
  expect(lineOf(again.lines, 'error')).toMatchObject({ code: 'device-revoked' })
  await stage.device('gamma again').done('join', code, third)
  await alpha.done('sync', '--once')
  expect(folderDifferences(one, third)).toEqual([])
  expect(readFileSync(join(one, 'never sent'), 'utf8')).toBe('mine')
})

test('an open invitation is listed, and can be taken back', async () => {
  const { stage, folders, devices } = await three()
  const [alpha] = devices
  const [one] = folders
  const made = await alpha.done('invite', one, '--role', 'owner', '--expires', '7d')
  const { code, expires } = lineOf(made.lines, 'invite')
  const line = lineOf((await alpha.done('devices', one)).lines, 'devices')
  const [invitation] = line['invitations'] as readonly { readonly id: string; readonly role: string }[]
  expect(invitation).toMatchObject({ role: 'owner', expires })
  await alpha.done('invite', one, '--cancel', invitation?.id.slice(0, 8) ?? '')
  expect((await stage.device('late').run('join', String(code), stage.path('late'))).exitCode).toBe(5)
  expect((await alpha.run('invite', one, '--cancel', invitation?.id ?? '')).exitCode).toBe(5)
})

test('whose device is taken out stays with their words, which is said, until the person is taken out', async () => {
  const stage = Stage.forTest()
  const url = await (await stage.relay()).start()
  const [alpha, beta, gamma] = [stage.device('alpha'), stage.device('beta'), stage.device('gamma')]
  await alpha.setup(url)
  const words = await beta.setup(url)
  const [one, two, third] = [stage.newFolder('one'), stage.path('two'), stage.path('three')]
  writeFileSync(join(one, 'file'), 'shared')
  await alpha.done('add', one, '--name', 'ours')
  await beta.done('join', await alpha.invite(one), two, '--device-name', 'beta')

  const lowered = await alpha.done('role', one, 'beta', 'reader')
  const identity = String(lineOf(lowered.lines, 'role')['identityStays'])
  expect(identity).toMatch(/^[0-9a-f]{64}$/)
  expect(lowered.stderr).toContain(`role FOLDER ${identity.slice(0, 12)} reader`)
  expect(lineOf((await alpha.done('revoke', one, 'beta', '--yes')).lines, 'revoke')).toMatchObject({
    identityStays: identity,
  })
  await gamma.done('recover', url, '--phrase-file', words, '--vault', 'ours', '--into', third, '--yes')
  expect(folderDifferences(one, third)).toEqual([])

  const left = lineOf((await alpha.done('revoke', one, identity, '--yes')).lines, 'revoke')
  expect(left['identityStays']).toBeUndefined()
  expect(left['devices']).toHaveLength(1)
  expect((await gamma.run('sync', '--once')).exitCode).toBe(5)
  const again = await stage.device('delta').run('recover', url, '--phrase-file', words)
  expect(lineOf(again.lines, 'recover')['vaults']).toEqual([])
})

test('setup shows its words to nobody but a person, also with --yes', async () => {
  const stage = Stage.forTest()
  const url = await (await stage.relay()).start()
  const alpha = stage.device('alpha')
  for (const yes of [[], ['--yes']]) {
    const ended = await alpha.startPlain('setup', url, ...yes).ended
    expect(ended.exitCode).toBe(2)
    expect(ended.stdout.toString()).toBe('')
    expect(ended.stderr).toContain('--phrase-out')
  }
  expect(existsSync(alpha.home)).toBe(false)
})
