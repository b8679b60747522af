// A device's own keys: random, kept in its configuration folder as the CBOR that is made and read here.
import * as v from 'valibot'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { publicKeysOf } from './identity.ts'
import { kemPairOf } from './kem-pair.ts'
import type { Random } from './random.ts'
import { signingPairOf, type KeyPairs } from './sign.ts'
import { sodium } from './sodium.ts'

/** A device's key pairs. */
export type Device = KeyPairs

/** What others may know of a device. */
export const publicDevice = publicKeysOf

const deviceBytesMax = 1024 // the encoding has about 90
const seed = v.pipe(v.instance(Uint8Array), v.length(32))
const deviceSchema = v.strictObject({ version: v.literal(1), sign: seed, kem: seed })
const versioned = v.looseObject({ version: v.number() })

/** A new device. Draws 64 bytes. */
export function makeDevice(random: Random): Device {
  return deviceOf(random.bytes(32), random.bytes(32))
}

/** The device of two seeds, which are wiped: the pairs have copies. */
function deviceOf(signSeed: Uint8Array, kemSeed: Uint8Array): Device {
  const device = { sign: signingPairOf(signSeed), kem: kemPairOf(kemSeed) }
  sodium.memzero(signSeed)
  sodium.memzero(kemSeed)
  return device
}

/** The device as it is kept, secrets in clear: only for a file that nobody else can read. */
export function encodeDevice(device: Device): Uint8Array {
  return encodeCbor({
    version: 1,
    sign: device.sign.secretKey.subarray(0, 32),
    kem: device.kem.secretKey,
  })
}

/** The device that `encodeDevice` kept. @throws CryptoError `version-unknown`, `malformed`, `limit` */
export function decodeDevice(bytes: Uint8Array): Device {
  const decoded = decodeCbor(bytes, { maxBytes: deviceBytesMax })
  if (v.is(versioned, decoded) && decoded.version !== 1)
    throw new CryptoError('version-unknown', 'the device file is of a newer version')
  const checked = v.safeParse(deviceSchema, decoded)
  if (!checked.success) throw new CryptoError('malformed', 'not a device file')
  return deviceOf(checked.output.sign, checked.output.kem)
}
