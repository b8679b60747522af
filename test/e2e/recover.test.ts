// The words alone, on a machine that has nothing: everything comes back, what is not ours is refused, and what is kept from us is named.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  certifyDevice,
  identityFromEntropy,
  makeDevice,
  makeGenesis,
  phraseOf,
  publicDevice,
  publicIdentity,
  systemRandom,
  toHex,
} from '@grenier/crypto'
import { expect, onTestFinished, test } from 'vitest'
import { lineOf, Stage, summaryOf, type Device, type Ended } from './commands.ts'
import { LyingProxy } from './lying-proxy.ts'
import { addOddities } from './source-tree.ts'
import { folderDifferences } from './trees.ts'

interface Listed {
  readonly vaults: readonly {
    id: string
    name: string
    made: string
    device: string
    head: { seq: number }
    invitations: readonly { role: string; name: string; mayGo: boolean }[]
  }[]
  readonly refused: readonly { id: string; reason: string }[]
  readonly withheld: readonly { id: string; name: string }[]
}

/** What `recover` lists. */
function listed({ lines }: Ended): Listed {
  return lineOf(lines, 'recover') as unknown as Listed
}

/** A folder with a few files of its own. */
function filled(stage: Stage, name: string): string {
  const folder = stage.newFolder(name)
  mkdirSync(join(folder, 'deep', 'down'), { recursive: true })
  writeFileSync(join(folder, 'deep', 'down', 'note.txt'), `a note in ${name}`)
  writeFileSync(join(folder, 'large'), Buffer.alloc(3 << 20, name))
  addOddities(folder)
  return folder
}

/** The machine is gone, with its keys. */
function lose(device: Device): void {
  rmSync(device.home, { recursive: true })
}

/** The refusal of a command, which must be one. */
function refusal(ended: Ended): Record<string, unknown> {
  expect(ended.exitCode).not.toBe(0)
  return lineOf(ended.lines, 'error')
}

test('every device gone and only the words left: own and shared vaults come back byte for byte', async () => {
  const stage = Stage.forTest()
  const url = await (await stage.relay()).start()
  const [ann, tablet, bob] = [stage.device('ann'), stage.device('tablet'), stage.device('bob')]
  const [own, shared] = [filled(stage, 'own'), filled(stage, 'shared')]
  const words = await ann.setup(url)
  await bob.setup(url)
  await ann.done('add', own, '--name', 'mine')
  await tablet.done('join', await ann.invite(own), stage.path('on-tablet'), '--device-name', 'tablet')
  await bob.done('add', shared, '--name', 'ours')
  await ann.done('join', await bob.invite(shared), stage.path('ours-at-ann'))
  lose(ann)

  const fresh = stage.device('fresh')
  const recover = ['recover', url, '--phrase-file', words]
  const seen = listed(await fresh.done(...recover, '--device-name', 'fresh'))
  expect(seen).toMatchObject({
    vaults: [
      { name: 'mine', device: 'ann', own: true, role: 'owner' },
      { name: 'ours', device: 'bob', own: false, role: 'writer' },
    ],
    refused: [],
    withheld: [],
  })
  expect(seen.vaults.every(({ made }) => Math.abs(Date.parse(made) - Date.now()) < 600_000)).toBe(true)

  const back = await fresh.done(
    ...recover,
    '--vault',
    'mine',
    '--into',
    stage.path('mine'),
    '--keep-device',
    'tablet',
  )
  expect(folderDifferences(own, stage.path('mine'))).toEqual([])
  expect(lineOf(back.lines, 'recovered')).toMatchObject({
    kept: [{ name: 'tablet' }],
    revoked: [{ name: 'ann' }],
  })
  const history = (await fresh.startPlain('log', stage.path('mine')).ended).stdout.toString()
  expect(history).toMatch(/ fresh {2}recovered the vault with the 24 words; took out “ann”$/m)
  const id = seen.vaults[1]?.id ?? ''
  await fresh.done(...recover, '--vault', id, '--into', stage.path('ours'), '--yes')
  expect(folderDifferences(shared, stage.path('ours'))).toEqual([])

  // Both are folders like any other, and those who stay go on with them.
  writeFileSync(join(stage.path('mine'), 'since'), 'the recovery')
  writeFileSync(join(stage.path('ours'), 'since'), 'the recovery')
  await fresh.done('sync', '--once')
  await tablet.done('sync', '--once')
  await bob.done('sync', '--once')
  expect(folderDifferences(stage.path('mine'), stage.path('on-tablet'))).toEqual([])
  expect(folderDifferences(stage.path('ours'), shared)).toEqual([])
})

test('devices that are not named are out, and read nothing that comes after', async () => {
  const stage = Stage.forTest()
  const url = await (await stage.relay()).start()
  const [lost, fresh] = [stage.device('lost'), stage.device('fresh')]
  const here = filled(stage, 'here')
  const words = await lost.setup(url)
  await lost.done('add', here, '--name', 'mine')
  const recover = ['recover', url, '--phrase-file', words, '--vault', 'mine', '--into', stage.path('back')]
  expect(refusal(await fresh.run(...recover, '--keep-device', 'nobody'))).toMatchObject({ code: 'usage' })
  // Silence takes nobody out.
  const unasked = refusal(await fresh.run(...recover))
  expect(unasked).toMatchObject({ code: 'usage', hint: expect.stringContaining('--keep-device') as string })
  expect(existsSync(stage.path('back'))).toBe(false)
  await lost.done('sync', '--once')
  await fresh.done(...recover, '--yes')
  writeFileSync(join(stage.path('back'), 'secret'), 'of those who stay')
  await fresh.done('sync', '--once')
  const ended = await lost.run('sync', '--once')
  expect(ended.exitCode).toBe(5)
  expect(existsSync(join(here, 'secret'))).toBe(false)
  // It is of the identity still, but not in its name any more.
  expect(refusal(await lost.run('add', stage.newFolder('another')))).toMatchObject({ code: 'relay-refused' })
  // Said again, it is done already, and goes on.
  const again = await fresh.done(...recover)
  expect(summaryOf(again)['exitCode']).toBe(0)
  expect(lineOf(again.lines, 'recovered')).toMatchObject({ kept: [], revoked: [] })
})

test('a code that is still open is shown, and is dead once the words are back, whoever stays', async () => {
  const stage = Stage.forTest()
  const url = await (await stage.relay()).start()
  const [desk, fresh] = [stage.device('desk'), stage.device('fresh')]
  const words = await desk.setup(url)
  const here = filled(stage, 'here')
  await desk.done('add', here, '--name', 'mine')
  const code = await desk.invite(here, '--role', 'owner')
  const recover = ['recover', url, '--phrase-file', words]
  const [vault] = listed(await fresh.done(...recover)).vaults
  expect(vault?.invitations).toMatchObject([{ role: 'owner', name: 'desk', mayGo: true }])
  const shown = await fresh.startPlain(...recover).ended
  expect(shown.stdout.toString()).toMatch(/open invitation \S+ \(owner; made by “desk”, .*; until .*\)/)

  const into = ['--vault', 'mine', '--into', stage.path('back'), '--keep-device', 'desk']
  const back = await fresh.startPlain(...recover, ...into).ended
  expect(back.exitCode).toBe(0)
  expect(back.stderr).toContain('An open invitation is void')
  const { lines } = await desk.done('devices', here)
  expect(lineOf(lines, 'devices')).toMatchObject({ invitations: [] })
  const thief = stage.device('thief')
  expect((await thief.run('join', code, stage.path('stolen'))).exitCode).toBe(5)
  expect(existsSync(stage.path('stolen'))).toBe(false)
  await desk.done('sync', '--once')
})

test('a planted vault is refused, and a withheld one is named', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const proxy = await LyingProxy.open(relay.url)
  onTestFinished(() => proxy.close())
  await relay.start({ publicUrl: proxy.url })
  const [ann, fresh] = [stage.device('ann'), stage.device('fresh')]
  const words = await ann.setup(proxy.url)
  await ann.done('add', filled(stage, 'first'))
  await ann.done('add', filled(stage, 'second'))
  await ann.done('sync', '--once')
  const recover = ['recover', proxy.url, '--phrase-file', words]
  const [first, second] = listed(await fresh.done(...recover)).vaults
  if (first === undefined || second === undefined) throw new Error('not both are listed')

  // Whichever it hides, the other one tells.
  for (const [hidden, told] of [
    [first, second],
    [second, first],
  ] as const) {
    proxy.lies = { hides: [hidden.id] }
    const ended = await fresh.run(...recover)
    expect(ended.exitCode).toBe(3)
    expect(listed(ended).vaults.map(({ id }) => id)).toEqual([told.id])
    expect(listed(ended).withheld).toMatchObject([{ id: hidden.id, name: hidden.name }])
  }

  const planted = strangersVault('first')
  proxy.lies = { plants: new Map([[planted.id, [planted.genesis]]]) }
  const ended = await fresh.run(...recover)
  expect(ended.exitCode).toBe(6)
  expect(listed(ended).vaults.map(({ id }) => id)).toEqual([first.id, second.id])
  expect(listed(ended).refused).toMatchObject([{ id: planted.id, reason: 'planted' }])
  const asked = await fresh.run(...recover, '--vault', planted.id, '--into', stage.path('never'))
  expect(asked.exitCode).toBe(6)
  expect(refusal(asked)).toMatchObject({ code: 'relay-contradicts' })
  expect(existsSync(stage.path('never'))).toBe(false)

  // A log under the id of another vault is none, and keeps nobody from the others.
  proxy.lies = { plants: new Map([[`${'0'.repeat(63)}1`, [planted.genesis]]]) }
  const forged = await fresh.run(...recover)
  expect(forged.exitCode).toBe(6)
  expect(listed(forged).refused).toMatchObject([{ reason: 'relay-contradicts' }])
  proxy.lies = {}
  await fresh.done(...recover, '--vault', second.id, '--into', stage.path('back'), '--yes')
  expect(folderDifferences(stage.path(second.name), stage.path('back'))).toEqual([])
})

test('new words open everything, on every device, and the old ones nothing any more', async () => {
  const stage = Stage.forTest()
  const url = await (await stage.relay()).start()
  const [ann, desk, bob] = [stage.device('ann'), stage.device('desk'), stage.device('bob')]
  const [own, second, shared] = [filled(stage, 'own'), filled(stage, 'second'), filled(stage, 'shared')]
  const old = await ann.setup(url)
  await bob.setup(url)
  await ann.done('add', own, '--name', 'mine')
  await ann.done('add', second, '--name', 'second')
  await desk.done('recover', url, '--phrase-file', old)
  await desk.done('join', await ann.invite(own), stage.path('on-desk'))
  await bob.done('add', shared, '--name', 'ours')
  await ann.done('join', await bob.invite(shared), stage.path('ours-at-ann'))

  // One that is watching goes on meanwhile.
  const watching = ann.start('sync', own)
  await watching.line((line) => line['state'] === 'synced')
  const fresh = stage.path('new.words')
  expect(refusal(await ann.run('recovery', 'renew', '--phrase-file', old))).toMatchObject({
    code: 'usage',
    hint: expect.stringContaining('--new-phrase-file') as string,
  })
  expect(
    refusal(await ann.run('recovery', 'renew', '--phrase-file', wordsOfNobody(stage), '--phrase-out', fresh)),
  ).toMatchObject({
    code: 'home-exists',
    message: expect.stringContaining('not the words') as string,
  })
  const renewed = await ann.done('recovery', 'renew', '--phrase-file', old, '--phrase-out', fresh)
  expect(lineOf(renewed.lines, 'renew')['vaults']).toMatchObject([
    { name: 'mine' },
    { name: 'ours' },
    { name: 'second' },
  ])
  // Cut off before its end or not: once more changes nothing.
  const sheet = stage.path('sheet.html')
  const again = ['recovery', 'renew', '--phrase-file', old, '--new-phrase-file', fresh]
  await ann.done(...again, '--recovery-sheet', sheet)
  expect(statSync(sheet).mode & 0o777).toBe(0o600)
  const [, list = ''] = /<ol class="words">([\s\S]*?)<\/ol>/.exec(readFileSync(sheet, 'utf8')) ?? []
  expect([...list.matchAll(/<li>(.*?)<\/li>/g)].map(([, word]) => word).join(' ')).toBe(
    readFileSync(fresh, 'utf8').trim(),
  )
  expect((await ann.run(...again, '--recovery-sheet', sheet)).exitCode).toBe(2)

  const from = watching.lines.length
  writeFileSync(join(own, 'since'), 'the renewal')
  await watching.line((line) => line['path'] === 'since', from)
  await watching.line((line) => line['state'] === 'synced', from)
  await watching.stop()
  await desk.done('sync', '--once')
  expect(folderDifferences(own, stage.path('on-desk'))).toEqual([])
  await desk.done('add', filled(stage, 'of-desk'))
  await ann.done('sync', '--once')
  await bob.done('sync', '--once')

  const thief = stage.device('thief')
  expect((await thief.run('recover', url, '--phrase-file', old)).exitCode).toBe(5)
  const heir = stage.device('heir')
  const recover = ['recover', url, '--phrase-file', fresh]
  const seen = listed(await heir.done(...recover))
  expect(seen.vaults.map(({ name }) => name)).toEqual(['mine', 'of-desk', 'ours', 'second'])
  for (const [name, folder] of [
    ['mine', own],
    ['second', second],
    ['ours', shared],
  ] as const) {
    await heir.done(...recover, '--vault', name, '--into', stage.path(`back-${name}`), '--yes')
    expect(folderDifferences(folder, stage.path(`back-${name}`))).toEqual([])
  }
})

test('wrong words find nothing, and leave nothing behind', async () => {
  const stage = Stage.forTest()
  const url = await (await stage.relay()).start()
  const other = stage.device('other')
  const words = await other.setup(url)
  lose(other)
  const elsewhere = await (await stage.relay('elsewhere')).start()
  const fresh = stage.device('fresh')
  const ended = await fresh.run('recover', elsewhere, '--phrase-file', words)
  expect(ended.exitCode).toBe(5)
  expect(existsSync(fresh.home)).toBe(false)
  expect((await fresh.run('recover', url)).exitCode).toBe(2)
  // An account without a vault is a place to go on from.
  expect(listed(await fresh.done('recover', url, '--phrase-file', words)).vaults).toEqual([])
  await fresh.done('add', filled(stage, 'new'))
})

/** 24 words that nothing was made with. */
function wordsOfNobody(stage: Stage): string {
  const file = stage.path('nobody.words')
  writeFileSync(file, phraseOf(systemRandom.bytes(32), 'english'))
  return file
}

/** A vault that somebody made with keys of their own. */
function strangersVault(name: string): { id: string; genesis: Uint8Array } {
  const identity = identityFromEntropy(systemRandom.bytes(32))
  const device = makeDevice(systemRandom)
  const { entry, state } = makeGenesis({
    identity: publicIdentity(identity),
    device,
    certificate: certifyDevice(identity, publicDevice(device)),
    name,
    deviceName: 'laptop',
    at: Date.now(),
    random: systemRandom,
  })
  return { id: toHex(state.vault), genesis: entry.bytes }
}
