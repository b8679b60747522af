// A sealed export of a vault that was pruned: what no entry tells of any more is in the checkpoint that the prune names, and both readers begin there.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeEntry } from '@grenier/crypto'
import { inlineWorkerPool, MemoryDisk, openFolder } from '@grenier/client'
import { afterAll, describe, expect, test } from 'vitest'
import { ArchiveReader } from '../../packages/client/src/archive/archive-reader.ts'
import type { Uncertainty } from '../../packages/client/src/engine/archive-fold.ts'
import { openArchive } from '../../packages/client/src/engine/decrypt.ts'
import type { Moment } from '../../packages/client/src/engine/history-query.ts'
import { peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { loadReader } from '../reference/reader.ts'
import { readyMade } from '../simulation/memory-home.ts'
import type { Machine } from '../simulation/world.ts'
import { exported, MemoryArchive } from './memory-archive.ts'

const day = 86_400_000

/** A vault of some history, pruned, of which the relay keeps only what it must; and one change after that. */
async function prunedLong(world: HostileWorld): Promise<Machine> {
  const [a, b] = [world.at(0), world.at(1)]
  for (let round = 0; round < 3; round += 1) {
    for (let at = 0; at < 4; at += 1)
      a.user.write(`file ${at}`, Buffer.from(world.random.bytes(40_000)).toString('base64'))
    await world.syncs(a, b)
    await world.until(() => false, 2 * day)
  }
  await world.until(() => false, 20 * day)
  const engine = await openFolder(a.context(), a.folderPath)
  await world.settles(engine.prune({ keepMs: day, dryRun: false }))
  await engine.close()
  await world.until(() => false, 40 * day)
  await world.sweepRelay()
  await world.stores.logs.retire(world.scheduler.nowMs, 10_000)
  a.user.write('after', 'said after the prune')
  await world.syncs(a, b)
  return a
}

interface Opened {
  readonly tree: Map<string, string>
  readonly uncertain: Uncertainty[]
}

/** The tree as `decrypt` reads it: kind, and size of files, by path. */
async function opened(archive: MemoryArchive, until?: Moment): Promise<Opened> {
  const uncertain: Uncertainty[] = []
  const archived = await openArchive({
    reader: await ArchiveReader.open(archive),
    pairs: readyMade.identity,
    state: new MemoryDisk().open(),
    platform: {
      clock: { now: () => 0, monotonic: () => 0, after: () => ({ cancel: () => undefined }) },
      pool: inlineWorkerPool(),
    },
    report: () => undefined,
    uncertain: (what) => uncertain.push(what),
    signal: new AbortController().signal,
    until,
  })
  const tree = new Map<string, string>()
  for await (const { path, row } of archived.rows())
    tree.set(path, `${row.value.kind} ${row.value.kind === 'file' ? row.value.sizeBytes : ''}`)
  return { tree, uncertain }
}

/** Made once: nothing here changes it. */
const pruned = (async () => {
  const world = await peacefulWorld()
  const machine = await prunedLong(world)
  const log = await world.relay.log(world.relay.vaultOf(machine))
  return { machine, log, bytes: (await exported(world, machine)).bytes }
})()

const place = mkdtempSync(join(tmpdir(), 'grenier-pruned-export-'))
afterAll(() => rmSync(place, { recursive: true }))

describe('a sealed export of a pruned vault', () => {
  test('holds all that the checkpoint needs, and opens to the tree of now; what was before is gone', async () => {
    const { machine: a, log } = await pruned
    expect(log.filter((given) => !('entry' in given)).length).toBeGreaterThan(3)
    const archive = MemoryArchive.of((await pruned).bytes)
    const { tree, uncertain } = await opened(archive)
    expect(uncertain).toEqual([])
    const expected = [...a.user.tree()].filter(([path]) => !path.startsWith('.grenier'))
    expect([...tree.keys()].sort()).toEqual(expected.map(([path]) => path).sort())
    await expect(opened(archive, { sequence: 1 })).rejects.toMatchObject({ code: 'history-gone' })
    const last = log.length - 1
    expect((await opened(archive, { sequence: last - 1 })).tree.has('after')).toBe(false)

    // The second reader, to the byte.
    const file = join(place, 'pruned.grenier')
    writeFileSync(file, archive.bytes)
    const reader = await loadReader()
    const read = reader.readArchive(file)
    const theirs = reader.openArchive(read, reader.identityOf(readyMade.entropy))
    const contents = new Map(
      [...reader.walk(theirs.state)].map(([path, node]) => [
        Buffer.from(path, 'latin1').toString(),
        node.kind === 'file' ? digest([...theirs.readFile(node)]) : node.kind,
      ]),
    )
    read.close()
    const mine = expected.map(
      ([path, { kind, bytes }]) => [path, kind === 'file' ? digest([bytes]) : kind] as const,
    )
    expect([...contents].sort()).toEqual(mine.sort())
  })

  test('of which the checkpoint is lost says so, and yields what came behind it', async () => {
    const { log } = await pruned
    const archive = MemoryArchive.of((await pruned).bytes)
    const entries = log.flatMap((given) => ('entry' in given ? [decodeEntry(given.entry)] : []))
    const checkpoint = entries.find(({ header }) => header.kind === 'checkpoint')
    if (checkpoint === undefined) throw new Error('no checkpoint')
    for (const { id } of checkpoint.header.added) archive.hurtPack(id)
    const { tree, uncertain } = await opened(archive)
    expect(uncertain[0]).toMatchObject({ sequence: checkpoint.header.sequence, reason: 'pack-unavailable' })
    expect([...tree.keys()]).toEqual(['after'])
  })
})

function digest(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
