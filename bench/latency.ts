// From saving a small file here to its appearing there, on loopback, with real processes: relay, two devices, two folders watched.
import { spawn, execFileSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, percentile, type Figure } from './figures.ts'

const bin = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url))

/** Measures `rounds` saves, alternating direction. Milliseconds. */
export async function measureLatency(rounds: number): Promise<Figure[]> {
  const base = mkdtempSync(join(tmpdir(), 'grenier-latency-'))
  const running: ChildProcess[] = []
  try {
    const [one, other] = await twoWatchedFolders(base, running)
    const took: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const [from, to] = round % 2 === 0 ? [one, other] : [other, one]
      took.push(await oneSave(from, to, `note-${round}.txt`))
    }
    return [
      { name: 'save to visible, median', value: median(took), unit: 'ms' },
      { name: 'save to visible, 95th percentile', value: percentile(took, 0.95), unit: 'ms' },
    ]
  } finally {
    for (const child of running.reverse()) child.kill('SIGTERM')
    await Promise.all(running.map((child) => new Promise((resolve) => child.once('close', resolve))))
    rmSync(base, { recursive: true, force: true })
  }
}

async function twoWatchedFolders(base: string, running: ChildProcess[]): Promise<[string, string]> {
  const relay = spawn(`${bin}grenier-relay`, [
    'serve',
    '--data',
    join(base, 'relay'),
    '--listen',
    '127.0.0.1:0',
    '--json',
  ])
  running.push(relay)
  const { url } = (await line(relay, 'ready')) as { url: string }
  const [one, other] = [join(base, 'one'), join(base, 'other')]
  const homes = [join(base, 'home-one'), join(base, 'home-other')] as const
  mkdirSync(one)
  const run = (home: string, ...args: string[]): string =>
    execFileSync(`${bin}grenier`, ['--home', home, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  run(homes[0], 'setup', url, '--device-name', 'one', '--phrase-out', join(base, 'words'))
  run(homes[0], 'add', one)
  const invited = run(homes[0], 'invite', one, '--json').split('\n')[0] ?? ''
  run(homes[1], 'join', (JSON.parse(invited) as { code: string }).code, other, '--device-name', 'other')
  for (const home of homes) {
    const sync = spawn(`${bin}grenier`, ['--home', home, 'sync', '--json'])
    running.push(sync)
    await line(sync, 'state', (event) => event['state'] === 'synced')
  }
  return [one, other]
}

/** The first JSON line of this event. */
function line(
  child: ChildProcess,
  event: string,
  also: (value: Record<string, unknown>) => boolean = () => true,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stderr?.resume()
    child.once('close', () => reject(new Error(`ended before ${event}`)))
    child.stdout?.on('data', (data: Buffer) => {
      text += data.toString()
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const one of lines) {
        const value = JSON.parse(one) as Record<string, unknown>
        if (value['event'] === event && also(value)) resolve(value)
      }
    })
  })
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
