// From saving a small file here to its appearing there, on loopback, with real processes: relay, two devices, two folders watched. Under load,
// the same while large files go the same way.
import { existsSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomFile } from './data.ts'
import { median, percentile, type Figure } from './figures.ts'
import { Stage } from './stage.ts'

/** Large files of a load: enough of them for as many saves as are asked for on most machines. */
const bulkFiles = 4
const bulkMibDefault = 512
const lookMs = 20

export interface LatencyOptions {
  /** How many saves, alternating direction. */
  readonly saves: number
  /** While large files are being sent; saves end when the last of these has arrived. */
  readonly underLoad: boolean
  /** Size of one of them. */
  readonly mib?: number | undefined
}

/** Measures. */
export async function measureLatency({
  saves,
  underLoad,
  mib = bulkMibDefault,
}: LatencyOptions): Promise<Figure[]> {
  const stage = new Stage()
  try {
    const { one, other } = await twoWatchedFolders(stage)
    const load = underLoad ? new Load(stage, { one, other, mib }) : undefined
    const took: number[] = []
    for (let at = 0; at < saves && load?.isOver !== true; at += 1) {
      const [from, to] = at % 2 === 0 ? [one, other] : [other, one]
      took.push(await oneSave(from, to, `note-${at}.txt`))
    }
    await load?.stop()
    const when = underLoad ? 'save to visible under load' : 'save to visible'
    const figures: Figure[] = [
      { name: `${when}, median`, value: median(took), unit: 'ms' },
      { name: `${when}, 95th percentile`, value: percentile(took, 0.95), unit: 'ms' },
    ]
    if (underLoad) figures.push({ name: 'saves under load', value: took.length, unit: 'times' })
    return figures
  } finally {
    await stage.close()
  }
}

/** Large files that go from one folder to the other, one after the other. */
class Load {
  #isStopped = false
  #isOver = false
  readonly #done: Promise<void>

  constructor(stage: Stage, { one, other, mib }: { one: string; other: string; mib: number }) {
    // Made before: making one holds this process up, and so what it measures.
    for (let at = 0; at < bulkFiles; at += 1) randomFile(stage.path(`bulk-${at}`), mib, at)
    this.#done = this.#run((at) => {
      renameSync(stage.path(`bulk-${at}`, 'big.bin'), join(one, `bulk-${at}.bin`))
      return () => existsSync(join(other, `bulk-${at}.bin`))
    })
  }

  /** Whether nothing is under way any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#done
  }

  async #run(begin: (at: number) => () => boolean): Promise<void> {
    const isStopped = (): boolean => this.#isStopped
    for (let at = 0; at < bulkFiles && !isStopped(); at += 1) {
      const hasArrived = begin(at)
      while (!hasArrived() && !isStopped()) await new Promise((resolve) => setTimeout(resolve, lookMs))
    }
    this.#isOver = true
  }
}

async function twoWatchedFolders(stage: Stage): Promise<{ one: string; other: string }> {
  const { url } = await stage.relay()
  const [one, other] = [stage.folder('one'), stage.path('other')]
  const devices = [stage.device('one', url), stage.device('other', url)] as const
  await devices[0]('add', one).ended
  const { code } = await devices[0]('invite', one).line((said) => said['code'] !== undefined)
  await devices[1]('join', String(code), other).ended
  for (const device of devices)
    await device('sync').line(({ event, state }) => event === 'state' && state === 'synced')
  return { one, other }
}

/** Writes a file here and waits for it there. */
function oneSave(from: string, to: string, name: string): Promise<number> {
  return new Promise((resolve) => {
    const target = join(to, name)
    const content = `saved at ${name}\n`
    const start = performance.now()
    const watcher = watch(to, () => {
      if (!existsSync(target) || readFileSync(target, 'utf8') !== content) return
      const took = performance.now() - start
      watcher.close()
      resolve(took)
    })
    writeFileSync(join(from, name), content)
  })
}
