// Starts the process that holds this home's keys open, asks it for them, and ends it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClientError } from '../errors.ts'
import { openKeysWith, sealingAt } from '../home/device-key.ts'
import {
  cutLine,
  decodeHolderAnswer,
  heldKeyBytes,
  holderLineBytesMax,
  type HolderAnswer,
  type HolderAsk,
  type HolderStart,
} from './key-holder-message.ts'
import { holderAddress, holderPlaces, makeHolderPlace, type HolderPlace } from './key-holder-place.ts'

/** One that is silent for longer counts as none. */
const askTimeoutMs = 5000

/** One that has said nothing for so long after its start does not come any more, also on a machine that has much to do. */
const startTimeoutMs = 60_000

/** Small, and deaf to the signal that opens a debugger; no memory of it is written to the disk when it crashes. */
const nodeFlags = ['--max-semi-space-size=1', '--v8-pool-size=1', '--disable-sigusr1']
const shell = ['/bin/sh', '-c', 'ulimit -c 0; exec "$@"', 'sh'] as const

/** A holder at work. */
export type HolderStatus = Extract<HolderAnswer, { answer: 'status' }>

/** The holder of this home, if there is one. */
export async function holderStatus(home: string): Promise<HolderStatus | undefined> {
  for (const place of holderPlaces(home)) {
    const told = (await ask(place, { version: 1, ask: 'status' }))?.answer
    if (told?.answer === 'status') return told
  }
  return undefined
}

/** Opens the sealed keys of this home with what its holder has; whether there was one, and it was the right key. */
export async function openedByHolder(home: string): Promise<boolean> {
  const sealing = sealingAt(home)
  for (const place of holderPlaces(home)) {
    const told = await ask(place, { version: 1, ask: 'key', sealing })
    if (told?.answer.answer !== 'key' || told.rest.length !== heldKeyBytes) continue
    const isRight = openKeysWith(home, new Uint8Array(told.rest.buffer, told.rest.byteOffset, heldKeyBytes))
    told.rest.fill(0)
    if (isRight) return true
  }
  return false
}

/** Ends each holder of this home; whether there was one. What it held is gone when this resolves. */
export async function endHolder(home: string): Promise<boolean> {
  let found = false
  for (const place of holderPlaces(home))
    if ((await ask(place, { version: 1, ask: 'lock' }))?.answer.answer === 'locked') found = true
  return found
}

/** What is to be held: `key` as `openKeysWith` takes it. `idleMs`: until it ends without use; null: never. */
export interface Held {
  readonly key: Uint8Array
  readonly idleMs: number | null
}

/** Starts a holder at this place, in that of one that is there. Resolves with its process id when it can be asked. @throws ClientError `home-unsafe`, `unlock-failed` */
export async function startHolder(home: string, place: HolderPlace, { key, idleMs }: Held): Promise<number> {
  makeHolderPlace(place)
  const start: HolderStart = { ...place, sealing: sealingAt(home), idleMs }
  const program = fileURLToPath(new URL(`./key-holder${extname(import.meta.filename)}`, import.meta.url))
  const [command, ...before] = shell
  // Nothing of this process goes along: no environment, no terminal, no folder that could not be unmounted.
  const child = spawn(command, [...before, process.execPath, ...nodeFlags, program], {
    cwd: '/',
    detached: true,
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const { stdin, stdout } = child
  stdin.on('error', () => undefined)
  const giveUp = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs)
  const said: Promise<unknown[]>[] = [once(stdout, 'data'), once(child, 'close'), once(child, 'error')]
  const given = Buffer.concat([Buffer.from(`${JSON.stringify(start)}\n`), key])
  stdin.end(given, () => void given.fill(0))
  const told = await Promise.race(said).then(
    ([first]) => first,
    () => undefined,
  )
  clearTimeout(giveUp)
  stdout.destroy()
  child.unref()
  if (!Buffer.isBuffer(told))
    throw new ClientError('unlock-failed', 'the process that holds the keys did not start')
  return Number(told.toString())
}

interface Told {
  readonly answer: HolderAnswer
  /** What came after it; to be wiped. */
  readonly rest: Buffer
}

/** undefined when nobody answers, or what answers is none. */
async function ask(place: HolderPlace, request: HolderAsk): Promise<Told | undefined> {
  const address = holderAddress(place)
  if (address === undefined) return undefined
  try {
    const socket = connect({ path: address.path })
    // The end of the connection is the end of the answer; of a holder that ends, the end of what it held.
    socket.setTimeout(askTimeoutMs, () => socket.destroy())
    socket.write(`${JSON.stringify(request)}\n`)
    let bytes: Buffer = Buffer.alloc(0)
    for await (const piece of socket) {
      const both = Buffer.concat([bytes, Buffer.from(piece as Uint8Array)])
      bytes.fill(0)
      bytes = both
      if (bytes.length > holderLineBytesMax) return undefined
    }
    const cut = cutLine(bytes)
    const answer = cut && decodeHolderAnswer(cut.line)
    return cut && answer && { answer, rest: cut.rest }
  } catch (error) {
    // A crash or a restart left it.
    if (isRefused(error)) rmSync(join(place.directory, place.name), { force: true })
    return undefined
  } finally {
    address.release()
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}
