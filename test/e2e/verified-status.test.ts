// What `status` says of the last look at what the relay holds: when, how much of it, and what came of it. Read from the disk, and told by who runs.
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Seeded } from '../simulation/seeded.ts'
import { isSynced, lineOf, Stage, summaryOf, untilHolds, type Device, type Relay } from './commands.ts'
import { RelayStore } from './relay-store.ts'

const files = 5

/** Files enough for several full packs, and the relay at rest. */
async function atRest(): Promise<{ stage: Stage; relay: Relay; device: Device; folder: string }> {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const device = stage.device('alpha')
  const folder = stage.newFolder('docs')
  const seeded = new Seeded(16)
  await device.setup(await relay.start())
  for (let at = 0; at < files; at += 1) writeFileSync(join(folder, `file ${at}`), seeded.bytes(4 << 20))
  await device.done('add', folder)
  await device.done('sync', '--once')
  return { stage, relay, device, folder }
}

/** The relay loses so many packs, and goes on as if nothing were. */
async function loses(relay: Relay, count: number): Promise<void> {
  await relay.stop()
  await RelayStore.with(relay.data, async (store) => {
    const [vault = ''] = await store.vaults()
    for (const { id, kind } of (await store.packs(vault)).slice(0, count))
      if (kind === 'row') await store.delete(`small/${vault}/${id}`)
      else rmSync(join(relay.data, 'packs', vault, id))
  })
  await relay.start()
}

async function said(stage: Stage, device: Device, lang: string): Promise<string> {
  const running = stage.start('grenier', ['--home', device.home, '--lang', lang, 'status'], { json: false })
  const { exitCode, stdout } = await running.ended
  expect(exitCode).toBe(0)
  return stdout.toString()
}

/** Between these two moments, as `verified.at` says it. */
function expectBetween(verified: unknown, fromMs: number): void {
  const { at } = verified as { at: string }
  expect(Date.parse(at)).toBeGreaterThanOrEqual(fromMs - 1)
  expect(Date.parse(at)).toBeLessThanOrEqual(Date.now())
}

test('date, share and result of the last verify: of a sample, of all, and of a relay that lost some', async () => {
  const { stage, relay, device, folder } = await atRest()
  expect((await device.status(folder))['verified'], 'none was made').toBeNull()
  expect(await said(stage, device, 'en')).not.toContain('checked by content')

  const beganMs = Date.now()
  const sample = lineOf((await device.done('verify', folder, '--sample', '40%')).lines, 'verify')
  const { packs, of, bytes } = sample
  expect(packs).toBe(Math.ceil(Number(of) * 0.4))
  const { verified } = await device.status(folder)
  expect(verified).toEqual({ packs, of, bytes, hurt: 0, files: 0, lost: 0, at: expect.any(String) as string })
  expectBetween(verified, beganMs)
  expect(await said(stage, device, 'en')).toMatch(
    new RegExp(`relay checked by content: ${String(packs)} of ${String(of)} packs, all good, .*20\\d\\d`),
  )
  expect(await said(stage, device, 'fr')).toMatch(
    new RegExp(
      `vérifié par le contenu\\s: ${String(packs)} paquets sur ${String(of)}, tout est bon, .*20\\d\\d`,
    ),
  )

  await loses(relay, 3)
  const againMs = Date.now()
  const found = await device.run('verify', folder)
  expect(found.exitCode, 'it lacked some, and has them again').toBe(3)
  const after = (await device.status(folder))['verified'] as Record<string, unknown>
  expect(after).toMatchObject({ packs: of, of, hurt: 3, files: 0 })
  expectBetween(after, againMs)
  expect(await said(stage, device, 'en')).toContain('3 hurt, healed')

  // What cannot be sent anew stays told: the file that had it is another one now.
  await loses(relay, Number.MAX_SAFE_INTEGER)
  for (let at = 0; at < files; at += 1) writeFileSync(join(folder, `file ${at}`), `another ${at}`)
  expect((await device.run('verify', folder)).exitCode).toBe(6)
  const left = (await device.status(folder))['verified'] as Record<string, unknown>
  expect(left['files']).toBe(files)
  expect(await said(stage, device, 'en')).toContain(`files still hurt: ${files}`)
})

test('a sync that runs says the same of a verify that it was asked for', async () => {
  const { device, folder } = await atRest()
  const sync = device.start('sync')
  await untilHolds([sync], () => isSynced(sync))
  const before = await device.status(folder)
  expect(before).toMatchObject({ running: true, verified: null })
  const beganMs = Date.now()
  const line = lineOf((await device.done('verify', folder)).lines, 'verify')
  const live = await device.status(folder)
  expect(live).toMatchObject({ running: true, verified: { packs: line['packs'], of: line['of'], hurt: 0 } })
  expectBetween(live['verified'], beganMs)
  await sync.stop()
  const rested = await device.status(folder)
  expect(rested['running']).toBe(false)
  expect(rested['verified']).toEqual(live['verified'])
})

test('of a relay that lost everything, what only older versions had is listed, and said in words', async () => {
  const { stage, relay, device, folder } = await atRest()
  for (const version of ['one', 'two', 'three']) {
    for (const name of ['a.txt', 'b.txt']) writeFileSync(join(folder, name), `${version} of ${name}`)
    await device.done('sync', '--once')
  }
  await relay.stop()
  renameSync(relay.data, `${relay.data}.gone`)
  await relay.start()
  await device.done('sync', '--once')

  const found = await device.run('verify', folder)
  expect(found.exitCode).toBe(3)
  const packs = found.lines.filter(({ event }) => event === 'problem')
  const older = packs.filter(({ lost }) => lost === 'older')
  expect(new Set(older.flatMap(({ paths }) => paths as string[]))).toEqual(new Set(['a.txt', 'b.txt']))
  for (const { pack, code, seq } of packs) {
    expect(pack).toMatch(/^[0-9a-f]{64}$/)
    expect(code).toBe('pack-unavailable')
    expect(seq).toBeGreaterThan(0)
  }
  expect(summaryOf(found)).toMatchObject({ exitCode: 3, problems: packs.length })
  const progress = found.lines.filter(({ event }) => event === 'progress')
  for (const { filesTotal, bytesDone, bytesTotal } of progress) {
    expect(filesTotal, 'it looks at packs').toBe(0)
    expect(Number(bytesDone)).toBeLessThanOrEqual(Number(bytesTotal))
  }
  expect(progress.at(-1)).toMatchObject({ bytesDone: progress.at(-1)?.['bytesTotal'] })

  const plain = async (...args: string[]): Promise<{ exitCode: number | null; text: string }> => {
    const running = stage.start('grenier', ['--home', device.home, ...args], { json: false })
    const { exitCode, stdout, stderr } = await running.ended
    return { exitCode, text: `${stdout.toString()}${stderr}` }
  }
  const english = await plain('--lang', 'en', 'verify', folder)
  expect(english.text).toContain('Lost: contents of older versions of a.txt, b.txt, which no device')
  expect(english.exitCode).toBe(3)
  expect((await plain('--lang', 'fr', 'verify', folder)).text).toContain(
    'anciennes versions de a.txt, b.txt, ',
  )
  expect(await said(stage, device, 'en')).toContain(`packs lost: ${older.length}`)
  const first = (await device.done('log', folder, '--path', 'a.txt')).lines.filter(
    ({ event }) => event === 'change',
  )
  const cat = await plain('--lang', 'en', 'cat', folder, 'a.txt', '--at', String(first.at(-1)?.['seq']))
  expect(cat.text).toContain('a.txt: the relay lacks a part of it')
  expect(cat.text).not.toContain('waits until')
})
