// Grenier beside what people would pick instead, on the same work: round by round over all tools, so that what the machine does besides
// falls on all of them alike. Before the first round each runs once through a counting forwarder: bytes need no repeating, and times of it
// are not kept.
import { fileURLToPath } from 'node:url'
import { loadIn, loadNames, sizeOf, type LoadName } from '../data.ts'
import type { Options } from '../options.ts'
import { borg } from '../peers/borg.ts'
import { grenier } from '../peers/grenier.ts'
import { installed, type Peer } from '../peers/peer.ts'
import { rclone } from '../peers/rclone.ts'
import { restic } from '../peers/restic.ts'
import { rsync } from '../peers/rsync.ts'
import { syncthing } from '../peers/syncthing.ts'
import { runOnce, type Measured } from './one-run.ts'
import { resultsOf, type Load, type Outcome, type Result, type Tool } from './results.ts'

const peers: Readonly<Record<string, Peer>> = { grenier, restic, syncthing, rclone, borg, rsync }
const dataFolder = fileURLToPath(new URL('../data', import.meta.url))
const roundsDefault = 5
/** One command, or one wait, at most: Syncthing took nine minutes over D3 where this was written. */
const limitMs = 20 * 60_000

/** Everything that the comparison found. */
export interface Comparison {
  readonly rounds: number
  readonly scale: number
  readonly loads: readonly Load[]
  readonly tools: readonly Tool[]
  readonly results: readonly Result[]
}

/** Compares. `say`: told what goes on. */
export async function compare(options: Options, say: (line: string) => void): Promise<Comparison> {
  const { scale, rounds = roundsDefault } = options
  const wanted = chosen(options.tools ?? Object.keys(peers), Object.keys(peers), 'tool')
  const tools = wanted.map((key): Tool => ({ key, name: peers[key]?.name ?? key, ...versionOf(key) }))
  for (const { name, version, missing } of tools)
    say(version === undefined ? `${name}: not here, without ${missing ?? '?'}` : `${name} ${version}`)
  const loads = chosen(options.only ?? loadNames, loadNames, 'load').map((name): Load & { data: string } => {
    const data = loadIn(options.data ?? dataFolder, name, { scale, tree: options.tree })
    return { name, data, ...sizeOf(data) }
  })
  const outcomes: Outcome[] = []
  const there = tools.filter(({ version }) => version !== undefined)
  for (let round = 0; round <= rounds; round += 1)
    for (const load of loads)
      for (const { key } of turned(there, round))
        await one({ key, round, load: load.name, data: load.data }, outcomes, say)
  const plain = loads.map(({ name, files, bytes }) => ({ name, files, bytes }))
  return { rounds, scale, loads: plain, tools, results: resultsOf(outcomes) }
}

async function one(
  { key, round, load, data }: { key: string; round: number; load: LoadName; data: string },
  outcomes: Outcome[],
  say: (line: string) => void,
): Promise<void> {
  const peer = peers[key]
  const hasFailed = outcomes.some(
    (known) => known.tool === key && known.load === load && known.problem !== undefined,
  )
  if (peer === undefined || hasFailed) return
  const done = (measured: Measured): void => {
    outcomes.push({ tool: key, load, round, measured })
    say(`round ${round}: ${load} ${peer.name}, ${measured.job}: ${(measured.wallMs / 1000).toFixed(2)} s`)
  }
  try {
    await runOnce(peer, { load, data, counting: round === 0, limitMs }, done)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    outcomes.push({ tool: key, load, round, problem })
    say(`round ${round}: ${load} ${peer.name} failed, and is left out from here on: ${problem}`)
  }
}

function versionOf(key: string): { version?: string; missing?: string } {
  const peer = peers[key]
  return peer === undefined ? { missing: key } : installed(peer)
}

/** Another one begins in each round. */
function turned<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

function chosen<T extends string>(words: readonly string[], known: readonly T[], what: string): T[] {
  const unknown = words.find((word) => !known.some((one) => one === word))
  if (unknown !== undefined) throw new Error(`no ${what} is called ${unknown}: ${known.join(', ')}`)
  return known.filter((one) => words.includes(one))
}
