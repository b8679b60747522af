// Payloads: what is sealed in an entry. Plaintext = frame (version, codec, lengths) ‖ body ‖ zeros; the body is CBOR, compressed where
// that helps. One that does not fit its entry lies in packs of its own, and the entry holds a pointer to them.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { readU32, u32Bytes } from './big-endian.ts'
import { concat, equal, type SealedBytes } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { openContainer, sealContainer } from './container.ts'
import { saltBytes } from './container-front.ts'
import { CryptoError } from './errors.ts'
import { asArray, asUint, Fields, malformed } from './fields.ts'
import { hash } from './hash.ts'
import { claimsMax, payloadBytesMax, payloadPacksMax, payloadPlainBytesMax } from './limits.ts'
import type { Random } from './random.ts'
import { packPlainBytesMax, payloadBytes } from './sizes.ts'

/** The payload version that this program writes, and the highest that it reads. */
export const payloadVersion = 1

const codecs = { raw: 0, zstd: 1, pointer: 2 } as const
const frameBytes = 10
/** Below this, compression saves nothing that padding does not take back. */
const compressBytesMin = 256

/** A payload's plaintext before padding: frame and body. Made by `framePayload` or `framePointer`. */
export type Frame = Uint8Array

/** Where a large payload lies. `packs`: positions among the packs that the entry adds; `plainBytes`: of the frame in them. */
export interface PayloadPointer {
  readonly packs: readonly number[]
  readonly hash: Uint8Array
  readonly plainBytes: number
}

/** What a frame holds: the body, or where to fetch the frame that holds it. */
export type PayloadContent =
  | { readonly kind: 'body'; readonly body: Uint8Array }
  | { readonly kind: 'pointer'; readonly pointer: PayloadPointer }

function frame(codec: number, plainBytes: number, body: Uint8Array): Frame {
  return concat([Uint8Array.of(payloadVersion, codec), u32Bytes(plainBytes), u32Bytes(body.length), body])
}

/**
 * The frame of a body (CBOR), compressed where that makes it shorter (`compress: false`: never).
 * @throws CryptoError `limit` above 32 MiB
 */
export function framePayload(body: Uint8Array, options: { readonly compress?: boolean } = {}): Frame {
  if (body.length > payloadPlainBytesMax)
    throw new CryptoError('limit', `a payload of more than ${payloadPlainBytesMax} bytes`)
  if (body.length >= compressBytesMin && options.compress !== false) {
    const packed = new Uint8Array(zstdCompressSync(body))
    if (packed.length < body.length) return frame(codecs.zstd, body.length, packed)
  }
  return frame(codecs.raw, body.length, body)
}

/** Whether the frame, once sealed, fits an entry. `bulk`: of a commit of several packs, or of a checkpoint. */
export function fitsEntry(framed: Frame, bulk: boolean): boolean {
  return payloadBytes(framed.length, bulk) <= payloadBytesMax
}

/** Plaintexts of the packs that a large payload lies in, in order: all full but the last. @throws CryptoError `limit` */
export function splitPayload(framed: Frame): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < framed.length; at += packPlainBytesMax)
    pieces.push(framed.subarray(at, at + packPlainBytesMax))
  if (pieces.length > payloadPacksMax)
    throw new CryptoError('limit', `a payload in more than ${payloadPacksMax} packs`)
  return pieces
}

function frameHash(framed: Frame): Uint8Array {
  return hash('grenier/v1/payload-packs', framed)
}

/** The frame that an entry holds instead of a large one. `packs`: positions of its pieces among the packs that the entry adds. */
export function framePointer(framed: Frame, packs: readonly number[]): Frame {
  const body = encodeCbor({ packs: [...packs], hash: frameHash(framed), plainBytes: framed.length })
  return frame(codecs.pointer, body.length, body)
}

/** What a payload is sealed with. `payloadKey`: of the epoch; `binding`: vault id, or the nonce in a genesis. */
export interface PayloadPlace {
  readonly payloadKey: Uint8Array
  readonly binding: Uint8Array
}

/** Seals a frame for its entry. Draws 32 bytes. @throws CryptoError `limit` if it does not fit one */
export function sealFrame(
  framed: Frame,
  place: PayloadPlace & { readonly epoch: number; readonly bulk: boolean; readonly random: Random },
): SealedBytes {
  if (!fitsEntry(framed, place.bulk)) throw new CryptoError('limit', 'a payload that does not fit its entry')
  return sealContainer({
    type: 'payload',
    key: place.payloadKey,
    binding: place.binding,
    epoch: place.epoch,
    salt: place.random.bytes(saltBytes),
    plain: [framed],
    storedBytes: payloadBytes(framed.length, place.bulk),
  })
}

/** Frames and seals a body that fits its entry. @throws CryptoError `limit` if it does not */
export function sealPayload(
  body: Uint8Array,
  place: PayloadPlace & { readonly epoch: number; readonly bulk: boolean; readonly random: Random },
): SealedBytes {
  return sealFrame(framePayload(body), place)
}

/** Highest payload version that the vault allows at this place of its log (`Spine.payloadVersionMax`). */
export interface VersionRule {
  readonly payloadVersionMax: number
}

/**
 * What the sealed payload of an entry holds.
 * @throws CryptoError `version-unknown` (update needed); whatever else (`seal-broken`, `malformed`, `limit`) makes a `change` void
 */
export function openPayload(payload: Uint8Array, place: PayloadPlace & VersionRule): PayloadContent {
  const { plain } = openContainer({
    type: 'payload',
    key: place.payloadKey,
    binding: place.binding,
    bytes: payload,
  })
  return readFrame(plain, place)
}

/**
 * The body of a large payload, from the plaintexts of its packs, in the pointer's order, padding included.
 * @throws CryptoError `malformed`, `limit`: the payload is not what the entry signed for; `version-unknown`
 */
export function joinPayload(
  pointer: PayloadPointer,
  plains: readonly Uint8Array[],
  rule: VersionRule,
): Uint8Array {
  let missing = pointer.plainBytes
  const pieces = plains.map((plain) => {
    const bytes = Math.min(missing, packPlainBytesMax)
    missing -= bytes
    if (plain.length < bytes || plain.subarray(bytes).some((byte) => byte !== 0))
      malformed('a pack of a payload holds less than it should, or more')
    return plain.subarray(0, bytes)
  })
  const framed = concat(pieces)
  if (missing !== 0 || pieces.length !== pointer.packs.length || !equal(frameHash(framed), pointer.hash))
    malformed('the packs of a payload are not those that it names')
  const content = readFrame(framed, rule)
  if (content.kind === 'pointer') malformed('a payload whose packs point to more packs')
  if (frameBytes + readU32(framed, 6) !== framed.length) malformed('a payload that is longer than its frame')
  return content.body
}

function readFrame(plain: Uint8Array, rule: VersionRule): PayloadContent {
  if (plain.length < frameBytes) malformed('a payload ends within its frame')
  checkVersion(plain[0] ?? 0, rule)
  const plainBytes = readU32(plain, 2)
  const end = frameBytes + readU32(plain, 6)
  if (end > plain.length) malformed('a payload ends early')
  for (let at = end; at < plain.length; at += 1)
    if (plain[at] !== 0) malformed('the padding of a payload is not zeros')
  const body = plain.subarray(frameBytes, end)
  switch (plain[1]) {
    case codecs.raw:
      if (plainBytes !== body.length) malformed('a payload with two lengths')
      return { kind: 'body', body }
    case codecs.zstd:
      return { kind: 'body', body: decompress(body, plainBytes) }
    case codecs.pointer:
      if (plainBytes !== body.length) malformed('a payload with two lengths')
      return { kind: 'pointer', pointer: decodePointer(body) }
    default:
      return malformed('a payload of a codec that is not known')
  }
}

/** A version that no owner allowed is a fault; one that is allowed and not known asks for an update. */
function checkVersion(version: number, { payloadVersionMax }: VersionRule): void {
  if (version < 1 || version > payloadVersionMax)
    malformed('a payload of a version that this vault does not allow')
  if (version > payloadVersion)
    throw new CryptoError('version-unknown', 'a payload of a version that is not known')
}

function isInflated(value: unknown): value is { buffer: Uint8Array; engine: { bytesWritten: number } } {
  return typeof value === 'object' && value !== null && 'buffer' in value && 'engine' in value
}

/** log2 of the largest window of a frame: that of the largest body. Said here, so that no library's default decides what is void. */
const windowLogMax = 25

/** One zstd frame and nothing behind it, which zlib alone would pass over: all readers must judge a payload alike. */
function inflate(body: Uint8Array, plainBytes: number): Uint8Array {
  const inflated: unknown = zstdDecompressSync(body, {
    maxOutputLength: Math.max(1, plainBytes),
    params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
    info: true,
  })
  if (!isInflated(inflated) || inflated.engine.bytesWritten !== body.length)
    malformed('bytes after the compressed payload')
  return new Uint8Array(inflated.buffer)
}

function decompress(body: Uint8Array, plainBytes: number): Uint8Array {
  if (plainBytes > payloadPlainBytesMax)
    throw new CryptoError('limit', 'a payload that is too large once opened')
  let plain: Uint8Array
  try {
    plain = inflate(body, plainBytes)
  } catch (cause) {
    throw new CryptoError('malformed', 'a payload does not decompress to its length', { cause })
  }
  if (plain.length !== plainBytes) malformed('a payload does not decompress to its length')
  return plain
}

function decodePointer(body: Uint8Array): PayloadPointer {
  const fields = new Fields(decodeCbor(body, { maxBytes: payloadBytesMax }), 'a payload pointer')
  fields.only(['packs', 'hash', 'plainBytes'], 'malformed')
  const packs = asArray(fields.get('packs'), payloadPacksMax, 'packs of a payload')
  const pointer = {
    packs: packs.map((position) => asUint(position, claimsMax - 1, 'a pack of a payload')),
    hash: fields.bytes('hash', 32),
    plainBytes: fields.uint('plainBytes', payloadPlainBytesMax + frameBytes),
  }
  if (new Set(pointer.packs).size < pointer.packs.length) malformed('a payload names a pack twice')
  if (Math.ceil(pointer.plainBytes / packPlainBytesMax) !== packs.length)
    malformed('a payload in a wrong number of packs')
  return pointer
}
