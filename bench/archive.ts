// What it takes to bring a whole vault out: as a tar, as a sealed export, and from that with the words alone. Memory is what it is about: none of
// the three may take more for a larger vault.
import { join } from 'node:path'
import { manyFiles, randomFile } from './data.ts'
import type { Figure } from './figures.ts'
import { Stage, type Running } from './stage.ts'

const mibDefault = 1024
/** Of each MiB, in small files of some 8 KiB: about 8 % of the bytes, most of the files. */
const smallFilesPerMib = 10

/** Measures a vault of so many MiB: half in one file, the rest in files of 16 MiB and small ones. Linux only. */
export async function measureArchive({ mib = mibDefault }: { mib?: number | undefined }): Promise<Figure[]> {
  const stage = new Stage()
  try {
    const { url } = await stage.relay()
    const grenier = stage.device('one', url)
    const folder = stage.folder('folder')
    fill(folder, mib)
    await grenier('add', folder).line(({ event }) => event === 'summary')
    const [tar, sealed] = [stage.path('vault.tar'), stage.path('vault.grenier')]
    const words = ['--phrase-file', stage.path('words-one')]
    return [
      ...(await measured('export', grenier('export', folder, '--out', tar))),
      ...(await measured('export --sealed', grenier('export', folder, '--sealed', '--out', sealed))),
      ...(await measured('decrypt', grenier('decrypt', sealed, ...words, '--into', stage.path('out')))),
    ]
  } finally {
    await stage.close()
  }
}

function fill(folder: string, mib: number): void {
  randomFile(folder, Math.ceil(mib / 2))
  for (let at = 0; at * 16 < mib * 0.42; at += 1) randomFile(join(folder, `part ${at}`), 16, 1 + (at % 250))
  const folders = Math.ceil((mib * smallFilesPerMib) / 100)
  manyFiles(join(folder, 'small'), { files: folders * 100, folders, bytes: [1024, 16_384] })
}

async function measured(name: string, running: Running): Promise<Figure[]> {
  const start = performance.now()
  let cpuSeconds = 0
  const peak = running.peakMiB()
  // The last line: the process is there still, and says what it took.
  await running.line(({ event, path }) => event === 'summary' && path === undefined)
  try {
    cpuSeconds = running.cpuSeconds()
  } catch {
    // It has ended meanwhile.
  }
  const most = await peak
  return [
    { name: `${name}, memory, most`, value: most, unit: 'MiB' },
    { name: `${name}, time`, value: performance.now() - start, unit: 'ms' },
    { name: `${name}, cpu`, value: cpuSeconds * 1000, unit: 'ms' },
  ]
}
