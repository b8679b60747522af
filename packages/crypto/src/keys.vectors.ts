// Frozen vectors of phrases, identities, certificates, seals, epoch keys and subkeys: what is in vectors/keys.json.
import { fromHex, toHex } from './bytes.ts'
import { certifyDevice, encodeCertificate, kemKeyHash } from './certificate.ts'
import { chunkIdOf } from './chunk-id.ts'
import { encodeDevice, makeDevice, publicDevice } from './device.ts'
import { epochCommitment, sealKeyUnder } from './epoch-key.ts'
import { packIdOf } from './hash.ts'
import { identityFromEntropy } from './identity.ts'
import { sealTo, type RecipientKind } from './kem-seal.ts'
import { phraseOf, wordsOf } from './phrase.ts'
import type { Random } from './random.ts'
import { sealBlobTo } from './seal-blob.ts'
import {
  deviceKeyOf,
  keyringEntryOf,
  passphraseCosts,
  sealDevice,
  sealDeviceForKeyring,
} from './sealed-device.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { sign } from './sign.ts'
import { chunkerKeyOf, chunkIdKeyOf, packKeyOf, payloadKeyOf } from './subkeys.ts'

function altered(bytes: Uint8Array, offset: number): Uint8Array {
  const copy = bytes.slice()
  copy[offset]! ^= 1
  return copy
}

/** A Random that gives these bytes once: the randomness of a seal stands in its vector. */
export function fixedRandom(bytes: Uint8Array): Random {
  return { bytes: () => bytes.slice() }
}

function identities() {
  const random = seededRandom('identities')
  return [new Uint8Array(32), random.bytes(32)].map((entropy) => {
    const identity = identityFromEntropy(entropy)
    return {
      entropy: toHex(entropy),
      english: phraseOf(entropy, 'english'),
      french: phraseOf(entropy, 'french'),
      signSeed: toHex(identity.sign.secretKey.subarray(0, 32)),
      signPublic: toHex(identity.sign.publicKey),
      kemSeed: toHex(identity.kem.secretKey),
      kemPublic: toHex(identity.kem.publicKey),
      kemHash: toHex(kemKeyHash(identity.kem.publicKey)),
    }
  })
}

function codes() {
  const random = seededRandom('codes')
  return [new Uint8Array(16), random.bytes(16)].map((secret) => ({
    secret: toHex(secret),
    english: wordsOf(secret, 'english'),
    french: wordsOf(secret, 'french'),
  }))
}

function certificates() {
  const entropy = seededRandom('identities').bytes(32)
  const identity = identityFromEntropy(entropy)
  const device = makeDevice(seededRandom('device'))
  const certificate = encodeCertificate(certifyDevice(identity, publicDevice(device)))
  const stranger = identityFromEntropy(new Uint8Array(32))
  const byStranger = certifyDevice(stranger, publicDevice(device))
  const claimed = encodeCertificate({ ...byStranger, identity: identity.sign.publicKey })
  return {
    entropy: toHex(entropy),
    deviceFile: toHex(encodeDevice(device)),
    certificate: toHex(certificate),
    mustFail: [
      { name: 'other identity’s signature', certificate: toHex(claimed), error: 'signature-wrong' },
      { name: 'altered device key', certificate: toHex(altered(certificate, 70)), error: 'signature-wrong' },
      { name: 'altered KEM hash', certificate: toHex(altered(certificate, 32)), error: 'signature-wrong' },
      { name: 'altered signature', certificate: toHex(altered(certificate, 1375)), error: 'signature-wrong' },
      { name: 'truncated', certificate: toHex(certificate.subarray(0, 1375)), error: 'malformed' },
    ],
  }
}

function signatures() {
  const secret = makeDevice(seededRandom('device')).sign.secretKey
  const message = seededRandom('message').bytes(40)
  return [
    {
      seed: toHex(secret.subarray(0, 32)),
      label: 'grenier/v1/entry',
      message: toHex(message),
      signature: toHex(sign(secret, 'grenier/v1/entry', message)),
    },
  ]
}

function seals() {
  const random = seededRandom('seals')
  const seed = makeDevice(random).kem
  const common = { binding: random.bytes(32), epoch: 3 }
  const made = (['device', 'identity', 'invite'] as const satisfies RecipientKind[]).map((kind) => {
    const [randomness, secret] = [random.bytes(64), random.bytes(32)]
    const seal = sealTo({
      ...common,
      kind,
      recipient: seed.publicKey,
      random: fixedRandom(randomness),
      secret,
    })
    return { kind, randomness: toHex(randomness), secret: toHex(secret), seal: toHex(seal), bytes: seal }
  })
  const right = { kind: 'device', binding: toHex(common.binding), epoch: 3, seed: toHex(seed.secretKey) }
  const seal = made[0]!.bytes
  const other = { seed: toHex(random.bytes(32)), binding: toHex(random.bytes(32)) }
  const fail = (name: string, change: object, bytes = seal) => ({
    name,
    ...right,
    ...change,
    seal: toHex(bytes),
    error: 'seal-broken',
  })
  return {
    ...right,
    kind: undefined,
    seals: made.map(({ kind, randomness, secret, seal }) => ({ kind, randomness, secret, seal })),
    mustFail: [
      fail('altered ML-KEM ciphertext', {}, altered(seal, 0)),
      fail('altered X25519 ciphertext', {}, altered(seal, 1100)),
      fail('wrong commitment', {}, altered(seal, 1120)),
      fail('altered box', {}, altered(seal, 1152)),
      fail('altered tag', {}, altered(seal, 1199)),
      fail('truncated', {}, seal.subarray(0, 1199)),
      fail('over-long', {}, new Uint8Array([...seal, 0])),
      fail(
        'X25519 half of small order',
        {},
        new Uint8Array([...seal.subarray(0, 1088), ...new Uint8Array(32), ...seal.subarray(1120)]),
      ),
      fail('wrong recipient', { seed: other.seed }),
      fail('wrong kind', { kind: 'identity' }),
      fail('wrong binding', { binding: other.binding }),
      fail('wrong epoch', { epoch: 4 }),
    ],
  }
}

function blobs() {
  const random = seededRandom('blobs')
  const pair = makeDevice(random).kem
  const place = { kind: 'identity', binding: random.bytes(32), epoch: 0 } as const
  const make = (blobBytes: number) => {
    const [randomness, blob] = [random.bytes(64), random.bytes(blobBytes)]
    const seal = sealBlobTo({ ...place, recipient: pair.publicKey, random: fixedRandom(randomness), blob })
    return { randomness: toHex(randomness), blob: toHex(blob), seal: toHex(seal) }
  }
  return {
    seed: toHex(pair.secretKey),
    kind: place.kind,
    binding: toHex(place.binding),
    epoch: place.epoch,
    blobs: [0, 1, 1020, 1021].map(make),
  }
}

function vaultKeys() {
  const random = seededRandom('vault keys')
  const [binding, oldKey, newKey, plain] = [32, 32, 32, 100].map((n) => random.bytes(n)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const under = sealKeyUnder({ binding, newKey, newEpoch: 7, oldKey, oldEpoch: 5 })
  const right = { binding: toHex(binding), newKey: toHex(newKey), newEpoch: 7, oldEpoch: 5 }
  const fail = (name: string, change: object, sealed = under) => ({
    name,
    ...right,
    ...change,
    sealed: toHex(sealed),
    error: 'seal-broken',
  })
  const chunkIdKey = chunkIdKeyOf(oldKey, binding)
  return {
    binding: toHex(binding),
    epochKeys: [
      {
        epoch: 0,
        key: toHex(oldKey),
        commitment: toHex(epochCommitment({ binding, epoch: 0, key: oldKey })),
      },
      {
        epoch: 7,
        key: toHex(newKey),
        commitment: toHex(epochCommitment({ binding, epoch: 7, key: newKey })),
      },
    ],
    subkeys: [
      { of: 'packs', epoch: 7, parent: toHex(newKey), key: toHex(packKeyOf(newKey, 7, binding)) },
      { of: 'payloads', epoch: 7, parent: toHex(newKey), key: toHex(payloadKeyOf(newKey, 7, binding)) },
      { of: 'chunk ids', epoch: 0, parent: toHex(oldKey), key: toHex(chunkIdKey) },
      { of: 'chunker', epoch: 0, parent: toHex(oldKey), key: toHex(chunkerKeyOf(oldKey, binding)) },
    ],
    chunks: [new Uint8Array(0), plain].map((chunk) => ({
      plain: toHex(chunk),
      id: toHex(chunkIdOf(chunkIdKey, chunk)),
    })),
    packNames: [{ stored: toHex(plain), name: toHex(packIdOf(plain)) }],
    earlierKey: { ...right, oldKey: toHex(oldKey), sealed: toHex(under) },
    mustFail: [
      fail('altered name', {}, altered(under, 0)),
      fail('wrong commitment', {}, altered(under, 32)),
      fail('altered box', {}, altered(under, 64)),
      fail('truncated', {}, under.subarray(0, 111)),
      fail('wrong new epoch', { newEpoch: 8 }),
      fail('wrong old epoch', { oldEpoch: 4 }),
      fail('wrong key', { newKey: toHex(oldKey) }),
      fail('wrong binding', { binding: toHex(oldKey) }),
    ],
  }
}

function sealedDevice() {
  const random = seededRandom('sealed device')
  const device = makeDevice(random)
  // Composed and decomposed letters are the same passphrase.
  const passphrase = 'châtaignes\u0301 sous l’escalier'
  const sealed = sealDevice(device, { passphrase, cost: passphraseCosts.least, random })
  return {
    passphrase,
    key: toHex(deviceKeyOf(sealed, passphrase)),
    device: toHex(encodeDevice(device)),
    sealed: toHex(sealed),
  }
}

function keyringDevice(other: ReturnType<typeof sealedDevice>) {
  const random = seededRandom('keyring device')
  const device = makeDevice(random)
  const { sealed, secret } = sealDeviceForKeyring(device, random)
  // What was under a passphrase, and says that it is not: its key still does not open it.
  const claiming = altered(fromHex(other.sealed), 5)
  claiming[5] = 2
  const stretching = sealed.slice()
  stretching[5] = 1
  return {
    secret: toHex(secret),
    entry: keyringEntryOf(sealed),
    device: toHex(encodeDevice(device)),
    sealed: toHex(sealed),
    mustFail: [
      { name: 'salt altered', key: toHex(secret), sealed: toHex(altered(sealed, 6)), error: 'seal-broken' },
      { name: 'box altered', key: toHex(secret), sealed: toHex(altered(sealed, 70)), error: 'seal-broken' },
      { name: 'cut', key: toHex(secret), sealed: toHex(sealed.subarray(0, 86)), error: 'malformed' },
      {
        name: 'a passphrase that claims a keyring',
        key: other.key,
        sealed: toHex(claiming),
        error: 'seal-broken',
      },
      {
        name: 'a keyring that claims a passphrase',
        key: toHex(secret),
        sealed: toHex(stretching),
        error: 'limit',
      },
      {
        name: 'a short secret',
        key: toHex(secret.subarray(0, 31)),
        sealed: toHex(sealed),
        error: 'seal-broken',
      },
    ],
  }
}

/** All of vectors/keys.json. */
export function keyVectors() {
  const underPassphrase = sealedDevice()
  return {
    identities: identities(),
    codes: codes(),
    certificates: certificates(),
    signatures: signatures(),
    seals: seals(),
    blobs: blobs(),
    vaultKeys: vaultKeys(),
    sealedDevice: underPassphrase,
    keyringDevice: keyringDevice(underPassphrase),
  }
}
