// What a relay sees of content is sizes, and they are a few. That whole vaults cannot be told apart by them is in 12-known-file.test.ts.
import { decodeEntry, isAllowedPayloadSize } from '@grenier/crypto'
import { decodeClientMessage } from '@grenier/protocol'
import { expect, test } from 'vitest'
import { peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'

/** Padmé by its paper (PURBs, §4): as many significant bits as the exponent has bits. Written again, so as not to ask the program itself. */
function padme(length: number): number {
  const exponent = Math.floor(Math.log2(length))
  const granule = 2 ** Math.max(0, exponent - (Math.floor(Math.log2(exponent)) + 1))
  return Math.ceil(length / granule) * granule
}

/** Sizes of packs and payloads that left the clients. */
function sizesIn(world: HostileWorld): { packs: number[]; payloads: number[] } {
  const messages = world.relay.frames.map((frame) => decodeClientMessage(frame.slice()))
  return {
    packs: messages.flatMap((message) => (message.type === 'put' ? [message.sizeBytes] : [])),
    payloads: messages.flatMap((message) =>
      message.type === 'append' ? [decodeEntry(message.entry).payload.length] : [],
    ),
  }
}

test('attack 12: files of any size leave in packs of the sizes of the rule, and in no others', async () => {
  const world = await peacefulWorld()
  const a = world.at(0)
  for (let at = 0; at < 30; at += 1) {
    a.user.write(`file ${at}`, world.random.bytes(1 + world.random.below(2 ** (4 + (at % 16)))))
    await world.syncs(a)
  }
  const { packs, payloads } = sizesIn(world)
  expect(packs.length).toBeGreaterThan(30)
  expect(packs.filter((size) => size < 4096 || size > 4_194_304 || padme(size) !== size)).toEqual([])
  expect(payloads.filter((size) => size > 0 && (size < 1024 || padme(size) !== size))).toEqual([])
  expect(payloads.filter((size) => size > 0 && !isAllowedPayloadSize(size))).toEqual([])
})

test('attack 12: of much at once, all packs but the last are full, and the last is as coarse as the whole is large', async () => {
  const world = await peacefulWorld()
  const a = world.at(0)
  const before = sizesIn(world).packs.length
  for (let at = 0; at < 40; at += 1) a.user.write(`file ${at}`, world.random.bytes(350_000 + at * 999))
  await world.syncs(a)
  const run = sizesIn(world).packs.slice(before)
  const total = run.reduce((sum, size) => sum + size, 0)
  expect(run.filter((size) => size !== 4_194_304)).toHaveLength(1)
  expect(run.at(-1)).not.toBe(4_194_304)
  expect(padme(total)).toBe(total)
})
