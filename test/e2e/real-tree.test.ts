// A real tree between two devices, by the real commands: added here, joined there, then edited on both sides while both watch. GRENIER_FULL=1
// takes at least 300 MB; without it the largest files are left out. At least 10,000 files either way.
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { testSeed } from '../seed.ts'
import { Seeded } from '../simulation/seeded.ts'
import { isSynced, Stage, summaryOf, untilHolds, type Device, type Running } from './commands.ts'
import { editFolders, editMany } from './edits.ts'
import { addOddities, copyTree, installed, shared } from './source-tree.ts'
import { folderDifferences, looksEqual } from './trees.ts'

const full = process.env['GRENIER_FULL'] === '1'
const MiB = 1 << 20

interface Pair {
  readonly here: string
  readonly there: string
  readonly alpha: Device
  readonly beta: Device
}

/** Fills a folder with at least 10,000 files; in a full run at least 300 MB. Half below `installed`, half below `shared`. */
function fill(folder: string): { files: number; bytes: number } {
  const fileBytesMax = full ? 256 * MiB : 2 * MiB
  const bounds = { filesMax: 60_000, bytesMax: 2_000 * MiB, fileBytesMax }
  const first = copyTree(installed, join(folder, 'installed'), bounds)
  // As many files as the bytes of a full run take: those of a machine may be small.
  const left = { ...bounds, filesMax: full ? bounds.filesMax : Math.max(3_000, 10_500 - first.files) }
  const bytesMax = full ? Math.max(60 * MiB, 310 * MiB - first.bytes) : 60 * MiB
  const second = copyTree(shared, join(folder, 'shared'), { ...left, bytesMax })
  addOddities(folder)
  return { files: first.files + second.files, bytes: first.bytes + second.bytes }
}

async function untilEqual(pair: Pair, running: readonly Running[]): Promise<void> {
  await untilHolds(running, () => running.every(isSynced) && looksEqual(pair.here, pair.there))
}

async function joined(stage: Stage): Promise<Pair> {
  const relay = await stage.relay()
  const url = await relay.start()
  const here = stage.newFolder('here')
  const there = stage.path('there')
  return { here, there, alpha: await deviceAt(stage, 'alpha', url), beta: stage.device('beta') }
}

async function deviceAt(stage: Stage, name: string, url: string): Promise<Device> {
  const device = stage.device(name)
  await device.setup(url)
  return device
}

async function join2(pair: Pair): Promise<void> {
  const code = await pair.alpha.invite(pair.here)
  await pair.beta.done('join', code, pair.there, '--device-name', 'beta')
}

describe('a real tree', () => {
  test('is equal on both devices after add and join, and again after edits on both sides', async () => {
    const stage = Stage.forTest()
    const pair = await joined(stage)
    const { alpha, beta, here, there } = pair
    const { files, bytes } = fill(here)
    expect(files).toBeGreaterThan(10_000)
    if (full) expect(bytes).toBeGreaterThan(300e6)
    const added = await alpha.done('add', here, '--name', 'a real tree')
    await join2(pair)
    const took = summaryOf(added)['durationMs']
    console.log(`${files} files, ${Math.round(bytes / 1e6)} MB, sent in ${String(took)} ms`)
    expect(folderDifferences(here, there)).toEqual([])

    const syncs = [alpha.start('sync'), beta.start('sync')]
    await untilEqual(pair, syncs)
    const seed = testSeed()
    stage.notes.push(
      () => `seed ${seed}`,
      () => folderDifferences(here, there).join('\n'),
    )
    editMany(join(here, 'installed'), new Seeded(seed), 280)
    editMany(join(there, 'shared'), new Seeded(seed + 1), 280)
    editFolders(join(here, 'installed'))
    editFolders(join(there, 'shared'))
    await untilEqual(pair, syncs)
    expect(folderDifferences(here, there)).toEqual([])
    for (const sync of syncs) {
      const ended = await sync.stop()
      expect(ended.exitCode).toBe(143)
      expect(summaryOf(ended)).toMatchObject({ exitCode: 143, conflicts: 0, problems: 0 })
    }
    for (const device of [alpha, beta]) await device.done('sync', '--once')
    expect(folderDifferences(here, there)).toEqual([])
    for (const [device, folder] of [
      [alpha, here],
      [beta, there],
    ] as const)
      expect(await device.status(folder)).toMatchObject({ state: 'synced', pending: 0, running: false })
  })
})
