// Any moment of a long history, brought back to the byte: contents, bits, times, links; named by its time and by its sequence; and again when the
// vault was pruned meanwhile, the floor has passed, and the relay let go of what no kept version needs. Short in the tests;
// GRENIER_HISTORY_FILES, GRENIER_HISTORY_CHANGES and GRENIER_HISTORY_MOMENTS make it large, GRENIER_SEED repeats it.
import { rmSync } from 'node:fs'
import { openFolder } from '@grenier/client'
import { expect, onTestFinished, test } from 'vitest'
import type { Moment } from '../../packages/client/src/engine/history-query.ts'
import type { Pruned } from '../../packages/client/src/engine/pruning.ts'
import { differences, readTree, type Tree } from '../e2e/trees.ts'
import { Ground, type Device } from '../folder/devices.ts'
import { testSeed } from '../seed.ts'
import { Seeded } from '../simulation/seeded.ts'
import { ask } from './asking.ts'
import { Changing } from './changing.ts'
import { MovedClock } from './moved-clock.ts'

const files = Number(process.env['GRENIER_HISTORY_FILES'] ?? 40)
const changes = Number(process.env['GRENIER_HISTORY_CHANGES'] ?? 14)
const momentsMax = Number(process.env['GRENIER_HISTORY_MOMENTS'] ?? 5)
/** Below what makes the brake ask. */
const movesMax = Math.max(20, Math.floor(files / 100))
const dayMs = 86_400_000
/** A change now and then, over these days. */
const historyMs = 60 * dayMs
const keepMs = 25 * dayMs
const floorMs = 30 * dayMs

/** How the folder was, from one entry up to the next change. */
interface Recorded {
  readonly sequence: number
  readonly fromMs: number
  untilMs: number
  readonly tree: Tree
}

/** Changes a folder, and keeps how it was at moments drawn before. */
class Recording {
  readonly records: Recorded[] = []
  readonly #of: { readonly device: Device; readonly clock: MovedClock; readonly seeded: Seeded }
  readonly #changing: Changing
  readonly #wanted: ReadonlySet<number>
  #last: Recorded | undefined

  constructor(of: { readonly device: Device; readonly clock: MovedClock; readonly seeded: Seeded }) {
    this.#of = of
    this.#changing = new Changing(of.device.folder, of.seeded)
    const all = Array.from({ length: changes }, (_, at) => ({ at, by: of.seeded.next() }))
    const drawn = all.sort((a, b) => a.by - b.by).slice(0, 2 * momentsMax)
    // The first is gone after the prune, the last is not.
    this.#wanted = new Set([0, changes - 1, ...drawn.map(({ at }) => at)])
  }

  fill(): void {
    this.#changing.fill(files)
  }

  async change(from: number, to: number): Promise<void> {
    const { device, clock, seeded } = this.#of
    for (let at = from; at < to; at += 1) {
      this.#ends()
      clock.passes(Math.floor(historyMs / changes))
      this.#changing.change(5 + seeded.below(movesMax))
      const { summary, problems } = await device.sync()
      expect(problems).toEqual([])
      if (!this.#wanted.has(at)) continue
      const now = clock.now()
      const tree = readTree(device.folder)
      this.#last = { sequence: summary.head?.seq ?? -1, fromMs: now, untilMs: now, tree }
      this.records.push(this.#last)
    }
    this.#ends()
  }

  #ends(): void {
    if (this.#last !== undefined) this.#last.untilMs = this.#of.clock.now()
    this.#last = undefined
  }
}

async function restored(device: Device, ground: Ground, moment: Moment): Promise<Tree> {
  const into = ground.directory('restored')
  const { answer } = await ask(device, { do: 'restore-into', path: '', into, moment })
  expect(answer.problems).toBe(0)
  const tree = readTree(into)
  rmSync(into, { recursive: true })
  return tree
}

/** Some time at which the folder was so. */
function timeIn({ fromMs, untilMs }: Recorded, seeded: Seeded): number {
  return fromMs + Math.floor(seeded.next() * (untilMs - fromMs))
}

/** Named by one of the two it is brought back; named by the other it means the same entry. */
async function brings(
  record: Recorded,
  on: { device: Device; ground: Ground; seeded: Seeded },
): Promise<void> {
  const { device, ground, seeded } = on
  const { sequence, tree } = record
  const timeMs = timeIn(record, seeded)
  const names: Moment[] = seeded.chance(0.5) ? [{ sequence }, { timeMs }] : [{ timeMs }, { sequence }]
  const [moment = { sequence }, other = { sequence }] = names
  expect(differences(tree, await restored(device, ground, moment)), JSON.stringify(moment)).toEqual([])
  const { answer } = await ask(device, { do: 'list', path: '', deep: false, moment: other })
  expect(answer.sequence, JSON.stringify(other)).toBe(sequence)
  // The time of that entry, also where it retired here, and not that of the head.
  expect(answer.atMs ?? Number.POSITIVE_INFINITY, JSON.stringify(other)).toBeLessThanOrEqual(record.untilMs)
}

async function prune(device: Device): Promise<Pruned> {
  const engine = await openFolder(device.context(), device.folder)
  try {
    return await engine.prune({ keepMs, dryRun: false })
  } finally {
    await engine.close()
  }
}

function drawn(records: readonly Recorded[], seeded: Seeded): Recorded[] {
  const all = records.map((record) => ({ record, by: seeded.next() }))
  return all
    .sort((a, b) => a.by - b.by)
    .slice(0, momentsMax)
    .map(({ record }) => record)
}

test(
  'any moment comes back exactly, by time and by sequence, also when the vault was pruned in between',
  async () => {
    const seed = testSeed()
    console.log(`GRENIER_SEED=${seed} GRENIER_HISTORY_FILES=${files} GRENIER_HISTORY_CHANGES=${changes}`)
    const seeded = new Seeded(seed)
    const clock = new MovedClock()
    const ground = new Ground(undefined, undefined, clock.relay)
    onTestFinished(() => ground.end())
    const alpha = ground.device('alpha', { clock: clock.client })
    const recording = new Recording({ device: alpha, clock, seeded })
    recording.fill()
    await alpha.add()
    const [checkpointAt, prunedAt] = [Math.ceil(changes * 0.3), Math.ceil(changes * 0.8)]
    await recording.change(0, checkpointAt)
    // Nothing is old enough to go, but small packs may be merged; it leaves a checkpoint for the next time.
    const first = await prune(alpha)
    expect(first).toMatchObject({ through: undefined, versions: 0, entries: 0, packs: first.rewrittenPacks })
    await recording.change(checkpointAt, prunedAt)
    const on = { device: alpha, ground, seeded }
    for (const record of drawn(recording.records, seeded)) await brings(record, on)

    const pruned = await prune(alpha)
    const through = pruned.through ?? Number.POSITIVE_INFINITY
    expect(pruned.entries).toBeGreaterThan(0)
    // Pruned, and at the relay still: any moment is there, by either name.
    for (const record of drawn(recording.records, seeded)) await brings(record, on)
    await recording.change(prunedAt, changes)
    clock.passes(floorMs + dayMs)
    const swept = await ground.sweep()
    expect(swept?.held).toBe(false)
    expect(swept?.packs).toBeGreaterThanOrEqual(pruned.packs)
    expect(swept?.entries).toBeGreaterThan(0)
    const [gone, kept] = [false, true].map((isKept) =>
      recording.records.filter(({ sequence }) => sequence >= through === isKept),
    )
    // One device that has seen it all, and one that has what the relay still holds.
    const beta = ground.device('beta', { clock: clock.client })
    await beta.join(alpha)
    expect(differences(readTree(alpha.folder), readTree(beta.folder))).toEqual([])
    // Who never saw the last entry that went has its state, and not its time: by time it cannot be told from those before.
    const undated = recording.records.filter(({ sequence }) => sequence <= through)
    for (const record of undated) {
      const moment = { timeMs: timeIn(record, seeded) }
      await expect(restored(beta, ground, moment)).rejects.toMatchObject({ code: 'history-gone' })
    }
    for (const { sequence } of gone ?? [])
      await expect(restored(beta, ground, { sequence })).rejects.toMatchObject({ code: 'history-gone' })
    const pruneAt = { do: 'list', path: '', deep: false, moment: { sequence: through } } as const
    expect((await ask(beta, pruneAt)).answer.atMs).toBeUndefined()
    const last = undated.find(({ sequence }) => sequence === through)
    if (last !== undefined)
      expect(differences(last.tree, await restored(beta, ground, { sequence: through }))).toEqual([])
    for (const [at, record] of drawn(kept ?? [], seeded).entries())
      await brings(record, { ...on, device: at % 2 === 0 || record === last ? alpha : beta })
    console.log(
      `${recording.records.length} moments recorded, ${kept?.length ?? 0} of them kept by the prune, ${swept?.packs ?? 0} packs gone for good`,
    )
    expect(kept?.length).toBeGreaterThan(0)
    expect(gone?.length).toBeGreaterThan(0)
  },
  files * changes * 10 + 300_000,
)
