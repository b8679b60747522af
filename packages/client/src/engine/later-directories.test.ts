import { expect, test } from 'vitest'
import type { Commit } from '../sync/action.ts'
import type { Name, RelativePath } from '../sync/name.ts'
import { provisionalId, rootId, type NodeId, type NodeValue } from '../sync/tree.ts'
import { splitDirectories, type ChildrenView } from './later-directories.ts'

const [top, inner, empty, known] = [1, 2, 3, 4].map(provisionalId)
const directory: NodeValue = { kind: 'directory', mode: 0o755 }
const link: NodeValue = { kind: 'link', target: Uint8Array.of(1), mtimeNs: 0n }

function put(id: NodeId | undefined, parent: NodeId | undefined, value: NodeValue): Commit {
  if (id === undefined || parent === undefined) throw new Error('no such id')
  const row = { parent, name: String(id) as Name, value }
  return { do: 'commit', op: 'put', id, path: String(id) as RelativePath, row, replaces: undefined }
}

/** Directories that hold something here. */
function holding(...ids: readonly (NodeId | undefined)[]): ChildrenView {
  return {
    async *slotsUnder(parent) {
      if (ids.includes(parent)) yield await Promise.resolve(['x', { local: provisionalId(99) }] as const)
    },
  }
}

test('new directories wait for what is in them', async () => {
  const commits = [put(top, rootId, directory), put(inner, top, directory)]
  const split = await splitDirectories(commits, holding(top, inner))
  expect(split).toEqual({ now: [], later: [top, inner] })
})

test('an empty directory goes at once, and those above it', async () => {
  const commits = [put(top, rootId, directory), put(inner, top, directory), put(empty, top, directory)]
  const { now, later } = await splitDirectories(commits, holding(top, inner))
  expect(now.map(({ id }) => id)).toEqual([top, empty])
  expect(later).toEqual([inner])
})

test('what else is committed takes along the directories above it', async () => {
  const commits = [put(top, rootId, directory), put(inner, top, directory), put(known, inner, link)]
  const { now, later } = await splitDirectories(commits, holding(top, inner))
  expect(now).toEqual(commits)
  expect(later).toEqual([])
})

test('a directory that takes the place of something goes at once', async () => {
  const replacing = { ...put(top, rootId, directory), replaces: '1.0' as NodeId } as Commit
  expect(await splitDirectories([replacing], holding(top))).toEqual({ now: [replacing], later: [] })
})
