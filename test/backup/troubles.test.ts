// What comes between a backup and its source: bytes that differ under the same size and time, and a source that goes while it is looked at. And a relay that has no room for a while.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { ClientError, openHistory, openRealFileSystem, type FileSystem } from '@grenier/client'
import { systemRandom } from '@grenier/crypto'
import { memoryStores } from '@grenier/relay'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkBackup, type Checked } from '../../packages/client/src/engine/backup-check.ts'
import type { RelativePath } from '../../packages/client/src/sync/name.ts'
import { Ground, treeOf } from '../folder/devices.ts'
import { Backup } from './backing.ts'

let ground: Ground
beforeEach(() => void (ground = new Ground()))
afterEach(() => ground.end())

async function checked({ device, vault, source }: Backup): Promise<Checked> {
  const opened = await openHistory(device.context(), vault)
  const files = openRealFileSystem(source)
  return await opened
    .tree((tree) => checkBackup({ tree, files, isIn: () => true }))
    .finally(() => opened.close())
}

test('a check tells of bytes that differ from the source under the same size and time, and of none that somebody wrote since', async () => {
  const backup = await Backup.start(ground)
  const write = (path: string, content: string, seconds: number): void => {
    backup.write(path, content)
    fs.utimesSync(join(backup.source, path), seconds, seconds)
  }
  for (const path of ['rots', 'stays', 'written']) write(path, 'as it was', 1_000_000)
  await backup.run()
  expect(await checked(backup)).toMatchObject({ files: 3, compared: 3, problems: [] })
  write('rots', 'As it was', 1_000_000)
  write('written', 'as it is.', 2_000_000)
  expect(await checked(backup)).toMatchObject({
    files: 3,
    compared: 2,
    problems: [{ path: 'rots', code: 'content-differs' }],
  })
})

test.each(['pack-unavailable', 'relay-corrupt'] as const)('a check tells %s as that', async (code) => {
  const backup = await Backup.start(ground)
  backup.write('one', 'one')
  await backup.run()
  const fetch = { isSound: () => Promise.reject(new ClientError(code, 'said by the test')) }
  const opened = await openHistory(backup.device.context(), backup.vault)
  const { problems } = await opened
    .tree((tree) =>
      checkBackup({ tree: { ...tree, fetch: fetch as never }, files: undefined, isIn: () => true }),
    )
    .finally(() => opened.close())
  expect(problems).toEqual([{ path: 'one', code }])
})

test('a source that goes while it is looked at stops the run, and nothing of it is taken for removed', async () => {
  const backup = await Backup.start(ground)
  for (const path of ['a/one', 'b/two', 'three']) backup.write(path, path)
  await backup.run()
  const before = treeOf(backup.source)
  const away = `${backup.source}-away`
  for (const call of ['list', 'look'] as const) {
    let gone = false
    const around = (files: FileSystem): FileSystem =>
      new Proxy(files, {
        get(target, key: keyof FileSystem) {
          const value: unknown = Reflect.get(target, key)
          if (typeof value !== 'function') return value
          return (...given: readonly (readonly RelativePath[])[]): unknown => {
            if (key === call && !gone) fs.renameSync(backup.source, away)
            gone ||= key === call
            return Reflect.apply(value, target, given)
          }
        },
      })
    await expect(backup.run({ around }), call).rejects.toMatchObject({ code: 'folder-unusable' })
    expect(gone).toBe(true)
    expect(treeOf(await backup.restored(ground))).toEqual(before)
    fs.renameSync(away, backup.source)
    expect((await backup.run()).changes).toEqual([])
  }
})

test('a stream for which the relay has no room at first is whole when it has', async () => {
  const stores = memoryStores({ random: systemRandom })
  let left = 0
  // The ledger of an account that is full for some attempts, of several packs each.
  const full = new Proxy(stores.ledger, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'reserve') return value.bind(target) as unknown
      return async (...asked: Parameters<typeof target.reserve>) =>
        left-- > 0 ? { result: 'quota' } : await target.reserve(...asked)
    },
  })
  const crowded = new Ground({ ...stores, ledger: full })
  try {
    const backup = await Backup.start(crowded, 'streams', '')
    const all = randomBytes(14 << 20)
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < all.length; at += 1 << 20) {
        if (at === 5 << 20) left = 8
        yield await Promise.resolve(all.subarray(at, at + (1 << 20)))
      }
    }
    const { events, problems } = await backup.runStream('dump', pieces())
    const refused = events.filter((event) => event.event === 'state' && event.state === 'offline')
    expect([refused.length > 1, problems]).toEqual([true, []])
    expect((await backup.bytes('dump')).equals(all)).toBe(true)
  } finally {
    await crowded.end()
  }
})
