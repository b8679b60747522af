// One crash of a relay in the middle of a client's sync: another one starts on what it left, and both devices must come to agree, with
// everything in the history that was acknowledged.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClientError } from '@grenier/client'
import { startRelay, type RunningRelay } from '@grenier/relay'
import { freePort } from '../e2e/commands.ts'
import { differences, readTree } from '../e2e/trees.ts'
import { Device, newPerson } from './device.ts'
import type { RelayJob } from './dying-relay.ts'
import { historyOf } from './history.ts'
import { lastMoment, readJournal } from './journal.ts'
import type { CrashOutcome } from './crash-point.ts'
import type { Scenario } from './scenarios.ts'

const node = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
const program = fileURLToPath(new URL('dying-relay.ts', import.meta.url))

/** Lets the relay die at one moment of what the first device of a scenario sends; a number below 1 lets it live. */
export async function crashRelay(scenario: Scenario, dieAt: number): Promise<CrashOutcome> {
  const place = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'grenier-crash-')))
  const crash = new RelayCrash(place, scenario, await freePort())
  try {
    return await crash.run(dieAt)
  } finally {
    await crash.end()
  }
}

class RelayCrash {
  readonly #place: string
  readonly #scenario: Scenario
  readonly #port: number
  readonly #child = spawn(node, ['--conditions=source', program], { stdio: 'pipe' })
  #relay: RunningRelay | undefined

  constructor(place: string, scenario: Scenario, port: number) {
    this.#place = place
    this.#scenario = scenario
    this.#port = port
    this.#child.stdin.on('error', () => undefined)
  }

  async run(dieAt: number): Promise<CrashOutcome> {
    const journal = join(this.#place, 'journal')
    const relay = (await this.#start()).url
    const person = newPerson(relay)
    const [dying, other] = [new Device(this.#place, 'alpha', person), new Device(this.#place, 'beta', person)]
    await this.#scenario.arrange({ dying, other, relay })
    await this.#stop()
    const died = await this.#syncWhileItDies(dying, {
      dataFolder: this.#data,
      port: this.#port,
      journal,
      dieAt,
    })
    const complaints = await this.#goOn(dying, other).catch((error: unknown) => [String(error)])
    const effects = readJournal(journal)
    const tree = [...readTree(dying.folder, 'names').keys()].sort()
    return { died, last: lastMoment(effects), moments: effects.length, tree, complaints }
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#stop()
    fs.rmSync(this.#place, { recursive: true, force: true })
  }

  get #data(): string {
    return join(this.#place, 'relay')
  }

  async #start(): Promise<RunningRelay> {
    const options = { host: '127.0.0.1', port: this.#port, tls: 'none', registration: 'open' } as const
    this.#relay = await startRelay({ ...options, dataFolder: this.#data })
    return this.#relay
  }

  async #stop(): Promise<void> {
    await this.#relay?.stop()
    this.#relay = undefined
  }

  /** One sync, on whose way the relay dies; another takes its place at once. Whether it did. */
  async #syncWhileItDies(device: Device, job: RelayJob): Promise<boolean> {
    const child = this.#child
    const ready = once(child.stdout, 'data')
    const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
    child.stdin.write(`${JSON.stringify(job)}\n`)
    await ready
    const replaced = ended.then(() => this.#start())
    await device.sync().catch((error: unknown) => {
      // It may have given up before the other relay was there.
      if (!(error instanceof ClientError) || error.code !== 'relay-unreachable') throw error
    })
    child.stdin.end()
    await replaced
    return (await ended)[1] === 'SIGKILL'
  }

  async #goOn(dying: Device, other: Device): Promise<string[]> {
    await dying.sync()
    await other.sync()
    const lost = differences(readTree(dying.folder), readTree(other.folder))
    const { versions, sentTwice } = await historyOf(dying)
    for (const [version, where] of [...dying.written, ...other.written])
      if (!versions.has(version)) lost.push(`lost: ${where}`)
    return [...lost, ...sentTwice]
  }
}
