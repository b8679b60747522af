import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf, flipped, truncations } from './bytes-mutations.vectors.ts'
import { chunkId, concat, packId } from './bytes.ts'
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts'
import type { PackClaim } from './header.ts'
import { framePayload } from './payload.ts'
import { asRead, decodeChange, encodeChange, type ChangePayload } from './payload-change.ts'
import type { NodeRef, Operation } from './payload-operation.ts'
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type EarlierChunk,
  type EarlierPack,
} from './payload-checkpoint.ts'
import { chunkIdsOf } from './payload-index.ts'
import {
  decodeConfigPayload,
  decodeGenesisPayload,
  decodeMemberPayload,
  encodeConfigPayload,
  encodeGenesisPayload,
  encodeMemberPayload,
  openVaultList,
  sealVaultList,
} from './payload-names.ts'
import { kemPairOf } from './kem-pair.ts'
import { sampleChange, sampleChunkId } from './sample-log.vectors.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { signingKey, vaultId } from './bytes.ts'

const random = seededRandom('payload-change')
const claims: PackClaim[] = [4096, 65_536].map((sizeBytes) => ({
  id: packId(random.bytes(32)),
  sizeBytes,
  epoch: 0,
}))
const chunk = (name: string, plainBytes = 11, storedBytes = plainBytes) => ({
  id: sampleChunkId(name),
  plainBytes,
  storedBytes,
})
const index = [
  { pack: 0, chunks: [chunk('a'), chunk('b', 1000, 600)] },
  { pack: 1, chunks: [chunk('c')] },
]

/** A change of one operation given as CBOR. */
const withOperation = (operation: CborValue, before: readonly CborValue[] = []) =>
  encodeCbor({ index: [], operations: [...before, operation] })
const decodeOne = (operation: CborValue, before?: readonly CborValue[]) => () =>
  decodeChange(withOperation(operation, before), claims)
const withIndex = (value: CborValue) => () =>
  decodeChange(encodeCbor({ index: value, operations: [] }), claims)

const file = {
  op: 'put',
  parent: null,
  name: 'a',
  kind: 'file',
  mode: 0o644,
  mtime: 0,
  size: 0,
  depth: 0,
  chunks: [],
}
const directory = { op: 'put', parent: null, name: 'a', kind: 'directory', mode: 0o755 }
const link = { op: 'put', parent: null, name: 'a', kind: 'link', mtime: 0, target: Uint8Array.of(0x61) }
const move = { op: 'move', node: [1, 0], parent: null, name: 'b' }
const ids = (...names: string[]) => Uint8Array.from(names.flatMap((name) => [...sampleChunkId(name)]))

describe('the payload of a change', () => {
  test('is the same when read back, every form of operation included', () => {
    const change = sampleChange(index)
    expect(decodeChange(encodeChange(change), claims)).toEqual(change)
  })

  test('keeps the keys of an operation that it does not know', () => {
    const body = withOperation({ ...file, colour: 'red', 'x-attributes': [1, { a: null }] })
    const change = decodeChange(body, claims)
    expect(decodeCbor(change.operations[0]!.unknown!, { maxBytes: 100 })).toEqual({
      colour: 'red',
      'x-attributes': [1, { a: null }],
    })
    expect(encodeChange(change)).toEqual(body)
  })

  test('refers to its own nodes by a bare index, so that it does not depend on its sequence', () => {
    const body = withOperation({ op: 'remove', node: 0 }, [directory])
    expect(decodeChange(body, claims).operations[1]).toEqual({
      op: 'remove',
      node: { sequence: 'this', index: 0 },
    })
  })

  test('knows times of all 64 bits', () => {
    for (const mtime of [-(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 63n - 1n]) {
      const [operation] = decodeChange(withOperation({ ...file, mtime }), claims).operations
      expect(operation?.op === 'put' && operation.node.kind === 'file' && operation.node.mtimeNs).toBe(mtime)
    }
    expect(codeOf(decodeOne({ ...file, mtime: 2n ** 63n }))).toBe('malformed')
  })

  test('turns places into ids', () => {
    expect(chunkIdsOf([{ pack: 1, chunk: 0 }, { id: sampleChunkId('z') }], index)).toEqual([
      sampleChunkId('c'),
      sampleChunkId('z'),
    ])
  })

  test.each<[string, CborValue]>([
    ['an operation that is not known', { op: 'copy' }],
    ['no map', 7],
    ['a name with a slash', { ...file, name: 'a/b' }],
    ['a name with a NUL', { ...file, name: 'a\0' }],
    ['an empty name', { ...file, name: '' }],
    ['a name that is `..`', { ...file, name: '..' }],
    ['a name that is `.`', { ...move, name: '.' }],
    ['a name of 256 bytes', { ...file, name: 'é'.repeat(128) }],
    ['a raw name that is UTF-8', { ...file, name: Uint8Array.of(0x61) }],
    ['the reserved name at the root', { ...directory, name: '.grenier' }],
    ['a move to the reserved name at the root', { ...move, name: '.grenier' }],
    ['a mode beyond 9 bits', { ...file, mode: 0o1000 }],
    ['a size without chunks', { ...file, size: 1 }],
    ['chunks without a size', { ...file, chunks: [ids('a')] }],
    ['a list of chunks that is empty', { ...file, depth: 1 }],
    ['a place that is not in the index', { ...file, size: 1, chunks: [[0, 0]] }],
    ['a directory as parent that comes later', { ...file, parent: 0 }],
    ['the root removed', { op: 'remove', node: null }],
    ['the root moved', { ...move, node: null }],
    ['the root replaced', { ...file, replaces: null }],
    ['a node of another kind', { ...file, kind: 'socket' }],
    ['a link to nothing', { ...link, target: new Uint8Array(0) }],
    ['a link with a NUL', { ...link, target: Uint8Array.of(0x61, 0) }],
    ['a time that is a text', { ...link, mtime: '0' }],
    ['a missing field', { op: 'put', parent: null, name: 'a', kind: 'directory' }],
  ])('with %s is refused', (_, operation) => {
    expect(codeOf(decodeOne(operation))).toMatch(/^(malformed|limit)$/)
  })

  test('allows the reserved name below the root', () => {
    expect(codeOf(decodeOne({ ...directory, parent: [1, 0], name: '.grenier' }))).toBe('none')
  })

  test('bounds chunks in a put and the depth of lists', () => {
    expect(codeOf(decodeOne({ ...file, size: 65, chunks: Array.from({ length: 65 }, () => ids('a')) }))).toBe(
      'limit',
    )
    expect(codeOf(decodeOne({ ...file, size: 65, depth: 5, chunks: [ids('a')] }))).toBe('limit')
  })

  test.each<[string, CborValue, string]>([
    ['a pack that the entry does not name', [[2, ids('a'), [1, 1]]], 'malformed'],
    [
      'packs out of order',
      [
        [1, ids('a'), [1, 1]],
        [0, ids('b'), [1, 1]],
      ],
      'malformed',
    ],
    [
      'a pack twice',
      [
        [0, ids('a'), [1, 1]],
        [0, ids('b'), [1, 1]],
      ],
      'malformed',
    ],
    ['no chunks', [[0, new Uint8Array(0), []]], 'malformed'],
    ['half an id', [[0, new Uint8Array(33), [1, 1]]], 'malformed'],
    ['too few lengths', [[0, ids('a'), [1]]], 'malformed'],
    ['too many lengths', [[0, ids('a'), [1, 1, 1, 1]]], 'malformed'],
    ['a chunk of no bytes', [[0, ids('a'), [0, 0]]], 'malformed'],
    ['a chunk that is longer stored than plain', [[0, ids('a'), [1, 2]]], 'limit'],
    ['a chunk beyond 1 MiB', [[0, ids('a'), [1_048_577, 5]]], 'limit'],
    ['more than fits the pack', [[0, ids('a', 'b'), [2001, 2001, 2002, 2002]]], 'malformed'],
    [
      'more packs than the entry names',
      [
        [0, ids('a'), [1, 1]],
        [1, ids('a'), [1, 1]],
        [2, ids('a'), [1, 1]],
      ],
      'limit',
    ],
  ])('with an index of %s is refused', (_, value, code) => {
    expect(codeOf(withIndex(value))).toBe(code)
  })

  test('fills a pack to its last byte', () => {
    expect(codeOf(withIndex([[0, ids('a'), [4002, 4002]]]))).toBe('none')
    expect(codeOf(withIndex([[0, ids('a'), [4003, 4003]]]))).toBe('malformed')
  })

  test('with unknown fields beside operations and index is refused', () => {
    expect(codeOf(() => decodeChange(encodeCbor({ index: [], operations: [], more: 1 }), claims))).toBe(
      'malformed',
    )
  })

  test('of more items than memory is meant for is refused, however few bytes it is sealed in', () => {
    const empties = new Uint8Array(1 << 20).fill(0x80)
    const body = concat([
      Uint8Array.of(0xa2, 0x65),
      new TextEncoder().encode('index'),
      Uint8Array.of(0x9a, 0, 0x10, 0, 0),
      empties,
      Uint8Array.of(0x6a),
      new TextEncoder().encode('operations'),
      Uint8Array.of(0x80),
    ])
    expect(framePayload(body).length).toBeLessThan(1000)
    expect(codeOf(() => decodeChange(body, claims))).toBe('limit')
    expect(codeOf(() => decodeCheckpoint(body, claims))).toBe('limit')
  })

  test('of more items than a reader takes is not made', () => {
    const chunks = Array.from({ length: 64 }, () => ({ pack: 0, chunk: 0 }))
    const node = { kind: 'file', mode: 0o644, mtimeNs: 0n, sizeBytes: 64, depth: 0, chunks } as const
    const put = { op: 'put', parent: 'root', name: { bytes: Uint8Array.of(0x61) }, node } as const
    const change = (count: number) => ({ operations: Array.from({ length: count }, () => put), index })
    expect(codeOf(() => encodeChange(change(100)))).toBe('none')
    expect(codeOf(() => encodeChange(change(5000)))).toBe('limit')
  })

  test('that is cut, altered or noise gives a typed error or another change, never a crash', () => {
    const body = encodeChange(sampleChange(index))
    for (const cut of truncations(body)) expect(codeOf(() => decodeChange(cut, claims))).toBe('malformed')
    const typed = ['none', 'malformed', 'limit']
    fc.assert(
      fc.property(flipped(body), (bytes) => {
        expect(typed).toContain(codeOf(() => decodeChange(bytes, claims)))
      }),
      { numRuns: 300 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(typed).toContain(codeOf(() => decodeChange(bytes, claims)))
      }),
    )
  })

  test('of arbitrary operations is the same when read back', () => {
    const name = fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .map((bytes) => bytes.map((byte) => (byte === 0 || byte === 0x2f || byte === 0x2e ? 0x41 : byte)))
    const ref = fc.record({ sequence: fc.nat(), index: fc.nat(1000) })
    const node = fc.oneof(
      fc.record({ kind: fc.constant('directory' as const), mode: fc.nat(0o777) }),
      fc.record({
        kind: fc.constant('link' as const),
        mtimeNs: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        target: name,
      }),
      fc.record({
        kind: fc.constant('file' as const),
        mode: fc.nat(0o777),
        mtimeNs: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        sizeBytes: fc.nat().map((n) => n + 1),
        depth: fc.nat(4),
        chunks: fc.array(
          fc.uint8Array({ minLength: 32, maxLength: 32 }).map((id) => ({ id: chunkId(id) })),
          { minLength: 1, maxLength: 64 },
        ),
      }),
    )
    const put = fc.record({
      op: fc.constant('put' as const),
      parent: ref,
      name: fc.record({ bytes: name }),
      node,
    })
    const moved = fc.record({
      op: fc.constant('move' as const),
      parent: ref,
      node: ref,
      replaces: ref,
      name: fc.record({ bytes: name }),
    })
    const removed = fc.record({ op: fc.constant('remove' as const), node: ref })
    fc.assert(
      fc.property(fc.array(fc.oneof(put, moved, removed), { maxLength: 8 }), (operations) => {
        const change: ChangePayload = { operations, index: [] }
        expect(decodeChange(encodeChange(change), claims)).toEqual(change)
      }),
    )
  })
})

describe('other payloads', () => {
  test('of a checkpoint are the same when read back', () => {
    const payload = {
      stateHash: random.bytes(32),
      stateBytes: 1011,
      content: {
        depth: 0,
        chunks: [
          { pack: 0, chunk: 1 },
          { pack: 1, chunk: 0 },
        ],
      },
      index,
      earlier: [],
    }
    expect(decodeCheckpoint(encodeCheckpoint(payload), claims)).toEqual(payload)
    expect(codeOf(() => decodeCheckpoint(encodeCheckpoint({ ...payload, stateBytes: 0 }), claims))).toBe(
      'malformed',
    )
  })

  test('of a checkpoint say where the chunks lie that it shares with earlier packs, within these packs', () => {
    const place = { offset: 100, plainBytes: 2000, storedBytes: 900 }
    const pack = (byte: number, chunk: Partial<EarlierChunk> = {}, sizeBytes = 4096): EarlierPack => ({
      id: packId(new Uint8Array(32).fill(byte)),
      sizeBytes,
      epoch: 3,
      chunks: [{ id: chunkId(random.bytes(32)), ...place, ...chunk }],
    })
    const encoded = (earlier: readonly EarlierPack[]) =>
      encodeCheckpoint({
        stateHash: random.bytes(32),
        stateBytes: 2000,
        content: { depth: 0, chunks: [{ id: chunkId(random.bytes(32)) }] },
        index,
        earlier,
      })
    const both = [pack(1), pack(2, { offset: 0, storedBytes: 2000 })]
    expect(decodeCheckpoint(encoded(both), claims).earlier).toEqual(both)
    const bad = [
      [pack(2), pack(1)],
      [pack(1), pack(1)],
      [pack(1, {}, 5000)],
      [pack(1, { offset: 3500 })],
      [pack(1, { storedBytes: 0 })],
      [{ ...pack(1), chunks: [] }],
    ]
    for (const earlier of bad)
      expect(codeOf(() => decodeCheckpoint(encoded(earlier), claims))).toBe('malformed')
    expect(codeOf(() => decodeCheckpoint(encoded([pack(1, { storedBytes: 2001 })]), claims))).toBe('limit')
  })

  test('of spine entries are the same when read back', () => {
    const genesis = { name: 'Photos', deviceName: 'ordinateur', vaults: random.bytes(100) }
    expect(decodeGenesisPayload(encodeGenesisPayload(genesis))).toEqual(genesis)
    const config = { name: 'Images', relays: ['wss://a.example', 'wss://b.example'], mirrors: [] }
    expect(decodeConfigPayload(encodeConfigPayload(config))).toEqual(config)
    expect(decodeConfigPayload(encodeConfigPayload({}))).toEqual({})
    const devices = ['b', 'a'].map((name) => ({ device: signingKey(random.bytes(32)), name }))
    expect(decodeMemberPayload(encodeMemberPayload({ devices })).devices).toHaveLength(2)
  })

  test.each<[string, () => unknown]>([
    ['a genesis without a name', () => decodeGenesisPayload(encodeCbor({ deviceName: 'a' }))],
    ['a genesis with an empty name', () => decodeGenesisPayload(encodeCbor({ name: '', deviceName: 'a' }))],
    ['a config with a field too many', () => decodeConfigPayload(encodeCbor({ colour: 'red' }))],
    [
      'member names out of order',
      () =>
        decodeMemberPayload(
          encodeCbor({
            devices: [
              [ids('a'), 'a'],
              [ids('a'), 'b'],
            ],
          }),
        ),
    ],
  ])('%s is refused', (_, decode) => {
    expect(codeOf(decode)).toBe('malformed')
  })

  test('the list of vaults opens for the identity it is sealed to', () => {
    const [owner, other] = [kemPairOf(random.bytes(32)), kemPairOf(random.bytes(32))]
    const vaults = ['Photos', 'Notes'].map((name) => ({
      vault: vaultId(random.bytes(32)),
      name,
      relay: 'wss://a.example',
    }))
    const place = { kind: 'identity', binding: random.bytes(32), epoch: 2 } as const
    const seal = sealVaultList({ ...place, recipient: owner.publicKey, random, vaults })
    expect(openVaultList({ ...place, pair: owner, seal })).toEqual(vaults)
    expect(codeOf(() => openVaultList({ ...place, pair: other, seal }))).toBe('seal-broken')
  })
})

describe('what is not decoded again', () => {
  const rarely = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ weight: 60, arbitrary: usual }, { weight: 1, arbitrary: odd })
  const uint = (max: number): fc.Arbitrary<number> =>
    rarely(fc.nat(max), fc.constantFrom(max + 1, -1, Number.MAX_SAFE_INTEGER))
  const ref: fc.Arbitrary<NodeRef> = fc.oneof(
    fc.constant('root' as const),
    fc.record({ sequence: uint(9), index: uint(65_535) }),
  )
  const own: fc.Arbitrary<NodeRef> = rarely<NodeRef>(
    fc.record({ sequence: uint(9), index: uint(65_535) }),
    fc.oneof(ref, fc.record({ sequence: fc.constant('this' as const), index: uint(2) })),
  )
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  const name = rarely(
    fc.string({ unit: fc.constantFrom('a', '.', 'é', '-'), minLength: 3, maxLength: 9 }).map(text),
    fc.oneof(
      fc.constantFrom('', '.', '..', '.grenier', 'a/b', 'a\0', 'é'.repeat(127), 'é'.repeat(128)).map(text),
      fc.constantFrom(Uint8Array.of(0xff), Uint8Array.of(0xc3, 0x2f), Uint8Array.of(0xc3, 0)),
    ),
  ).map((bytes) => ({ bytes }))
  const place = rarely(fc.constant({ pack: 0, chunk: 0 }), fc.record({ pack: uint(2), chunk: uint(2) }))
  const chunks = fc.oneof(
    fc.array(fc.oneof(place, fc.constant({ id: sampleChunkId('z') })), { minLength: 1, maxLength: 3 }),
    fc
      .constantFrom(64, 65, 0)
      .map((count) => Array<{ id: ReturnType<typeof chunkId> }>(count).fill({ id: sampleChunkId('z') })),
  )
  const mtimeNs = rarely(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(2n ** 63n, 2n ** 64n - 1n),
  )
  const mode = uint(0o777)
  const node = fc.oneof(
    fc.record({ kind: fc.constant('directory' as const), mode }),
    fc.record({
      kind: fc.constant('link' as const),
      mtimeNs,
      target: rarely(
        fc.constant(Uint8Array.of(0x61)),
        fc.constantFrom(new Uint8Array(0), Uint8Array.of(0x61, 0), new Uint8Array(4097).fill(0x61)),
      ),
    }),
    fc
      .record({
        kind: fc.constant('file' as const),
        mode,
        mtimeNs,
        depth: uint(4),
        chunks,
        odd: rarely(fc.constant(0), fc.constant(1)),
      })
      .map(({ odd, ...rest }) => ({
        ...rest,
        sizeBytes: (rest.chunks.length === 0) === (odd === 0) ? 0 : 5,
      })),
  )
  const replaces = fc.option(own, { nil: undefined })
  const operation: fc.Arbitrary<Operation> = fc.oneof(
    fc.record({ op: fc.constant('put' as const), parent: ref, name, node, replaces }),
    fc.record({ op: fc.constant('remove' as const), node: own }),
    fc.record({ op: fc.constant('move' as const), node: own, parent: ref, name, replaces }),
  )
  const listed = fc
    .record({
      plainBytes: rarely(fc.integer({ min: 600, max: 2000 }), uint(1_048_576)),
      storedBytes: rarely(fc.integer({ min: 1, max: 600 }), uint(1_048_576)),
    })
    .map((lengths) => ({ ...lengths, id: sampleChunkId('q') }))
  const packs = fc.oneof(
    fc.constant(index),
    fc.array(fc.record({ pack: uint(1), chunks: fc.array(listed, { minLength: 1, maxLength: 3 }) }), {
      maxLength: 3,
    }),
    fc.constant([{ pack: 0, chunks: [] }]),
  )
  const change = fc.record({ operations: fc.array(operation, { maxLength: 4 }), index: packs })
  const outcome = (read: () => ChangePayload): unknown => {
    try {
      return read()
    } catch (error) {
      return codeOf(() => {
        throw error
      })
    }
  }

  test('is what everybody reads, or refused with the same code', () => {
    const seen = { taken: 0, refused: 0 }
    fc.assert(
      fc.property(change, (said) => {
        let body: Uint8Array
        try {
          body = encodeChange(said)
        } catch {
          return
        }
        const read = outcome(() => decodeChange(body, claims))
        seen[typeof read === 'string' ? 'refused' : 'taken'] += 1
        expect(outcome(() => asRead(said, body, claims))).toEqual(read)
      }),
      { numRuns: 5000 },
    )
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(500)
  })

  test('is decoded where it has keys that are not known', () => {
    const body = withOperation({ ...file, colour: 'red' })
    const read = decodeChange(body, claims)
    expect(asRead(read, body, claims)).toEqual(read)
    const wrong: ChangePayload = {
      index: [],
      operations: [{ op: 'remove', node: 'root', unknown: encodeCbor({ a: 1 }) }],
    }
    expect(codeOf(() => asRead(wrong, encodeChange(wrong), claims))).toBe('malformed')
  })

  test('has no more operations than are allowed', () => {
    const many: ChangePayload = {
      index: [],
      operations: Array<Operation>(65_537).fill({ op: 'remove', node: { sequence: 1, index: 0 } }),
    }
    const body = encodeChange(many)
    expect(codeOf(() => decodeChange(body, claims))).toBe('limit')
    expect(codeOf(() => asRead(many, body, claims))).toBe('limit')
  })
})
