import { bodyHash } from '@grenier/crypto'
import { expect, it } from 'vitest'
import {
  bodyHashAt,
  entriesFrom,
  entryAt,
  keepBodyHash,
  keepEntry,
  keepPayloadPack,
  lastSequence,
  payloadPackAt,
  retireEntry,
} from './entry-keep.ts'
import { foldedSequence, keepLogState, keptLogState, noteFolded } from './log-cache.ts'
import { MemoryDisk } from './state-store-memory.ts'
import { TreesStore } from './trees-store.ts'

const hash = (seed: number): ReturnType<typeof bodyHash> => bodyHash(new Uint8Array(32).fill(seed))
const entry = (seed: number): Uint8Array => Uint8Array.of(seed, seed)

it('keeps entries in order, raw or retired, over many sequences', async () => {
  const trees = TreesStore.open(new MemoryDisk().open())
  expect(await lastSequence(trees)).toBeUndefined()
  await trees.write({ flush: false }, (transaction) => {
    for (const sequence of [0, 1, 2, 9, 10, 35, 36, 1300])
      keepEntry(transaction, { sequence, bodyHash: hash(sequence % 200), entry: entry(sequence % 200) })
    keepBodyHash(transaction, 3, hash(3))
    keepPayloadPack(transaction, { sequence: 9, position: 0 }, entry(77))
    expect(entryAt(transaction, 9)).toEqual(entry(9))
  })
  await trees.write({ flush: false }, (transaction) => retireEntry(transaction, 9, 1))
  const kept: string[] = []
  for await (const each of entriesFrom(trees, 2))
    kept.push(`${each.sequence}${each.entry === undefined ? ' retired' : ''}`)
  expect(kept).toEqual(['2', '3 retired', '9 retired', '10', '35', '36', '1300'])
  expect(await lastSequence(trees)).toBe(1300)
  expect(bodyHashAt(trees, 9)).toEqual(hash(9))
  expect(bodyHashAt(trees, 4)).toBeUndefined()
  expect(payloadPackAt(trees, { sequence: 9, position: 0 })).toBeUndefined()
})

it('keeps the state of the log with what was folded', async () => {
  const trees = TreesStore.open(new MemoryDisk().open())
  expect(keptLogState(trees)).toBeUndefined()
  expect(foldedSequence(trees)).toBe(-1)
  await trees.write({ flush: true }, (transaction) => {
    keepLogState(transaction, entry(1))
    noteFolded(transaction, 123_456)
  })
  expect(keptLogState(trees)).toEqual(entry(1))
  expect(foldedSequence(trees)).toBe(123_456)
})
