// What is new is sent while the rest of the folder is still looked at.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { openRealFileSystem, type FileSystem } from '@grenier/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agree, Ground, treeOf, type Device } from './devices.ts'

let ground: Ground

beforeAll(() => {
  ground = new Ground()
})
afterAll(() => ground.end())

/** Calls `listed` before a directory is listed. */
function listing(folder: string, listed: (path: string) => void): () => FileSystem {
  return () => {
    const files = openRealFileSystem(folder)
    return new Proxy(files, {
      get: (target, name: keyof FileSystem) => {
        if (name === 'list')
          return async (path: Parameters<FileSystem['list']>[0]) => {
            listed(path)
            return await files.list(path)
          }
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }
}

function sent({ events }: Device): number {
  return events.filter((event) => event.event === 'change' && event.direction === 'up').length
}

function fill(device: Device, directory: string, count: number): void {
  fs.mkdirSync(device.at(directory), { recursive: true })
  // So that they fill packs.
  const bytes = randomBytes(2000 + count)
  for (let at = 0; at < count; at += 1)
    fs.writeFileSync(device.at(`${directory}/${at}`), bytes.subarray(at, at + 2000))
}

test('an import is under way before its last directory was looked at; all of it arrives, once', async () => {
  const folder = ground.directory('import')
  const before: number[] = []
  const fileSystem = listing(folder, (path) => {
    if (path === 'a') before.push(sent(a))
  })
  const [a, b] = await ground.pair({ folder, fileSystem })
  a.write('first', 'x')
  await agree(a, b)
  fill(a, 'z/deep/er', 9_000)
  fill(a, 'z/deep', 4_000)
  fill(a, 'a', 100)
  const { problems } = await a.sync()
  expect(before.at(-1)).toBeGreaterThan(2_000)
  expect([problems, sent(a)]).toEqual([[], 13_104])
  await b.sync()
  expect(treeOf(b.folder)).toEqual(treeOf(a.folder))
})

test('where more is agreed on than the brake lets go, all is looked at first', async () => {
  const folder = ground.directory('agreed')
  const before: number[] = []
  const fileSystem = listing(folder, (path) => {
    if (path === 'a') before.push(sent(a))
  })
  const [a, b] = await ground.pair({ folder, fileSystem })
  fill(a, 'a', 30)
  await agree(a, b)
  fill(a, 'z', 6_000)
  for (let at = 0; at < 30; at += 1) fs.rmSync(a.at(`a/${at}`))
  const refusal = await a.refusal()
  expect([refusal.code, before.at(-1), sent(a)]).toEqual(['brake', 0, 0])
})
