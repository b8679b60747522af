import {
  isAllowedPackSize,
  openContainer,
  packBytesAlone,
  packBytesMax,
  packBytesShort,
  packIdOf,
  plainCapacity,
  storedBytesFor,
  toHex,
} from '@grenier/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idsOf } from './chunker.vectors.ts'
import { binding, bytesOf, MemoryVault, packKey, seededRandom } from './content-builders.contract.ts'
import type { OutgoingPack, PackedChunk } from './pack-writer.ts'
import { inlineWorkerPool } from './worker-pool-inline.ts'
import type { SealedPack } from './worker-pool.ts'

const mib = 1 << 20
/** Four of these go into a pack. */
const quarter = mib - 300
const capacity = plainCapacity(packBytesMax)
const [anyId] = idsOf(1)
const chunk = (length: number): PackedChunk => ({ id: anyId!, plainBytes: length, storedBytes: length })
const plainOf = ({ bytes, epoch }: OutgoingPack): Uint8Array =>
  openContainer({ type: 'pack', key: packKey(epoch), binding, bytes }).plain

function writing(bulkBytes = 0, vault = new MemoryVault()) {
  const packs: OutgoingPack[] = []
  vault.emit = (pack) => {
    packs.push(pack)
    return Promise.resolve()
  }
  const writer = vault.writer({}, bulkBytes)
  let written = 0
  const add = (length: number): number =>
    writer.add(chunk(length), bytesOf(`chunk ${(written += 1)}`, length))
  return { vault, writer, packs, add }
}

/** A pool whose seals end when they are told to. */
function patientPool() {
  const inline = inlineWorkerPool()
  const seals: PromiseWithResolvers<SealedPack>[] = []
  const pool = {
    ...inline,
    seal: async (task: Parameters<typeof inline.seal>[0]) => {
      const sealed = inline.seal(task)
      const told = Promise.withResolvers<SealedPack>()
      seals.push(told)
      return await Promise.all([sealed, told.promise]).then(([pack]) => pack)
    },
  }
  return { pool, seals, end: (at: number) => seals[at]?.resolve(undefined as never) }
}

/** Lets everything that can go on without outside help go on. */
async function settle(): Promise<void> {
  for (let at = 0; at < 200; at += 1) await Promise.resolve()
}

/** A pool that tells the room of what it was given to seal. */
function measuringPool() {
  const inline = inlineWorkerPool()
  const rooms: number[] = []
  const pool = {
    ...inline,
    seal: (task: Parameters<typeof inline.seal>[0]) => {
      rooms.push(task.plain.buffer.byteLength)
      return inline.seal(task)
    },
  }
  return { pool, rooms }
}

describe('the room that packs are filled in', () => {
  it('is little for a few small chunks, and grows with them', async () => {
    const { pool, rooms } = measuringPool()
    const { writer, packs, add } = writing(0, new MemoryVault(pool))
    add(1000)
    await writer.finish()
    for (let at = 0; at < 3; at += 1) add(50_000)
    await writer.finish()
    expect(rooms).toEqual([64 << 10, 256 << 10])
    const plain = plainOf(packs[1]!)
    for (let at = 0; at < 3; at += 1)
      expect(
        Buffer.compare(plain.subarray(at * 50_000, (at + 1) * 50_000), bytesOf(`chunk ${at + 2}`, 50_000)),
      ).toBe(0)
  })

  it('is that of a whole pack at once after one that was full, until all is sent', async () => {
    const { pool, rooms } = measuringPool()
    const { writer, add } = writing(0, new MemoryVault(pool))
    for (let at = 0; at < 5; at += 1) add(quarter)
    await writer.finish()
    add(1)
    await writer.finish()
    // A full one becomes the pack, where it lies.
    expect(rooms).toEqual([packBytesMax, packBytesMax, 64 << 10])
  })
})

describe('packs', () => {
  it('are exactly 4 MiB when full, and hold their chunks one after the other, then zeros', async () => {
    const { writer, packs, add } = writing()
    for (let at = 0; at < 9; at += 1) add(900_000)
    await writer.finish()
    expect(packs.map(({ bytes }) => bytes.length).slice(0, -1)).toEqual([packBytesMax, packBytesMax])
    expect(packs.map(({ chunks }) => chunks.length)).toEqual([4, 4, 1])
    const plain = plainOf(packs[0]!)
    for (let at = 0; at < 4; at += 1) {
      const expected = bytesOf(`chunk ${at + 1}`, 900_000)
      expect(Buffer.compare(plain.subarray(at * 900_000, (at + 1) * 900_000), expected)).toBe(0)
    }
    expect(plain.subarray(3_600_000).every((byte) => byte === 0)).toBe(true)
  })

  it('are filled to the last byte when chunks fit just so', async () => {
    const { writer, packs, add } = writing()
    expect([add(mib), add(mib), add(mib), add(capacity - 3 * mib)]).toEqual([0, 0, 0, 0])
    expect(add(1)).toBe(1)
    await writer.finish()
    expect(packs.map(({ chunks }) => chunks.length)).toEqual([4, 1])
    expect(
      Buffer.compare(plainOf(packs[0]!).subarray(-10), bytesOf('chunk 4', capacity - 3 * mib).subarray(-10)),
    ).toBe(0)
  })

  it('are named by their bytes, numbered in order, and sealed with a salt of their own', async () => {
    const { writer, packs, add } = writing()
    for (let at = 0; at < 12; at += 1) add(quarter)
    await writer.finish()
    expect(packs.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2])
    for (const { id, bytes } of packs) expect(toHex(id)).toBe(toHex(packIdOf(bytes)))
    expect(new Set(packs.map(({ bytes }) => toHex(bytes.subarray(14, 46)))).size).toBe(3)
  })

  it('hold no more chunks than an index may list', async () => {
    const packs: OutgoingPack[] = []
    const emit = (pack: OutgoingPack): Promise<void> => Promise.resolve(void packs.push(pack))
    const writer = new MemoryVault().writer({ emit })
    const one = Uint8Array.of(1)
    for (let at = 0; at < 65_536; at += 1) writer.add(chunk(1), one)
    expect(writer.ordinal).toBe(0)
    expect(writer.add(chunk(1), one)).toBe(1)
    await writer.finish()
    expect(packs.map(({ chunks }) => chunks.length)).toEqual([65_536, 1])
    expect(packs[0]!.bytes).toHaveLength(packBytesMax)
  })

  it('are of the epoch in force when they are sealed', async () => {
    const { vault, writer, packs, add } = writing()
    for (let at = 0; at < 4; at += 1) add(quarter)
    vault.epoch = 3
    add(mib)
    add(100)
    await writer.finish()
    expect(packs.map(({ epoch }) => epoch)).toEqual([3, 3])
    expect(plainOf(packs[1]!)).toHaveLength(plainCapacity(packs[1]!.bytes.length))
  })
})

describe('the size of the last pack', () => {
  it('is the one of a pack alone when nothing else is sent', async () => {
    const { writer, packs, add } = writing()
    add(30_000)
    await writer.finish()
    expect(packs[0]!.bytes).toHaveLength(packBytesAlone(30_000))
    add(20)
    await writer.finish()
    expect(packs[1]!.bytes).toHaveLength(4096)
  })

  it('goes by the sum of all since the last short one, also before this writer was', async () => {
    const [before, used] = [4 * packBytesMax, 185_991]
    const { writer, packs, add } = writing(before)
    for (let at = 0; at < 4; at += 1) add(quarter)
    add(used)
    await writer.finish()
    const total = before + packBytesMax + storedBytesFor(used)
    expect(packs.map(({ bytes }) => bytes.length)).toEqual([packBytesMax, packBytesShort(used, total)])
    expect(packs[1]!.bytes.length).toBeGreaterThan(packBytesAlone(used))
    add(used)
    await writer.finish()
    expect(packs[2]!.bytes).toHaveLength(packBytesAlone(used))
  })

  it('still goes by it when the queue was found empty first', async () => {
    const before = 40 * packBytesMax
    const { writer, packs, add } = writing(before)
    await writer.finish()
    add(50_000)
    await writer.finish()
    expect(packs[0]!.bytes).toHaveLength(packBytesShort(50_000, before + storedBytesFor(50_000)))
  })

  it('is always an allowed one, and full packs are full', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: mib }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(lengths, fc.nat(100), async (chunks, full) => {
        const { writer, packs, add } = writing(full * packBytesMax)
        for (const length of chunks) add(length)
        await writer.finish()
        const sizes = packs.map(({ bytes }) => bytes.length)
        expect(sizes.every(isAllowedPackSize)).toBe(true)
        expect(sizes.slice(0, -1).every((size) => size === packBytesMax)).toBe(true)
        expect(packs.flatMap((pack) => pack.chunks)).toHaveLength(chunks.length)
      }),
      { numRuns: 15 },
    )
  })
})

describe('packs on their way', () => {
  it('are taken in order, though seals end in any', async () => {
    const { pool, end } = patientPool()
    const { writer, packs, add } = writing(0, new MemoryVault(pool))
    for (let at = 0; at < 12; at += 1) add(quarter)
    const finished = writer.finish()
    end(2)
    end(1)
    await settle()
    expect(packs).toEqual([])
    end(0)
    await finished
    expect(packs.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2])
  })

  it('hold up who asks for room, until one is taken', async () => {
    const { pool, end } = patientPool()
    const { writer, add } = writing(0, new MemoryVault(pool))
    for (let at = 0; at < 16; at += 1) add(quarter)
    await writer.room()
    add(mib)
    let hasRoom = false
    const room = writer.room().then(() => (hasRoom = true))
    await settle()
    expect(hasRoom).toBe(false)
    end(0)
    await room
    expect(hasRoom).toBe(true)
    for (const at of [1, 2, 3, 4]) end(at)
  })

  it('are taken one at a time', async () => {
    const vault = new MemoryVault()
    let [taking, most] = [0, 0]
    vault.emit = async () => {
      most = Math.max(most, (taking += 1))
      await settle()
      taking -= 1
    }
    const writer = vault.writer()
    for (let at = 0; at < 16; at += 1) writer.add(chunk(mib), bytesOf('chunk', mib))
    await writer.finish()
    expect(most).toBe(1)
    expect(vault.claimed).toHaveLength(6)
  })
})

describe('failures', () => {
  it('of the taker are said once, and packs go on', async () => {
    const vault = new MemoryVault()
    const taken: number[] = []
    vault.emit = (pack) => {
      taken.push(pack.ordinal)
      return pack.ordinal === 1 ? Promise.reject(new Error('no line')) : Promise.resolve()
    }
    const writer = vault.writer()
    for (let at = 0; at < 12; at += 1) writer.add(chunk(mib), bytesOf('chunk', mib))
    await expect(writer.finish()).rejects.toThrow('no line')
    await writer.room()
    writer.add(chunk(10), bytesOf('chunk', 10))
    await writer.finish()
    expect(taken).toEqual([0, 1, 2, 3, 4])
  })

  it('of a seal are said by every call from then on, and nothing waits for ever', async () => {
    const { pool, seals, end } = patientPool()
    const { writer, packs, add } = writing(0, new MemoryVault(pool))
    for (let at = 0; at < 20; at += 1) add(quarter)
    const room = writer.room()
    end(0)
    seals[1]!.reject(new Error('the thread died'))
    for (const at of [2, 3, 4, 5]) end(at)
    await expect(room.then(() => writer.finish())).rejects.toThrow('the thread died')
    await expect(writer.room()).rejects.toThrow('the thread died')
    await expect(writer.finish()).rejects.toThrow('the thread died')
    expect(() => add(1)).toThrow('the thread died')
    expect(packs.map(({ ordinal }) => ordinal)).toEqual([0])
  })

  it('to get a key lose nothing', async () => {
    const vault = new MemoryVault()
    let withheld = true
    const sealing = () => {
      if (withheld) throw new Error('no key')
      return { key: packKey(1), binding, epoch: 1 }
    }
    const writer = vault.writer({ sealing })
    for (let at = 0; at < 3; at += 1) writer.add(chunk(mib), bytesOf(`chunk ${at}`, mib))
    expect(() => {
      for (let at = 3; at < 5; at += 1) writer.add(chunk(mib), bytesOf(`chunk ${at}`, mib))
    }).toThrow('no key')
    await expect(writer.finish()).rejects.toThrow('no key')
    withheld = false
    await writer.finish()
    expect(vault.claimed.map(({ chunks }) => chunks.length)).toEqual([3])
    expect(writer.pending).toBe(false)
  })

  it('to draw a salt lose nothing', async () => {
    const vault = new MemoryVault()
    const random = seededRandom('salts')
    let empty = true
    const bytes = (count: number): Uint8Array => {
      if (empty) throw new Error('no chance')
      return random.bytes(count)
    }
    const writer = vault.writer({ random: { bytes } })
    writer.add(chunk(10), bytesOf('chunk', 10))
    await expect(writer.finish()).rejects.toThrow('no chance')
    empty = false
    await writer.finish()
    expect(vault.claimed).toHaveLength(1)
  })
})
