// A relay that lies to a device that knows the vault: about entries, about where the log ends, about packs. Attack numbers are those of
// docs/THREATS.md.
import {
  decodeEntry,
  encodeCbor,
  decodeCbor,
  makeDevice,
  makeRevoke,
  signEntry,
  type KeyPairs,
} from '@grenier/crypto'
import { ClientError } from '@grenier/client'
import { describe, expect, test } from 'vitest'
import { Seeded } from '../simulation/seeded.ts'
import { eventsOf, expectHalt, oneMore, peacefulWorld, type HostileWorld } from './hostile-world.ts'
import type { Listed } from './lying-relay.ts'
import { HostileMember, reassembled } from './member.ts'

/** A device that knows the vault, and two entries that it has not seen yet. */
async function behindByTwo(): Promise<{ world: HostileWorld; known: number }> {
  const world = await peacefulWorld()
  const [a, b] = [world.at(0), world.at(1)]
  await world.syncs(a, b)
  const known = (await world.relay.log(world.relay.vaultOf(b))).length
  await oneMore(world, a, 'later one')
  await oneMore(world, a, 'later two')
  return { world, known }
}

/** The raw bytes of an entry of a log. */
function bytesAt(log: readonly Listed[], sequence: number): Uint8Array {
  const given = log[sequence]
  if (given === undefined || !('entry' in given)) throw new RangeError(`no entry ${sequence}`)
  return given.entry
}

function replaced(log: readonly Listed[], sequence: number, entry: Uint8Array): Listed[] {
  return log.map((given) => (given.sequence === sequence ? { sequence, entry } : given))
}

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

function renumbered(log: readonly Listed[]): Listed[] {
  return log.map((given, sequence) => ({ ...given, sequence }))
}

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

  test('attack 1: another genesis than the one that the vault id names halts a device that starts from nothing', async () => {
    const other = await peacefulWorld({ seed: 7 })
    const foreign = await other.relay.log(other.relay.vaultOf(other.at(1)))
    const world = await peacefulWorld()
    const b = world.at(1)
    world.amnesia(b)
    world.relay.lieTo(b, { log: () => foreign })
    await expectHalt(world, b, 'relay-contradicts')
    world.relay.lieTo(b, { log: () => [], head: () => undefined })
    await expectHalt(world, b, 'relay-rollback')
  })
})

/** Entries that somebody signed rightly, and that may not stand where they are shown. */
describe('a relay that injects entries', () => {
  async function injected(signer: (world: HostileWorld) => Promise<KeyPairs>): Promise<void> {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(a, b, world.at(2))
    const keys = await signer(world)
    const member = new HostileMember(world, a)
    await member.read()
    const forged = member.forged(keys)
    world.relay.lieTo(b, {
      log: (log) => [...log, { sequence: log.length, entry: forged }],
    })
    await expectHalt(world, b, 'relay-contradicts')
    world.relay.repent(b)
    await world.syncs(b)
  }

  test('attack 6: signed by a key that is no member', async () => {
    await injected((world) => Promise.resolve(makeDevice(world.random)))
  })

  test('attack 6: signed by a revoked device', async () => {
    await injected(async (world) => {
      const owner = new HostileMember(world, world.at(0))
      await owner.read()
      const devices = [world.at(2).home.device.sign.publicKey]
      const { entry } = makeRevoke({ ...owner.on, devices, identities: [] })
      await owner.append(entry.bytes)
      return world.at(2).home.device
    })
  })

  test('attack 6: signed by a reader', async () => {
    const world = await peacefulWorld({ devices: 2 })
    const [a, b] = [world.at(0), world.at(1)]
    const reader = makeDevice(world.random)
    const owner = new HostileMember(world, a)
    await owner.letIn(reader, 'reader')
    await world.syncs(a, b)
    await owner.read()
    const forged = owner.forged(reader)
    world.relay.lieTo(b, { log: (log) => [...log, { sequence: log.length, entry: forged }] })
    await expectHalt(world, b, 'relay-contradicts')
  })

  test('attack 6: pushed, and not in the log', async () => {
    const { world } = await behindByTwo()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(b)
    world.relay.lieTo(b, {
      push: ({ sequence, entry }) => ({
        sequence,
        entry: reassembled(entry, { payload: decodeEntry(entry).payload.slice().reverse() }),
      }),
    })
    const before = b.tree()
    b.sync(false)
    await world.until(() => eventsOf(b, 'state').some(({ state }) => state === 'synced'), 60_000)
    await oneMore(world, a, 'while b watches')
    const outcome = await world.outcomeOf(b)
    expect(outcome).toMatchObject({ code: 'relay-contradicts' })
    expect(b.tree()).toEqual(before)
  })
})

describe('a relay that lies about where the log ends', () => {
  test('attack 7: an older log is a rollback, and says so', async () => {
    const { world, known } = await behindByTwo()
    const b = world.at(1)
    await world.syncs(b)
    for (const length of [known, known - 1, 1]) {
      world.relay.lieTo(b, { log: (log) => log.slice(0, length) })
      const error = await expectHalt(world, b, 'relay-rollback')
      expect(error.data).toMatchObject({ came: length - 1, expected: known + 1 })
    }
    world.relay.lieTo(b, { head: () => undefined })
    await expectHalt(world, b, 'relay-rollback')
    world.relay.repent(b)
    await world.syncs(b)
  })

  test('attack 7: a shorter log with another last entry is a fork, not a rollback', async () => {
    const { world, known } = await behindByTwo()
    const [a, b] = [world.at(0), world.at(1)]
    const member = new HostileMember(world, a)
    // What the log could have been: another entry of a rightful signer at a place that b knows.
    const state = await member.read()
    const log = await world.relay.log(member.vault)
    await world.syncs(b)
    const last = decodeEntry(bytesAt(log, known)).header
    const header = { ...last, at: state.head.at + 5 }
    const { payload } = decodeEntry(bytesAt(log, known))
    const other = signEntry({ header, payload, secretKey: a.home.device.sign.secretKey })
    world.relay.lieTo(b, { log: (all) => [...all.slice(0, known), { sequence: known, entry: other.bytes }] })
    const error = await expectHalt(world, b, 'relay-contradicts')
    expect(error.data).toMatchObject({ came: known, expected: known + 1 })
  })

  test('attack 7: two logs for two devices cannot be joined again', async () => {
    const { world } = await behindByTwo()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(b)
    const branch: Uint8Array[] = []
    world.relay.lieTo(b, {
      swallows: (entry) => branch.push(entry) > 0,
      log: (log) => [...log, ...branch.map((entry, at) => ({ sequence: log.length + at, entry }))],
    })
    b.user.write('of b', 'on its own branch')
    await world.syncs(b)
    expect(branch).toHaveLength(1)
    world.relay.repent(b)
    // The same length, but another entry; and longer. (Shorter, it would be the same log, cut short: that is healed.)
    await oneMore(world, a, 'on the other branch')
    await expectHalt(world, b, 'relay-contradicts')
    await oneMore(world, a, 'one more')
    await expectHalt(world, b, 'relay-contradicts')
  })

  test('attack 7: a head that the log does not have', async () => {
    const { world, known } = await behindByTwo()
    const b = world.at(1)
    const hash = world.random.bytes(32)
    world.relay.lieTo(b, { head: (head) => ({ ...head, hash }) })
    await expectHalt(world, b, 'relay-contradicts')
    world.relay.repent(b)
    await world.syncs(b)
    world.relay.lieTo(b, { head: (head) => ({ ...head, hash }) })
    await expectHalt(world, b, 'relay-contradicts')
    world.relay.lieTo(b, { head: (head) => ({ ...head, sequence: known + 40 }) })
    await expectHalt(world, b, 'relay-contradicts')
  })

  test('attack 7: a relay that always says that the log has grown does not keep a device busy for ever', async () => {
    const { world } = await behindByTwo()
    const b = world.at(1)
    await world.syncs(b)
    world.relay.lieTo(b, { moved: () => true })
    b.user.write('of b', 'never gets through')
    const error = await world.sync(b)
    expect(error).toMatchObject({ code: 'relay-refused', data: { reason: 'head-moved' } })
    expect(world.relay.asked.get('append') ?? 0).toBeLessThan(100)
    world.relay.repent(b)
    await world.syncs(b, world.at(0))
    expect(b.tree()).toEqual(world.at(0).tree())
  })

  test('attack 16: a relay that takes an entry and does not keep it is found out', async () => {
    const { world } = await behindByTwo()
    const b = world.at(1)
    await world.syncs(b)
    world.relay.lieTo(b, { swallows: () => true })
    b.user.write('of b', 'acknowledged and dropped')
    expect(await world.sync(b)).toBe('done')
    await expectHalt(world, b, 'relay-rollback')
    // Whatever it said to it: as soon as it takes the entry, everybody has it.
    await expectHalt(world, b, 'relay-rollback')
    world.relay.repent(b)
    await world.syncs(b, world.at(0))
    expect(world.at(0).tree()).toEqual(b.tree())
  })
})

describe('entries that this version does not know', () => {
  function future(bytes: Uint8Array, change: Record<string, unknown>, signer?: KeyPairs): Uint8Array {
    const fields = decodeCbor(decodeEntry(bytes).headerBytes, { maxBytes: 1 << 20 }) as Record<string, never>
    return reassembled(bytes, { header: encodeCbor({ ...fields, ...change } as never) }, signer)
  }

  const unknown = [
    ['version', { version: 2 }],
    ['kind', { kind: 'novelty' }],
    ['field', { novelty: 1 }],
  ] as const

  for (const [what, change] of unknown) {
    test(`attack 8: an unknown ${what} that a member signed asks for an update; one that the relay made up does not`, async () => {
      const { world, known } = await behindByTwo()
      const [a, b] = [world.at(0), world.at(1)]
      const bytes = bytesAt(await world.relay.log(world.relay.vaultOf(b)), known)
      for (const signer of [undefined, makeDevice(world.random)]) {
        world.relay.lieTo(b, { log: (log) => replaced(log, known, future(bytes, change, signer)) })
        await expectHalt(world, b, 'relay-contradicts')
      }
      world.relay.lieTo(b, {
        log: (log) => replaced(log, known, future(bytes, change, a.home.device)),
      })
      await expectHalt(world, b, 'update-needed')
      expect(eventsOf(b, 'state').at(-1)).toMatchObject({ state: 'braked' })
    })
  }
})

describe('packs', () => {
  test('attack 3: an altered pack halts the vault, and no file appears', async () => {
    const { world } = await behindByTwo()
    const b = world.at(1)
    const random = new Seeded(5)
    for (const at of [0, 4, 5, 14, 50, 80, 90, ...Array.from({ length: 6 }, () => random.below(4096))]) {
      world.relay.lieTo(b, {
        pack: (_, offset, bytes) => {
          const altered = bytes.slice()
          if (at >= offset && at < offset + bytes.length)
            altered[at - offset] = (altered[at - offset] ?? 0) ^ 0x10
          return altered
        },
      })
      const outcome = await world.sync(b)
      // A bit in the padding behind the last chunk of a cell is seen as well: the cell is one.
      expect(outcome, `byte ${at}`).toMatchObject({ code: 'relay-corrupt' })
      expect(b.user.exists('later one')).toBe(false)
      expect(eventsOf(b, 'state').at(-1)).toMatchObject({ state: 'halted' })
    }
    world.relay.repent(b)
    await world.syncs(b)
    expect(b.tree()).toEqual(world.at(0).tree())
  })

  test('attack 16: a pack that the relay lacks keeps only its files away, and they come when it is back', async () => {
    const { world } = await behindByTwo()
    const [a, b] = [world.at(0), world.at(1)]
    const withheld = new Set<string>()
    for (const given of await world.relay.log(world.relay.vaultOf(b)))
      if ('entry' in given && given.sequence % 2 === 0)
        for (const { id } of decodeEntry(given.entry).header.added)
          withheld.add(Buffer.from(id).toString('hex'))
    world.relay.lieTo(b, { lacks: (pack) => withheld.has(pack) })
    expect(await world.sync(b)).toBe('done')
    expect(eventsOf(b, 'problem').map(({ code }) => code)).toContain('pack-unavailable')
    expect([b.user.exists('later one'), b.user.exists('later two')].filter(Boolean)).toHaveLength(1)
    world.relay.repent(b)
    await world.syncs(b)
    expect(b.tree()).toEqual(a.tree())
  })

  test('attack 16: a payload pack that the relay lacks: a run that is to end gives up, one that watches waits', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(b)
    // Names that do not compress, more than fit an entry.
    for (let at = 0; at < 700; at += 1) a.user.write(Buffer.from(world.random.bytes(90)).toString('hex'), '')
    await world.syncs(a)
    world.relay.lieTo(b, { lacks: () => true })
    const before = b.tree()
    expect(await world.sync(b)).toBeInstanceOf(ClientError)
    expect(b.outcome).toMatchObject({ code: 'pack-unavailable' })
    expect(b.tree()).toEqual(before)
    b.events.splice(0)
    b.sync(false)
    await world.until(() => eventsOf(b, 'state').some(({ code }) => code === 'pack-unavailable'), 600_000)
    await world.until(() => false, 120_000)
    expect(b.running).toBe(true)
    world.relay.repent(b)
    expect(
      await world.until(() => eventsOf(b, 'state').some(({ state }) => state === 'synced'), 600_000),
    ).toBe(true)
    expect(b.tree()).toEqual(a.tree())
    b.stop()
    expect(await world.outcomeOf(b)).toMatchObject({ code: 'interrupted' })
  })

  test('attack 3: an altered payload pack halts the vault', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(b)
    for (let at = 0; at < 700; at += 1) a.user.write(Buffer.from(world.random.bytes(90)).toString('hex'), '')
    await world.syncs(a)
    world.relay.lieTo(b, {
      pack: (_, offset, bytes) =>
        offset === 0 ? bytes.map((byte, at) => (at === 99 ? byte ^ 1 : byte)) : bytes,
    })
    const error = await expectHalt(world, b, 'relay-corrupt')
    expect(error.data['pack']).toMatch(/^[0-9a-f]{64}$/)
  })
})
