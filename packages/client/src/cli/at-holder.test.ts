import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import { atHolder } from './at-holder.ts'
import type { ControlHandler } from './control-server.ts'
import { serveControl, type ControlServer } from './control-server.ts'

const record = { path: '/folder', vault: 'ab'.repeat(32), relay: 'wss://r.example', name: 'folder' }
const status = {
  state: 'synced',
  pending: 0,
  conflicts: 0,
  problems: 0,
  head: undefined,
  held: [],
  lastContactMs: undefined,
} as const

let directory: string
let home: Home
let server: ControlServer | undefined
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'grenier-holder-'))
  home = { directory } as Home
})
afterEach(async () => {
  await server?.close()
  server = undefined
  rmSync(directory, { recursive: true })
})

async function begins(): Promise<void> {
  const handler = {
    status: () => Promise.resolve({ pid: process.pid, watching: true, folders: [{ record, status }] }),
    heal: () => Promise.resolve({ entries: 1, packs: 2, bytes: 3 }),
  } satisfies Partial<ControlHandler>
  server = await serveControl(directory, handler as unknown as ControlHandler)
}

async function ends(): Promise<void> {
  await server?.close()
  server = undefined
}

test('a sync that takes the folder in the very moment is asked', async () => {
  const ways: string[] = []
  const given = await atHolder(home, record.path, {
    ask: async (holder) => {
      ways.push('ask')
      return (await holder.heal({ path: record.path })).packs
    },
    here: async () => {
      ways.push('here')
      await begins()
      throw new ClientError('home-locked', 'held', { data: { path: record.path, pid: 1 } })
    },
  })
  expect([given, ways]).toEqual([2, ['here', 'ask']])
})

test('where a sync ends in the very moment it is done here', async () => {
  await begins()
  const given = await atHolder(home, record.path, {
    ask: async (holder) => {
      await ends()
      return (await holder.heal({ path: record.path })).packs
    },
    here: () => Promise.resolve(7),
  })
  expect(given).toBe(7)
})

test('a state that is locked by nobody who says so is not tried for ever', async () => {
  let tries = 0
  const locked = new ClientError('home-locked', 'held')
  const asked = atHolder(home, record.path, {
    ask: () => Promise.resolve(0),
    here: () => {
      tries += 1
      return Promise.reject(locked)
    },
  })
  await expect(asked).rejects.toBe(locked)
  expect(tries).toBe(1)
})
