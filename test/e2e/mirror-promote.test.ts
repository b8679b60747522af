// The relay of a vault is gone for good, in real processes: an owner goes on at the mirror, killed again and again in the middle, and everybody is there
// afterwards with all that anybody wrote: before it, meanwhile, and while the mirror was behind.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { canary } from '../simulation/canary.ts'
import { lineOf, Stage, type Device, type Ended } from './commands.ts'
import { differences, readTree } from './trees.ts'
import { WireTap } from './wire-tap.ts'

interface Side {
  readonly device: Device
  readonly folder: string
}

/** Killed after so many messages of the client's on the wire, more each time. */
const moreMessages = 6

async function syncs(...sides: readonly Side[]): Promise<void> {
  for (const { device } of sides) await device.done('sync', '--once')
}

function writes({ folder }: Side, name: string, text: string): void {
  writeFileSync(join(folder, name), text)
}

/** Promotes, killed after ever more messages, until it comes to its end. */
async function promoted(alpha: Side, tap: WireTap): Promise<{ kills: number; ended: Ended }> {
  for (let kills = 0; ; kills += 1) {
    const promoting = alpha.device.start('mirror', 'promote', alpha.folder, tap.url)
    let left = 1 + kills * moreMessages
    const stop = tap.onMessage(({ from }) => {
      if (from === 'client' && (left -= 1) === 0) promoting.process.kill('SIGKILL')
    })
    const ended = await promoting.ended
    stop()
    if (ended.exitCode !== null) return { kills, ended }
  }
}

test('a vault goes on at the mirror when its relay is gone for good, and nothing is lost; killed in the middle it goes on', async () => {
  const stage = Stage.forTest()
  const [first, second] = [await stage.relay('first'), await stage.relay('second')]
  const url = await first.start()
  const tap = await WireTap.open(second.port, { keepsBytes: true })
  onTestFinished(() => tap.close())
  await second.start({ publicUrl: tap.url })
  const alpha = { device: stage.device('alpha'), folder: stage.newFolder('alpha-folder') }
  const beta = { device: stage.device('beta'), folder: stage.path('beta-folder') }
  const friend = { device: stage.device('friend'), folder: stage.path('friend-folder') }
  const sides = [alpha, beta, friend]
  await alpha.device.setup(url)
  writes(alpha, `${canary}-first`, `${canary} of alpha `.repeat(20_000))
  await alpha.device.done('add', alpha.folder, '--name', `${canary}-vault`)
  for (const { device, folder } of [beta, friend])
    await device.done(
      ...['join', await alpha.device.invite(alpha.folder), folder],
      ...['--device-name', device.name],
    )
  await alpha.device.done('mirror', 'add', alpha.folder, tap.url)
  await syncs(...sides)

  // What comes now the first relay and the devices have, and the mirror does not.
  await second.kill()
  writes(beta, `${canary}-unmirrored`, `${canary} of beta `.repeat(30_000))
  await syncs(beta, alpha, friend)
  await second.start({ publicUrl: tap.url })
  await first.kill()
  rmSync(first.data, { recursive: true })
  writes(friend, `${canary}-alone`, 'written while nobody answered')
  const away = await friend.device.run('sync', '--once')
  expect(away.exitCode).toBe(4)
  const refused = await beta.device.run('mirror', 'promote', beta.folder, tap.url)
  expect(refused.exitCode).toBe(5)

  const { kills, ended } = await promoted(alpha, tap)
  expect(kills).toBeGreaterThan(2)
  // The pack that the mirror never had is gone with the first relay; what was in it is sent anew, in another one.
  expect(ended.exitCode).toBe(0)
  expect(lineOf(ended.lines, 'mirror-promote')).toMatchObject({ relay: tap.url, from: url, lacking: 0 })
  await syncs(...sides, ...sides)
  const tree = readTree(alpha.folder)
  expect([...tree.keys()].filter((name) => name.includes(canary)).length).toBe(3)
  for (const { folder } of [beta, friend]) expect(differences(tree, readTree(folder))).toEqual([])
  for (const { device, folder } of sides) expect((await device.status(folder))['relay']).toBe(tap.url)

  // Where the vault is now is no mirror that could be taken off the list.
  const kept = await alpha.device.run('mirror', 'remove', alpha.folder, tap.url)
  expect(lineOf(kept.lines, 'error')['code']).toBe('mirror-refused')
  expect(kept.stderr).toContain('where this vault is, and no mirror of it')

  // All of it is at the mirror: who has nothing gets everything.
  const late = { device: stage.device('late'), folder: stage.path('late-folder') }
  await late.device.done(
    'join',
    await alpha.device.invite(alpha.folder),
    late.folder,
    '--device-name',
    'late',
  )
  expect(differences(tree, readTree(late.folder))).toEqual([])
  for (const bytes of tap.captured) expect(bytes.includes(canary)).toBe(false)
})
