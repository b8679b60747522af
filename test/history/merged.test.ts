// What a prune packed anew and a later one dropped is there as long as the relay keeps it: also where it lay first is gone by then.
import { randomBytes } from 'node:crypto'
import { openFolder } from '@grenier/client'
import { expect, onTestFinished, test } from 'vitest'
import type { Pruned } from '../../packages/client/src/engine/pruning.ts'
import { differences, readTree } from '../e2e/trees.ts'
import { Ground, type Device } from '../folder/devices.ts'
import { ask } from './asking.ts'
import { MovedClock } from './moved-clock.ts'

const dayMs = 86_400_000
/** As many small packs as are merged, each of one file. */
const files = 6

async function prune(device: Device, keepMs: number): Promise<Pruned> {
  const engine = await openFolder(device.context(), device.folder)
  return await engine.prune({ keepMs, dryRun: false }).finally(() => engine.close())
}

test('a moment comes back whose content was packed anew since, and dropped then', async () => {
  const clock = new MovedClock()
  const ground = new Ground(undefined, undefined, clock.relay)
  onTestFinished(() => ground.end())
  const alpha = ground.device('alpha', { clock: clock.client })
  await alpha.add()
  for (let at = 0; at < files; at += 1) {
    alpha.write(`file ${at}`, randomBytes(900_000))
    await alpha.sync()
  }
  const { summary } = await alpha.sync()
  const [sequence, tree] = [summary.head?.seq ?? -1, readTree(alpha.folder)]
  // What was claimed lately is spared.
  clock.passes(15 * dayMs)
  const merged = await prune(alpha, 3650 * dayMs)
  expect(merged).toMatchObject({ through: undefined, rewrittenPacks: files })
  clock.passes(31 * dayMs)
  expect((await ground.sweep())?.packs).toBeGreaterThanOrEqual(files)
  for (let at = 0; at < files; at += 1) alpha.write(`file ${at}`, 'other')
  await alpha.sync()
  clock.passes(15 * dayMs)
  alpha.write('later', 'than that')
  await alpha.sync()
  // It leaves a state that the next one can name.
  await prune(alpha, dayMs)
  clock.passes(2 * dayMs)
  expect((await prune(alpha, dayMs)).packs).toBeGreaterThan(0)
  const into = ground.directory('restored')
  const { answer } = await ask(alpha, { do: 'restore-into', path: '', into, moment: { sequence } })
  expect(answer.problems).toBe(0)
  expect(differences(tree, readTree(into))).toEqual([])
})
