// Checkpoints: written by one, checked by all who can, and enough to build the state from.
import { decodeCheckpoint, decodeEntry, toHex, type CheckpointPayload, type Entry } from '@grenier/crypto'
import { MemoryDisk, openFolder } from '@grenier/client'
import { Backoff } from '../../packages/client/src/relay/backoff.ts'
import { contentOf } from '../../packages/client/src/content/content-list.ts'
import { Connection } from '../../packages/client/src/engine/connection.ts'
import { folderRecord, openVault } from '../../packages/client/src/engine/open-vault.ts'
import { deviceLogin, logInAt } from '../../packages/client/src/engine/relay-login.ts'
import { vaultFetch } from '../../packages/client/src/engine/vault-fetch.ts'
import { readPayload } from '../../packages/client/src/log/payload-reader.ts'
import { stateHashOf } from '../../packages/client/src/state/checkpoint.ts'
import { loadState } from '../../packages/client/src/state/checkpoint-load.ts'
import { TreesStore } from '../../packages/client/src/state/trees-store.ts'
import { chunkIdsOf } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'
import { relayUrl, type Machine } from '../simulation/world.ts'

const every = 4

/** One sync that writes checkpoints often. */
async function syncs(world: HostileWorld, ...machines: readonly Machine[]): Promise<void> {
  for (const machine of machines) {
    machine.start((context) => openFolder({ ...context, checkpointEvery: every }, machine.folderPath), true)
    expect(await world.outcomeOf(machine)).toBe('done')
  }
}

async function checkpoints(world: HostileWorld): Promise<Entry[]> {
  const log = await world.relay.log(world.relay.vaultOf(world.at(0)))
  const entries = log.flatMap((given) => ('entry' in given ? [decodeEntry(given.entry)] : []))
  return entries.filter(({ header }) => header.kind === 'checkpoint')
}

/** Something is said in the log by one device, and all take it in. */
async function goesOn(world: HostileWorld, machine: Machine, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) {
    machine.user.write(`${machine.name} ${at}`, `${at} ${'text '.repeat(500)}`)
    await syncs(world, machine)
  }
}

/** The hash of the state that a machine holds. */
async function stateOf(machine: Machine): Promise<string> {
  const store = machine.disk.open()
  try {
    return toHex((await stateHashOf(TreesStore.open(store))).stateHash)
  } finally {
    await store.close()
  }
}

/** Works with what a machine knows, and a connection of its own. */
async function opened<T>(
  world: HostileWorld,
  machine: Machine,
  work: (parts: {
    payload: (entry: Entry) => Promise<CheckpointPayload>
    content: (checkpoint: CheckpointPayload) => Promise<Uint8Array>
  }) => Promise<T>,
): Promise<T> {
  const context = machine.context()
  const open = await openVault(context, folderRecord(context, machine.folderPath))
  const { vault } = open
  const { clock, random } = context.platform
  const connection = new Connection({
    open: () => logInAt(context.platform, relayUrl, deviceLogin(context.home)),
    clock,
    backoff: new Backoff(random),
    signal: context.signal,
    attemptsMax: () => 1,
    changed: () => undefined,
  })
  const { fetch } = vaultFetch(vault, connection)
  try {
    return await world.settles(
      work({
        payload: async (entry) => {
          const { spine } = vault.log.state
          const session = await connection.session()
          const get = session.get.bind(session, vault.log.vault)
          const read = await readPayload(entry, { keys: vault.log.keys, spine, fetch: get })
          if ('fault' in read) throw new Error(read.fault)
          return decodeCheckpoint(read.body, entry.header.added)
        },
        content: async ({ content, index, stateBytes }) => {
          const whole = contentOf(content.depth, chunkIdsOf(content.chunks, index))
          const [bytes] = await fetch.read([{ content: whole, sizeBytes: stateBytes }])
          if (bytes === undefined) throw new Error('not to be had')
          return bytes
        },
      }),
    )
  } finally {
    await connection.close()
    await open.close()
  }
}

describe('a checkpoint', () => {
  test('is written after so many entries, by one device; its hash is what every device computes', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
    await syncs(world, a, b, c)
    await goesOn(world, a, 2 * every)
    await syncs(world, b, c)
    const written = await checkpoints(world)
    expect(written.length).toBeGreaterThanOrEqual(2)
    for (const { header } of written)
      if (header.kind === 'checkpoint') expect(header.part.holds).toBe(header.sequence - 1)
    expect(await stateOf(b)).toBe(await stateOf(a))
    expect(await stateOf(c)).toBe(await stateOf(a))
    // All have compared each with what they had folded themselves: nobody was named.
    for (const machine of world.machines) expect(eventsOf(machine, 'void')).toEqual([])
    expect(b.tree()).toEqual(a.tree())
  })

  test('builds the very state that it says, on a device that had nothing', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    a.user.makeDirectory('tree')
    for (let at = 0; at < 200; at += 1) a.user.write(`tree/${at}`, `${at} ${'text '.repeat(at)}`)
    await goesOn(world, a, every)
    await syncs(world, b)
    const entry = (await checkpoints(world)).at(-1)
    if (entry?.header.kind !== 'checkpoint') throw new Error('no checkpoint')
    const { holds } = entry.header.part
    await opened(world, b, async ({ payload, content }) => {
      const checkpoint = await payload(entry)
      const bytes = await content(checkpoint)
      const fresh = TreesStore.open(new MemoryDisk().open())
      const pieces = (async function* () {
        yield await Promise.resolve(bytes)
      })()
      await loadState(fresh, pieces, { sequence: holds, stateHash: checkpoint.stateHash })
      expect(toHex((await stateHashOf(fresh)).stateHash)).toBe(toHex(checkpoint.stateHash))
    })
  })

  test('is dropped when the log has grown meanwhile, and written later', async () => {
    const world = await peacefulWorld()
    const a = world.at(0)
    await syncs(world, a)
    let refused = 0
    const before = (await checkpoints(world)).length
    world.relay.lieTo(a, {
      moved: (entry) => decodeEntry(entry).header.kind === 'checkpoint' && refused++ === 0,
    })
    await goesOn(world, a, every)
    expect(refused).toBeGreaterThan(1)
    expect((await checkpoints(world)).length).toBe(before + 1)
    await syncs(world, world.at(1))
    expect(world.at(1).tree()).toEqual(a.tree())
  })

  test('attack 22: that says something else than everybody folded is told, with who signed it, and changes nothing', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(a, b)
    const before = a.tree()
    const traitor = new HostileMember(world, world.at(2))
    const { sequence } = await traitor.namesNoState()
    await world.syncs(a, b)
    const device = toHex(traitor.device.sign.publicKey)
    for (const machine of [a, b]) {
      expect(machine.tree()).toEqual(before)
      expect(eventsOf(machine, 'void')).toEqual([
        { event: 'void', sequence, device, reason: 'state-differs' },
      ])
    }
  })
})
