// One crash of one scenario: the client dies at one moment, what it left is looked at, it starts again, and in the end all must be as if nothing
// had been.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClientError } from '@grenier/client'
import { startRelay, type RunningRelay } from '@grenier/relay'
import { differences, readTree } from '../e2e/trees.ts'
import { aheadOfDisk, baseRows, type BaseRows } from './base-rows.ts'
import { Device, newPerson, versionOf } from './device.ts'
import type { Forgotten, Job, Opening } from './dying-client.ts'
import { historyOf } from './history.ts'
import { claimedTwice, lastMoment, outOfOrder, readJournal } from './journal.ts'
import type { Pair, Scenario } from './scenarios.ts'

const node = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
const program = fileURLToPath(new URL('dying-client.ts', import.meta.url))
const compiled = fileURLToPath(new URL('../../node_modules/.cache/crash', import.meta.url))

/** No moment has this number. */
const never = -1

/** What came of one crash. */
export interface CrashOutcome {
  /** Whether it died; else it came to its end before that moment. */
  readonly died: boolean
  /** The last moment that it reached, for people, and how many there were until then. */
  readonly last: string
  readonly moments: number
  /** The tree in the end, a line each, with what differs from run to run left out. */
  readonly tree: readonly string[]
  /** What should not be, a sentence each. */
  readonly complaints: readonly string[]
}

/** A relay, and a place on the disk for what is done there. */
export class CrashGround {
  readonly #place: string
  readonly #relay: RunningRelay
  #count = 0

  private constructor(place: string, relay: RunningRelay) {
    this.#place = place
    this.#relay = relay
  }

  static async open(): Promise<CrashGround> {
    const place = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'grenier-crash-')))
    const relay = await startRelay({
      dataFolder: join(place, 'relay'),
      host: '127.0.0.1',
      port: 0,
      tls: 'none',
      registration: 'open',
      quotaBytes: 2 ** 40,
    })
    return new CrashGround(place, relay)
  }

  /** Runs a scenario up to one moment; without one, to its end. Each run has devices and a vault of its own. */
  async crash(
    scenario: Scenario,
    options: { readonly dieAt?: number; readonly forgets?: Forgotten } = {},
  ): Promise<CrashOutcome> {
    const place = join(this.#place, String(++this.#count))
    fs.mkdirSync(place)
    try {
      return await new CrashPoint(place, this.#relay.url, scenario).run(options)
    } finally {
      fs.rmSync(place, { recursive: true, force: true })
    }
  }

  async close(): Promise<void> {
    await this.#relay.stop()
    fs.rmSync(this.#place, { recursive: true, force: true })
  }
}

class CrashPoint {
  readonly #place: string
  readonly #scenario: Scenario
  readonly #pair: Pair
  readonly #complaints: string[] = []

  constructor(place: string, relay: string, scenario: Scenario) {
    const person = newPerson(relay)
    const [dying, other] = [new Device(place, 'alpha', person), new Device(place, 'beta', person)]
    this.#place = place
    this.#scenario = scenario
    this.#pair = { dying, other, relay }
  }

  async run({ dieAt = never, forgets }: { dieAt?: number; forgets?: Forgotten }): Promise<CrashOutcome> {
    const { dying } = this.#pair
    const client = startClient()
    try {
      const opening = await this.#scenario.arrange(this.#pair)
      const before = await baseRows(dying, join(this.#place, 'before'))
      const journal = join(this.#place, 'journal')
      const { fromTheStart } = this.#scenario
      const places = { folder: dying.folder, home: dying.homeDirectory }
      const died = await dies(client, { ...places, journal, opening, fromTheStart, dieAt, forgets })
      const effects = readJournal(journal)
      dying.sent.push(...effects)
      this.#complaints.push(...outOfOrder(effects, places))
      await this.#lookAtWreck(before)
      await this.#goOn(opening, dieAt).catch((error: unknown) => {
        this.#complaints.push(`nobody could go on: ${String(error)}`)
      })
      const moments = effects.filter((effect) => effect.do === 'moment').length
      const tree = lines(dying.folder)
      return { died, moments, last: lastMoment(effects), tree, complaints: this.#complaints }
    } finally {
      client.process.kill('SIGKILL')
    }
  }

  /** Right after the crash, before anybody mends anything. */
  async #lookAtWreck(before: BaseRows): Promise<void> {
    const { dying } = this.#pair
    const known = this.#written()
    const seen = new Set<string>()
    for (const { path, version, isEmpty } of filesIn(dying.folder)) {
      seen.add(version)
      const isKnown = known.has(version) && (!isEmpty || known.get(version)?.endsWith(`:${path}`) === true)
      if (!isKnown) this.#complaints.push(`at the crash nobody ever wrote what is in ${path}`)
    }
    for (const version of dying.fresh)
      if (!seen.has(version)) this.#complaints.push(`at the crash ${known.get(version)} is out of sight`)
    const now = await baseRows(dying, join(this.#place, 'wreck'))
    this.#complaints.push(...aheadOfDisk(before, now, dying).map((complaint) => `at the crash ${complaint}`))
  }

  async #goOn(opening: Opening, dieAt: number): Promise<void> {
    const { dying, other } = this.#pair
    await resume(dying, opening, dieAt)
    this.#noLeftovers(dying)
    if (other.home.folders.length === 0) await other.join(await dying.invite())
    else await other.sync()
    if (this.#differences().length > 0) await dying.sync()
    this.#complaints.push(...this.#differences())
    this.#noLeftovers(other)
    const { versions, sentTwice } = await historyOf(dying)
    const there = new Set([...versions, ...filesIn(dying.folder).map(({ version }) => version)])
    for (const [version, where] of this.#written())
      if (!there.has(version)) this.#complaints.push(`lost: ${where}`)
    this.#complaints.push(...sentTwice, ...claimedTwice(dying.sent))
  }

  #differences(): string[] {
    const { dying, other } = this.#pair
    return differences(readTree(dying.folder), readTree(other.folder))
  }

  #noLeftovers(device: Device): void {
    const staging = device.at('.grenier/staging')
    for (const name of fs.existsSync(staging) ? fs.readdirSync(staging) : [])
      this.#complaints.push(`${device.name} has left ${name} in its staging area`)
  }

  #written(): Map<string, string> {
    return new Map([...this.#pair.dying.written, ...this.#pair.other.written])
  }
}

/** As its user would: what was said is said again, a join as long as it says nothing else; what is under way is synced. */
async function resume(device: Device, opening: Opening, dieAt: number): Promise<void> {
  const isRecorded = device.home.folders.length > 0
  if (opening.do === 'open' || (isRecorded && opening.do === 'add')) await device.sync()
  else if (opening.do === 'add') await device.add()
  // One of two tries a sync first.
  else if (!isRecorded || dieAt % 2 === 0 || !(await isMember(device)))
    await joinedAgain(device, opening.code)
}

/** Whether its sync goes through; not when the relay does not know it. @throws what else a sync throws */
async function isMember(device: Device): Promise<boolean> {
  try {
    await device.sync()
    return true
  } catch (error) {
    if (error instanceof ClientError && error.code === 'relay-refused') return false
    throw error
  }
}

async function joinedAgain(device: Device, code: string): Promise<void> {
  try {
    await device.join(code)
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'folder-taken') throw error
    await device.sync()
  }
}

interface Client {
  readonly process: ChildProcess
  readonly said: () => string
}

/** Loads while the scenario is arranged. */
function startClient(): Client {
  const child = spawn(node, ['--conditions=source', program], {
    stdio: 'pipe',
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compiled },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.stdin.on('error', () => undefined)
  return { process: child, said: () => said }
}

/** Whether it died, as it was told. @throws Error when it ended otherwise */
async function dies({ process: child, said }: Client, job: Job): Promise<boolean> {
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  child.stdin?.end(`${JSON.stringify(job)}\n`)
  const [code, signal] = await ended
  if (signal === 'SIGKILL') return true
  if (code === 0) return false
  throw new Error(`the client ended with ${String(code ?? signal)}: ${said()}`)
}

function filesIn(folder: string): { path: string; version: string; isEmpty: boolean }[] {
  return [...readTree(folder, 'names')].flatMap(([path, { kind, sizeBytes }]) =>
    kind === 'file'
      ? [{ path, isEmpty: sizeBytes === 0n, version: versionOf(fs.readFileSync(join(folder, path))) }]
      : [],
  )
}

function lines(folder: string): string[] {
  return [...readTree(folder)]
    .map(([path, { kind, mode, content }]) => {
      const name = path.replace(/, \d{4}-\d\d-\d\d \d\dh\d\d\)/g, ', WHEN)')
      return `${name} ${kind} ${mode.toString(8)} ${content ?? ''}`
    })
    .sort()
}
