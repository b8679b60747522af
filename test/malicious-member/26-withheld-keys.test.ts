// An owner that gives members other keys than the others, or none.
import { decodeEntry, makeRekey, sealTo, signEntry, toHex, type EpochOpening } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { eventsOf, expectHalt, oneMore, peacefulWorld } from '../hostile/hostile-world.ts'
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

  test('who is given another key than the others finds that it is not the one that all are bound to, and stops', async () => {
    const world = await peacefulWorld({ devices: 2 })
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(a, b)
    const owner = new HostileMember(world, a)
    await owner.read()
    const { epoch, withSeals } = rekeyOf(owner)
    const { publicKey } = b.home.device.kem
    const place = { kind: 'device', binding: owner.vault, epoch: epoch.number } as const
    const seal = sealTo({
      ...place,
      recipient: publicKey,
      secret: world.random.bytes(32),
      random: world.random,
    })
    const seals = epoch.seals.map((one) =>
      Buffer.compare(one.recipient, b.home.device.sign.publicKey) === 0 ? { ...one, seal } : one,
    )
    await owner.append(withSeals(seals))
    await oneMore(world, a, 'under the new key')
    const before = b.tree()
    // Earlier keys do not open under it either; that it is the seal, and whose, only the commitment shows.
    const data = { epoch: place.epoch, signer: toHex(owner.device.sign.publicKey) }
    expect(await world.sync(b)).toMatchObject({ code: 'key-withheld', data })
    expect(b.tree()).toEqual(before)
  })

  test('a new epoch that leaves a member out, or has a seal for somebody else, is refused by the relay and halts who is shown it', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(a, b)
    const owner = new HostileMember(world, a)
    await owner.read()
    const { epoch, withSeals } = rekeyOf(owner)
    const left = world.at(2).home.device.sign.publicKey
    const changes = [
      epoch.seals.filter(({ recipient }) => Buffer.compare(recipient, left) !== 0),
      epoch.seals.map((seal, at) =>
        at === 0 ? { ...seal, recipient: world.random.bytes(32) as never } : seal,
      ),
      epoch.seals.slice(0, 1),
    ]
    for (const given of changes) {
      const forged = withSeals(given.toSorted((x, y) => Buffer.compare(x.recipient, y.recipient)))
      await expect(owner.append(forged)).rejects.toMatchObject({ data: { reason: 'entry-refused' } })
      world.relay.lieTo(b, { log: (log) => [...log, { sequence: log.length, entry: forged }] })
      await expectHalt(world, b, 'relay-contradicts')
    }
  })
})

/** An epoch that an owner opens, and the entry of it with other seals, signed rightly. */
function rekeyOf(owner: HostileMember): {
  epoch: EpochOpening
  withSeals: (seals: EpochOpening['seals']) => Uint8Array
} {
  const { header, payload } = decodeEntry(makeRekey(owner.on).entry.bytes)
  if (header.kind !== 'member' || header.part.action !== 'rekey') throw new RangeError('no rekey')
  const { part } = header
  const withSeals = (seals: EpochOpening['seals']): Uint8Array => {
    const changed = { ...header, part: { ...part, epoch: { ...part.epoch, seals } } }
    return signEntry({ header: changed, payload, secretKey: owner.device.sign.secretKey }).bytes
  }
  return { epoch: part.epoch, withSeals }
}

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
