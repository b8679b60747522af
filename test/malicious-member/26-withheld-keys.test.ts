// An owner that gives members other keys than the others, or none.
import { decodeEntry, makeRekey } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { eventsOf, oneMore, peacefulWorld } from '../hostile/hostile-world.ts'
import { HostileMember, reassembled } from '../hostile/member.ts'

describe('attack 26: keys that are withheld', () => {
  test('who is left with a seal that does not open stops and says whose it is; a right rekey repairs it', async () => {
    const world = await peacefulWorld({ devices: 2 })
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(a, b)
    // An owner's device in wrong hands: a new epoch, sealed rightly to all but one.
    const owner = new HostileMember(world, a)
    await owner.read()
    const { entry, epochKey } = makeRekey(owner.on)
    const broken = withBrokenSeal(entry.bytes, b.home.device.sign.publicKey, owner)
    await owner.append(broken)
    expect(epochKey).toHaveLength(32)
    await oneMore(world, a, 'under the new key')
    const before = b.tree()
    expect(await world.sync(b)).toMatchObject({ code: 'key-withheld' })
    expect(eventsOf(b, 'state').at(-1)).toMatchObject({ state: 'braked', code: 'key-withheld' })
    expect(b.tree()).toEqual(before)
    await owner.read()
    await owner.append(makeRekey(owner.on).entry.bytes)
    await oneMore(world, a, 'after the repair')
    await world.syncs(b)
    expect(b.tree()).toEqual(a.tree())
  })
})

/** The same entry with the seal of one recipient spoilt, signed anew: its length and the rest of it stay. */
function withBrokenSeal(bytes: Uint8Array, recipient: Uint8Array, signer: HostileMember): Uint8Array {
  const { headerBytes } = decodeEntry(bytes)
  const at = Buffer.from(headerBytes).indexOf(Buffer.from(recipient))
  if (at === -1) throw new RangeError('no seal for it')
  const header = headerBytes.slice()
  const inSeal = at + 32 + 600
  header[inSeal] = (header[inSeal] ?? 0) ^ 1
  return reassembled(bytes, { header }, signer.device)
}
