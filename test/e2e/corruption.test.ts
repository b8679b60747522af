// A relay whose store is damaged, cut short, restored from an older copy, or goes two ways: who meets it says what was seen, ends with exit
// code 6, and touches no file. Devices that are up to date, that were away, and that join.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeDevice, type Entry } from '@grenier/crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testSeed } from '../seed.ts'
import { Seeded } from '../simulation/seeded.ts'
import { lineOf, Stage, summaryOf, type Device, type Ended, type Relay } from './commands.ts'
import { openChanges } from './opened-log.ts'
import { entryRow, RelayStore, type StoredPack } from './relay-store.ts'
import { differences, folderDifferences, readTree } from './trees.ts'

/** What all cases start from: copied anew for each, since a device keeps what it saw. */
interface World {
  readonly stage: Stage
  readonly relay: Relay
  /** Knows the whole log. */
  readonly upToDate: Device
  readonly here: string
  /** Was away while the last entries came. */
  readonly away: Device
  readonly there: string
  readonly code: string
  readonly vault: string
  readonly entries: readonly Entry[]
  readonly packs: readonly StoredPack[]
  /** Sequence of the last entry that the one who was away has seen. */
  readonly seenByAway: number
}

const seed = testSeed()
const kept = ['relay', 'home-alpha', 'home-beta', 'here', 'there']

let world: World
let cleanUp: () => Promise<void>

beforeAll(async () => {
  const stage = new Stage()
  cleanUp = () => stage.close()
  const seeded = new Seeded(seed)
  const relay = await stage.relay()
  const url = await relay.start()
  const [upToDate, away] = [stage.device('alpha'), stage.device('beta')]
  const [here, there] = [stage.newFolder('here'), stage.path('there')]
  writeFileSync(join(here, 'first'), 'the first file')
  await upToDate.setup(url)
  await upToDate.done('add', here)
  await away.done('join', await upToDate.invite(here), there, '--device-name', 'beta')
  await upToDate.done('sync', '--once')
  await away.done('sync', '--once')
  const { seq } = (await away.status(there))['head'] as { seq: number }
  const code = await upToDate.invite(here)
  const edits: (() => void)[] = [
    // Targets enough for a payload that lies in a pack of its own.
    () => {
      const target = (): string => Buffer.from(seeded.bytes(1500)).toString('hex')
      for (let at = 0; at < 60; at += 1) symlinkSync(target(), join(here, `link ${at}`))
    },
    () => writeFileSync(join(here, 'small'), seeded.bytes(3000)),
    () => writeFileSync(join(here, 'large'), seeded.bytes(300_000)),
    () => writeFileSync(join(here, 'first'), 'the first file, changed'),
  ]
  for (const edit of edits) {
    edit()
    await upToDate.done('sync', '--once')
  }
  await relay.stop()
  const held = await RelayStore.with(relay.data, async (store) => {
    const [vault = ''] = await store.vaults()
    return { vault, entries: await store.entries(vault), packs: await store.packs(vault) }
  })
  stage.newFolder('kept')
  for (const name of kept) copy(stage.path(name), stage.path('kept', name))
  world = { stage, relay, upToDate, here, away, there, code, seenByAway: seq, ...held }
})

beforeEach((context) => {
  world.stage.inTest(context)
})

afterAll(async () => {
  await cleanUp()
})

/** Everything as it was; then the damage; then a relay that runs on it. */
async function withDamage(damage: (store: RelayStore) => Promise<void> | void): Promise<void> {
  const { stage, relay } = world
  restore(kept)
  await RelayStore.with(relay.data, async (store) => damage(store))
  stage.notes.push(() => `seed ${seed}`)
  await relay.start()
}

/** To the nanosecond: a file whose time is rounded is a file that was edited. */
function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to])
}

function restore(names: readonly string[]): void {
  for (const name of names) {
    rmSync(world.stage.path(name), { recursive: true, force: true })
    copy(world.stage.path('kept', name), world.stage.path(name))
  }
}

interface Expected {
  readonly code: string
  readonly message: RegExp
  /** In a row: what was seen once is seen again. */
  readonly times?: number
}

function expectHalt(ended: Ended, { code, message }: Expected): void {
  const error = lineOf(ended.lines, 'error')
  expect(error['code']).toBe(code)
  expect(error['message']).toMatch(message)
  expect(String(error['hint'])).toMatch(/no file/)
  expect(error['folder']).toBeTypeOf('string')
  expect(summaryOf(ended)['exitCode']).toBe(6)
  expect(ended.exitCode).toBe(6)
}

/** A device that syncs meets the damage, as often as is expected, and touches nothing. */
async function meets(device: Device, folder: string, expected: Expected): Promise<void> {
  const before = readTree(folder)
  for (let time = 0; time < (expected.times ?? 1); time += 1) {
    expectHalt(await device.run('sync', '--once'), expected)
    expect(differences(before, readTree(folder))).toEqual([])
  }
  expect(await device.status(folder)).toMatchObject({ state: 'halted' })
}

/** The relay has lost the end of the log: the device puts it back, and touches no file. */
async function putsBack(device: Device, folder: string, entries: number): Promise<void> {
  const before = readTree(folder)
  const { exitCode, lines } = await device.run('sync', '--once')
  expect(lines).toContainEqual(expect.objectContaining({ event: 'healed', entries }))
  expect(exitCode).toBe(0)
  expect(differences(before, readTree(folder))).toEqual([])
  expect(await device.status(folder)).toMatchObject({ state: 'synced' })
}

let joiners = 0

/** A new device joins and meets the damage; what it fetched before that is as it was sent. */
async function meetsByJoining(expected: Expected): Promise<void> {
  const { stage, code, here } = world
  const name = `joiner-${joiners++}`
  const folder = stage.path(name)
  expectHalt(await stage.device(name).run('join', code, folder, '--device-name', name), expected)
  if (!existsSync(folder)) return
  const sent = readTree(here)
  for (const [path, node] of readTree(folder)) expect(node.content, path).toBe(sent.get(path)?.content)
}

/** Once the relay has its right bytes again, the device goes on. */
async function goesOn(device: Device, folder: string): Promise<void> {
  await world.relay.stop()
  restore(['relay'])
  await world.relay.start()
  await device.done('sync', '--once')
  expect(folderDifferences(world.here, folder)).toEqual([])
  await world.relay.stop()
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = bytes.slice()
  out[at]! ^= 1 << (at % 8)
  return out
}

describe('a flipped byte in a stored pack', () => {
  for (const kind of ['file', 'row'] as const) {
    const what = kind === 'file' ? 'with a file of its own' : 'among the small ones'
    test(`halts who fetches it, ${what}`, async () => {
      const seeded = new Seeded(seed)
      // The last of its kind: nobody but `alpha` has what is in it.
      const added = world.entries.flatMap(({ header }) =>
        header.added.map(({ id }) => Buffer.from(id).toString('hex')),
      )
      const id = added.findLast((one) => world.packs.find((pack) => pack.id === one)!.kind === kind)!
      const pack = world.packs.find((one) => one.id === id)!
      const { bytes } = pack
      const places = [bytes.length - 1, seeded.below(bytes.length)]
      for (const at of places) {
        world.stage.notes.push(() => `pack ${id}, byte ${at}`)
        await withDamage((store) => damagePack(store, pack, at))
        const seen = { code: 'relay-corrupt', message: new RegExp(`pack ${id}`) }
        await meets(world.away, world.there, seen)
        if (at === places.at(-1)) await meetsByJoining(seen)
        if (at === places.at(-1)) await goesOn(world.away, world.there)
        else await world.relay.stop()
      }
    })
  }

  test('halts a joiner, whichever pack it is that it needs', async () => {
    const seeded = new Seeded(seed)
    const member = decodeDevice(new Uint8Array(readFileSync(join(world.upToDate.home, 'device.key'))))
    const changes = openChanges(world.entries, world.packs, member)
    expect(changes.flatMap(({ payloadPacks }) => payloadPacks)).not.toEqual([])
    // The first version of the first file: no state needs it any more, and nobody reads it.
    const old = changes
      .filter(({ entry }) => entry.header.sequence <= world.seenByAway)
      .flatMap(({ contentPacks }) => contentPacks)
    expect(old).toHaveLength(1)
    for (const pack of world.packs.filter(({ id }) => !old.includes(id))) {
      const at = seeded.below(pack.bytes.length)
      world.stage.notes.push(() => `pack ${pack.id}, byte ${at} of ${pack.bytes.length}`)
      await withDamage((store) => damagePack(store, pack, at))
      await meetsByJoining({ code: 'relay-corrupt', message: new RegExp(`pack ${pack.id}`) })
      await world.relay.stop()
    }
  })
})

/** Damages one byte of a pack. */
async function damagePack(store: RelayStore, { id, kind, bytes }: StoredPack, at: number): Promise<void> {
  const damaged = flipped(bytes, at)
  if (kind === 'row') await store.put(`small/${world.vault}/${id}`, damaged)
  else writeFileSync(join(store.folder, 'packs', world.vault, id), damaged)
}

describe('a flipped byte in a stored entry', () => {
  for (const part of ['header', 'payload', 'signature'] as const) {
    test(`halts who reads it: ${part}`, async () => {
      const { vault, seenByAway } = world
      const entry = world.entries[seenByAway + 2]!
      const at =
        part === 'header'
          ? Math.floor(entry.headerBytes.length / 2) + 4
          : part === 'payload'
            ? entry.headerBytes.length + 8 + Math.floor(entry.payload.length / 2)
            : entry.bytes.length - 10
      await withDamage((store) => damageEntry(store, { vault, sequence: entry.header.sequence, at }))
      const seen = {
        code: 'relay-contradicts',
        message: new RegExp(`entry ${entry.header.sequence}\\b`),
      }
      await meets(world.away, world.there, seen)
      await meetsByJoining(seen)
      await goesOn(world.away, world.there)
    })
  }

  test('halts a joiner, whichever entry and byte it is', async () => {
    const seeded = new Seeded(seed)
    for (let time = 0; time < 6; time += 1) {
      const entry = world.entries[seeded.below(world.entries.length)]!
      const at = seeded.below(entry.bytes.length)
      world.stage.notes.push(() => `entry ${entry.header.sequence}, byte ${at} of ${entry.bytes.length}`)
      const { vault } = world
      await withDamage((store) => damageEntry(store, { vault, sequence: entry.header.sequence, at }))
      await meetsByJoining({
        code: 'relay-contradicts',
        message: new RegExp(`entry ${entry.header.sequence}\\b|code`),
      })
      await world.relay.stop()
    }
  })
})

async function damageEntry(
  store: RelayStore,
  place: { vault: string; sequence: number; at: number },
): Promise<void> {
  const { key, entryAt } = entryRow(place.vault, place.sequence)
  const [[, row] = []] = await store.rows(key)
  await store.put(key, flipped(row!, entryAt + place.at))
}

/** Takes entries away from the end, so that the relay itself believes that `last` is its head. */
async function cutAfter(store: RelayStore, vault: string, last: number): Promise<void> {
  const next = world.entries[last + 1]!
  for (const { header } of world.entries.slice(last + 1))
    await store.delete(entryRow(vault, header.sequence).key)
  const [[, row] = []] = await store.rows(`vault/${vault}`)
  const record = JSON.parse(Buffer.from(row!).toString()) as {
    head: { sequence: number; hash: string; at: number }
  }
  if (next.header.kind === 'genesis') throw new Error('a genesis has nothing before it')
  const { at } = world.entries[last]!.header
  record.head = { sequence: last, hash: Buffer.from(next.header.previous).toString('hex'), at }
  await store.put(`vault/${vault}`, Buffer.from(JSON.stringify(record)))
}

describe('a log that is cut short', () => {
  test('beside packs that are counted as claimed is no copy of before: nothing is taken back, and no file touched', async () => {
    const { vault, entries, upToDate, here } = world
    await withDamage((store) => cutAfter(store, vault, entries.length - 2))
    const before = readTree(here)
    const { exitCode } = await upToDate.run('sync', '--once')
    expect(exitCode).toBe(5)
    expect(differences(before, readTree(here))).toEqual([])
    await goesOn(upToDate, here)
  })

  test('halts who reads it, when the relay still counts what it has not', async () => {
    const { vault, entries } = world
    const missing = entries.length - 1
    await withDamage((store) => store.delete(entryRow(vault, missing).key))
    const seen = { code: 'relay-contradicts', message: new RegExp(`\\b${missing}\\b`) }
    await meets(world.away, world.there, { ...seen, times: 2 })
    await meetsByJoining(seen)
    await goesOn(world.away, world.there)
  })

  test('halts who reads it, when an entry in the middle is missing', async () => {
    const { vault, seenByAway } = world
    const missing = seenByAway + 2
    await withDamage((store) => store.delete(entryRow(vault, missing).key))
    const seen = { code: 'relay-contradicts', message: new RegExp(`\\b${missing}\\b`) }
    await meets(world.away, world.there, seen)
    await meetsByJoining(seen)
    await world.relay.stop()
  })
})

describe('an older copy of the data folder', () => {
  test('is given what it lacks by who knows more', async () => {
    const { entries, stage, relay, upToDate, here } = world
    restore(kept)
    copy(relay.data, stage.path('older'))
    await relay.start()
    writeFileSync(join(here, 'later'), 'after the copy')
    const { head } = summaryOf(await upToDate.done('sync', '--once')) as unknown as { head: { seq: number } }
    // One for the file; a device may have more to say.
    const more = head.seq - (entries.length - 1)
    expect(more).toBeGreaterThan(0)
    await relay.stop()
    rmSync(relay.data, { recursive: true })
    copy(stage.path('older'), relay.data)
    await relay.start()
    await putsBack(upToDate, here, more)
    await relay.stop()
  })
})

describe('a log that goes two ways', () => {
  for (const more of [1, 2]) {
    test(`halts who went the other way, ${more === 1 ? 'as far' : 'further'}`, async () => {
      const { stage, relay, upToDate, here, away, there } = world
      restore(kept)
      await relay.start()
      await away.done('sync', '--once')
      await relay.stop()
      rmSync(stage.path('fork'), { recursive: true, force: true })
      copy(relay.data, stage.path('fork'))
      await relay.start()
      writeFileSync(join(here, 'one way'), 'alpha was here')
      await upToDate.done('sync', '--once')
      await relay.stop()
      rmSync(relay.data, { recursive: true })
      copy(stage.path('fork'), relay.data)
      await relay.start()
      for (let at = 0; at < more; at += 1) {
        writeFileSync(join(there, `other way ${at}`), 'beta was here')
        await away.done('sync', '--once')
      }
      await meets(upToDate, here, { code: 'relay-contradicts', message: /entry \d+/, times: 2 })
      expect(readFileSync(join(here, 'one way'), 'utf8')).toBe('alpha was here')
      await relay.stop()
    })
  }
})
