// A sealed export that was damaged: what of its files is left is written and named, what of its log applies is applied and the rest named; and one that
// knows more than the relay, whose log was rolled back, is left as it is.
import { decodeEntry } from '@grenier/crypto'
import { inlineWorkerPool, MemoryDisk, systemClock, type FolderEvent } from '@grenier/client'
import { expect, test } from 'vitest'
import { ArchiveReader } from '../../packages/client/src/archive/archive-reader.ts'
import { scanArchive } from '../../packages/client/src/archive/archive-scan.ts'
import { ArchiveWriter } from '../../packages/client/src/archive/archive-writer.ts'
import { openMemoryFileSystem } from '../../packages/client/src/disk/file-system-memory.ts'
import { MemoryFolder } from '../../packages/client/src/disk/memory-folder.ts'
import { MemoryUser } from '../../packages/client/src/disk/memory-user.ts'
import type { Uncertainty } from '../../packages/client/src/engine/archive-fold.ts'
import { openArchive, type OpenedArchive } from '../../packages/client/src/engine/decrypt.ts'
import { runSealedExport } from '../../packages/client/src/engine/sealed-export-run.ts'
import { peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { readyMade } from '../simulation/memory-home.ts'
import type { Machine } from '../simulation/world.ts'
import { exported, MemoryArchive } from './memory-archive.ts'

interface Opened {
  readonly archived: OpenedArchive
  readonly uncertain: readonly Uncertainty[]
  readonly events: readonly FolderEvent[]
}

async function opened(archive: MemoryArchive): Promise<Opened> {
  const uncertain: Uncertainty[] = []
  const events: FolderEvent[] = []
  const archived = await openArchive({
    reader: await ArchiveReader.open(archive),
    pairs: readyMade.identity,
    state: new MemoryDisk().open(),
    platform: { clock: systemClock, pool: inlineWorkerPool() },
    report: (event) => events.push(event),
    uncertain: (what) => uncertain.push(what),
    signal: new AbortController().signal,
  })
  return { archived, uncertain, events }
}

async function writes(
  { archived, events }: Opened,
  folder: MemoryFolder,
): Promise<Extract<FolderEvent, { event: 'problem' }>[]> {
  const before = events.length
  await archived.write({ files: openMemoryFileSystem(folder), into: '/out', run: 'run' })
  return events.slice(before).filter((event) => event.event === 'problem')
}

async function pathsIn({ archived }: Opened): Promise<string[]> {
  const paths: string[] = []
  for await (const { path } of archived.rows()) if (!isOfWorld(path)) paths.push(path)
  return paths.sort()
}

/** What every such world begins with. */
function isOfWorld(path: string): boolean {
  return path.includes('CANARY') || path === 'plain.txt'
}

/** Files of the folder that was written, ours left out. */
function written(user: MemoryUser): Map<string, Buffer> {
  return new Map(
    [...user.tree()].flatMap(([path, { kind, bytes }]) =>
      kind === 'file' && !path.startsWith('.grenier') && !isOfWorld(path) ? [[path, Buffer.from(bytes)]] : [],
    ),
  )
}

/** Long enough for several chunks, the same each time, and as hard to compress as anything. */
function noise(world: HostileWorld, bytes: number): Buffer {
  return Buffer.from(world.random.bytes(bytes))
}

/** A vault of single changes, its entries, and its export. */
const original = (async () => {
  const world = await peacefulWorld()
  const a = world.at(0)
  const film = noise(world, 2_500_000)
  a.user.write('film.avi', film)
  await world.syncs(a)
  const yesterday = world.relayDisk.copy()
  for (const path of ['film (damaged).avi', 'second', 'third', 'fourth']) {
    a.user.write(path, `${path}, as it was written`)
    await world.syncs(a)
  }
  a.user.rename('second', 'fifth')
  await world.syncs(a)
  const log = await world.relay.log(world.relay.vaultOf(a))
  const entries = log.flatMap((given) => ('entry' in given ? [decodeEntry(given.entry)] : []))
  return { world, a, yesterday, film, entries, bytes: (await exported(world, a)).bytes }
})()

async function packsOfFilm(): Promise<Uint8Array[]> {
  const { entries } = await original
  return entries.flatMap(({ header }) =>
    header.added.filter(({ sizeBytes }) => sizeBytes > 500_000).map(({ id }) => id),
  )
}

test('what is left of a file stands beside its place, never where another one is, and again it is found and told', async () => {
  const { bytes, film } = await original
  const archive = MemoryArchive.of(bytes)
  const [pack] = await packsOfFilm()
  if (pack === undefined) throw new Error('no pack of content')
  // In the middle of it: neither its first chunk nor its last.
  archive.hurtPack(pack, 1_000_000)
  const folder = new MemoryFolder({ clock: systemClock })
  const user = new MemoryUser(folder)
  const open = await opened(archive)
  expect(open.uncertain).toEqual([])
  const problems = await writes(open, folder)
  expect(problems).toMatchObject([
    { path: 'film.avi', code: 'archive-damaged', keptAs: 'film (damaged)-2.avi' },
  ])
  const lost = problems[0]?.lost ?? []
  const expected = Buffer.from(film)
  for (const { offset, length } of lost) expected.fill(0, offset, offset + length)
  expect(lost).toHaveLength(1)
  expect(lost[0]?.offset).toBeGreaterThan(0)
  expect((lost[0]?.offset ?? 0) + (lost[0]?.length ?? 0)).toBeLessThan(film.length)
  const files = written(user)
  expect([...files.keys()].sort()).toEqual([
    'fifth',
    'film (damaged)-2.avi',
    'film (damaged).avi',
    'fourth',
    'third',
  ])
  expect(files.get('film (damaged)-2.avi')?.equals(expected)).toBe(true)
  expect(files.get('film (damaged).avi')?.toString()).toBe('film (damaged).avi, as it was written')

  const again = await writes(await opened(archive), folder)
  expect(again).toEqual(problems)
  expect([...written(user).keys()].sort()).toEqual([...files.keys()].sort())
  // Somebody works on with it: it is no copy of ours any more.
  user.append('film (damaged)-2.avi', 'mended by hand')
  expect(await writes(await opened(archive), folder)).toMatchObject([{ keptAs: 'film (damaged)-3.avi' }])
})

test('what another copy of the export has is no less told for what one has left', async () => {
  const { bytes, film } = await original
  const [pack] = await packsOfFilm()
  if (pack === undefined) throw new Error('no pack of content')
  const folder = new MemoryFolder({ clock: systemClock })
  const user = new MemoryUser(folder)
  const kept = new Map<string, readonly { offset: number; length: number }[]>()
  for (const at of [600_000, 1_400_000, 600_000]) {
    const archive = MemoryArchive.of(bytes)
    archive.hurtPack(pack, at)
    const [problem] = await writes(await opened(archive), folder)
    kept.set(problem?.keptAs ?? 'nowhere', problem?.lost ?? [])
  }
  expect([...kept.keys()]).toEqual(['film (damaged)-2.avi', 'film (damaged)-3.avi'])
  for (const [name, lost] of kept) {
    expect(lost).toHaveLength(1)
    const expected = Buffer.from(film)
    for (const { offset, length } of lost) expected.fill(0, offset, offset + length)
    expect(written(user).get(name)?.equals(expected)).toBe(true)
  }
})

test('a file of which nothing is left is named, and nothing is made for it', async () => {
  const { bytes } = await original
  const archive = MemoryArchive.of(bytes)
  // The front of a pack: none of its cells opens.
  for (const pack of await packsOfFilm()) archive.hurtPack(pack, 60)
  const folder = new MemoryFolder({ clock: systemClock })
  const problems = await writes(await opened(archive), folder)
  expect(problems).toEqual([{ event: 'problem', path: 'film.avi', code: 'archive-damaged' }])
  expect(written(new MemoryUser(folder)).size).toBe(4)
})

test('where both copies of an entry are damaged, what comes behind it is applied as far as it goes, and the rest is named', async () => {
  const { bytes, entries } = await original
  const of = (path: string): (typeof entries)[number] => {
    const index = ['film.avi', 'film (damaged).avi', 'second', 'third', 'fourth', 'fifth'].indexOf(path)
    const changes = entries.filter(({ header }) => header.kind === 'change').slice(-6)
    const entry = changes[index]
    if (entry === undefined) throw new Error(`no entry of ${path}`)
    return entry
  }
  const archive = MemoryArchive.of(bytes)
  archive.hurtEntry(of('third').bytes)
  const lostOne = await opened(archive)
  expect(await pathsIn(lostOne)).toEqual(['fifth', 'film (damaged).avi', 'film.avi', 'fourth'])
  expect(lostOne.uncertain).toEqual([{ sequence: of('third').header.sequence, reason: 'lost' }])
  expect(lostOne.archived.isCutShort).toBe(false)

  // The rename behind it has nothing to rename: it is named, with its name; all else is there.
  archive.bytes = Buffer.from(bytes)
  archive.hurtEntry(of('second').bytes)
  const lostPut = await opened(archive)
  expect(await pathsIn(lostPut)).toEqual(['film (damaged).avi', 'film.avi', 'fourth', 'third'])
  expect(lostPut.uncertain).toMatchObject([
    { sequence: of('second').header.sequence, reason: 'lost' },
    { sequence: of('fifth').header.sequence, operation: 0, name: 'fifth' },
  ])
  const folder = new MemoryFolder({ clock: systemClock })
  expect(await writes(lostPut, folder)).toEqual([])
  expect([...written(new MemoryUser(folder)).keys()].sort()).toEqual(await pathsIn(lostPut))

  // One copy is enough.
  archive.bytes = Buffer.from(bytes)
  archive.hurtEntryOnce(of('second').bytes)
  const one = await opened(archive)
  expect(one.uncertain).toEqual([])
  expect(await pathsIn(one)).toEqual(['fifth', 'film (damaged).avi', 'film.avi', 'fourth', 'third'])
})

/** Brings an export up to date, by a device that knows nothing of the log. */
async function updates(world: HostileWorld, machine: Machine, archive: MemoryArchive): Promise<unknown> {
  const [record] = machine.home.folders
  if (record === undefined) throw new Error('no folder')
  const scan = await scanArchive(archive, { packs: true })
  const writer = ArchiveWriter.goOn(archive, scan)
  return await world
    .settles(runSealedExport(machine.context(), { record, known: undefined, writer }))
    .catch((error: unknown) => error)
}

test('an export that knows more than the relay is not cut to what a rolled-back log tells', async () => {
  const { world, a, yesterday, bytes } = await original
  const archive = MemoryArchive.of(bytes)
  world.restoreRelay(yesterday)
  const last = (await ArchiveReader.open(archive)).lastSequence
  const came = (await world.relay.log(world.relay.vaultOf(a))).length - 1
  expect(came).toBeLessThan(last)
  expect(await updates(world, a, archive)).toMatchObject({
    code: 'relay-rollback',
    data: { came, expected: last },
  })
  expect(archive.bytes.equals(bytes)).toBe(true)
  // It puts back what the relay lost: then the export is what it was.
  await world.syncs(a)
  const now = (await world.relay.log(world.relay.vaultOf(a))).length - 1
  expect(await updates(world, a, archive)).toMatchObject({ entries: now + 1, lacking: [] })
  expect(now).toBeGreaterThanOrEqual(last)
  expect(await pathsIn(await opened(archive))).toEqual(await pathsIn(await opened(MemoryArchive.of(bytes))))
})
