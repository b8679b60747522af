import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClientError } from '../errors.ts'
import type { ExportMark } from '../engine/export-mark.ts'
import type { RelativePath } from '../sync/name.ts'
import type { HistoryRow } from '../engine/history-query.ts'
import type { FolderEvent } from '../engine/events.ts'
import { controlDirectory, makeControlDirectory } from './control-address.ts'
import { holderOf, liveSyncs } from './control-client.ts'
import { decodeAnswer, decodeRequest, encodeRequest, failureLine } from './control-message.ts'
import { serveControl, type ControlHandler, type ControlServer } from './control-server.ts'

const record = {
  path: '/home/ana/Documents',
  vault: 'ab'.repeat(32),
  relay: 'wss://r.example',
  name: 'documents',
}
const status = {
  state: 'synced',
  pending: 0,
  conflicts: 1,
  problems: 0,
  head: undefined,
  held: [],
  lastContactMs: 5,
} as const
const summary = {
  files: 1,
  bytes: 2,
  bytesSent: 3,
  bytesReceived: 4,
  conflicts: 0,
  problems: 0,
  head: { seq: 7, hash: 'cd'.repeat(32) },
  durationMs: 5,
}
const members = {
  role: 'owner',
  devices: [
    {
      id: 'ab'.repeat(32),
      name: undefined,
      identity: undefined,
      role: 'owner',
      since: { seq: 0, atMs: 7 },
      invitedBy: undefined,
      isThis: true,
    },
  ],
  identities: [],
  invitations: [{ id: 'cd'.repeat(32), role: 'reader', expiresMs: 8, invitedBy: 'ab'.repeat(32) }],
  current: true,
} as const
const change: FolderEvent = { event: 'change', path: 'caf\udce9', action: 'put', direction: 'up' }

function handler(over: Partial<ControlHandler> = {}): ControlHandler {
  return {
    status: () => Promise.resolve({ pid: process.pid, watching: true, folders: [{ record, status }] }),
    approve: () => Promise.resolve({ marked: false, sights: [] }),
    members: () => Promise.resolve(members),
    'change-members': () => Promise.resolve(members),
    move: () => Promise.reject(new Error('not asked for')),
    invite: ({ role, expiresMs }) => Promise.resolve({ code: 'c', words: 'w', role, expiresMs }),
    add: (_request, report) => {
      report(change, { folder: '/new', vault: record.vault })
      return Promise.resolve({ vault: record.vault, summary })
    },
    release: () => Promise.resolve(undefined),
    heal: () => Promise.resolve({ entries: 1, packs: 2, bytes: 3 }),
    verify: () => Promise.reject(new Error('not asked for')),
    limit: () => Promise.resolve(undefined),
    prune: () =>
      Promise.resolve({
        through: undefined,
        versions: 0,
        entries: 0,
        entryBytes: 0,
        packs: 0,
        packBytes: 0,
        rewrittenPacks: 0,
        rewrittenBytes: 0,
        youngBytes: 0,
        floorMs: 0,
        unreadable: [],
      }),
    mirrors: ({ change: { relay } }) => Promise.resolve([relay]),
    promote: ({ relay }) =>
      Promise.resolve({
        ...{ relay, from: undefined, isThere: false, entries: 1, packs: 2, bytes: 3, lacking: 4 },
      }),
    retention: () => Promise.resolve({ floorMs: 1, holdsMs: 1 }),
    'bring-back': () => Promise.resolve({ packs: 0, bytes: 0, gone: 0 }),
    history: () => Promise.reject(new Error('not asked for')),
    ...over,
  }
}

let home: string
let server: ControlServer | undefined
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'grenier-control-'))
})
afterEach(async () => {
  await server?.close()
  server = undefined
  rmSync(home, { recursive: true })
})

const socketPath = (): string => join(controlDirectory(home), `${process.pid}.sock`)

/** What the server answers to raw bytes. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(socketPath())
  socket.end(bytes)
  let text = ''
  for await (const piece of socket) text += String(piece)
  return text
}

describe('the control socket', () => {
  test('is for this user alone, and gone when it is closed', async () => {
    server = await serveControl(home, handler())
    expect(statSync(socketPath()).mode & 0o777).toBe(0o600)
    expect(statSync(controlDirectory(home)).mode & 0o777).toBe(0o700)
    await server?.close()
    server = undefined
    expect(existsSync(socketPath())).toBe(false)
  })

  test('says who syncs which folders', async () => {
    server = await serveControl(home, handler())
    const [live] = await liveSyncs(home)
    expect(live).toMatchObject({ pid: process.pid, watching: true, folders: [{ record, status }] })
    expect((await holderOf(home, record.path))?.pid).toBe(process.pid)
    expect(await holderOf(home, '/elsewhere')).toBeUndefined()
  })

  test('streams events and then answers', async () => {
    server = await serveControl(home, handler())
    const [live] = await liveSyncs(home)
    const events: unknown[] = []
    const asked = { path: '/new', name: 'new', relay: 'wss://r.example' }
    const added = await live?.add(asked, { report: (...given) => events.push(given) })
    expect(added).toEqual({ vault: record.vault, summary })
    expect(events).toEqual([[change, { folder: '/new', vault: record.vault }]])
  })

  test('hands errors over with their code and data', async () => {
    const refused = new ClientError('relay-refused', 'no', { data: { reason: 'no-right' } })
    server = await serveControl(home, handler({ invite: () => Promise.reject(refused) }))
    const [live] = await liveSyncs(home)
    const invited = live?.invite({ path: record.path, role: 'writer', expiresMs: 1 })
    await expect(invited).rejects.toMatchObject({ code: 'relay-refused', data: { reason: 'no-right' } })
  })

  test('answers what is no request with a failure, and goes on', async () => {
    server = await serveControl(home, handler())
    for (const line of ['hello\n', '{}\n', '{"version":2,"request":{"ask":"status"}}\n', '[]\n'])
      expect(decodeAnswer((await raw(line)).trim())).toMatchObject({ answer: 'failed' })
    expect(await raw('no end of line')).toBe('')
    expect(await liveSyncs(home)).toHaveLength(1)
  })

  test('answers with more than a line may hold, and says how far it has come', async () => {
    const counts = { packs: 1, of: 2, bytes: 3, hurt: 4, files: 5, lost: 6, lacking: 7, wrong: 8, atMs: 9 }
    const hurtFiles = Array.from(
      { length: 40_000 },
      (_, at) => `photos/\u{1f33e}\udce9/${'x'.repeat(at % 60)}/${at}`,
    )
    const found = { ...counts, hurtFiles, left: hurtFiles, hurtPacks: [], morePacks: 0 }
    const done = {
      row: 'progress',
      filesDone: 1,
      filesTotal: 2,
      bytesDone: 3,
      bytesTotal: 4,
      bytesSent: 5,
      bytesReceived: 6,
    } as const
    const verify: ControlHandler['verify'] = async (_request, _report, take) => {
      await take(done)
      return found
    }
    server = await serveControl(home, handler({ verify }))
    const [live] = await liveSyncs(home)
    const rows: HistoryRow[] = []
    const take = (row: HistoryRow): Promise<void> => Promise.resolve(void rows.push(row))
    expect(await live?.verify({ path: record.path, share: 1 }, { take })).toEqual(found)
    expect(rows).toEqual([done])
  })

  test('cuts off a line that never ends', async () => {
    server = await serveControl(home, handler())
    expect(await raw('x'.repeat(3 * 1024 * 1024))).toMatch(/^(\{"answer":"failed".*\n)?$/)
    expect(await liveSyncs(home)).toHaveLength(1)
  })

  test('who ends before it answers is said to have ended; who ends before it said that it is there is not there', async () => {
    makeControlDirectory(home)
    const own = await serveControl(home, handler())
    const [live] = await liveSyncs(home)
    await own?.close()
    const dying = createServer((socket) => socket.on('data', () => socket.destroy())).listen(socketPath())
    await new Promise((resolve) => dying.once('listening', resolve))
    try {
      const asked = live?.prune({ path: record.path, keepMs: undefined, dryRun: true })
      await expect(asked).rejects.toMatchObject({ code: 'holder-ended', retryable: true })
      expect(await liveSyncs(home)).toEqual([])
    } finally {
      await new Promise((resolve) => dying.close(resolve))
    }
  })

  test('ends although somebody does not read what was answered', async () => {
    const gone = Promise.withResolvers<undefined>()
    const history: ControlHandler['history'] = async (_request, _report, take) => {
      try {
        for (;;) await take({ row: 'bytes', bytes: new Uint8Array(1 << 20) })
      } finally {
        gone.resolve(undefined)
      }
    }
    server = await serveControl(home, handler({ history }))
    const socket = connect(socketPath())
    const asked = { ask: 'history', path: record.path, query: { do: 'export' } } as const
    socket.on('error', () => undefined)
    socket.write(`${encodeRequest(asked)}\n`)
    await new Promise((resolve) => socket.once('readable', resolve))
    await server?.close()
    server = undefined
    await gone.promise
    socket.destroy()
  })

  test('hands marks of an export over as they are, behind the bytes that they count on, and takes one to go on from', async () => {
    const path = 'a name \ud800 that is no text' as RelativePath
    const mark = { tarBytes: 2 << 20, path, begunBytes: 7, filesDone: 1, bytesDone: 2, given: ['x'] }
    const whole: ExportMark = { ...mark, sequence: 3, hash: 'ab'.repeat(32) }
    const asked: unknown[] = []
    const head = { seq: 3, hash: 'ab' }
    const counts = { files: 1, bytes: 2, problems: 0, bytesSent: 0, bytesReceived: 0 }
    const history: ControlHandler['history'] = async ({ query }, _report, take) => {
      asked.push(query)
      await take({ row: 'bytes', bytes: new Uint8Array(2 << 20) })
      await take({ row: 'mark', mark: whole })
      return { sequence: 3, online: true, head, ...counts }
    }
    server = await serveControl(home, handler({ history }))
    const [live] = await liveSyncs(home)
    const query = { do: 'export', marks: true, from: whole } as const
    let bytes = 0
    const marks: [bytes: number, mark: ExportMark][] = []
    const take = (row: HistoryRow): Promise<void> => {
      if (row.row === 'bytes') bytes += row.bytes.length
      if (row.row === 'mark') marks.push([bytes, row.mark])
      return Promise.resolve()
    }
    await live?.history({ path: record.path, query }, { take })
    expect(asked).toEqual([query])
    expect(marks).toEqual([[whole.tarBytes, whole]])
  })

  test('clears away what a crash left, and leaves what is none of its own', async () => {
    makeControlDirectory(home)
    const stale = join(controlDirectory(home), '1.sock')
    const listening = createServer().listen(stale)
    await new Promise((resolve) => listening.once('listening', resolve))
    const kept = join(controlDirectory(home), '2.sock')
    // A socket that nobody listens on any more: renamed away, closed, renamed back.
    const { renameSync } = await import('node:fs')
    renameSync(stale, kept)
    await new Promise((resolve) => listening.close(resolve))
    writeFileSync(join(controlDirectory(home), 'note'), '')
    expect(await liveSyncs(home)).toEqual([])
    expect(existsSync(kept)).toBe(false)
    expect(existsSync(join(controlDirectory(home), 'note'))).toBe(true)
  })

  test('finds its way into a home that lies very deep', async () => {
    const deep = join(home, ...Array.from({ length: 12 }, (_, at) => `level-${at}-of-a-deep-home`))
    server = await serveControl(deep, handler())
    const found = await liveSyncs(deep)
    expect(found).toHaveLength(process.platform === 'linux' ? 1 : 0)
  })

  test('there is none in a home without a process', async () => {
    expect(await liveSyncs(join(home, 'not there'))).toEqual([])
  })
})

describe('control messages', () => {
  test('requests come out as they went in', () => {
    const request = { ask: 'invite', path: 'x\udc80', role: 'reader', expiresMs: 5 } as const
    expect(decodeRequest(encodeRequest(request))).toEqual(request)
  })

  test('unknown fields and kinds are refused', () => {
    const line = JSON.stringify({ version: 1, request: { ask: 'status', more: 1 } })
    expect(() => decodeRequest(line)).toThrow('more')
    expect(() => decodeAnswer('{"answer":"perhaps"}')).toThrow()
    expect(() => decodeAnswer('{"answer":"event","event":{"event":"state","state":"odd"}}')).toThrow()
  })

  test('a failure that is no error of ours stays one', () => {
    const answer = decodeAnswer(failureLine(new TypeError('odd')))
    expect(answer).toMatchObject({ answer: 'failed', error: { message: 'odd' } })
    expect(answer).not.toMatchObject({ error: { name: 'ClientError' } })
  })
})
