// One large vault, watched: memory, the pass that finds nothing, the one edit, and what stillness costs.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Figure } from './figures.ts'
import { median } from './figures.ts'
import { Stage, type Running } from './stage.ts'

const perFolder = 100
const stillMs = 20_000
const edits = 9

/** Measures a vault of so many files of about 300 bytes. Linux only. */
export async function measureLarge(files: number): Promise<Figure[]> {
  const stage = new Stage()
  try {
    const { relay, url } = await stage.relay()
    const grenier = stage.device('one', url)
    const folder = stage.folder('folder')
    fill(folder, files)
    const add = grenier('add', folder)
    const addMost = await add.peakMiB()
    const { durationMs: added } = await add.line(({ event }) => event === 'summary')
    const again = grenier('sync', '--once')
    const { durationMs: pass } = await again.line(({ event }) => event === 'summary')
    const sync = grenier('sync')
    await sync.line(({ event, state }) => event === 'state' && state === 'synced')
    await still(2000)
    const memory = sync.memoryMiB()
    const took: number[] = []
    for (let at = 0; at < edits; at += 1) took.push(await oneEdit(sync, folder, at))
    const [before, relayBefore] = [sync.cpuSeconds(), relay.cpuSeconds()]
    await still(stillMs)
    return [
      { name: `${files} files, add`, value: Number(added), unit: 'ms' },
      { name: 'memory while adding, most', value: addMost, unit: 'MiB' },
      { name: 'pass without a change, sync --once', value: Number(pass), unit: 'ms' },
      { name: 'memory while watching', value: memory.now, unit: 'MiB' },
      { name: 'memory while watching, most', value: sync.memoryMiB().most, unit: 'MiB' },
      { name: 'one edit, saved to committed, median', value: median(took), unit: 'ms' },
      {
        name: 'client, idle, cpu a minute',
        value: ((sync.cpuSeconds() - before) * 60e6) / stillMs,
        unit: 'ms',
      },
      {
        name: 'relay, idle, cpu a minute',
        value: ((relay.cpuSeconds() - relayBefore) * 60e6) / stillMs,
        unit: 'ms',
      },
    ]
  } finally {
    await stage.close()
  }
}

function fill(folder: string, files: number): void {
  for (let at = 0; at < files; at += 1) {
    const directory = join(folder, String(Math.floor(at / perFolder)))
    if (at % perFolder === 0) mkdirSync(directory)
    writeFileSync(join(directory, `file ${at}`), `this is what file ${at} holds\n`.repeat(1 + (at % 18)))
  }
}

async function oneEdit(sync: Running, folder: string, at: number): Promise<number> {
  const from = sync.count
  const path = `${at}/file ${at * perFolder}`
  const start = performance.now()
  writeFileSync(join(folder, path), `edited ${at} ${start}`)
  await sync.line((line) => line['event'] === 'change' && line['path'] === path, from)
  return performance.now() - start
}

async function still(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
