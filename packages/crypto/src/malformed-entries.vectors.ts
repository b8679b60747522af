// Bytes that are no entry of this version: each with the code that `decodeEntry` must answer. Made from entries of the sample log by
// changing their decoded header. For frozen vectors and tests.
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts'
import { concat } from './bytes.ts'
import type { Entry } from './entry.ts'
import type { CryptoErrorCode } from './errors.ts'
import { headerBytesMax, payloadBytesMax } from './limits.ts'
import type { SampleLog } from './sample-log.vectors.ts'

/** Bytes and the answer they get. */
export interface Malformed {
  readonly name: string
  readonly code: CryptoErrorCode
  readonly bytes: Uint8Array
}

type Values = Record<string, CborValue | undefined>
type Edit = (header: Values, part: Values) => Values

const pack = (size: number, id = 1): CborValue => [new Uint8Array(32).fill(id), size, 0]
const repeat = (count: number, value: CborValue): CborValue[] => Array.from({ length: count }, () => value)

/** Edits of a header by the name of the entry they start from. */
const edits: readonly (readonly [string, CryptoErrorCode, string, Edit])[] = [
  ['a version to come', 'version-unknown', 'change', (h) => ({ ...h, version: 2 })],
  ['version 0', 'version-unknown', 'change', (h) => ({ ...h, version: 0 })],
  ['a version that is a text', 'malformed', 'change', (h) => ({ ...h, version: '1' })],
  ['a kind that is not known', 'kind-unknown', 'change', (h) => ({ ...h, kind: 'merge' })],
  ['a kind that every object has', 'kind-unknown', 'change', (h) => ({ ...h, kind: 'toString' })],
  ['a kind that is a number', 'malformed', 'change', (h) => ({ ...h, kind: 1 })],
  ['a header field that is not known', 'kind-unknown', 'change', (h) => ({ ...h, colour: 'red' })],
  [
    'a header field named __proto__',
    'kind-unknown',
    'change',
    (h) => Object.fromEntries([...Object.entries(h), ['__proto__', 1]]),
  ],
  ['a public part where there is none', 'kind-unknown', 'change', (h) => ({ ...h, public: {} })],
  ['a nonce after the genesis', 'kind-unknown', 'change', (h) => ({ ...h, nonce: new Uint8Array(32) })],
  ['a genesis that names a vault', 'kind-unknown', 'genesis', (h) => ({ ...h, vault: new Uint8Array(32) })],
  ['a field that is missing', 'malformed', 'change', (h) => ({ ...h, at: undefined })],
  ['a short vault id', 'malformed', 'change', (h) => ({ ...h, vault: new Uint8Array(31) })],
  ['a long hash', 'malformed', 'change', (h) => ({ ...h, previous: new Uint8Array(33) })],
  ['a device key that is a text', 'malformed', 'change', (h) => ({ ...h, device: 'x'.repeat(32) })],
  ['a negative sequence', 'malformed', 'change', (h) => ({ ...h, sequence: -1 })],
  ['a sequence beyond 53 bits', 'malformed', 'change', (h) => ({ ...h, sequence: 2n ** 60n })],
  ['a time before 1970', 'malformed', 'change', (h) => ({ ...h, at: -1 })],
  ['packs that are no array', 'malformed', 'change', (h) => ({ ...h, added: {} })],
  ['a pack of two fields', 'malformed', 'change', (h) => ({ ...h, added: [[new Uint8Array(32), 4096]] })],
  ['a pack below 4 KiB', 'malformed', 'change', (h) => ({ ...h, added: [pack(4095)] })],
  ['a pack of a size that is not dull', 'malformed', 'change', (h) => ({ ...h, added: [pack(100_001)] })],
  ['a pack above 4 MiB', 'limit', 'change', (h) => ({ ...h, added: [pack(4_194_305)] })],
  ['a genesis that adds a pack', 'malformed', 'genesis', (h) => ({ ...h, added: [pack(4096)] })],
  ['a drop that adds a pack', 'malformed', 'drop', (h) => ({ ...h, added: [pack(4096)] })],
  ['a prune that adds a pack', 'malformed', 'prune', (h) => ({ ...h, added: [pack(4096)] })],
  ['a config that restores a pack', 'malformed', 'config', (h) => ({ ...h, restored: [pack(4096)] })],
  ['a checkpoint that restores a pack', 'malformed', 'checkpoint', (h) => ({ ...h, restored: [pack(4096)] })],
  ['a drop of nothing', 'malformed', 'drop', (h) => ({ ...h, public: { packs: [] } })],
  [
    'a drop of a pack twice',
    'malformed',
    'drop',
    (h, p) => ({ ...h, public: { packs: [...arrayOf(p['packs']), ...arrayOf(p['packs'])] } }),
  ],
  [
    'a drop that names a short pack',
    'malformed',
    'drop',
    (h) => ({ ...h, public: { packs: [new Uint8Array(31)] } }),
  ],
  ['a drop without its public part', 'malformed', 'drop', (h) => ({ ...h, public: undefined })],
  [
    'a public field that is not known',
    'kind-unknown',
    'config',
    (h, p) => ({ ...h, public: { ...p, colour: 'red' } }),
  ],
  [
    'a floor beyond a century',
    'limit',
    'config',
    (h, p) => ({ ...h, public: { ...p, retentionMs: 10 ** 13 } }),
  ],
  [
    'a payload version beyond a byte',
    'limit',
    'config',
    (h, p) => ({ ...h, public: { ...p, payloadVersionMax: 256 } }),
  ],
  [
    'a continuation without a relay',
    'malformed',
    'config',
    (h) => ({ ...h, public: { continuation: { sequence: 1, hash: new Uint8Array(32) } } }),
  ],
  [
    'an action that is not known',
    'kind-unknown',
    'rekey',
    (h, p) => ({ ...h, public: { ...p, action: 'merge' } }),
  ],
  [
    'an action that every object has',
    'kind-unknown',
    'rekey',
    (h, p) => ({ ...h, public: { ...p, action: 'constructor' } }),
  ],
  ['a rekey without an epoch', 'malformed', 'rekey', (h) => ({ ...h, public: { action: 'rekey' } })],
  [
    'an invite that opens an epoch',
    'kind-unknown',
    'invite: writer',
    (h, p) => ({ ...h, public: { ...p, epoch: {} } }),
  ],
  [
    'a role that is not known',
    'kind-unknown',
    'invite: writer',
    (h, p) => ({ ...h, public: { ...p, role: 'admin' } }),
  ],
  [
    'a short MAC',
    'malformed',
    'invite: writer',
    (h, p) => ({ ...h, public: { ...p, mac: new Uint8Array(31) } }),
  ],
  [
    'a short KEM key',
    'malformed',
    'invite: writer',
    (h, p) => ({ ...h, public: { ...p, invitee: { sign: new Uint8Array(32), kem: new Uint8Array(32) } } }),
  ],
  [
    'a seal that is cut',
    'malformed',
    'accept: desk',
    (h, p) => ({ ...h, public: { ...p, seals: [[new Uint8Array(32), new Uint8Array(1199)]] } }),
  ],
  [
    'seals out of order',
    'malformed',
    'rekey',
    (h, p) => withEpoch(h, p, { seals: [...arrayOf(epochOf(p)['seals'])].reverse() }),
  ],
  [
    'a seal twice',
    'malformed',
    'rekey',
    (h, p) => withEpoch(h, p, { seals: arrayOf(epochOf(p)['seals']).flatMap((seal) => [seal, seal]) }),
  ],
  ['257 seals', 'limit', 'rekey', (h, p) => withEpoch(h, p, { seals: repeat(257, []) })],
  [
    'earlier keys out of order',
    'malformed',
    'rekey',
    (h, p) => withEpoch(h, p, { earlier: repeat(2, [0, new Uint8Array(112)]) }),
  ],
  ['an epoch beyond 32 bits', 'limit', 'rekey', (h, p) => withEpoch(h, p, { number: 2 ** 32 })],
  [
    'a commitment that is cut',
    'malformed',
    'rekey',
    (h, p) => withEpoch(h, p, { commitment: new Uint8Array(31) }),
  ],
  [
    'an epoch with a field that is not known',
    'kind-unknown',
    'rekey',
    (h, p) => withEpoch(h, p, { colour: 'red' }),
  ],
  [
    'a revocation of nobody',
    'malformed',
    'revoke: a device',
    (h, p) => ({ ...h, public: { ...p, devices: [] } }),
  ],
  ['a cancel of nothing', 'malformed', 'cancel', (h, p) => ({ ...h, public: { ...p, invites: [] } })],
  [
    'a certificate that is cut',
    'malformed',
    'recover: a member',
    (h, p) => ({ ...h, public: { ...p, certificate: new Uint8Array(1375) } }),
  ],
]

function arrayOf(value: CborValue | undefined): readonly CborValue[] {
  return Array.isArray(value) ? (value as readonly CborValue[]) : []
}

function epochOf(part: Values): Values {
  return part['epoch'] as Values
}

function withEpoch(header: Values, part: Values, change: Values): Values {
  return { ...header, public: { ...part, epoch: { ...epochOf(part), ...change } } }
}

function edited(entry: Entry, edit: Edit): Uint8Array {
  const header = decodeCbor(entry.headerBytes, { maxBytes: headerBytesMax }) as Values
  const after = edit({ ...header }, { ...(header['public'] as Values | undefined) })
  return encodeCbor([encodeCbor(after), entry.payload, entry.signature])
}

/** Frames that are wrong around a header that is right. */
function frames({ bytes, headerBytes, payload, signature }: Entry): Malformed[] {
  const wrong = (name: string, value: CborValue): Malformed => ({
    name,
    code: 'malformed',
    bytes: encodeCbor(value),
  })
  return [
    wrong('no array', { header: headerBytes }),
    wrong('two parts', [headerBytes, payload]),
    wrong('four parts', [headerBytes, payload, signature, signature]),
    wrong('a short signature', [headerBytes, payload, signature.subarray(1)]),
    wrong('a long signature', [headerBytes, payload, concat([signature, signature])]),
    wrong('a header in clear', [{ version: 1 }, payload, signature]),
    wrong('a change without a payload', [headerBytes, new Uint8Array(0), signature]),
    wrong('a payload of a size that is not dull', [headerBytes, new Uint8Array(1025), signature]),
    wrong('a byte behind the header', [concat([headerBytes, Uint8Array.of(0)]), payload, signature]),
    { name: 'a byte behind the entry', code: 'malformed', bytes: concat([bytes, Uint8Array.of(0)]) },
    { name: 'no byte', code: 'malformed', bytes: new Uint8Array(0) },
  ]
}

/** What is too large to be kept in a file. */
export function oversized(entry: Entry): Malformed[] {
  const { headerBytes, payload, signature } = entry
  const restored = repeat(4097, pack(4096))
  const large = (name: string, value: CborValue): Malformed => ({
    name,
    code: 'limit',
    bytes: encodeCbor(value),
  })
  return [
    { name: 'packs beyond count', code: 'limit', bytes: edited(entry, (h) => ({ ...h, restored })) },
    large('a header above 1 MiB', [new Uint8Array(headerBytesMax + 1), payload, signature]),
    large('a payload above 64 KiB', [headerBytes, new Uint8Array(payloadBytesMax + 1), signature]),
    large('an entry above all limits', [
      new Uint8Array(headerBytesMax),
      new Uint8Array(payloadBytesMax),
      new Uint8Array(999),
    ]),
  ]
}

/** All that fit a file, from the entries of a sample log. */
export function malformedEntries(log: SampleLog): Malformed[] {
  const named = (name: string) => log.steps.find((step) => step.name === name)!.entry
  const change = named('change')
  const prune = named('prune')
  const filled = encodeCbor([prune.headerBytes, change.payload, prune.signature])
  return [
    ...frames(change),
    { name: 'a prune with a payload', code: 'malformed', bytes: filled },
    ...edits.map(([name, code, from, edit]) => ({ name, code, bytes: edited(named(from), edit) })),
  ]
}
