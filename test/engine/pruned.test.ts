// A log of which entries are retired: who joins it starts from the checkpoint that the prune names, who was away comes to the same state, and who
// folded something else takes it over.
import { bodyHash, decodeEntry, entryHashOf, makePrune, toHex, type EntryHash } from '@grenier/crypto'
import { openFolder, openHistory } from '@grenier/client'
import type { LookQuery } from '../../packages/client/src/engine/history-query.ts'
import { stateHashOf } from '../../packages/client/src/state/checkpoint.ts'
import { TreesStore } from '../../packages/client/src/state/trees-store.ts'
import type { RelativePath } from '../../packages/client/src/sync/name.ts'
import { describe, expect, test } from 'vitest'
import { eventsOf, expectHalt, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { askOf, bytesOf, logLines, type Answered } from '../history/asking.ts'
import { HostileMember } from '../hostile/member.ts'
import type { Machine } from '../simulation/world.ts'

const every = 4
const day = 86_400_000

async function syncs(world: HostileWorld, ...machines: readonly Machine[]): Promise<void> {
  for (const machine of machines) {
    machine.start((context) => openFolder({ ...context, checkpointEvery: every }, machine.folderPath), true)
    expect(await world.outcomeOf(machine), machine.name).toBe('done')
  }
}

/** A machine saves so many files, one commit each. */
async function saves(world: HostileWorld, machine: Machine, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) {
    machine.user.write(`${machine.name} ${at}`, `${at} ${'text '.repeat(500)}`)
    await syncs(world, machine)
  }
}

/** An owner's prune names the latest checkpoint. Gives the sequence up to which entries retire. */
async function prune(world: HostileWorld, owner: Machine): Promise<number> {
  const member = new HostileMember(world, owner)
  const { checkpoints } = await member.read()
  const checkpoint = checkpoints.at(-1)
  if (checkpoint === undefined) throw new Error('no checkpoint')
  const { entry } = makePrune({ ...member.on, checkpoint })
  await member.append(entry.bytes)
  return checkpoint.holds
}

/** The floor passes, and the relay retires what may be. */
async function retire(world: HostileWorld): Promise<number> {
  return await world.stores.logs.retire(world.scheduler.nowMs + 40 * day, 10_000)
}

async function kindsOf(world: HostileWorld): Promise<(string | undefined)[]> {
  const log = await world.relay.log(world.relay.vaultOf(world.at(0)))
  return log.map((given) => ('entry' in given ? decodeEntry(given.entry).header.kind : undefined))
}

async function stateOf(machine: Machine): Promise<string> {
  const store = machine.disk.open()
  try {
    return toHex((await stateHashOf(TreesStore.open(store))).stateHash)
  } finally {
    await store.close()
  }
}

/** Two devices, a history, a prune, and the entries before it retired. */
async function prunedWorld(devices = 2): Promise<HostileWorld> {
  const world = await peacefulWorld({ devices })
  const [a, b] = [world.at(0), world.at(1)]
  await saves(world, a, 2 * every)
  await syncs(world, b)
  const through = await prune(world, a)
  await saves(world, b, 2)
  await syncs(world, a, b)
  expect(await retire(world)).toBeGreaterThan(every)
  const kinds = await kindsOf(world)
  expect(kinds.slice(through + 1)).not.toContain(undefined)
  expect(kinds.filter((kind) => kind === undefined).length).toBeGreaterThan(every)
  return world
}

/** What is first in a tar of a moment. */
async function firstPath(world: HostileWorld, machine: Machine, sequence: number): Promise<RelativePath> {
  const listed = await asks(world, machine, { do: 'list', path: '', deep: true, moment: { sequence } })
  const [first] = listed.rows
  if (first?.row !== 'node') throw new Error('nothing is there')
  return first.path as RelativePath
}

async function prunedThrough(world: HostileWorld, machine: Machine): Promise<number> {
  const { spine } = await new HostileMember(world, machine).read()
  return spine.prune?.through ?? -1
}

/** What the history of a machine says, with no run. */
async function asks(world: HostileWorld, machine: Machine, query: LookQuery): Promise<Answered> {
  const opened = await openHistory(machine.context(), machine.folderPath)
  try {
    return await world.settles(askOf(opened, query))
  } finally {
    await opened.close()
  }
}

/** The hash of the log at each sequence, hex, by what the relay has of it. */
async function hashesOf(world: HostileWorld): Promise<string[]> {
  const log = await world.relay.log(world.relay.vaultOf(world.at(0)))
  let hash: EntryHash | undefined
  return log.map((given) => {
    hash = entryHashOf(hash, 'entry' in given ? decodeEntry(given.entry).bodyHash : bodyHash(given.bodyHash))
    return toHex(hash)
  })
}

describe('a log of which entries are retired', () => {
  test('is what an export goes on with from the prune on, as long as the entry is the same, and from no earlier one', async () => {
    const world = await prunedWorld()
    const machine = world.at(0)
    const hashes = await hashesOf(world)
    const head = hashes.length - 1
    const entries = await asks(world, machine, { do: 'log', all: true })
    const kept = entries.rows.flatMap((row) => (row.row === 'entry' ? [row] : []))
    for (const { sequence, hash } of kept) expect(hash).toBe(hashes[sequence])
    const through = await prunedThrough(world, machine)
    const from = async (sequence: number, hash = hashes[sequence]): Promise<Answered> =>
      await asks(world, machine, {
        ...{ do: 'export', marks: true },
        from: {
          ...{ tarBytes: 0, filesDone: 0, bytesDone: 0, given: [], sequence, hash: hash ?? '' },
          path: await firstPath(world, machine, Math.max(through, Math.min(sequence, head))),
        },
      })
    for (const sequence of [through, through + 1, head]) {
      const whole = await asks(world, machine, { do: 'export', moment: { sequence } })
      const again = await from(sequence)
      expect(Buffer.compare(bytesOf(again), bytesOf(whole))).toBe(0)
      expect(again.answer).toMatchObject({ sequence, files: whole.answer.files, problems: 0 })
    }
    await expect(from(head, hashes[head - 1])).rejects.toMatchObject({ code: 'history-gone' })
    await expect(from(through + 1, hashes[through])).rejects.toMatchObject({ code: 'history-gone' })
    await expect(from(through - 1)).rejects.toMatchObject({ code: 'history-gone' })
    await expect(from(head + 1)).rejects.toMatchObject({ code: 'moment-unknown' })
  })

  test('is joined from the checkpoint, to the very state of the others', async () => {
    const world = await prunedWorld()
    const [a, b] = [world.at(0), world.at(1)]
    world.more(1)
    const c = world.at(2)
    expect(await world.join(c, await world.invite(a))).toBe('done')
    await syncs(world, a, b, c)
    expect(c.tree()).toEqual(a.tree())
    expect(await stateOf(c)).toBe(await stateOf(a))
    await saves(world, c, 1)
    await syncs(world, a, b)
    expect(a.tree()).toEqual(c.tree())
    for (const machine of world.machines) expect(eventsOf(machine, 'void')).toEqual([])
  })

  test('is joined wherever the joining is cut off, and how often', async () => {
    const world = await prunedWorld()
    const [a] = [world.at(0)]
    world.more(1)
    const c = world.at(2)
    const joining = world.join(c, await world.invite(a))
    let steps = 12
    c.dieAfter(steps)
    await Promise.race([joining.catch(() => undefined), world.until(() => !c.running)])
    // Not recorded yet: then nothing has begun, and the code is still good.
    if (c.home.folders.length === 0) expect(await world.join(c, await world.invite(a))).toBe('done')
    for (; ; steps += 3) {
      c.sync(true)
      c.dieAfter(steps)
      expect(await world.until(() => !c.running)).toBe(true)
      if (c.outcome === 'done') break
      expect(c.outcome).toBeUndefined()
    }
    expect(steps).toBeGreaterThan(15)
    c.forgetSteps()
    await syncs(world, a)
    expect(c.tree()).toEqual(a.tree())
    await syncs(world, c)
    expect(await stateOf(c)).toBe(await stateOf(a))
  })

  test('has a history from the checkpoint on; what was before is said to be gone', async () => {
    const world = await prunedWorld()
    const [a, b] = [world.at(0), world.at(1)]
    const through = (await kindsOf(world)).lastIndexOf(undefined)
    world.more(1)
    const c = world.at(2)
    expect(await world.join(c, await world.invite(a))).toBe('done')
    const now = await asks(world, c, { do: 'list', path: '', deep: true })
    b.user.write('later', 'written after all that')
    await syncs(world, b, c)
    const { answer } = await asks(world, c, { do: 'list', path: 'later', deep: false })
    const moment = { sequence: answer.head.seq - 1 }
    const then = await asks(world, c, { do: 'list', path: '', deep: true, moment })
    expect(then.rows).toEqual(now.rows)
    const log = await asks(world, c, { do: 'log' })
    expect(logLines(log)).toContain(`${b.home.deviceName}: put later`)
    expect(logLines(log).at(-1)).toContain(': genesis')
    const gone = asks(world, c, { do: 'list', path: '', deep: true, moment: { sequence: through - 1 } })
    await expect(gone).rejects.toMatchObject({ code: 'history-gone' })
    // Who was there from the start has kept it all.
    const kept = await asks(world, a, { do: 'list', path: '', deep: true, moment: { sequence: through - 1 } })
    expect(kept.rows.length).toBeGreaterThan(0)
  })

  test('that retired while a laptop was away is verified by it, and brings it to the same state, its edits merged', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b, laptop] = [world.at(0), world.at(1), world.at(2)]
    await syncs(world, a, b, laptop)
    laptop.user.write('of the laptop', 'written while away')
    laptop.user.write('plain.txt', 'changed on the laptop')
    await saves(world, a, 2 * every)
    b.user.write('plain.txt', 'changed elsewhere, later')
    await syncs(world, b, a)
    a.user.remove('device-0 7')
    await saves(world, a, every)
    await prune(world, a)
    await syncs(world, a, b)
    expect(await retire(world)).toBeGreaterThan(every)
    await syncs(world, laptop, a, b, laptop)
    expect(laptop.tree()).toEqual(a.tree())
    expect(b.tree()).toEqual(a.tree())
    expect(await stateOf(laptop)).toBe(await stateOf(a))
    const paths = a.tree().join('\n')
    expect(paths).toContain('of the laptop')
    expect(paths).toContain('conflict')
    expect(paths).not.toContain('device-0 7 ')
  })

  test('that does not extend what the laptop knew is refused', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const [a, laptop] = [world.at(0), world.at(2)]
    await syncs(world, a, laptop)
    await saves(world, a, 2 * every)
    await prune(world, a)
    await syncs(world, a)
    await retire(world)
    const hash = world.random.bytes(32)
    const kinds = await kindsOf(world)
    const sequence = kinds.lastIndexOf(undefined)
    world.relay.lieTo(laptop, {
      log: (entries) =>
        entries.map((one) => (one.sequence === sequence ? { sequence, bodyHash: hash } : one)),
    })
    await expectHalt(world, laptop, 'relay-contradicts')
  })

  test('that lacks an entry which no prune retired is refused by who joins', async () => {
    const world = await prunedWorld()
    world.more(1)
    const c = world.at(2)
    const code = await world.invite(world.at(0))
    const last = (await kindsOf(world)).lastIndexOf('change')
    const { bodyHash } = decodeEntry(
      (await world.relay.log(world.relay.vaultOf(world.at(0)))).flatMap((one) =>
        one.sequence === last && 'entry' in one ? [one.entry] : [],
      )[0] ?? new Uint8Array(0),
    )
    world.relay.lieTo(c, {
      log: (entries) => entries.map((one) => (one.sequence === last ? { sequence: last, bodyHash } : one)),
    })
    expect(await world.join(c, code)).toMatchObject({ code: 'relay-contradicts' })
  })
})

test('a device that folded something else takes over what the prune names, and folds again from there', async () => {
  const world = await peacefulWorld({ devices: 3 })
  const [a, b] = [world.at(0), world.at(1)]
  await saves(world, a, every)
  await syncs(world, b)
  // The state of one device was damaged: it has another folded tree than the log says.
  const lost = b.disk.open()
  const trees = TreesStore.open(lost)
  let spoilt = 0
  for await (const [id, { remote }] of trees.all())
    if (remote?.value.kind === 'file' && spoilt === 0) {
      spoilt += 1
      await trees.write({ flush: true }, (transaction) =>
        transaction.set('remote', id, {
          ...remote,
          value: { ...remote.value, mode: 0o111 },
        } as typeof remote),
      )
    }
  await lost.close()
  await saves(world, a, 2 * every)
  await syncs(world, b)
  expect(eventsOf(b, 'void').map(({ reason }) => reason)).toContain('state-differs')
  expect(await stateOf(b)).not.toBe(await stateOf(a))
  await prune(world, a)
  await syncs(world, a, b)
  await saves(world, a, 1)
  await syncs(world, b, a)
  expect(await stateOf(b)).toBe(await stateOf(a))
  expect(b.tree()).toEqual(a.tree())
})
