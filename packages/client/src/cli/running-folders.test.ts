import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeDevice, systemRandom } from '@grenier/crypto'
import type { EngineContext, FolderEngine } from '../engine/api.ts'
import type { FolderState, FolderStatus, Summary } from '../engine/events.ts'
import { ClientError } from '../errors.ts'
import { makeHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { holderOf } from './control-client.ts'
import { Interrupt } from './interrupt.ts'
import type { Invocation } from './invocation.ts'
import { lastRun } from './last-run.ts'
import { desktopKeyring } from './keyring-desktop.ts'
import { Output } from './output.ts'
import { GivenPassphrase } from './passphrase.ts'
import { realPlatform } from './real-platform.ts'
import { runFolders, type FolderWork } from './running-folders.ts'

const vault = 'ab'.repeat(32)
const head = { seq: 4, hash: 'cd'.repeat(32) }
const done: Summary = {
  files: 2,
  bytes: 30,
  bytesSent: 5,
  bytesReceived: 6,
  conflicts: 0,
  problems: 0,
  head,
  durationMs: 1,
}

let place: string
let home: Home
let lines: string[]
let interrupt: Interrupt
let invocation: Invocation
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'grenier-running-'))
  const device = makeDevice(systemRandom)
  home = makeHome(join(place, 'home'), { deviceName: 'd', device, identity: undefined, relays: [] })
  lines = []
  interrupt = new Interrupt(() => undefined)
  const stdout = { write: (text: string) => lines.push(text) }
  const output = new Output({
    language: 'en',
    json: true,
    verbose: false,
    stdout,
    stderr: { write: () => undefined },
    environment: {},
  })
  invocation = {
    output,
    interrupt,
    homeDirectory: home.directory,
    yes: false,
    passphrase: new GivenPassphrase(undefined),
    keyring: desktopKeyring,
    platform: realPlatform,
  }
})
afterEach(() => rmSync(place, { recursive: true }))

const told = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>)

/** A folder whose run is what the test says. */
function work(
  folder: string,
  run: (context: EngineContext) => Promise<Summary>,
  mode: FolderWork['mode'] = 'once',
): FolderWork {
  return {
    place: { folder, vault },
    mode,
    open: (context) => {
      let state: FolderState = 'synced'
      const status = (): Promise<FolderStatus> =>
        Promise.resolve({ state, pending: 0, conflicts: 0, problems: 0, head, held: [], lastContactMs: 7 })
      const engine: FolderEngine = {
        record: { path: folder, vault, relay: 'wss://r.example', name: 'n' },
        progress: {
          filesDone: 0,
          filesTotal: 0,
          bytesDone: 0,
          bytesTotal: 0,
          bytesSent: 0,
          bytesReceived: 0,
        },
        run: async () => {
          state = 'syncing'
          const summary = await run(context)
          state = 'synced'
          return summary
        },
        status,
        approve: () => Promise.resolve({ marked: false, sights: [] }),
        invite: ({ role, expiresMs }) => Promise.resolve({ code: 'c', words: 'w', role, expiresMs }),
        members: () => Promise.reject(new Error('not asked for')),
        changeMembers: () => Promise.reject(new Error('not asked for')),
        prune: () => Promise.reject(new Error('not asked for')),
        move: () => Promise.reject(new Error('not asked for')),
        bringBack: () => Promise.reject(new Error('not asked for')),
        retention: () => Promise.reject(new Error('not asked for')),
        history: () => Promise.reject(new Error('not asked for')),
        heal: () => Promise.reject(new Error('not asked for')),
        verify: () => Promise.reject(new Error('not asked for')),
        promote: () => Promise.reject(new Error('not asked for')),
        changeMirrors: () => Promise.reject(new Error('not asked for')),
        close: () => {
          context.report({ event: 'state', state: 'offline' })
          return Promise.resolve()
        },
      }
      return Promise.resolve(engine)
    },
  }
}

/** Watches until it is stopped. */
const untilStopped = ({ signal, report }: EngineContext): Promise<Summary> => {
  report({ event: 'state', state: 'synced' })
  return new Promise((_, reject) => {
    const stop = (): void => reject(new ClientError('interrupted', 'stopped'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
}

const run = (works: readonly FolderWork[], watching = false): Promise<number> =>
  runFolders({ invocation, home, watching }, works)

describe('folders at work', () => {
  test('end with a summary each and one over all, which is the last line', async () => {
    const works = [work('/a', () => Promise.resolve(done)), work('/b', () => Promise.resolve(done))]
    expect(await run(works)).toBe(0)
    const summaries = told().filter((line) => line['event'] === 'summary')
    expect(summaries.map((line) => line['folder'])).toEqual(['/a', '/b', undefined])
    expect(told().at(-1)).toMatchObject({ event: 'summary', files: 4, bytes: 60, head: null, exitCode: 0 })
  })

  test('with conflicts or problems end with 3', async () => {
    expect(await run([work('/a', () => Promise.resolve({ ...done, problems: 1 }))])).toBe(3)
  })

  test('fail one by one: the others go on, and the gravest code is that of all', async () => {
    const contradiction = new ClientError('relay-contradicts', 'x', {
      data: { sequence: 1, what: 'no-right' },
    })
    const works = [
      work('/a', () => Promise.reject(contradiction)),
      work('/b', () => Promise.resolve(done)),
      work('/c', () => Promise.reject(new ClientError('relay-unreachable', 'x'))),
    ]
    expect(await run(works)).toBe(6)
    expect(told().find((line) => line['event'] === 'error')).toMatchObject({ folder: '/a', vault })
    const summaries = told().filter((line) => line['event'] === 'summary')
    const codes = Object.fromEntries(
      summaries.map(({ folder, exitCode }) => [typeof folder === 'string' ? folder : 'all', exitCode]),
    )
    expect(codes).toEqual({ '/a': 6, '/b': 0, '/c': 4, all: 6 })
    expect(told().at(-1)).toMatchObject({ files: null, bytes: null })
  })

  test('that cannot be opened are told as failures, and remembered', async () => {
    const open = (): Promise<FolderEngine> => Promise.reject(new ClientError('folder-unmarked', 'x'))
    expect(await run([{ place: { folder: '/a', vault }, mode: 'once', open }])).toBe(7)
    expect(lastRun(home, vault)?.state).toBe('braked')
  })

  test('stopped while watching say nothing is wrong, and know their head', async () => {
    const running = run([work('/a', untilStopped, 'watch')], true)
    interrupt.stop(143)
    expect(await running).toBe(143)
    expect(told().filter((line) => line['event'] === 'error')).toEqual([])
    expect(told().at(-1)).toMatchObject({ event: 'summary', head, exitCode: 143 })
  })

  test('cut short before they agree say so', async () => {
    const running = run([work('/a', untilStopped)])
    interrupt.stop(130)
    expect(await running).toBe(130)
    expect(told().find((line) => line['event'] === 'error')).toMatchObject({ code: 'interrupted' })
  })

  test('do not tell that the line goes down when they are closed', async () => {
    await run([work('/a', () => Promise.resolve(done))])
    expect(told().filter((line) => line['event'] === 'state')).toEqual([])
    expect(lastRun(home, vault)).toMatchObject({ state: 'synced', lastContactMs: 7 })
  })
})

describe('other commands of the home', () => {
  /** Runs `ask` once the folder watches, then stops it. */
  async function whileWatching(ask: () => Promise<void>): Promise<number> {
    const watching = Promise.withResolvers<undefined>()
    const running = run(
      [
        work(
          '/a',
          (context) => {
            const stopped = untilStopped(context)
            watching.resolve(undefined)
            return stopped
          },
          'watch',
        ),
      ],
      true,
    )
    await watching.promise
    await ask()
    interrupt.stop(130)
    return await running
  }

  test('are told how a folder stands, and get their code', async () => {
    await whileWatching(async () => {
      const holder = await holderOf(home.directory, '/a')
      expect(holder).toMatchObject({ pid: process.pid, watching: true, folders: [{ status: { head } }] })
      const invited = await holder?.invite({ path: '/a', role: 'reader', expiresMs: 9 })
      expect(invited).toEqual({ code: 'c', words: 'w', role: 'reader', expiresMs: 9 })
      const unknown = holder?.invite({ path: '/b', role: 'reader', expiresMs: 9 })
      await expect(unknown).rejects.toMatchObject({ code: 'folder-unknown' })
    })
  })

  test('can have a folder released: that ends its run, with nothing wrong', async () => {
    const exitCode = await whileWatching(async () => {
      await (await holderOf(home.directory, '/a'))?.release({ path: '/a' })
      expect(await holderOf(home.directory, '/a')).toBeUndefined()
    })
    expect(exitCode).toBe(0)
  })

  test('find no socket once the process has ended', async () => {
    await run([work('/a', () => Promise.resolve(done))])
    expect(existsSync(join(home.directory, 'run', `${process.pid}.sock`))).toBe(false)
  })
})
