// What other commands do while a sync runs, how runs end, and what becomes of conflicts: small folders, real processes.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isSynced, lineOf, Stage, summaryOf, untilHolds, type Device, type Relay } from './commands.ts'
import { folderDifferences, looksEqual } from './trees.ts'

interface Pair {
  readonly stage: Stage
  readonly relay: Relay
  readonly here: string
  readonly there: string
  readonly alpha: Device
  readonly beta: Device
}

/** Two devices with a folder in common; three small files are in it. */
async function pair(): Promise<Pair> {
  const stage = Stage.forTest()
  const relay = await stage.relay()
  const url = await relay.start()
  const [alpha, beta] = [stage.device('alpha'), stage.device('beta')]
  const [here, there] = [stage.newFolder('here'), stage.path('there')]
  for (const name of ['a', 'b', 'c']) writeFileSync(join(here, name), `first ${name}`)
  await alpha.setup(url)
  await alpha.done('add', here, '--name', 'shared things')
  await beta.done('join', await alpha.invite(here), there, '--device-name', 'beta')
  expect(folderDifferences(here, there)).toEqual([])
  return { stage, relay, here, there, alpha, beta }
}

describe('while a sync runs', () => {
  test('status, invite, add and forget are answered, and a third device joins by the code', async () => {
    const { stage, here, there, alpha, beta } = await pair()
    const syncs = [alpha.start('sync'), beta.start('sync')]
    await untilHolds(syncs, () => syncs.every(isSynced))
    expect(await alpha.status(here)).toMatchObject({ state: 'synced', running: true, pending: 0 })
    const gamma = stage.device('gamma')
    const third = stage.path('third')
    await gamma.done('join', await alpha.invite(here), third, '--device-name', 'gamma')
    expect(folderDifferences(here, third)).toEqual([])

    const more = stage.newFolder('more')
    writeFileSync(join(more, 'x'), 'taken on')
    const added = await alpha.done('add', more)
    expect(summaryOf(added)).toMatchObject({ exitCode: 0, files: 1 })
    expect(await alpha.status(more)).toMatchObject({ running: true })
    const moreThere = stage.path('more-there')
    await beta.done('join', await alpha.invite(more), moreThere)
    writeFileSync(join(more, 'y'), 'watched, too')
    writeFileSync(join(third, 'z'), 'from the third')
    await gamma.done('sync', '--once')
    await untilHolds(syncs, () => looksEqual(here, third) && looksEqual(there, third))
    await untilHolds(syncs, () => isSynced(syncs[0]!))
    await beta.done('sync', '--once', moreThere)
    expect(folderDifferences(more, moreThere)).toEqual([])

    await alpha.done('forget', more)
    expect(existsSync(join(more, '.grenier'))).toBe(false)
    expect(readFileSync(join(more, 'x'), 'utf8')).toBe('taken on')
    expect(syncs[0]!.over).toBe(false)
    for (const sync of syncs) expect((await sync.stop('SIGINT')).exitCode).toBe(130)
    for (const folder of [there, third]) expect(folderDifferences(here, folder)).toEqual([])
  })

  test('the relay may go and come back: both sides go on by themselves', async () => {
    const { relay, here, there, alpha, beta } = await pair()
    const syncs = [alpha.start('sync'), beta.start('sync')]
    await untilHolds(syncs, () => syncs.every(isSynced))
    const marks = syncs.map((sync) => sync.lines.length)
    await relay.stop()
    for (const [at, sync] of syncs.entries())
      await sync.line(({ event, state }) => event === 'state' && state === 'offline', marks[at])
    expect(await alpha.status(here)).toMatchObject({ state: 'offline', running: true })
    writeFileSync(join(here, 'offline-here'), 'one')
    writeFileSync(join(there, 'offline-there'), 'two')
    rmSync(join(here, 'b'))
    await relay.start()
    await untilHolds(syncs, () => syncs.every(isSynced) && looksEqual(here, there))
    expect(readdirSync(there).sort()).toEqual(['.grenier', 'a', 'c', 'offline-here', 'offline-there'])
    for (const sync of syncs) expect((await sync.stop()).exitCode).toBe(143)
  })
})

describe('sync --once', () => {
  test('ends with 0 when both sides agree, 2 when it was asked wrongly, 4 when the relay is out of reach', async () => {
    const { stage, relay, here, alpha } = await pair()
    expect(summaryOf(await alpha.done('sync', '--once'))).toMatchObject({
      exitCode: 0,
      files: 3,
      problems: 0,
    })
    expect((await alpha.run('sync', stage.path('unknown'))).exitCode).toBe(2)
    expect((await stage.device('nobody').run('sync', '--once')).exitCode).toBe(2)
    await relay.stop()
    const alone = await alpha.run('sync', '--once', here)
    expect(alone.exitCode).toBe(4)
    expect(lineOf(alone.lines, 'error')).toMatchObject({ code: 'relay-unreachable', folder: here })
    expect(summaryOf(alone)).toMatchObject({ exitCode: 4 })
  })

  test('ends with 3 after a conflict, and both versions are on both sides', async () => {
    const { here, there, alpha, beta } = await pair()
    writeFileSync(join(here, 'a'), 'edited here')
    writeFileSync(join(there, 'a'), 'edited there, and longer')
    rmSync(join(here, 'b'))
    writeFileSync(join(there, 'b'), 'edited, not removed')
    await alpha.done('sync', '--once')
    const met = await beta.run('sync', '--once')
    expect(met.exitCode).toBe(3)
    const conflict = lineOf(met.lines, 'conflict')
    expect(conflict).toMatchObject({ path: 'a', folder: there, device: 'beta' })
    const keptAs = String(conflict['keptAs'])
    expect(keptAs).toMatch(/^a \(conflict, beta, \d{4}-\d{2}-\d{2} \d{2}h\d{2}\)$/)
    expect(summaryOf(met)).toMatchObject({ conflicts: 1, exitCode: 3 })
    await alpha.done('sync', '--once')
    await beta.done('sync', '--once')
    expect(folderDifferences(here, there)).toEqual([])
    for (const folder of [here, there]) {
      expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('edited here')
      expect(readFileSync(join(folder, keptAs), 'utf8')).toBe('edited there, and longer')
      expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('edited, not removed')
    }
  })

  test('ends with 7 when the marker is gone, and removes nothing anywhere', async () => {
    const { here, there, alpha, beta } = await pair()
    rmSync(join(here, '.grenier'), { recursive: true })
    for (const name of ['a', 'b', 'c']) rmSync(join(here, name))
    const stopped = await alpha.run('sync', '--once')
    expect(stopped.exitCode).toBe(7)
    expect(lineOf(stopped.lines, 'error')).toMatchObject({ code: 'folder-unmarked', folder: here })
    await beta.done('sync', '--once')
    expect(readdirSync(there).sort()).toEqual(['.grenier', 'a', 'b', 'c'])
  })

  test('ends with 3 and names what it cannot carry, and carries the rest', async () => {
    const { stage, here, there, alpha, beta } = await pair()
    mkdirSync(join(here, 'd'))
    expect(stage.machine('mkfifo', join(here, 'd', 'pipe')).exitCode).toBe(0)
    writeFileSync(join(here, 'd', 'beside'), 'goes on')
    const met = await alpha.run('sync', '--once')
    expect(met.exitCode).toBe(3)
    expect(lineOf(met.lines, 'problem')).toMatchObject({ path: 'd/pipe', code: 'kind-unsupported' })
    await beta.done('sync', '--once')
    expect(readFileSync(join(there, 'd', 'beside'), 'utf8')).toBe('goes on')
  })
})
