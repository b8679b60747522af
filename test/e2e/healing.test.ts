// Yesterday's copy of the relay's data folder put back while three devices go on working; then an empty one. Real processes, real disks.
import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Seeded } from '../simulation/seeded.ts'
import { isSynced, Stage, untilHolds, type Device, type Relay, type Running } from './commands.ts'
import { folderDifferences, looksEqual } from './trees.ts'

interface Side {
  readonly device: Device
  readonly folder: string
  readonly sync: Running
}

/** Three devices that watch one vault. */
async function watching(): Promise<{ stage: Stage; relay: Relay; sides: readonly Side[] }> {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const url = await relay.start()
  const first = stage.device('alpha')
  const home = stage.newFolder('of-alpha')
  writeFileSync(join(home, 'first'), 'from before yesterday')
  await first.setup(url)
  await first.done('add', home)
  const sides = [{ device: first, folder: home, sync: first.start('sync') }]
  for (const name of ['beta', 'gamma']) {
    const device = stage.device(name)
    const folder = stage.path(`of-${name}`)
    await device.done('join', await first.invite(home), folder, '--device-name', name)
    sides.push({ device, folder, sync: device.start('sync') })
  }
  return { stage, relay, sides }
}

async function untilAllHave(sides: readonly Side[], ...names: string[]): Promise<void> {
  const [first] = sides
  const same = (): boolean =>
    sides.every(
      ({ folder }) =>
        names.every((name) => existsSync(join(folder, name))) && looksEqual(first!.folder, folder),
    )
  await untilHolds(
    sides.map(({ sync }) => sync),
    () => same() && sides.every(({ sync }) => isSynced(sync)),
  )
  for (const { folder } of sides) expect(folderDifferences(first!.folder, folder)).toEqual([])
}

/** The data folder is exchanged while the relay is down, and so is a file on one side. */
async function exchange(relay: Relay, put: (data: string) => void): Promise<void> {
  await relay.stop()
  rmSync(relay.data, { recursive: true })
  put(relay.data)
}

const isHealed = ({ sync }: Side): boolean =>
  sync.lines.some((line) => line.event === 'healed' && Number(line['packs']) > 0)

test('yesterday’s copy, and then nothing at all: everybody converges, and what was there is there', async () => {
  const { stage, relay, sides } = await watching()
  const [alpha, beta, gamma] = sides
  const random = new Seeded(20)
  await untilAllHave(sides, 'first')
  await relay.stop()
  const copy = stage.path('yesterday')
  cpSync(relay.data, copy, { recursive: true })
  await relay.start()
  writeFileSync(join(alpha!.folder, 'large of today'), random.bytes(9 << 20))
  writeFileSync(join(beta!.folder, 'of beta'), random.bytes(100_000))
  writeFileSync(join(gamma!.folder, 'first'), 'edited today')
  await untilAllHave(sides, 'large of today', 'of beta')

  await exchange(relay, (data) => renameSync(copy, data))
  writeFileSync(join(gamma!.folder, 'while it was away'), 'is not lost either')
  rmSync(join(alpha!.folder, 'of beta'))
  await relay.start()
  await untilAllHave(sides, 'large of today', 'while it was away')
  expect(existsSync(join(beta!.folder, 'of beta'))).toBe(false)
  expect(sides.some(isHealed)).toBe(true)
  const status = await alpha!.device.status(alpha!.folder)
  expect(status['state']).toBe('synced')
  const joiner = stage.device('delta')
  const whole = stage.path('whole')
  await joiner.done('join', await alpha!.device.invite(alpha!.folder), whole, '--device-name', 'delta')
  expect(folderDifferences(alpha!.folder, whole)).toEqual([])

  await exchange(relay, () => undefined)
  await relay.start()
  writeFileSync(join(beta!.folder, 'after the loss'), 'goes on')
  await untilAllHave(sides, 'after the loss')
  await joiner.done('sync', '--once')
  expect(folderDifferences(alpha!.folder, whole)).toEqual([])
  const last = stage.path('last')
  const epsilon = stage.device('epsilon')
  await epsilon.done('join', await alpha!.device.invite(alpha!.folder), last, '--device-name', 'epsilon')
  expect(folderDifferences(alpha!.folder, last)).toEqual([])
})
