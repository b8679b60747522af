import { packId, type SealedBytes } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import type { OutgoingPack } from '../content/pack-writer.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { outOfOrder, PackShipper } from './pack-shipper.ts'
import type { Vault } from './vault.ts'

function pack(ordinal: number): OutgoingPack {
  const bytes = new Uint8Array(8192).fill(ordinal + 2) as SealedBytes
  return { ordinal, id: packId(new Uint8Array(32).fill(ordinal + 2)), bytes, epoch: 0, chunks: [] }
}

/** A shipper, and what settles each put. */
async function shipping(): Promise<{ shipper: PackShipper; arrive: () => void }> {
  const waiting: (() => void)[] = []
  const shipper = new PackShipper({
    log: { vault: new Uint8Array(32), isEmpty: true },
  } as unknown as Vault)
  const session = {
    have: () => Promise.resolve([]),
    put: () => new Promise<void>((resolve) => waiting.push(resolve)),
  } as unknown as RelaySession
  await shipper.online(session)
  return { shipper, arrive: () => waiting.shift()?.() }
}

describe('the bytes of a pack', () => {
  it('are given back once it has arrived and is claimed', async () => {
    const { shipper, arrive } = await shipping()
    const one = pack(0)
    await shipper.take(one)
    const moved = shipper.moved()
    arrive()
    await moved
    expect(one.bytes).toHaveLength(8192)
    shipper.claimed([one])
    expect(one.bytes).toHaveLength(0)
  })

  it('stay while it is being sent, although it is claimed', async () => {
    const { shipper } = await shipping()
    const one = pack(outOfOrder)
    await shipper.take(one)
    shipper.claimed([one])
    expect(one.bytes).toHaveLength(8192)
  })
})

describe('what an entry may claim', () => {
  it('is counted as far as it has arrived, from the oldest on', async () => {
    const { shipper, arrive } = await shipping()
    const large = (ordinal: number): OutgoingPack => ({
      ...pack(ordinal),
      bytes: new Uint8Array(1 << 20) as SealedBytes,
    })
    for (const ordinal of [0, 1, 2]) await shipper.take(large(ordinal))
    expect(shipper.readyLoad).toEqual({ packs: 0, bytes: 0 })
    for (const count of [1, 2]) {
      const moved = shipper.moved()
      arrive()
      await moved
      expect(shipper.readyLoad).toEqual({ packs: count, bytes: count << 20 })
      expect(shipper.ready).toHaveLength(count)
    }
  })
})
