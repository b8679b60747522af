// Three devices, real processes, one relay: three people edit, rename and remove at once, while clients and relay are killed. At the end the
// three folders are equal, and every version that anybody wrote can still be had. A short round in the tests; GRENIER_SOAK_MINUTES and
// GRENIER_SOAK_FILES make it long and large, GRENIER_SEED repeats it as far as real processes let it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeDevice, toHex } from '@grenier/crypto'
import { expect, onTestFinished, test } from 'vitest'
import { isSynced, Stage, untilHolds, type Device, type Relay, type Running } from '../e2e/commands.ts'
import { RelayStore } from '../e2e/relay-store.ts'
import { copyTree, installed, shared } from '../e2e/source-tree.ts'
import { folderDifferences, looksEqual } from '../e2e/trees.ts'
import { testSeed } from '../seed.ts'
import { Seeded } from '../simulation/seeded.ts'
import { Hand } from './hand.ts'
import { unaccounted, type Version } from './ledger.ts'

const minutes = Number(process.env['GRENIER_SOAK_MINUTES'] ?? 0)
const filesMax = Number(process.env['GRENIER_SOAK_FILES'] ?? 400)
/** Without minutes: so many spells. */
const spellsMin = 2
const movesInSpell = { min: 20, span: 60 }

/** A person with a device. */
interface Side {
  readonly device: Device
  readonly folder: string
  readonly hand: Hand
  sync: Running
}

function fill(folder: string): number {
  const half = { filesMax: Math.ceil(filesMax / 2), bytesMax: 4e9, fileBytesMax: 1 << 20 }
  const first = copyTree(installed, join(folder, 'installed'), half)
  const second = copyTree(shared, join(folder, 'shared'), { ...half, filesMax: filesMax - first.files })
  return first.files + second.files
}

async function killOne(which: number, sides: readonly Side[], relay: Relay): Promise<void> {
  const side = sides[which]
  if (side === undefined) {
    await relay.kill()
    await relay.start()
    return
  }
  await side.sync.stop('SIGKILL')
  side.sync = side.device.start('sync')
}

/** A line of any of the commands: something goes on. */
async function news(sides: readonly Side[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const stops = sides.map(({ sync }) =>
      sync.onLine(() => {
        for (const stop of stops) stop()
        resolve()
      }),
    )
  })
}

async function spell(
  sides: readonly Side[],
  { relay, seeded }: { relay: Relay; seeded: Seeded },
): Promise<void> {
  for (const { hand } of sides) hand.beginSpell()
  const moves = movesInSpell.min + seeded.below(movesInSpell.span)
  const kills = new Set([seeded.below(moves), seeded.below(moves)])
  for (let at = 0; at < moves; at += 1) {
    seeded.pick(sides).hand.move()
    if (kills.has(at)) await killOne(seeded.below(4), sides, relay)
    else if (seeded.chance(0.1)) await news(sides)
  }
  const [first, ...others] = sides
  if (first === undefined) return
  const agree = (): boolean =>
    sides.every(({ sync }) => isSynced(sync)) &&
    others.every(({ folder }) => looksEqual(first.folder, folder))
  await untilHolds(
    sides.map(({ sync }) => sync),
    agree,
  )
}

test(
  'three devices come to agree, and every version that was written can be had',
  async () => {
    const seed = testSeed()
    const seeded = new Seeded(seed)
    const stage = Stage.forTest()
    const relay = await stage.relay()
    const url = await relay.start()
    const names = ['alpha', 'beta', 'gamma']
    const folders = names.map((name, at) => (at === 0 ? stage.newFolder(name) : stage.path(name)))
    const devices = names.map((name) => stage.device(name))
    const [alpha, ...others] = devices as [Device, ...Device[]]
    const [home, ...elsewhere] = folders as [string, ...string[]]
    const files = fill(home)
    writeFileSync(join(home, 'first'), 'file')
    await alpha.setup(url)
    await alpha.done('add', home)
    for (const [at, device] of others.entries())
      await device.done('join', await alpha.invite(home), elsewhere[at] ?? '', '--device-name', device.name)

    const versions: Version[] = []
    let numbers = 0
    const sides = devices.map((device, at): Side => {
      const folder = folders[at] ?? ''
      const wrote = (version: Version): void => void versions.push(version)
      const number = (): number => (numbers += 1)
      const hand = new Hand({ device: device.name, folder, seeded: Seeded.of(seed, at + 1), number, wrote })
      return { device, folder, hand, sync: device.start('sync') }
    })
    onTestFinished(() => sides.forEach(({ sync }) => sync.process.kill('SIGKILL')))
    stage.notes.push(
      () => `GRENIER_SEED=${seed} GRENIER_SOAK_FILES=${filesMax}`,
      () => elsewhere.map((folder) => folderDifferences(home, folder).join('\n')).join('\n'),
    )
    const endMs = performance.now() + minutes * 60_000
    let spells = 0
    for (; spells < spellsMin || performance.now() < endMs; spells += 1) {
      await spell(sides, { relay, seeded })
      if (minutes > 0) console.log(`spell ${spells}: ${versions.length} versions written`)
    }
    for (const { sync } of sides) expect((await sync.stop()).exitCode).toBe(143)
    for (const folder of elsewhere) expect(folderDifferences(home, folder)).toEqual([])
    await relay.stop()

    const [entries, packs] = await RelayStore.with(relay.data, async (store) => {
      const [vault = ''] = await store.vaults()
      return [await store.entries(vault), await store.packs(vault)] as const
    })
    const member = decodeDevice(new Uint8Array(readFileSync(join(alpha.home, 'device.key'))))
    const stored = new Set(packs.filter(({ isWhole }) => isWhole).map(({ id }) => id))
    for (const { header } of entries)
      for (const { id } of header.added) expect(stored.has(toHex(id))).toBe(true)
    const nobodys = { number: numbers + 1, device: 'nobody', path: 'nowhere' }
    expect(unaccounted([...versions, nobodys], { entries, packs, member })).toEqual([nobodys])
    console.log(
      `seed ${seed}: ${files} files, ${spells} spells, ${versions.length} versions, ${entries.length} entries`,
    )
  },
  minutes * 60_000 + 600_000,
)
