// What a state database says that both sides agree on, compared with the disk: a row that is newer than what it tells of would let a loss of
// power delete or overwrite.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { LevelStateStore } from '@grenier/client'
import { TreesStore } from '../../packages/client/src/state/trees-store.ts'
import type { NodeValue } from '../../packages/client/src/sync/tree.ts'
import type { Device } from './device.ts'

const parked = '.grenier-moving-'

/** Base, by node. */
export type BaseRows = ReadonlyMap<string, BaseRow>

interface BaseRow {
  readonly path: string
  readonly place: string
  readonly value: NodeValue
}

/** Reads base from a copy of the state: to open a database is to change it. `scratch`: a directory that is not there yet. */
export async function baseRows(device: Device, scratch: string): Promise<BaseRows> {
  const rows = new Map<string, BaseRow>()
  const [record] = device.home.folders
  const state = record === undefined ? undefined : device.home.stateDirectory(record.vault)
  if (state === undefined || !fs.existsSync(join(state, 'CURRENT'))) return rows
  fs.cpSync(state, scratch, { recursive: true })
  const store = await LevelStateStore.open(scratch)
  try {
    const trees = TreesStore.open(store)
    for await (const [id, { base }] of trees.all()) {
      const path = trees.pathOf('base', id)
      if (base === undefined || path === undefined) continue
      rows.set(id, { path, place: `${base.parent}/${base.name}`, value: base.value })
    }
  } finally {
    await store.close()
    fs.rmSync(scratch, { recursive: true })
  }
  return rows
}

/** What in base came or changed since `before`, and is not so on the disk. */
export function aheadOfDisk(before: BaseRows, now: BaseRows, device: Device): string[] {
  const taken = new Set([...now.values()].map(({ path }) => path))
  const ahead = [...now].flatMap(([id, row]) => {
    // What waits at the root for its place is moved on in the same run: then the disk is ahead.
    if (row.path.startsWith(parked)) return []
    const wrong = wrongFields(before.get(id), row, device.at(row.path))
    return wrong.length === 0
      ? []
      : [`base has ${row.path} with another ${wrong.join(' and ')} than the disk`]
  })
  const lost = [...before].filter(
    ([id, { path, value }]) => !now.has(id) && !taken.has(path) && holds(device.at(path), value),
  )
  return [...ahead, ...lost.map(([, { path }]) => `base has ${path} no more, the disk still`)]
}

/** Base follows field by field: what stayed as it was says nothing new. Times are left out, which disks round. */
function wrongFields(before: BaseRow | undefined, { place, value }: BaseRow, path: string): string[] {
  const stat = statOf(path)
  const moved = before?.place !== place || before.value.kind !== value.kind
  if (stat === undefined || kindOf(stat) !== value.kind) return moved ? ['place'] : []
  const wrong: string[] = []
  const was = before?.value
  if (value.kind !== 'link') {
    const isNew = was === undefined || was.kind === 'link' || was.mode !== value.mode
    if (isNew && (stat.mode & 0o777) !== value.mode) wrong.push('mode')
  }
  const isNew = was === undefined || substanceOf(was) !== substanceOf(value)
  return isNew && !holds(path, value) ? [...wrong, 'content'] : wrong
}

/** Whether bytes, as far as their length tells, or the target are these. */
function holds(path: string, value: NodeValue): boolean {
  const stat = statOf(path)
  if (stat === undefined || kindOf(stat) !== value.kind) return false
  if (value.kind === 'link') return fs.readlinkSync(path) === substanceOf(value)
  return value.kind === 'directory' || stat.size === value.sizeBytes
}

function substanceOf(value: NodeValue): string {
  if (value.kind === 'directory') return ''
  return value.kind === 'link' ? Buffer.from(value.target).toString() : String(value.sizeBytes)
}

function kindOf(stat: fs.Stats): NodeValue['kind'] | 'other' {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'directory'
  return stat.isSymbolicLink() ? 'link' : 'other'
}

/** Where a file has come in a directory's place, nothing is below. */
function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined
    throw error
  }
}
