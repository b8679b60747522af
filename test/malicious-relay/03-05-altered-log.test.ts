// A relay that alters the log which it shows to a device that knows the vault.
import { decodeEntry } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { behindByTwo, bytesAt, renumbered, replaced } from '../hostile/forged-log.ts'
import { expectHalt, peacefulWorld } from '../hostile/hostile-world.ts'
import type { Listed } from '../hostile/lying-relay.ts'
import { reassembled } from '../hostile/member.ts'
import { Seeded } from '../simulation/seeded.ts'

type Forge = (log: readonly Listed[], next: number) => readonly Listed[]

const forgeries: readonly (readonly [name: string, forge: Forge])[] = [
  [
    'attack 5: the payloads of two entries are exchanged',
    (log, next) => {
      const [one, two] = [bytesAt(log, next), bytesAt(log, next + 1)]
      const [p1, p2] = [decodeEntry(one).payload, decodeEntry(two).payload]
      const first = replaced(log, next, reassembled(one, { payload: p2 }))
      return replaced(first, next + 1, reassembled(two, { payload: p1 }))
    },
  ],
  [
    'attack 4: two entries are swapped',
    (log, next) => {
      const [one, two] = [bytesAt(log, next), bytesAt(log, next + 1)]
      return replaced(replaced(log, next, two), next + 1, one)
    },
  ],
  [
    'attack 4: an entry is left out',
    (log, next) => renumbered([...log.slice(0, next), ...log.slice(next + 1)]),
  ],
  ['attack 5: an old entry is shown again', (log, next) => replaced(log, next, bytesAt(log, next - 1))],
  [
    'attack 5: an old entry is inserted',
    (log, next) => renumbered([...log.slice(0, next), ...log.slice(next - 1)]),
  ],
  [
    'attack 22: an entry is said to be retired',
    (log, next) =>
      log.map((given) =>
        given.sequence === next
          ? { sequence: next, bodyHash: decodeEntry(bytesAt(log, next)).bodyHash }
          : given,
      ),
  ],
]

describe('a relay that alters the log', () => {
  for (const [name, forge] of forgeries) {
    test(`${name}: the vault halts, and goes on when the relay is honest again`, async () => {
      const { world, known } = await behindByTwo()
      const b = world.at(1)
      world.relay.lieTo(b, { log: (log) => forge(log, known) })
      await expectHalt(world, b, 'relay-contradicts')
      world.relay.repent(b)
      await world.syncs(b)
      expect(b.tree()).toEqual(world.at(0).tree())
    })
  }

  test('attack 3: a flipped bit anywhere in an entry halts the vault', async () => {
    const { world, known } = await behindByTwo()
    const b = world.at(1)
    const vault = world.relay.vaultOf(b)
    const bytes = bytesAt(await world.relay.log(vault), known)
    const random = new Seeded(3)
    const positions = [0, 1, 2, 3, 4, 5, bytes.length - 1]
    // The header, where a flipped bit can make another version, kind or field of it, is tried thoroughly.
    for (let at = 6; at < 420; at += 9) positions.push(at)
    for (let drawn = 0; drawn < 12; drawn += 1) positions.push(random.below(bytes.length))
    for (const at of positions) {
      const flipped = bytes.slice()
      flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8))
      world.relay.lieTo(b, { log: (log) => replaced(log, known, flipped) })
      const error = await expectHalt(world, b, 'relay-contradicts').catch((cause: unknown) => {
        throw new Error(`byte ${at} of ${bytes.length}`, { cause })
      })
      expect(error.data['sequence']).toBe(known)
    }
    world.relay.repent(b)
    await world.syncs(b)
  })

  test('attack 3: a truncated entry halts the vault', async () => {
    const { world, known } = await behindByTwo()
    const b = world.at(1)
    const bytes = bytesAt(await world.relay.log(world.relay.vaultOf(b)), known)
    for (const length of [1, 2, 40, 300, bytes.length >> 1, bytes.length - 65, bytes.length - 1]) {
      world.relay.lieTo(b, { log: (log) => replaced(log, known, bytes.slice(0, length)) })
      await expectHalt(world, b, 'relay-contradicts')
    }
  })

  test('attack 5: an entry of another vault of the same device halts the vault', async () => {
    const other = await peacefulWorld({ seed: 7 })
    const { world, known } = await behindByTwo()
    const b = world.at(1)
    const foreign = await other.relay.log(other.relay.vaultOf(other.at(1)))
    const { publicKey } = world.at(0).home.device.sign
    const theirs = foreign
      .map((_, at) => bytesAt(foreign, at))
      .filter((bytes) => {
        const { kind, device } = decodeEntry(bytes).header
        return kind === 'change' && Buffer.compare(device, publicKey) === 0
      })
    expect(theirs.length).toBeGreaterThan(0)
    world.relay.lieTo(b, { log: (log) => replaced(log, known, theirs[0] ?? new Uint8Array(1)) })
    await expectHalt(world, b, 'relay-contradicts')
  })
})
