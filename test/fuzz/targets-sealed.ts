// Sealed things, altered: packs and payloads, seals to public keys, keys under keys, certificates. None opens, and all say the same.
import {
  certifyDevice,
  decodeCertificate,
  encodeCertificate,
  equal,
  identityFromEntropy,
  kemPairOf,
  makeDevice,
  openBlob,
  openContainer,
  openKeyUnder,
  openSeal,
  packBytesAlone,
  publicKeysOf,
  sealBlobTo,
  sealContainer,
  sealKeyUnder,
  sealTo,
  verifyCertificate,
} from '@grenier/crypto'
import { seededRandom } from '../../packages/crypto/src/seeded-random.vectors.ts'
import type { Seeded } from '../simulation/seeded.ts'
import { edited, mutated } from './mutation.ts'
import { codeOf, Finding, type Target } from './target.ts'

const random = seededRandom('fuzz sealed')
const key = random.bytes(32)
const binding = random.bytes(32)

const packs = [100, 70_000, 200_000].map((plainBytes) =>
  sealContainer({
    type: 'pack',
    key,
    binding,
    epoch: 3,
    salt: random.bytes(32),
    plain: [random.bytes(plainBytes)],
    storedBytes: packBytesAlone(plainBytes),
  }),
)

/** A pack that is not the one that was sealed. */
export const containerTarget: Target = {
  name: 'container',
  try(chance) {
    const bytes = altered(chance, chance.pick(packs), packs)
    return codeOf(() => {
      openContainer({ type: 'pack', key, binding, bytes })
      // A piece of one pack may happen to be another one of them.
      if (!packs.some((pack) => Buffer.compare(pack, bytes) === 0))
        throw new Finding('an altered pack opened')
    }, ['malformed', 'version-unknown', 'seal-broken'])
  },
}

function altered(chance: Seeded, sample: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  for (;;) {
    const bytes = edited(chance, sample, others)
    if (Buffer.compare(bytes, sample) !== 0) return bytes
  }
}

const pair = kemPairOf(random.bytes(32))
const place = { kind: 'device', binding, epoch: 3 } as const
const seals = [1, 2, 3].map(() =>
  sealTo({ ...place, recipient: pair.publicKey, random, secret: random.bytes(32) }),
)
const blob = sealBlobTo({ ...place, recipient: pair.publicKey, random, blob: random.bytes(3000) })

/** A seal to a device, altered: one code, whatever is wrong with it. */
export const sealTarget: Target = {
  name: 'seal',
  try(chance) {
    const seal = altered(chance, chance.pick(seals), seals)
    return codeOf(() => {
      openSeal({ ...place, pair, seal })
      if (!seals.some((known) => Buffer.compare(known, seal) === 0))
        throw new Finding('an altered seal opened')
    }, ['seal-broken'])
  },
}

/** The list of an owner's vaults, altered. */
export const blobTarget: Target = {
  name: 'sealed list',
  try(chance) {
    const seal = altered(chance, blob, [])
    return codeOf(() => {
      openBlob({ ...place, pair, seal })
      throw new Finding('an altered list opened')
    }, ['seal-broken'])
  },
}

const under = { binding, newKey: random.bytes(32), oldEpoch: 2, newEpoch: 3 }
const keyUnder = sealKeyUnder({ ...under, oldKey: random.bytes(32) })

/** The key of an earlier epoch under a later one, altered. */
export const keyUnderTarget: Target = {
  name: 'key under key',
  try(chance) {
    const sealed = altered(chance, keyUnder, [])
    return codeOf(() => {
      openKeyUnder({ ...under, sealed })
      throw new Finding('an altered key opened')
    }, ['seal-broken'])
  },
}

const identity = identityFromEntropy(random.bytes(32))
const certificate = encodeCertificate(certifyDevice(identity, publicKeysOf(makeDevice(random))))

/** A certificate of another device than the identity certified. */
export const certificateTarget: Target = {
  name: 'certificate',
  try(chance) {
    const bytes = mutated(chance, certificate, [])
    return codeOf(() => {
      const read = decodeCertificate(bytes)
      verifyCertificate(read)
      if (equal(read.identity, identity.sign.publicKey)) throw new Finding('an altered certificate was taken')
    }, ['malformed', 'signature-wrong'])
  },
}
