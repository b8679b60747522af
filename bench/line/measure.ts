// A slow line: how much of it an upload keeps busy, and how long a small edit takes to get through meanwhile.
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomFile } from '../data.ts'
import { median, type Figure } from '../figures.ts'
import type { Options } from '../options.ts'
import { until } from '../peers/peer.ts'
import { Stage, type Running } from '../stage.ts'
import { forwarderLine } from './forwarder.ts'
import { homeLine, type Line } from './line.ts'
import { namespaceLine, whyNoNamespaces } from './namespaces.ts'

const mibDefault = 4
const editBytes = 4096
const edited = 'note.txt'
/** Between edits, and before the first: the line is then full of the upload. */
const pauseMs = 3000
const patienceMs = 30 * 60_000

/** What was found, and on what kind of line. */
export interface LineReport {
  readonly figures: readonly Figure[]
  readonly line: string
}

/** Measures. Where the kernel gives no line, `say` is told why, and a forwarder takes its place. */
export async function measureLine(options: Options, say: (line: string) => void): Promise<LineReport> {
  const whyNot = whyNoNamespaces()
  if (whyNot !== undefined)
    say(`no line of the kernel's: ${whyNot}\nA forwarder takes its place: the same rates and delay, no loss.`)
  const stage = new Stage()
  try {
    const line = await (whyNot === undefined ? namespaceLine : forwarderLine)(stage, homeLine)
    try {
      const figures = await onLine(stage, line, options.mib ?? mibDefault)
      return { figures, line: line.kind }
    } finally {
      await line.close()
    }
  } finally {
    await stage.close()
  }
}

async function onLine(stage: Stage, line: Line, mib: number): Promise<Figure[]> {
  const here = stage.folder('here')
  const there = stage.path('there')
  writeFileSync(join(here, edited), 'x'.repeat(editBytes))
  const one = stage.device('one', line.url, line.prefix('one'))
  await one('add', here).ended
  const { code } = await one('invite', here).line((said) => said['code'] !== undefined)
  const other = stage.device('other', line.url, line.prefix('other'))
  await other('join', String(code), there).ended
  const sending = one('sync')
  for (const running of [sending, other('sync')])
    await running.line(({ event, state }) => event === 'state' && state === 'synced')

  randomFile(stage.path('bulk'), mib)
  const before = line.sentBytes()
  const start = performance.now()
  renameSync(stage.path('bulk', 'big.bin'), join(here, 'big.bin'))
  const upload = { over: false }
  const uploaded = committed(sending, 'big.bin').then(() => {
    upload.over = true
    return { ms: performance.now() - start, bytes: line.sentBytes() - before }
  })
  const edits = await editsDuring(upload, join(here, edited), join(there, edited))
  const { ms, bytes } = await uploaded
  return [
    { name: `upload of ${mib} MiB`, value: ms, unit: 'ms' },
    {
      name: 'of the line kept busy',
      value: (bytes * 8 * 100_000) / (ms * homeLine.upBitsPerSecond),
      unit: '%',
    },
    { name: 'edit of 4 KiB meanwhile, to visible there, median', value: median(edits), unit: 'ms' },
    { name: 'edit of 4 KiB meanwhile, the longest', value: Math.max(...edits), unit: 'ms' },
    { name: 'edits made meanwhile', value: edits.length, unit: 'times' },
  ]
}

async function committed(sending: Running, path: string): Promise<void> {
  await sending.line((line) => line['event'] === 'change' && line['path'] === path)
}

/** One edit after another while the upload goes on, each from its being saved here to its being seen there. */
async function editsDuring(
  upload: { readonly over: boolean },
  here: string,
  there: string,
): Promise<number[]> {
  const took: number[] = []
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    if (upload.over) return took
    const start = performance.now()
    writeFileSync(here, `${took.length} `.repeat(editBytes).slice(0, editBytes - 1))
    appendFileSync(here, '\n')
    const content = readFileSync(here, 'utf8')
    const isVisible = (): boolean => existsSync(there) && readFileSync(there, 'utf8') === content
    await until(isVisible, { ms: patienceMs, what: 'an edit gets over the line' })
    took.push(performance.now() - start)
  }
}
