// Pieces of packs are read into memory that is used again: never before the wire has let go of it.
import { packIdOf } from '@grenier/crypto'
import { bulkFrameBytes, decodeRelayMessage, limits, memoryWirePair, type Wire } from '@grenier/protocol'
import { describe, expect, it } from 'vitest'
import { BlockPool } from '../core/block-pool.ts'
import { MemoryPackStore } from '../store/pack-store-memory.ts'
import type { PackPlace } from '../store/pack-store.ts'
import { packBytes, vault } from '../store/store-samples.contract.ts'
import { Downloads } from './downloads.ts'
import { Outbox, SendPool } from './outbox.ts'
import { ManualClock } from './scripted-client.vectors.ts'

/** A wire that keeps what it is given, and lets go of it when it is told to. */
class HoldingWire {
  readonly frames: Uint8Array[] = []
  readonly #sent: (() => void)[] = []
  readonly wire: Wire

  constructor() {
    const [mine] = memoryWirePair(queueMicrotask)
    this.wire = Object.assign(Object.create(mine) as Wire, {
      send: (frame: Uint8Array, sent?: () => void) => {
        this.frames.push(frame)
        if (sent !== undefined) this.#sent.push(sent)
      },
    })
  }

  letGo(): void {
    for (const sent of this.#sent.splice(0)) sent()
  }
}

async function sending(sizeBytes: number) {
  const bytes = packBytes('one', sizeBytes)
  const place: PackPlace = { vault: vault('v'), pack: packIdOf(bytes) }
  const packs = new MemoryPackStore()
  const upload = await packs.begin({ ...place, sizeBytes })
  await upload.write(bytes)
  await upload.finish()
  const clock = new ManualClock()
  const holding = new HoldingWire()
  const outbox = new Outbox({ wire: holding.wire, clock, pool: new SendPool(), cut: () => undefined })
  const frames = new BlockPool(bulkFrameBytes, 64)
  const downloads = new Downloads({ packs, clock, outbox, frames })
  const get = (id: number, range: { offset: number; length: number }, creditBytes: number) =>
    downloads.send({ type: 'get', id, ...place, ...range, creditBytes }, place, () => Promise.resolve())
  return { bytes, holding, downloads, get }
}

function received(frames: readonly Uint8Array[], id: number): { offset: number; bytes: Uint8Array }[] {
  return frames.map(decodeRelayMessage).flatMap((message) => {
    return message.type === 'data' && message.id === id ? [message] : []
  })
}

describe('downloads', () => {
  it('send a range in order, in pieces of at most a part', async () => {
    const { bytes, holding, get } = await sending(1_000_000)
    await get(1, { offset: 17, length: 900_000 }, limits.packBytes)
    const pieces = received(holding.frames, 1)
    expect(Buffer.concat(pieces.map((piece) => piece.bytes)).equals(bytes.subarray(17, 900_017))).toBe(true)
    let at = 17
    for (const piece of pieces) {
      expect(piece.offset).toBe(at)
      expect(piece.bytes.length).toBeLessThanOrEqual(limits.partBytes)
      at += piece.bytes.length
    }
  })

  it('read nothing into memory that the wire still has', async () => {
    const { bytes, holding, get } = await sending(400_000)
    for (const id of [1, 2, 3]) await get(id, { offset: 0, length: 400_000 }, limits.packBytes)
    for (const id of [1, 2, 3]) {
      const pieces = received(holding.frames, id).map((piece) => piece.bytes)
      expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
    }
  })

  it('use memory again that the wire has let go of', async () => {
    const { holding, get } = await sending(400_000)
    await get(1, { offset: 0, length: 400_000 }, limits.packBytes)
    const first = new Set(holding.frames.map(({ buffer }) => buffer))
    holding.letGo()
    await get(2, { offset: 0, length: 400_000 }, limits.packBytes)
    expect(new Set(holding.frames.map(({ buffer }) => buffer))).toEqual(first)
  })

  it('never go beyond the credit', async () => {
    const { bytes, holding, downloads, get } = await sending(400_000)
    const done = get(1, { offset: 0, length: 400_000 }, 100_000)
    for (let granted = 100_000; granted < 400_000; granted += 50_000) {
      await new Promise((resolve) => setImmediate(resolve))
      const pieces = received(holding.frames, 1)
      expect(pieces.reduce((sum, piece) => sum + piece.bytes.length, 0)).toBe(granted)
      downloads.more({ type: 'more', id: 1, bytes: 50_000 })
    }
    await done
    const pieces = received(holding.frames, 1).map((piece) => piece.bytes)
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
  })
})
