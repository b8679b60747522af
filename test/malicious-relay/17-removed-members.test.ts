// Members that change while others are at work: revocations, roles and invitations that cross each other, on the real relay. The order of the log
// decides, everybody hears of it, and what a user wrote stays where it was written.
import { ClientError, openFolder } from '@grenier/client'
import {
  decodeEntry,
  encodeChange,
  equal,
  epochKeysFor,
  framePayload,
  openPayload,
  payloadKeyOf,
  reachableKeys,
  signEntry,
  toHex,
  type PackClaim,
  type SealedBytes,
} from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import type { MemberChange, Members } from '../../packages/client/src/engine/api.ts'
import { Recovery } from '../../packages/client/src/engine/recovering.ts'
import { logInAt } from '../../packages/client/src/engine/relay-login.ts'
import type { ConnectedSession } from '../../packages/client/src/relay/session.ts'
import { readyMade, relayUrl, type Machine } from '../simulation/world.ts'
import { eventsOf, expectHalt, oneMore, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'

/** Asks the folder of a machine while no run is on. */
async function asked<T>(machine: Machine, ask: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await openFolder(machine.context(), machine.folderPath)
  try {
    return await ask(engine)
  } finally {
    await engine.close()
  }
}

type Engine = Awaited<ReturnType<typeof openFolder>>

const idOf = (machine: Machine): string => Buffer.from(machine.home.device.sign.publicKey).toString('hex')

const changed = (world: HostileWorld, machine: Machine, change: MemberChange): Promise<Members> =>
  world.settles(asked(machine, (engine) => engine.changeMembers(change)))

const revoke = (world: HostileWorld, by: Machine, who: Machine): Promise<Members> =>
  changed(world, by, { do: 'revoke', member: idOf(who) })

/** Entries of the log that a machine signed. */
async function signedBy(world: HostileWorld, machine: Machine): Promise<number> {
  const log = await world.relay.log(world.relay.vaultOf(world.at(0)))
  return log.filter(
    (given) =>
      'entry' in given && equal(decodeEntry(given.entry).header.device, machine.home.device.sign.publicKey),
  ).length
}

/** Once, at the first request of this kind, this is done; the request goes on meanwhile. */
function atFirst(world: HostileWorld, type: string, act: () => Promise<unknown>): () => Promise<unknown> {
  let done: Promise<unknown> | undefined
  world.relay.onRequest = (message) => {
    if (message.type === type) done ??= act()
  }
  return async () => {
    world.relay.onRequest = undefined
    return await world.settles(done ?? Promise.reject(new Error(`no ${type}`)))
  }
}

/** Has the words, on a machine of their own, do something about a vault. */
async function withdrawn(
  world: HostileWorld,
  machine: Machine,
  act: (words: Recovery, vault: string, session: ConnectedSession) => Promise<void>,
): Promise<void> {
  const { identity } = readyMade
  const words = new Recovery(machine.context(), { relay: relayUrl, identity })
  const acted = (async () => {
    await words.look()
    const { platform } = machine.context()
    const session = await logInAt(platform, relayUrl, { keyKind: 'identity', pairs: identity })
    await act(words, toHex(world.relay.vaultOf(machine)), session)
    await session.close()
    await words.close()
  })()
  await world.settles(acted)
}

describe('attack 17: a revocation', () => {
  test('that a device was away for is heard, and nothing of the folder is touched', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    a.user.write('before', 'committed before')
    await world.syncs(a)
    await revoke(world, a, b)
    b.user.write('of b', 'never sent')
    const [tree, entries] = [b.tree(), await signedBy(world, b)]
    for (let times = 0; times < 2; times += 1)
      expect(await world.sync(b)).toMatchObject({ code: 'device-revoked' })
    expect(eventsOf(b, 'state').at(-1)).toMatchObject({ state: 'revoked', code: 'device-revoked' })
    expect(b.tree()).toEqual(tree)
    expect(await signedBy(world, b)).toBe(entries)
    await world.syncs(a)
  })

  test('that a relay only claims is a refusal, not a revocation', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    const vault = world.relay.vaultOf(a)
    const before = await world.relay.log(vault)
    await revoke(world, a, b)
    // It hides the entry that took the device out.
    world.relay.lieTo(b, { log: () => before })
    expect(await world.sync(b)).not.toBe('done')
    expect(eventsOf(b, 'state').map(({ state }) => state)).not.toContain('revoked')
    world.relay.repent(b)
    expect(await world.sync(b)).toMatchObject({ code: 'device-revoked' })
  })

  test('of a device that the words withdrew as well is heard from the log, with who did it and when', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    const tree = b.tree()
    await withdrawn(world, b, async (words, vault) => {
      const { home } = a
      const before = (): Promise<void> => Promise.resolve()
      await words.takeIn(home, vault, { kept: new Set([idOf(a)]), before })
      await words.shutOut(vault)
    })
    const by = toHex(readyMade.identity.sign.publicKey)
    for (let times = 0; times < 2; times += 1)
      expect(await world.sync(b)).toMatchObject({ code: 'device-revoked', data: { by } })
    expect(eventsOf(b, 'state').at(-1)).toMatchObject({ state: 'revoked' })
    expect(b.tree()).toEqual(tree)
    await world.syncs(a)
  })

  test('that no entry says, of a device that the relay calls withdrawn, is the relay’s word alone', async () => {
    const world = await peacefulWorld()
    const b = world.at(1)
    const tree = b.tree()
    await withdrawn(world, b, (_, __, session) => session.withdrawDevice(b.home.device.sign.publicKey))
    const data = { reason: 'account-closed', detail: 'withdrawn' }
    expect(await world.sync(b)).toMatchObject({ code: 'relay-refused', data })
    expect(eventsOf(b, 'state').map(({ state }) => state)).not.toContain('revoked')
    expect(b.tree()).toEqual(tree)
  })

  test('that lands while the device commits: its file stays here, and is not in the log', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    const entries = await signedBy(world, b)
    const landed = atFirst(world, 'put', () =>
      asked(a, (on) => on.changeMembers({ do: 'revoke', member: idOf(b) })),
    )
    b.user.write('large', world.random.bytes(6_000_000))
    const tree = b.tree()
    expect(await world.sync(b)).toMatchObject({ code: 'device-revoked' })
    await landed()
    expect(b.tree()).toEqual(tree)
    // What was committed before it landed counts; nothing does after it.
    const after = await signedBy(world, b)
    expect(after - entries).toBeLessThanOrEqual(2)
    expect(await world.sync(b)).toMatchObject({ code: 'device-revoked' })
    expect(await signedBy(world, b)).toBe(after)
    await world.syncs(a)
  })

  test('that lands while another one commits: that is sealed again, and arrives whole', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
    const landed = atFirst(world, 'put', () =>
      asked(a, (on) => on.changeMembers({ do: 'revoke', member: idOf(b) })),
    )
    c.user.write('large', world.random.bytes(6_000_000))
    c.user.write('small', 'small')
    await world.syncs(c)
    await landed()
    await world.syncs(a)
    expect(a.tree()).toEqual(c.tree())
  })

  test('of each other, by two owners at once: the log decides, one stays', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await changed(world, a, { do: 'role', member: idOf(b), role: 'owner' })
    const both = [
      asked(a, (on) => on.changeMembers({ do: 'revoke', member: idOf(b) })),
      asked(b, (on) => on.changeMembers({ do: 'revoke', member: idOf(a) })),
    ]
    const ends = await world.settles(Promise.allSettled(both))
    const lost = ends.filter((end) => end.status === 'rejected')
    expect(lost).toHaveLength(1)
    expect(lost[0]?.reason).toMatchObject({ code: 'device-revoked' })
    const [stays, goes] = ends[0]?.status === 'fulfilled' ? [a, b] : [b, a]
    await world.syncs(stays)
    expect(await world.sync(goes)).toMatchObject({ code: 'device-revoked' })
  })

  test('of oneself, or of who made the vault, is refused before anything is sent', async () => {
    const world = await peacefulWorld()
    const a = world.at(0)
    const head = (await world.relay.log(world.relay.vaultOf(a))).length
    await expect(revoke(world, a, a)).rejects.toMatchObject({
      code: 'member-refused',
      data: { what: 'self' },
    })
    const { identities } = await world.settles(asked(a, (on) => on.members()))
    for (const { id } of identities.filter(({ madeVault }) => madeVault))
      await expect(changed(world, a, { do: 'revoke', member: id })).rejects.toMatchObject({
        data: { what: 'genesis' },
      })
    const lower = { do: 'role', member: idOf(a), role: 'writer' } as const
    await expect(changed(world, a, lower)).rejects.toMatchObject({ data: { what: 'last-owner' } })
    expect((await world.relay.log(world.relay.vaultOf(a))).length).toBe(head)
  })
})

describe('attack 17: a role that is lowered', () => {
  test('while the device sends takes hold at once: nothing more goes, nothing is lost, and raised again it goes', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    const role = (to: 'reader' | 'writer'): MemberChange => ({ do: 'role', member: idOf(b), role: to })
    const lowered = atFirst(world, 'put', () => asked(a, (on) => on.changeMembers(role('reader'))))
    const bytes = world.random.bytes(6_000_000)
    b.user.write('large', bytes)
    await world.syncs(b)
    await lowered()
    expect(eventsOf(b, 'problem').map(({ path, code }) => `${path} ${code}`)).toContain('large read-only')
    const entries = await signedBy(world, b)
    await world.syncs(b)
    expect(await signedBy(world, b)).toBe(entries)
    expect(Buffer.compare(b.user.read('large'), bytes)).toBe(0)
    await changed(world, a, role('writer'))
    await world.syncs(b, a)
    expect(a.tree()).toEqual(b.tree())
  })
})

describe('attack 17: an invitation', () => {
  test('accepted twice at the same moment lets one device in', async () => {
    const world = await peacefulWorld({ devices: 1 })
    world.more(2)
    const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
    const code = await world.invite(a)
    const ends = await Promise.all([world.join(b, code), world.join(c, code)])
    expect(ends.filter((end) => end === 'done')).toHaveLength(1)
    const other = ends.find((end) => end !== 'done')
    expect(other).toBeInstanceOf(ClientError)
    expect(other).toMatchObject({ code: 'code-wrong' })
    const { devices } = await world.settles(asked(a, (on) => on.members()))
    expect(devices).toHaveLength(2)
  })

  test('is void when its maker is taken out before it is accepted', async () => {
    const world = await peacefulWorld()
    world.more(1)
    const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
    await changed(world, a, { do: 'role', member: idOf(b), role: 'owner' })
    const code = await world.invite(b)
    await revoke(world, a, b)
    expect(await world.join(c, code)).toMatchObject({ code: 'code-wrong' })
  })

  test('brings a device that lost its state back as the one it was; one that was taken out it does not', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await b.home.removeFolder(b.folderPath)
    world.amnesia(b)
    b.disk.forget(() => true)
    b.user.write('meanwhile', 'written when nothing was known')
    expect(await world.join(b, await world.invite(a))).toBe('done')
    await world.syncs(a)
    expect(a.tree()).toEqual(b.tree())
    expect((await world.settles(asked(a, (on) => on.members()))).devices).toHaveLength(2)
    await revoke(world, a, b)
    await b.home.removeFolder(b.folderPath)
    expect(await world.join(b, await world.invite(a))).toMatchObject({ code: 'device-revoked' })
  })
})

describe('attack 17: what a removed member knows, and a relay that helps it', () => {
  test('opens nothing that is committed later: neither payloads nor packs', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
    const removed = new HostileMember(world, c)
    await removed.read()
    const known = removed.keys
    await revoke(world, a, c)
    await oneMore(world, b, 'since')
    const state = await removed.read()
    const { vault, spine } = state
    expect(() => epochKeysFor({ vault, spine, pairs: removed.device })).toThrow()
    const reached = reachableKeys({ vault, spine }, known)
    const log = await world.relay.log(vault)
    const last = log.at(-1)
    if (last === undefined || !('entry' in last)) throw new RangeError('no entry')
    const { payload, header } = decodeEntry(last.entry)
    expect(header.kind).toBe('change')
    const epoch = spine.epochs.at(-1)?.number ?? 0
    for (const key of reached.values()) {
      const payloadKey = payloadKeyOf(key, epoch, vault)
      const open = (): unknown => openPayload(payload, { payloadKey, binding: vault, payloadVersionMax: 1 })
      expect(open).toThrow()
    }
  })

  for (const what of ['a payload', 'a pack'] as const) {
    test(`${what} that was sealed before and is claimed after is refused, by the relay and by who is shown it`, async () => {
      const world = await peacefulWorld({ devices: 3 })
      const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
      const writer = new HostileMember(world, b)
      await writer.read()
      const frame = framePayload(encodeChange({ operations: [], index: [] }))
      const [payload, pack] = [writer.payload(frame), writer.pack(new Uint8Array(100))]
      await revoke(world, a, c)
      await world.syncs(a)
      await writer.read()
      const claims = what === 'a pack' ? [pack.claim] : []
      const entry = lateEntry(writer, what === 'a payload' ? payload : writer.payload(frame), claims)
      await expect(writer.append(entry, what === 'a pack' ? [pack] : [])).rejects.toMatchObject({
        code: 'relay-refused',
        data: { reason: 'entry-refused' },
      })
      world.relay.lieTo(a, { log: (log) => [...log, { sequence: log.length, entry }] })
      await expectHalt(world, a, 'relay-contradicts')
    })
  }
})

/** A change at the head, rightly signed, of whatever epoch. */
function lateEntry(writer: HostileMember, payload: SealedBytes, added: readonly PackClaim[]): Uint8Array {
  const { header } = decodeEntry(writer.forged(writer.device))
  return signEntry({ header: { ...header, added }, payload, secretKey: writer.device.sign.secretKey }).bytes
}
