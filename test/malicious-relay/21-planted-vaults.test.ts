// A relay that meets somebody who has only the words: it shows a vault of its own making as theirs, or hides one.
import { addFolder } from '@grenier/client'
import {
  certifyDevice,
  decodeEntry,
  entryHashOf,
  identityFromEntropy,
  makeDevice,
  makeGenesis,
  publicDevice,
  publicIdentity,
  sealTo,
  signEntry,
  toHex,
  vaultId,
  type Certificate,
  type VaultId,
} from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { kemKeyHash } from '../../packages/crypto/src/certificate.ts'
import { Recovery } from '../../packages/client/src/engine/recovering.ts'
import type { RecoverySight } from '../../packages/client/src/engine/recovery-sight.ts'
import { peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { secondFolder } from '../hostile/second-folder.ts'
import { readyMade, relayUrl, type Machine } from '../simulation/world.ts'

/** What the relay shows to the words, on this machine. */
async function sightOf(world: HostileWorld, machine: Machine): Promise<RecoverySight> {
  const recovery = new Recovery(machine.context(), { relay: relayUrl, identity: readyMade.identity })
  const sight = await world.settles(recovery.look())
  await world.settles(recovery.close())
  return sight
}

/** A vault that the relay made. `claims`: it says that it is the victim's, with this certificate. */
function planted(
  world: HostileWorld,
  claims?: (forged: Certificate) => Certificate,
): { vault: VaultId; entry: Uint8Array } {
  const { random } = world
  const [identity, device] = [identityFromEntropy(random.bytes(32)), makeDevice(random)]
  const certificate = certifyDevice(identity, publicDevice(device))
  const { entry, epochKey } = makeGenesis({
    identity: publicIdentity(identity),
    device,
    certificate,
    name: 'planted',
    deviceName: 'relay',
    at: world.scheduler.nowMs,
    random,
  })
  const { header, payload } = decodeEntry(entry.bytes)
  if (claims === undefined || header.kind !== 'genesis')
    return { vault: vaultId(entryHashOf(undefined, entry.bodyHash)), entry: entry.bytes }
  const { sign, kem } = victim
  // The key is sealed for the victim as it should be, so that nothing but the certificate is wrong.
  const place = { kind: 'identity', binding: header.nonce, epoch: 0 } as const
  const own = { recipient: sign, seal: sealTo({ ...place, recipient: kem, secret: epochKey, random }) }
  const seals = header.part.epoch.seals.map((seal) =>
    toHex(seal.recipient) === toHex(identity.sign.publicKey) ? own : seal,
  )
  seals.sort((a, b) => Buffer.compare(a.recipient, b.recipient))
  const part = {
    ...header.part,
    identityKem: kem,
    certificate: claims(certificate),
    epoch: { ...header.part.epoch, seals },
  }
  const forged = signEntry({ header: { ...header, part }, payload, secretKey: device.sign.secretKey })
  return { vault: vaultId(entryHashOf(undefined, forged.bodyHash)), entry: forged.bytes }
}

const victim = publicIdentity(readyMade.identity)
const claims: readonly (readonly [string, ((forged: Certificate) => Certificate) | undefined, object])[] = [
  ['of its own identity', undefined, { why: 'planted' }],
  [
    'of the victim’s identity, with a certificate that somebody else signed',
    (forged) => ({ ...forged, identity: victim.sign, identityKemHash: kemKeyHash(victim.kem) }),
    { why: 'faulty', error: { cause: { code: 'signature-wrong' } } },
  ],
]

describe('attack 21: a relay that somebody recovers from', () => {
  for (const [what, claim, why] of claims) {
    test(`and a vault ${what} is refused; the right one is there`, async () => {
      const world = await peacefulWorld({ devices: 1 })
      world.more(1)
      const [a, b] = [world.at(0), world.at(1)]
      const own = world.relay.vaultOf(a)
      const { vault, entry } = planted(world, claim)
      world.relay.lieTo(b, {
        vaults: [own, vault],
        log: (log, of) => (toHex(of) === toHex(vault) ? [{ sequence: 0, entry }] : log),
      })
      const sight = await sightOf(world, b)
      expect(sight.refused).toMatchObject([{ id: toHex(vault), ...why }])
      expect(sight.vaults.map(({ id }) => id)).toEqual([toHex(own)])
    })
  }

  test('and which shows a vault under the id of another is refused', async () => {
    const world = await peacefulWorld({ devices: 1 })
    world.more(1)
    const [a, b] = [world.at(0), world.at(1)]
    const { entry } = planted(world)
    world.relay.lieTo(b, { log: () => [{ sequence: 0, entry }] })
    const sight = await sightOf(world, b)
    expect(sight).toMatchObject({
      vaults: [],
      refused: [{ id: toHex(world.relay.vaultOf(a)), why: 'faulty' }],
    })
  })

  test('and which hides a vault is named, by what the others list', async () => {
    const world = await peacefulWorld({ devices: 1 })
    const a = world.at(0)
    const second = secondFolder(world)
    a.start(
      (context) => addFolder(second.context(context), { path: second.path, name: 'second', relay: relayUrl }),
      true,
    )
    expect(await world.outcomeOf(a)).toBe('done')
    await world.syncs(a, a)
    world.more(1)
    const b = world.at(1)
    const [first, other] = a.home.folders
    expect((await sightOf(world, b)).withheld).toEqual([])
    for (const [shown, hidden] of [
      [first, other],
      [other, first],
    ]) {
      world.relay.lieTo(b, { vaults: [vaultId(new Uint8Array(Buffer.from(shown?.vault ?? '', 'hex')))] })
      expect((await sightOf(world, b)).withheld).toMatchObject([{ id: hidden?.vault, name: hidden?.name }])
    }
  })
})
