// The whole path: from the first look at data here to the last file in place there, with real processes, relay and two devices.
import { execFileSync } from 'node:child_process'
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { loadNames, makeLoad, type LoadName } from './data.ts'
import { summed, type Figure } from './figures.ts'
import type { Options } from './options.ts'
import { Stage, type Running } from './stage.ts'

/** Measures the load of `options.subject`: D1, D2, D3, tree, or a folder of one's own; several rounds where asked. */
export async function measurePaths(options: Options): Promise<Figure[]> {
  const runs: Figure[][] = []
  for (let round = 0; round < (options.rounds ?? 1); round += 1)
    runs.push(await measurePath(options.subject ?? 'D2', options))
  return runs.length === 1 ? (runs[0] ?? []) : summed(runs)
}

/** Measures one load. Linux only. */
async function measurePath(load: string, options: Pick<Options, 'scale' | 'tree'>): Promise<Figure[]> {
  const stage = new Stage()
  try {
    const { relay, url } = await stage.relay()
    const data = stage.path('data')
    if (isLoad(load)) makeLoad(load, data, options)
    else if (existsSync(load)) execFileSync('cp', ['-a', load, data])
    else throw new Error(`${load} is no load (${loadNames.join(', ')}), and no folder`)
    const here = stage.folder('here')
    const there = stage.path('there')
    const one = stage.device('one', url)
    await one('add', here).ended
    const invite = one('invite', here)
    const { code } = await invite.line(({ code }) => code !== undefined)
    const other = stage.device('other', url)
    await other('join', String(code), there).ended
    const watching = other('sync')
    await watching.line(({ event, state }) => event === 'state' && state === 'synced')
    const from = watching.count
    execFileSync('sync')
    renameSync(data, join(here, 'data'))
    const before = { relay: relay.cpuSeconds(), there: watching.cpuSeconds() }
    const start = performance.now()
    const sending = one('sync', '--once')
    const [most] = await Promise.all([sending.peakMiB()])
    const sent = performance.now() - start
    await allThere(watching, { here: join(here, 'data'), there: join(there, 'data'), from })
    const took = performance.now() - start
    const memory = watching.memoryMiB().most
    execFileSync('diff', ['-r', join(here, 'data'), join(there, 'data')])
    return [
      { name: `${load}, here to sent`, value: sent, unit: 'ms' },
      { name: `${load}, here to there`, value: took, unit: 'ms' },
      { name: 'memory of the sender, most', value: most, unit: 'MiB' },
      { name: 'memory of the receiver, most', value: memory, unit: 'MiB' },
      { name: 'memory of the relay, most', value: relay.memoryMiB().most, unit: 'MiB' },
      { name: 'cpu of the receiver', value: (watching.cpuSeconds() - before.there) * 1000, unit: 'ms' },
      { name: 'cpu of the relay', value: (relay.cpuSeconds() - before.relay) * 1000, unit: 'ms' },
    ]
  } finally {
    await stage.close()
  }
}

function isLoad(word: string): word is LoadName {
  return loadNames.some((name) => name === word)
}

/** Waits until the other side rests and has as much as this one. */
async function allThere(
  watching: Running,
  { here, there, from }: { here: string; there: string; from: number },
): Promise<void> {
  const wanted = count(here)
  for (let at = from; ;) {
    await watching.line(({ event, state }) => event === 'state' && state === 'synced', at)
    at = watching.count
    if (existsSync(there) && count(there) === wanted) return
  }
}

function count(folder: string): string {
  return execFileSync('sh', ['-c', 'find "$1" | wc -l', 'sh', folder], { encoding: 'utf8' })
}
