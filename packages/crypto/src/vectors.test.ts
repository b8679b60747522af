// The frozen vectors of this half of the format: made again and compared with the files, and the files fed to the
// decoders as a stranger's would be. A difference means that the format changed: it must not, without a new version.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeAead } from './aead-node.ts'
import { sodiumAead } from './aead-sodium.ts'
import { fromHex, signingKey, toHex } from './bytes.ts'
import { decodeCbor } from './cbor.ts'
import { cborValues, cborVectors, sizeVectors } from './cbor.vectors.ts'
import { decodeCertificate, verifyCertificate } from './certificate.ts'
import { openContainer } from './container.ts'
import { cellsOf, containerVectors, pattern, type CellRecipe } from './containers.vectors.ts'
import { decodeDevice, encodeDevice } from './device.ts'
import { openKeyUnder } from './epoch-key.ts'
import { CryptoError } from './errors.ts'
import { identityFromEntropy } from './identity.ts'
import { kemPairOf } from './kem-pair.ts'
import { openSeal, type RecipientKind } from './kem-seal.ts'
import { fixedRandom, keyVectors } from './keys.vectors.ts'
import { entropyOf, secretOfWords } from './phrase.ts'
import { openBlob } from './seal-blob.ts'
import { deviceKeyOf, keyringEntryOf, openSealedDevice } from './sealed-device.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { verifySignature } from './sign.ts'

const folder = join(import.meta.dirname, '..', 'vectors')

/** The code of the error that `work` throws; anything but a CryptoError is a bug and goes through. */
function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof CryptoError) return error.code
    throw error
  }
  return 'none'
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
}

describe('the frozen vectors are what this program makes', () => {
  test.each([
    ['keys', keyVectors],
    ['containers', containerVectors],
    ['cbor', cborVectors],
    ['sizes', sizeVectors],
  ] as const)('%s.json', async (name, make) => {
    await expect(`${JSON.stringify(make(), null, 1)}\n`).toMatchFileSnapshot(join(folder, `${name}.json`))
  })
})

describe('keys.json', () => {
  const file = () => read('keys') as ReturnType<typeof keyVectors>

  test('phrases in two languages give one identity', () => {
    for (const t of file().identities) {
      expect(toHex(entropyOf(t.english))).toBe(t.entropy)
      expect(toHex(entropyOf(t.french))).toBe(t.entropy)
      const identity = identityFromEntropy(fromHex(t.entropy))
      expect(toHex(identity.sign.publicKey)).toBe(t.signPublic)
      expect(toHex(identity.kem.publicKey)).toBe(t.kemPublic)
    }
    for (const t of file().codes) {
      expect(toHex(secretOfWords(t.english))).toBe(t.secret)
      expect(toHex(secretOfWords(t.french))).toBe(t.secret)
    }
  })

  test('the certificate is of its device, and the others fail as named', () => {
    const certificate = decodeCertificate(fromHex(file().certificates.certificate))
    verifyCertificate(certificate)
    const device = decodeDevice(fromHex(file().certificates.deviceFile))
    expect(toHex(device.sign.publicKey)).toBe(toHex(certificate.device))
    for (const t of file().certificates.mustFail) {
      const code = codeOf(() => verifyCertificate(decodeCertificate(fromHex(t.certificate))))
      expect(`${t.name}: ${code}`).toBe(`${t.name}: ${t.error}`)
    }
  })

  test('signatures verify under their label alone', () => {
    for (const t of file().signatures) {
      const key = signingKey(decodeDevice(fromHex(file().certificates.deviceFile)).sign.publicKey)
      const [signature, message] = [fromHex(t.signature), fromHex(t.message)]
      verifySignature(key, signature, 'grenier/v1/entry', message)
      expect(codeOf(() => verifySignature(key, signature, 'grenier/v1/other', message))).toBe(
        'signature-wrong',
      )
    }
  })

  test('seals open, and the others fail as named', () => {
    const { seed, binding, epoch, seals, mustFail } = file().seals
    for (const t of seals) {
      const by = { pair: kemPairOf(fromHex(seed)), kind: t.kind, binding: fromHex(binding), epoch }
      expect(toHex(openSeal({ ...by, seal: fromHex(t.seal) }))).toBe(t.secret)
    }
    for (const t of mustFail) {
      const by = {
        pair: kemPairOf(fromHex(t.seed)),
        kind: t.kind as RecipientKind,
        binding: fromHex(t.binding),
        epoch: t.epoch,
      }
      const code = codeOf(() => openSeal({ ...by, seal: fromHex(t.seal) }))
      expect(`${t.name}: ${code}`).toBe(`${t.name}: ${t.error}`)
    }
  })

  test('sealed blobs open', () => {
    const { seed, kind, binding, epoch, blobs } = file().blobs
    const by = { pair: kemPairOf(fromHex(seed)), kind, binding: fromHex(binding), epoch }
    for (const t of blobs) expect(toHex(openBlob({ ...by, seal: fromHex(t.seal) }))).toBe(t.blob)
  })

  test('a device under a passphrase opens, by its key and by the passphrase', () => {
    const t = file().sealedDevice
    const sealed = fromHex(t.sealed)
    expect(toHex(deviceKeyOf(sealed, t.passphrase))).toBe(t.key)
    expect(toHex(encodeDevice(openSealedDevice(sealed, fromHex(t.key))))).toBe(t.device)
  })

  test('a device under the secret of a keyring opens, and the others fail as named', () => {
    const t = file().keyringDevice
    const sealed = fromHex(t.sealed)
    expect(keyringEntryOf(sealed)).toBe(t.entry)
    expect(toHex(encodeDevice(openSealedDevice(sealed, fromHex(t.secret))))).toBe(t.device)
    for (const { name, key, sealed: wrong, error } of t.mustFail)
      expect(`${name}: ${codeOf(() => openSealedDevice(fromHex(wrong), fromHex(key)))}`).toBe(
        `${name}: ${error}`,
      )
  })

  test('an earlier key opens under the newer one, and the others fail as named', () => {
    const { earlierKey, mustFail } = file().vaultKeys
    const open = (t: typeof earlierKey | (typeof mustFail)[number]) =>
      openKeyUnder({
        binding: fromHex(t.binding),
        newKey: fromHex(t.newKey),
        newEpoch: t.newEpoch,
        oldEpoch: t.oldEpoch,
        sealed: fromHex(t.sealed),
      })
    expect(toHex(open(earlierKey))).toBe(earlierKey.oldKey)
    for (const t of mustFail) expect(`${t.name}: ${codeOf(() => open(t))}`).toBe(`${t.name}: ${t.error}`)
  })
})

interface ContainerCase {
  name: string
  bytes?: string
  cells?: readonly CellRecipe[]
  binding?: string
  key?: string
  error: string
}

describe.each([
  ['node:crypto', nodeAead],
  ['libsodium', sodiumAead],
] as const)('containers.json with %s', (_, aead) => {
  const load = () => {
    const file = read('containers') as ReturnType<typeof containerVectors>
    return { file, place: { key: fromHex(file.key), binding: fromHex(file.binding), aead } }
  }

  test('small containers open to the pattern and zeros', () => {
    const { file, place } = load()
    for (const t of file.containers) {
      if (!('bytes' in t)) continue
      const { epoch, plain } = openContainer({ ...place, type: t.type, bytes: fromHex(t.bytes) })
      expect(epoch).toBe(file.epoch)
      expect(toHex(plain.subarray(0, t.patternBytes))).toBe(toHex(pattern(t.patternBytes)))
      expect(plain.subarray(t.patternBytes).every((byte) => byte === 0)).toBe(true)
    }
  })

  test('the others fail as named', () => {
    const { file } = load()
    for (const t of file.mustFail as ContainerCase[]) {
      const bytes = t.cells === undefined ? fromHex(t.bytes ?? '') : cellsOf('pack', t.cells)
      const code = codeOf(() =>
        openContainer({
          type: 'pack',
          key: fromHex(t.key ?? file.key),
          binding: fromHex(t.binding ?? file.binding),
          bytes,
          aead,
        }),
      )
      expect(`${t.name}: ${code}`).toBe(`${t.name}: ${t.error}`)
    }
  })

  test('a cell of two keys opens under the one that the container commits to', () => {
    const { file, place } = load()
    const { cell, bytes, firstDerivedKey, secondDerivedKey, secondKey, error } = file.twoKeys
    const nonce = new Uint8Array([...new Uint8Array(11), 1])
    const plains = [firstDerivedKey, secondDerivedKey].map((key) => {
      const plain = new Uint8Array(48)
      expect(aead.open({ key: fromHex(key), nonce }, fromHex(cell), plain)).toBe(true)
      return toHex(plain)
    })
    expect(plains[0]).not.toBe(plains[1])
    const asked = { ...place, type: 'pack' as const, bytes: fromHex(bytes) }
    expect(toHex(openContainer(asked).plain)).toBe(plains[0])
    expect(codeOf(() => openContainer({ ...asked, key: fromHex(secondKey) }))).toBe(error)
  })
})

describe('cbor.json', () => {
  const file = () => read('cbor') as ReturnType<typeof cborVectors>

  test('encodings decode to their values', () => {
    expect(file().encodings.length).toBe(cborValues.length)
    file().encodings.forEach((t, at) => {
      expect(t.name).toBe(cborValues[at]![0])
      expect(decodeCbor(fromHex(t.bytes), { maxBytes: 1000 })).toEqual(cborValues[at]![1])
    })
  })

  test('the others fail as named', () => {
    for (const t of file().mustFail) {
      const code = codeOf(() => decodeCbor(fromHex(t.bytes), { maxBytes: 1000 }))
      expect(`${t.name}: ${code}`).toBe(`${t.name}: ${t.error}`)
    }
  })
})

test('the generator of the vectors is fixed by its seed', () => {
  expect(seededRandom('a').bytes(40)).toEqual(seededRandom('a').bytes(40))
  expect(seededRandom('a').bytes(40)).not.toEqual(seededRandom('b').bytes(40))
  expect(fixedRandom(Uint8Array.of(1)).bytes(1)).toEqual(Uint8Array.of(1))
})
