import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf, flipped, overlong, truncations } from './bytes-mutations.vectors.ts'
import { equal, signingKey } from './bytes.ts'
import { encodeCbor, type CborValue } from './cbor.ts'
import { decodeEntry, entryHashOf, mayBeOfKind, verifyEntrySignature } from './entry.ts'
import { encodeHeader, entryKinds, type LinkedHeader } from './header.ts'
import { decodeHeader } from './header-decode.ts'
import { sealBytes as sealBytesOfKem } from './kem-seal.ts'
import { keyUnderBytes } from './epoch-key.ts'
import { claimsMax, headerBytesMax, recipientsMax, sealBytes, wrappedKeyBytes } from './limits.ts'
import { advance } from './log-state.ts'
import { malformedEntries, oversized } from './malformed-entries.vectors.ts'
import { sampleLog } from './sample-log.vectors.ts'
import { seededRandom } from './seeded-random.vectors.ts'

const log = sampleLog(seededRandom('entry'))
const change = log.steps.find(({ name }) => name === 'change')!.entry

describe('an entry', () => {
  test('of every kind is read back as it was written', () => {
    for (const { name, entry } of log.steps) {
      const read = decodeEntry(entry.bytes)
      expect(read, name).toEqual(entry)
      expect(equal(encodeHeader(read.header), read.headerBytes), name).toBe(true)
      verifyEntrySignature(read)
    }
  })

  test('is looked over for its kind without being decoded', () => {
    for (const { name, entry } of log.steps)
      for (const kind of entryKinds) {
        // A view, as the relay's store gives them.
        const bytes = Buffer.concat([Buffer.alloc(3), entry.bytes]).subarray(3)
        expect(mayBeOfKind(bytes, kind), `${name} as ${kind}`).toBe(kind === entry.header.kind)
      }
  })

  test('has a body hash that depends on each of its parts', () => {
    const { headerBytes, payload, signature } = change
    const other = log.steps.find(({ name }) => name === 'change: by a writer')!.entry
    const hashes = [
      change.bytes,
      encodeCbor([other.headerBytes, payload, signature]),
      encodeCbor([headerBytes, other.payload, signature]),
      encodeCbor([headerBytes, payload, other.signature]),
    ].map((bytes) => Buffer.from(decodeEntry(bytes).bodyHash).toString('hex'))
    expect(new Set(hashes).size).toBe(4)
  })

  test('has an entry hash that depends on what it follows', () => {
    const alone = entryHashOf(undefined, change.bodyHash)
    expect(equal(alone, entryHashOf(log.steps[0]!.state.head.hash, change.bodyHash))).toBe(false)
  })

  test.each([...malformedEntries(log), ...oversized(change)])(
    'with $name is refused: $code',
    ({ bytes, code }) => {
      expect(codeOf(() => decodeEntry(bytes))).toBe(code)
    },
  )
})

describe('an entry that is cut, altered or noise is refused', () => {
  const state = (at: number) => log.steps[at - 1]?.state
  const judge = (bytes: Uint8Array, at: number) => codeOf(() => advance(state(at), decodeEntry(bytes)))

  test('cut at any length', () => {
    for (const cut of truncations(change.bytes)) expect(codeOf(() => decodeEntry(cut))).toBe('malformed')
  })

  test('one bit flipped anywhere, in an entry of any kind', () => {
    const anywhere = fc
      .nat(log.steps.length - 1)
      .chain((at) => fc.tuple(fc.constant(at), flipped(log.steps[at]!.entry.bytes)))
    fc.assert(
      fc.property(anywhere, ([at, bytes]) => {
        expect(judge(bytes, at)).not.toBe('none')
      }),
      { numRuns: 500 },
    )
  })

  test('bytes too many', () => {
    fc.assert(
      fc.property(overlong(change.bytes), (bytes) => {
        expect(codeOf(() => decodeEntry(bytes))).toBe('malformed')
      }),
    )
  })

  test('random bytes and random CBOR', () => {
    const value = fc.letrec<{ value: CborValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.bigInt(-(2n ** 64n), 2n ** 64n - 1n),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array({ maxLength: 70 }),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 5 }),
      ),
    })).value
    const refused = ['malformed', 'limit', 'version-unknown', 'kind-unknown']
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(refused).toContain(codeOf(() => decodeEntry(bytes)))
      }),
    )
    const fields = [
      'version',
      'kind',
      'sequence',
      'device',
      'at',
      'added',
      'restored',
      'vault',
      'previous',
      'spine',
      'public',
    ]
    const header = fc
      .dictionary(fc.constantFrom(...fields), value)
      .map((map) => ({ version: 1, kind: 'change', ...map }))
    fc.assert(
      fc.property(header, (map) => {
        expect(refused).toContain(
          codeOf(() => decodeEntry(encodeCbor([encodeCbor(map), change.payload, change.signature]))),
        )
      }),
    )
  })
})

describe('limits', () => {
  test('seals and earlier keys have the lengths of what makes them', () => {
    expect(sealBytes).toBe(sealBytesOfKem)
    expect(wrappedKeyBytes).toBe(keyUnderBytes)
  })

  test('a renewal for 256 recipients and a change with all its claims fit a header', () => {
    const renew = log.steps.find(({ name }) => name === 'renew')!.entry.header
    if (renew.kind !== 'member' || renew.part.action !== 'renew') throw new TypeError('not a renewal')
    const key = (i: number) =>
      signingKey(Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? (i >> (8 - 8 * at)) & 255 : 0)))
    const many = Array.from({ length: recipientsMax }, (_, i) => key(i))
    const { epoch, certificates } = renew.part
    const part = {
      ...renew.part,
      epoch: { ...epoch, seals: many.map((recipient) => ({ recipient, seal: epoch.seals[0]!.seal })) },
      certificates: many.slice(2).map((device) => ({ ...certificates[0]!, device })),
    }
    const header: LinkedHeader = { ...renew, part }
    expect(decodeHeader(encodeHeader(header))).toEqual(header)
    const claims = Array.from({ length: claimsMax }, () => ({
      ...change.header.added[0]!,
      epoch: 2 ** 32 - 1,
      sizeBytes: 4_194_304,
    }))
    const full = encodeHeader({ ...change.header, added: claims, restored: claims })
    expect(full.length).toBeLessThan(headerBytesMax)
  })
})
