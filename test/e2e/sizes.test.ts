// What a relay can measure: sizes of packs and payloads are dull, and nothing but the sealed log grows with the number of files.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  chunkBytesMax,
  decodeDevice,
  isAllowedPackSize,
  isAllowedPayloadSize,
  packBytesMax,
  padmeGranule,
  toHex,
  type Entry,
} from '@grenier/crypto'
import { expect, test } from 'vitest'
import { testSeed } from '../seed.ts'
import { Seeded } from '../simulation/seeded.ts'
import { Stage, type Device } from './commands.ts'
import { openChanges, type OpenedChange } from './opened-log.ts'
import { RelayStore, type StoredPack } from './relay-store.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** A vault as the relay holds it, and its changes as a member reads them. */
interface Held {
  readonly vault: string
  readonly packs: readonly StoredPack[]
  readonly entries: readonly Entry[]
  readonly changes: readonly OpenedChange[]
  readonly keys: readonly string[]
}

async function heldOf(folder: string, device: Device): Promise<Map<string, Held>> {
  const member = decodeDevice(new Uint8Array(readFileSync(join(device.home, 'device.key'))))
  return await RelayStore.with(folder, async (store) => {
    const keys = (await store.rows()).map(([key]) => key)
    const held = new Map<string, Held>()
    for (const vault of await store.vaults()) {
      const [packs, entries] = [await store.packs(vault), await store.entries(vault)]
      const own = keys.filter((key) => key.includes(vault))
      held.set(vault, { vault, packs, entries, changes: openChanges(entries, packs, member), keys: own })
    }
    return held
  })
}

/** Stored sizes of the packs with content, in the order of the log. */
function contentSizes({ changes, packs }: Held): number[] {
  const sizes = new Map(packs.map(({ id, bytes }) => [id, bytes.length]))
  return changes.flatMap(({ contentPacks }) => contentPacks.map((id) => sizes.get(id) ?? 0))
}

/** What the relay keeps besides packs and entries, as kinds of rows with how many there are of each. */
function rowKinds({ keys }: Held): Record<string, number> {
  const kinds: Record<string, number> = {}
  for (const key of keys) {
    const kind = key.slice(0, key.indexOf('/'))
    if (kind !== 'entry' && kind !== 'pack' && kind !== 'small') kinds[kind] = (kinds[kind] ?? 0) + 1
  }
  return kinds
}

function expectRule({ vault, packs, entries }: Held): void {
  const stored = new Map(packs.map((pack) => [pack.id, pack]))
  for (const { id, bytes, isWhole } of packs) {
    expect(isWhole, `pack ${id}`).toBe(true)
    expect(isAllowedPackSize(bytes.length), `a pack of ${bytes.length} bytes in ${vault}`).toBe(true)
  }
  for (const { header, payload } of entries) {
    if (payload.length > 0)
      expect(isAllowedPayloadSize(payload.length), `a payload of ${payload.length} bytes`).toBe(true)
    if (header.added.length > 1) expect(payload.length % (16 * KiB)).toBe(0)
    for (const { id, sizeBytes } of header.added) expect(stored.get(toHex(id))?.bytes.length).toBe(sizeBytes)
  }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0)
}

test('every stored size obeys the rule, and a thousand files look like half as many of twice the size', async () => {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const url = await relay.start()
  const alpha = stage.device('alpha')
  await alpha.setup(url)
  const seed = testSeed()
  stage.notes.push(() => `seed ${seed}`)
  const seeded = new Seeded(seed)

  const large = stage.newFolder('large')
  for (let at = 0; at < 30; at += 1) writeFileSync(join(large, `${at}`), seeded.bytes(seeded.below(3 * MiB)))
  const fileBytes = 20 * KiB
  const [many, half] = [stage.newFolder('many'), stage.newFolder('half')]
  for (const [folder, count] of [
    [many, 1000],
    [half, 500],
  ] as const) {
    for (let at = 0; at < count; at += 1) {
      const below = join(folder, `folder ${at % 40}`)
      mkdirSync(below, { recursive: true })
      writeFileSync(join(below, `file ${at}`), seeded.bytes((1000 / count) * fileBytes))
    }
  }
  const one = stage.newFolder('one')
  writeFileSync(join(one, 'file'), seeded.bytes(1000 * fileBytes))
  const few = stage.newFolder('few')
  for (let at = 0; at < 5; at += 1) writeFileSync(join(few, `text ${at}`), `${at} `.repeat(5000 * at + 1))
  const vaults: Record<string, string> = {}
  for (const folder of [large, many, half, one, few]) {
    await alpha.done('add', folder)
    vaults[folder] = String((await alpha.status(folder))['vault'])
  }
  for (const small of ['', 'x', 'x'.repeat(70_000)]) {
    writeFileSync(join(few, 'edited'), small)
    await alpha.done('sync', '--once', few)
  }
  await alpha.invite(few)
  await relay.stop()

  const held = await heldOf(relay.data, alpha)
  const of = (folder: string): Held => held.get(vaults[folder]!)!
  for (const vault of held.values()) expectRule(vault)

  for (const folder of [large, many, half, one]) {
    const sizes = contentSizes(of(folder))
    expect(sizes.length).toBeGreaterThan(4)
    expect(new Set(sizes.slice(0, -1))).toEqual(new Set([packBytesMax]))
    expect(sizes.at(-1)! % Math.min(packBytesMax, padmeGranule(sum(sizes)))).toBe(0)
  }

  expect(contentSizes(of(many))).toEqual(contentSizes(of(half)))
  expect(rowKinds(of(many))).toEqual(rowKinds(of(half)))
  expect(rowKinds(of(many))).toEqual(rowKinds(of(one)))
  // A pack ends where the next chunk does not fit: the long chunks of a large file leave more of it open, never as much as one chunk.
  const [ofMany, ofOne] = [contentSizes(of(many)), contentSizes(of(one))]
  const openMax = ofOne.length * chunkBytesMax + padmeGranule(sum(ofOne))
  expect(sum(ofOne)).toBeGreaterThanOrEqual(sum(ofMany))
  expect(sum(ofOne)).toBeLessThan(sum(ofMany) + openMax)
  // The log itself does grow: that is where names are, sealed.
  const logBytes = (vault: Held): number =>
    vault.entries.reduce((sum, { bytes }) => sum + bytes.length, 0) +
    vault.packs.reduce((sum, { bytes }) => sum + bytes.length, 0) -
    contentSizes(vault).reduce((sum, size) => sum + size, 0)
  expect(logBytes(of(many))).toBeGreaterThan(logBytes(of(one)))
})
