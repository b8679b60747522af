// What the frozen vectors of logs hold: a small log with every kind and action, with the keys that open it; payloads; and entries that
// must be refused, each with its code. Long bytes are base64, ids and keys lower-case hex.
import { encodeCbor } from './cbor.ts'
import { u32Bytes } from './big-endian.ts'
import { concat, fromHex, toHex } from './bytes.ts'
import { sealContainer } from './container.ts'
import { ForgedWorld } from './forged-world.vectors.ts'
import type { LogState } from './log-state.ts'
import { malformedEntries } from './malformed-entries.vectors.ts'
import { framePayload, framePointer, openPayload } from './payload.ts'
import { sampleLog, type Step } from './sample-log.vectors.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { payloadBytes } from './sizes.ts'
import { currentEpoch } from './spine.ts'
import { epochKeysFor } from './spine-keys.ts'
import { violations } from './spine-violations.vectors.ts'
import { payloadKeyOf } from './subkeys.ts'

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

/** The members after an entry, as a stranger's verifier would list them. */
export function membersOf({ spine }: LogState) {
  const active = <T extends { until: number | undefined }>(members: ReadonlyMap<string, T>) =>
    [...members].filter(([, { until }]) => until === undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    devices: Object.fromEntries(active(spine.devices).map(([key, { role }]) => [key, role])),
    identities: Object.fromEntries(active(spine.identities).map(([key, { role }]) => [key, role])),
    invites: Object.fromEntries([...spine.invites].map(([key, { role }]) => [key, role])),
  }
}

/** The body of a step's payload; undefined where it has none. */
export function bodyOf({ entry, state, reader }: Step): Uint8Array | undefined {
  if (entry.payload.length === 0) return undefined
  const epoch = currentEpoch(state.spine).number
  const key = epochKeysFor({ ...state, pairs: reader }).get(epoch)!
  const binding = entry.header.kind === 'genesis' ? state.spine.nonce : state.vault
  const place = { payloadKey: payloadKeyOf(key, epoch, binding), binding, payloadVersionMax: 1 }
  const content = openPayload(entry.payload, place)
  return content.kind === 'body' ? content.body : undefined
}

function stepVector(step: Step) {
  const { name, entry, state, reader } = step
  const body = bodyOf(step)
  return {
    name,
    sequence: state.head.sequence,
    kind: entry.header.kind,
    entry: base64(entry.bytes),
    bodyHash: toHex(entry.bodyHash),
    entryHash: toHex(state.head.hash),
    payloadBody: body === undefined ? null : base64(body),
    reader: { sign: toHex(reader.sign.publicKey), kemSecret: toHex(reader.kem.secretKey) },
    epochKeys: Object.fromEntries(
      [...epochKeysFor({ ...state, pairs: reader })].map(([epoch, key]) => [epoch, toHex(key)]),
    ),
    ...membersOf(state),
  }
}

/** `log.json`. */
export function logVectors() {
  const log = sampleLog(seededRandom('grenier log vectors'))
  return {
    vault: toHex(log.state.vault),
    invitationSecrets: log.secrets.map(toHex),
    packs: log.packs.map(({ id, epoch, bytes }) => ({ id: toHex(id), epoch, bytes: base64(bytes) })),
    entries: log.steps.map(stepVector),
  }
}

/** `log-refused.json`. `after`: whether the entry comes after `log`, or first. */
export function refusedVectors() {
  const world = new ForgedWorld(seededRandom('grenier refused vectors'))
  const log = world.log.steps.map(({ entry }) => base64(entry.bytes))
  return {
    log,
    refused: violations.map(({ name, code, make, first = false }) => ({
      name,
      error: code,
      after: first ? 'nothing' : 'log',
      entry: base64(make(world).bytes),
    })),
    malformed: malformedEntries(sampleLog(seededRandom('grenier refused vectors'))).map(
      ({ name, code, bytes }) => ({
        name,
        error: code,
        entry: base64(bytes),
      }),
    ),
  }
}

/** A thousand zeros in zstd, as level 3 of zstd 1.5 has them. */
const zipped = fromHex('28b52ffd60e8024d00001000000100e32b8005')

/** `payloads.json`: frames, sealed; and frames that must fail. */
export function payloadVectors() {
  const random = seededRandom('grenier payload vectors')
  const payloadKey = random.bytes(32)
  const binding = random.bytes(32)
  const seal = (frame: Uint8Array) =>
    base64(
      sealContainer({
        type: 'payload',
        key: payloadKey,
        binding,
        epoch: 7,
        salt: random.bytes(32),
        plain: [frame],
        storedBytes: payloadBytes(frame.length, false),
      }),
    )
  const frameOf = ([version, codec]: readonly [number, number], plainBytes: number, body: Uint8Array) =>
    concat([Uint8Array.of(version, codec), u32Bytes(plainBytes), u32Bytes(body.length), body])
  const text = encodeCbor('été')
  const large = framePayload(text, { compress: false })
  const bad = (name: string, error: string, frame: Uint8Array) => ({ name, error, payload: seal(frame) })
  return {
    payloadKey: toHex(payloadKey),
    binding: toHex(binding),
    epoch: 7,
    payloads: [
      { name: 'raw', frame: toHex(large), body: toHex(text), payload: seal(large) },
      {
        name: 'zstd',
        frame: toHex(frameOf([1, 1], 1000, zipped)),
        body: '00'.repeat(1000),
        payload: seal(frameOf([1, 1], 1000, zipped)),
      },
    ],
    pointer: {
      of: toHex(large),
      frame: toHex(framePointer(large, [3])),
      payload: seal(framePointer(large, [3])),
    },
    mustFail: [
      bad('a version that is not allowed', 'malformed', frameOf([2, 0], text.length, text)),
      bad('a codec that is not known', 'malformed', frameOf([1, 3], text.length, text)),
      bad('two lengths', 'malformed', frameOf([1, 0], text.length + 1, text)),
      bad(
        'padding that is not zeros',
        'malformed',
        concat([frameOf([1, 0], text.length, text), Uint8Array.of(0, 1)]),
      ),
      bad(
        'bytes behind the compressed ones',
        'malformed',
        frameOf([1, 1], 1000, concat([zipped, Uint8Array.of(0)])),
      ),
      bad('compressed bytes of another length', 'malformed', frameOf([1, 1], 999, zipped)),
      bad('a bomb', 'limit', frameOf([1, 1], 32 * 1024 * 1024 + 1, zipped)),
    ],
  }
}
