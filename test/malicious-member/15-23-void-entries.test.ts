// A member with a hostile client: what it appends is rightly signed, and the relay, which sees nothing of it, takes it. No device may be harmed, all
// must decide alike, and whatever honest devices do meanwhile must go through.
import {
  concat,
  containerFrontBytes,
  encodeCbor,
  framePayload,
  framePointer,
  sealContainer,
  toHex,
  type SealedBytes,
} from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { eventsOf, type HostileWorld } from '../hostile/hostile-world.ts'
import type { HostileMember } from '../hostile/member.ts'
import {
  attack,
  change,
  directory,
  expectPeace,
  file,
  idOf,
  listOf,
  withTraitor,
  type MakeAttack,
} from '../hostile/traitor.ts'

const nested = (levels: number): Uint8Array =>
  concat([new Uint8Array(levels).fill(0x81), Uint8Array.of(0x80)])

const strangePayload = (traitor: HostileMember, world: HostileWorld): SealedBytes =>
  sealContainer({
    type: 'payload',
    key: world.random.bytes(32),
    binding: traitor.vault,
    epoch: traitor.epoch,
    salt: world.random.bytes(32),
    plain: [Uint8Array.of(1, 2, 3)],
    storedBytes: 1024,
  })

const nonsense: readonly (readonly [name: string, make: MakeAttack])[] = [
  ['a payload that is no CBOR', () => ({ frame: framePayload(Uint8Array.of(0xff, 0xff, 0xff)) })],
  ['a payload of zeros', () => ({ frame: new Uint8Array(900) })],
  [
    'a payload under a key that nobody has',
    (traitor, world) => ({
      payload: strangePayload(traitor, world),
    }),
  ],
  ['a payload of a version that no owner allowed', () => ({ frame: framed({ version: 200 }) })],
  ['a payload of an unknown codec', () => ({ frame: framed({ codec: 77 }) })],
  ['a payload that says it is 10 GiB', () => ({ frame: framed({ codec: 1, plainBytes: 0xffff_ffff }) })],
  ['a payload that grows a thousandfold', () => ({ frame: framePayload(new Uint8Array(31 * 1024 * 1024)) })],
  ['a payload nested 100,000 deep', () => ({ frame: framePayload(nested(100_000)) })],
  ['fields that are not known', () => ({ body: { operations: [], index: [], more: 1 } })],
  ['an operation that is not known', () => change([{ op: 'swap', node: [1, 0] }])],
  ['a name that climbs', () => change([directory('..')])],
  ['a name with a slash', () => change([file('../../etc/passwd')])],
  ['an absolute name', () => change([file('/etc/passwd')])],
  ['a name with a NUL', () => change([file('a\0b')])],
  ['an empty name', () => change([directory('')])],
  ['a name of 256 bytes', () => change([file('x'.repeat(256))])],
  ['`.grenier` at the root', () => change([directory('.grenier')])],
  ['`.grenier` at the root, as raw bytes', () => change([directory(new TextEncoder().encode('.grenier'))])],
  [
    'a directory below itself',
    () => change([directory('up'), directory('down', 0), { op: 'move', node: 0, parent: 1, name: 'round' }]),
  ],
  [
    'a tree of 5,000 levels',
    () => change(Array.from({ length: 5000 }, (_, at) => directory('d', at === 0 ? null : at - 1))),
  ],
  [
    'a parent that is a link',
    () =>
      change([
        {
          op: 'put',
          parent: null,
          name: 'way out',
          kind: 'link',
          mtime: 0,
          target: new TextEncoder().encode('/tmp'),
        },
        file('below', { parent: 0 }),
      ]),
  ],
  ['a parent that is not there', () => change([directory('lost', [4711, 0])])],
  ['a name that somebody has', () => change([directory('plain.txt')])],
  ['what is not there, removed', () => change([{ op: 'remove', node: [4711, 3] }])],
  [
    'half of it right, half of it wrong',
    () => change([directory('half'), { op: 'remove', node: [4711, 3] }]),
  ],
  [
    'a chunk that nobody placed',
    (_, world) => change([file('nothing in it', { size: 10, chunks: [world.random.bytes(32)] })]),
  ],
  ['a place beyond the index', () => change([file('beyond', { size: 10, chunks: [[0, 0]] })])],
  [
    'an index of a pack that is not added',
    (_, world) => change([], [listOf(3, [{ id: world.random.bytes(32), plain: 10, stored: 10 }])]),
  ],
  [
    'a chunk of 10 GiB in 1 KiB',
    (traitor, world) => ({
      ...change([], [listOf(0, [{ id: world.random.bytes(32), plain: 10 * 2 ** 30, stored: 1024 }])]),
      packs: [traitor.pack(new Uint8Array(1024))],
    }),
  ],
  [
    'a chunk that is longer stored than plain',
    (traitor, world) => ({
      ...change([], [listOf(0, [{ id: world.random.bytes(32), plain: 10, stored: 1024 }])]),
      packs: [traitor.pack(new Uint8Array(1024))],
    }),
  ],
  [
    'more chunks than fit their pack',
    (traitor, world) => ({
      ...change(
        [],
        [
          listOf(
            0,
            Array.from({ length: 40 }, () => ({ id: world.random.bytes(32), plain: 1024, stored: 1024 })),
          ),
        ],
      ),
      packs: [traitor.pack(new Uint8Array(1024))],
    }),
  ],
  ['bits beyond the nine', () => change([file('setuid', { mode: 0o4755 })])],
  ['a time beyond 64 bits', () => change([file('late', { mtime: 2n ** 63n })])],
  [
    'a payload in a pack that the entry does not add',
    () => ({
      frame: framePointer(framePayload(new Uint8Array(10)), [5]),
    }),
  ],
  [
    'a payload in a pack that holds something else',
    (traitor) => ({
      frame: framePointer(framePayload(new Uint8Array(10)), [0]),
      packs: [traitor.pack(framePayload(new Uint8Array(11)))],
    }),
  ],
  [
    'a payload in a pack that does not open',
    (traitor, world) => ({
      frame: framePointer(framePayload(new Uint8Array(10)), [0]),
      packs: [traitor.named(world.random.bytes(4096))],
    }),
  ],
  [
    'a payload in a pack of another version',
    (traitor) => ({
      frame: framePointer(framePayload(new Uint8Array(10)), [0]),
      packs: [
        traitor.named(
          traitor.pack(framePayload(new Uint8Array(10))).bytes.map((byte, at) => (at === 4 ? 9 : byte)),
        ),
      ],
    }),
  ],
  [
    'a payload whose packs point to more packs',
    (traitor) => {
      const inner = framePointer(framePayload(new Uint8Array(10)), [0])
      return { frame: framePointer(inner, [0]), packs: [traitor.pack(inner)] }
    },
  ],
]

/** A frame by hand. */
function framed(parts: { version?: number; codec?: number; plainBytes?: number }): Uint8Array {
  const body = encodeCbor({ operations: [], index: [] })
  const frame = framePayload(body, { compress: false })
  const out = frame.slice()
  if (parts.version !== undefined) out[0] = parts.version
  if (parts.codec !== undefined) out[1] = parts.codec
  if (parts.plainBytes !== undefined) new DataView(out.buffer).setUint32(2, parts.plainBytes)
  return out
}

describe('a change that is rightly signed and says nonsense', () => {
  for (const [name, make] of nonsense) {
    test(`attack 15, 23: ${name}: is void for all alike, and the device is named`, async () => {
      const { world, traitor } = await withTraitor()
      const [a, b] = [world.at(0), world.at(1)]
      const before = a.tree()
      const sequence = await attack(traitor, make(traitor, world))
      await world.syncs(a, b)
      expect([a.tree(), b.tree()]).toEqual([before, before])
      for (const machine of [a, b]) {
        const said = eventsOf(machine, 'void').map(({ sequence: at, device }) => ({ at, device }))
        expect(said).toEqual([{ at: sequence, device: toHex(traitor.device.sign.publicKey) }])
      }
      await expectPeace(world)
    })
  }
})

/** The paths that are a problem of this code. */
function problemsOf(world: HostileWorld, code: string): string[][] {
  return [world.at(0), world.at(1)].map((machine) => [
    ...new Set(eventsOf(machine, 'problem').flatMap((event) => (event.code === code ? [event.path] : []))),
  ])
}

describe('a change that applies, with content that is not there', () => {
  const lies: readonly (readonly [name: string, make: MakeAttack])[] = [
    [
      'a file of 10 GiB in one small chunk',
      (traitor) => {
        const plain = new TextEncoder().encode('small')
        const chunk = { id: idOf(traitor, plain), plain: plain.length, stored: plain.length }
        return {
          ...change([file('wrong', { size: 10 * 2 ** 30, chunks: [[0, 0]] })], [listOf(0, [chunk])]),
          packs: [traitor.pack(plain)],
        }
      },
    ],
    [
      'a chunk that is not what its id says',
      (traitor, world) => {
        const chunk = { id: world.random.bytes(32), plain: 100, stored: 100 }
        return {
          ...change([file('wrong', { size: 100, chunks: [[0, 0]] })], [listOf(0, [chunk])]),
          packs: [traitor.pack(new Uint8Array(100))],
        }
      },
    ],
    [
      'a chunk that does not decompress',
      (traitor, world) => {
        const chunk = { id: world.random.bytes(32), plain: 1_000_000, stored: 100 }
        return {
          ...change([file('wrong', { size: 1_000_000, chunks: [[0, 0]] })], [listOf(0, [chunk])]),
          packs: [traitor.pack(world.random.bytes(100))],
        }
      },
    ],
    [
      'a pack that does not open',
      (traitor, world) => {
        const chunk = { id: world.random.bytes(32), plain: 100, stored: 100 }
        return {
          ...change([file('wrong', { size: 100, chunks: [[0, 0]] })], [listOf(0, [chunk])]),
          packs: [traitor.named(world.random.bytes(4096))],
        }
      },
    ],
    [
      'a pack of another version',
      (traitor) => {
        const plain = new TextEncoder().encode('small')
        const chunk = { id: idOf(traitor, plain), plain: plain.length, stored: plain.length }
        return {
          ...change([file('wrong', { size: plain.length, chunks: [[0, 0]] })], [listOf(0, [chunk])]),
          packs: [traitor.named(traitor.pack(plain).bytes.map((byte, at) => (at === 4 ? 9 : byte)))],
        }
      },
    ],
    [
      'a pack with a broken cell',
      (traitor) => {
        const plain = new TextEncoder().encode('small')
        const chunk = { id: idOf(traitor, plain), plain: plain.length, stored: plain.length }
        const broken = traitor
          .pack(plain)
          .bytes.map((byte, at) => (at === containerFrontBytes + 1 ? byte ^ 1 : byte))
        return {
          ...change([file('wrong', { size: plain.length, chunks: [[0, 0]] })], [listOf(0, [chunk])]),
          packs: [traitor.named(broken)],
        }
      },
    ],
    [
      'lists of lists that never end',
      (traitor) => {
        const list = new Uint8Array(64).fill(7)
        const chunk = { id: idOf(traitor, list), plain: 64, stored: 64 }
        return {
          ...change(
            [
              file('wrong', {
                size: 2 ** 40,
                depth: 4,
                chunks: [
                  [0, 0],
                  [0, 0],
                ],
              }),
            ],
            [listOf(0, [chunk])],
          ),
          packs: [traitor.pack(list)],
        }
      },
    ],
  ]

  for (const [name, make] of lies) {
    test(`attack 15, 23: ${name}: that file stays away, and nothing else`, async () => {
      const { world, traitor } = await withTraitor()
      await attack(traitor, make(traitor, world))
      await world.syncs(world.at(0), world.at(1))
      expect(world.at(0).user.exists('wrong')).toBe(false)
      expect(problemsOf(world, 'entry-void')).toEqual([['wrong'], ['wrong']])
      await expectPeace(world)
    })
  }
})
