// What leaves the clients of two vaults: nothing that both have in common, and nothing readable.
import {
  decodeChange,
  decodeEntry,
  joinPayload,
  openPayload,
  payloadKeyOf,
  chunkerKeyOf,
} from '@grenier/crypto'
import { openFolder } from '@grenier/client'
import { describe, expect, test } from 'vitest'
import { cutPoints, fileChunkSizes, gearTable } from '../../packages/client/src/content/chunker.ts'
import { canary, expectNothingReadable, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'
import { storedPacks } from '../hostile/stored-packs.ts'
import { Seeded } from '../simulation/seeded.ts'

/** Ids of all chunks that the log of a vault places. */
async function chunksOf(world: HostileWorld): Promise<string[]> {
  const member = new HostileMember(world, world.at(0))
  const { spine } = await member.read()
  const ids: string[] = []
  for (const given of await world.relay.log(member.vault)) {
    if (!('entry' in given)) continue
    const { header, payload } = decodeEntry(given.entry)
    if (header.kind !== 'change') continue
    const payloadKey = payloadKeyOf(member.key, member.epoch, member.vault)
    const rule = { payloadVersionMax: spine.payloadVersionMax }
    const content = openPayload(payload, { payloadKey, binding: member.vault, ...rule })
    const body = content.kind === 'body' ? content.body : joinPayload(content.pointer, [], rule)
    for (const { chunks } of decodeChange(body, [...header.added, ...header.restored]).index)
      ids.push(...chunks.map(({ id }) => Buffer.from(id).toString('hex')))
  }
  return ids
}

/** All runs of so many bytes in what a relay keeps, at multiples of their length in one, anywhere in the other. */
function commonRuns(
  one: ReadonlyMap<string, Uint8Array>,
  other: ReadonlyMap<string, Uint8Array>,
  length: number,
): string[] {
  const all = Buffer.concat([...other.values()])
  const common: string[] = []
  for (const bytes of one.values())
    for (let at = 0; at + length <= bytes.length; at += length) {
      const run = Buffer.from(bytes.subarray(at, at + length))
      if (all.includes(run)) common.push(run.toString('hex'))
    }
  return common
}

describe('attack 13: the same file in two vaults', () => {
  test('has no chunk id and no run of bytes in common at the relay', async () => {
    const content = new Seeded(13).bytes(700_000)
    const worlds = [await peacefulWorld({ devices: 1 }), await peacefulWorld({ devices: 1, seed: 8 })]
    for (const world of worlds) {
      world.at(0).user.write('known', content)
      await world.syncs(world.at(0))
    }
    const [one, other] = worlds as [HostileWorld, HostileWorld]
    const [own, theirs] = [await chunksOf(one), await chunksOf(other)]
    expect(own.length).toBeGreaterThan(2)
    expect(own.filter((id) => theirs.includes(id))).toEqual([])
    expect(commonRuns(await storedPacks(one), await storedPacks(other), 16)).toEqual([])
  })

  test('is cut at other places in each', async () => {
    const content = new Seeded(14).bytes(4_000_000)
    const cuts: string[][] = []
    for (const seed of [1, 8]) {
      const world = await peacefulWorld({ devices: 1, seed })
      const member = new HostileMember(world, world.at(0))
      await member.read()
      const gear = gearTable(chunkerKeyOf(member.key, member.vault))
      let at = 0
      const { lengths } = cutPoints(content, { gear, sizes: fileChunkSizes, last: true })
      cuts.push(lengths.map((length) => String((at += length))))
    }
    const [one = [], other = []] = cuts
    expect(one.length).toBeGreaterThan(5)
    // The end of the file is the one place that both have.
    expect(one.filter((cut) => other.includes(cut))).toEqual([String(content.length)])
  })
})

test('attack 14: names, contents, targets, names of devices and of the folder leave nobody and lie nowhere', async () => {
  const world = await peacefulWorld()
  const [a, b] = [world.at(0), world.at(1)]
  a.user.write(`${canary} renamed`, `${canary} `.repeat(9000))
  await world.syncs(a, b)
  b.user.rename(`${canary} renamed`, `notes ${canary}/moved ${canary}`)
  b.user.write('plain.txt', `${canary} edited`)
  await world.syncs(b, a)
  // What is asked of a running folder leaves nobody either.
  const engine = await openFolder(a.context(), a.folderPath)
  await world.settles(engine.verify({ share: 1 }))
  await engine.close()
  expectNothingReadable(world)
  world.searchRelay()
  expect(world.leaks).toEqual([])
  const kept = [...world.relayDisk.everything()].map((value) => Buffer.from(value))
  expect(kept.length).toBeGreaterThan(20)
  for (const secret of [canary, 'canary-vault', a.name, b.name]) {
    expect(
      kept.filter((bytes) => bytes.includes(secret)),
      secret,
    ).toEqual([])
    expect(
      world.relay.frames.filter((frame) => Buffer.from(frame).includes(secret)),
      secret,
    ).toEqual([])
  }
})
