// A sealed export put onto another relay: what it has then, cut off anywhere, of a damaged file, beside another history, and by somebody else.
import { decodeEntry, toHex } from '@grenier/crypto'
import { decodeClientMessage, encodeMessage, type Wire } from '@grenier/protocol'
import { expect, test } from 'vitest'
import { ArchiveReader } from '../../packages/client/src/archive/archive-reader.ts'
import { importArchive } from '../../packages/client/src/engine/import-archive.ts'
import { errorReport } from '../../packages/client/src/cli/error-report.ts'
import { english } from '../../packages/client/src/cli/messages-en.ts'
import { wishDeletion } from '../../packages/client/src/engine/vault-deletion.ts'
import { Recovery } from '../../packages/client/src/engine/recovering.ts'
import { peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { readyMade, relayUrl, type Machine } from '../simulation/world.ts'
import { exported, MemoryArchive } from './memory-archive.ts'

/** A vault of some history, its log and its export; and a disk of its relay of the day before. Made once: nothing here changes it. */
const original = (async () => {
  const world = await peacefulWorld()
  const [a, b] = [world.at(0), world.at(1)]
  for (let round = 0; round < 3; round += 1) {
    a.user.write(`file ${round}`, Buffer.from(world.random.bytes(40_000)).toString('base64'))
    await world.syncs(a, b)
  }
  const yesterday = world.relayDisk.copy()
  a.user.write('later', 'than the copy')
  await world.syncs(a)
  const { bytes } = await exported(world, a)
  const vault = world.relay.vaultOf(a)
  const entries = entriesOf(await world.relay.log(vault))
  world.restoreRelay(yesterday)
  b.user.write('instead', 'of what came later')
  await world.syncs(b)
  return {
    vault,
    bytes,
    entries,

    other: (await exported(world, b)).bytes,
  }
})()

type Vault = ReturnType<HostileWorld['relay']['vaultOf']>

function entriesOf(log: Awaited<ReturnType<HostileWorld['relay']['log']>>): string[] {
  return log.map((given) => ('entry' in given ? toHex(given.entry) : 'retired'))
}

/** Names of the packs that a relay has of it. */
async function packsOf(world: HostileWorld, vault: Vault): Promise<string[]> {
  const names: string[] = []
  for await (const { pack, row } of world.stores.ledger.list(vault))
    if (row.state === 'claimed') names.push(toHex(pack))
  return names.sort()
}

/** Another relay, where the same person has an account. */
async function elsewhere(): Promise<{ world: HostileWorld; machine: Machine }> {
  const world = await peacefulWorld({ seed: 2, devices: 1 })
  return { world, machine: world.at(0) }
}

async function imports(world: HostileWorld, archive: MemoryArchive, machine = world.at(0)) {
  const importing = async () =>
    importArchive(machine.context(), { reader: await ArchiveReader.open(archive), relay: relayUrl })
  return await world.settles(importing())
}

test('an import puts every entry and every pack as they were, once, and the 24 words find the vault', async () => {
  const { vault, bytes, entries } = await original
  const { world, machine } = await elsewhere()
  const archive = MemoryArchive.of(bytes)
  const done = await imports(world, archive)
  expect(done).toMatchObject({ entries: entries.length, lacking: [], isUnfinished: false })
  expect(done.packs).toBeGreaterThan(3)
  expect(entriesOf(await world.relay.log(vault))).toEqual(entries)
  expect(await packsOf(world, vault)).toHaveLength(done.packs)
  expect(await imports(world, archive)).toMatchObject({ entries: 0, packs: 0, lacking: [] })
  const recovery = new Recovery(machine.context(), { relay: relayUrl, identity: readyMade.identity })
  const { vaults } = await world.settles(recovery.look())
  await world.settles(recovery.close())
  expect(vaults.find(({ id }) => id === toHex(vault))?.head).toMatchObject({ seq: entries.length - 1 })
})

test('an import that is cut off anywhere goes on, and sends nothing twice', async () => {
  const { vault, bytes, entries } = await original
  const { world } = await elsewhere()
  const reached: number[] = []
  for (let reads = 1; ; reads += 2) {
    const archive = MemoryArchive.of(bytes)
    archive.readsLeft = reads
    const done = await imports(world, archive).catch((error: unknown) => {
      if (archive.readsLeft >= 0) throw error
      return undefined
    })
    const packs = (await packsOf(world, vault)).length
    reached.push((await world.relay.log(vault)).length + packs)
    if (done === undefined) continue
    expect(done.entries + done.packs).toBe((reached.at(-1) ?? 0) - (reached.at(-2) ?? 0))
    expect(done.lacking).toEqual([])
    break
  }
  expect(entriesOf(await world.relay.log(vault))).toEqual(entries)
  // It stood still at several places on the way.
  expect(new Set(reached).size).toBeGreaterThan(4)
  expect(reached).toEqual([...reached].sort((one, two) => one - two))
})

test('an import beside another history of the vault is refused, and that one stays', async () => {
  const { vault, bytes, other } = await original
  const { world } = await elsewhere()
  await imports(world, MemoryArchive.of(other))
  const before = entriesOf(await world.relay.log(vault))
  await expect(imports(world, MemoryArchive.of(bytes))).rejects.toMatchObject({ code: 'vault-differs' })
  expect(entriesOf(await world.relay.log(vault))).toEqual(before)
})

test('an import of an archive that lacks an entry puts nothing; one that lacks a pack names it, and a whole one puts it', async () => {
  const { vault, bytes, entries } = await original
  const { world } = await elsewhere()
  const hurt = MemoryArchive.of(bytes)
  const middle = entries.length - 3
  hurt.hurtEntry(Buffer.from(entries[middle] ?? '', 'hex'))
  const data = { sequence: middle, reason: 'lost' }
  await expect(imports(world, hurt)).rejects.toMatchObject({ code: 'archive-broken', data })
  expect(await world.relay.log(vault)).toEqual([])

  const [pack] = decodeEntry(Buffer.from(entries[middle] ?? '', 'hex')).header.added
  if (pack === undefined) throw new Error('an entry without a pack')
  const lacking = MemoryArchive.of(bytes)
  lacking.hurtPack(pack.id)
  const most = await imports(world, lacking)
  expect(most.lacking.map(toHex)).toEqual([toHex(pack.id)])
  expect(await imports(world, MemoryArchive.of(bytes))).toMatchObject({ entries: 0, packs: 1, lacking: [] })
})

/** A line over which the relay refuses to say how a vault stands. */
function mute(wire: Wire): Wire {
  const listeners: ((frame: Uint8Array) => void)[] = []
  wire.onFrame((frame) => {
    for (const listener of listeners) listener(frame)
  })
  return {
    send(frame, sent) {
      const message = decodeClientMessage(frame)
      if (message.type !== 'vault-facts') {
        wire.send(frame, sent)
        return
      }
      const refusal = encodeMessage({ type: 'error', id: message.id, code: 'no-right', retryable: false })
      queueMicrotask(() => {
        for (const listener of listeners) listener(refusal)
      })
    },
    get bufferedBytes() {
      return wire.bufferedBytes
    },
    onFrame: (listener) => void listeners.push(listener),
    onDrain: (listener) => wire.onDrain(listener),
    onClose: (listener) => wire.onClose(listener),
    close: (code, reason) => wire.close(code, reason),
  }
}

test('an import that is done stays done where the relay does not say how the vault stands', async () => {
  const { vault, bytes, entries } = await original
  const { world, machine } = await elsewhere()
  const context = machine.context()
  const dial = async (url: string) => mute(await context.platform.dial(url))
  const importing = async () =>
    importArchive(
      { ...context, platform: { ...context.platform, dial } },
      { reader: await ArchiveReader.open(MemoryArchive.of(bytes)), relay: relayUrl },
    )
  const done = await world.settles(importing())
  expect(done).toMatchObject({ entries: entries.length, lacking: [], deletion: 'unknown' })
  expect(entriesOf(await world.relay.log(vault))).toEqual(entries)
})

test('an import is for who started the vault alone', async () => {
  const { vault, bytes } = await original
  const { world } = await elsewhere()
  world.more(4)
  const refused = imports(world, MemoryArchive.of(bytes), world.at(4))
  await expect(refused).rejects.toMatchObject({
    code: 'relay-refused',
    data: { reason: 'no-right', what: 'import' },
  })
  expect(await world.relay.log(vault)).toEqual([])
})

test('an import to where the vault was deleted says so to another device of the same words, which may have it put there again', async () => {
  const { vault, bytes } = await original
  const { world, machine } = await elsewhere()
  await imports(world, MemoryArchive.of(bytes))
  const place = { relay: relayUrl, vault }
  const { finalAtMs: finalMs } = await world.settles(wishDeletion(machine.context(), place, 'delete'))
  // No. 6 has the same words, and its own keys, which this log never heard of.
  world.more(6)
  const other = world.at(6)
  const by = toHex(machine.home.device.sign.publicKey)
  const again = await imports(world, MemoryArchive.of(bytes), other)
  expect(again).toMatchObject({ entries: 0, deletion: { by, finalMs, signed: true } })
  world.relayAheadMs += 31 * 24 * 3_600_000
  await world.settles(world.sweepRelay())
  const refused = await imports(world, MemoryArchive.of(bytes), other).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'relay-refused', data: { reason: 'vault-deleted', key: by } })
  expect(errorReport(english, refused).message).toContain(
    'an owner had this vault deleted there, asked for on',
  )
  expect(await world.settles(wishDeletion(other.context(), place, 'keep'))).toMatchObject({ isRevived: true })
  expect(await imports(world, MemoryArchive.of(bytes), other)).toMatchObject({
    lacking: [],
    deletion: undefined,
  })
})
