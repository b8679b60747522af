import { expect, test } from 'vitest'
import { contentOf } from '../content/content-list.ts'
import type { FileReader, FileSystem, Look } from '../disk/file-system.ts'
import type { RelativePath } from '../sync/name.ts'
import type { FileValue, Stamp } from '../sync/tree.ts'
import { thereAlready } from './there-already.ts'

const stamp: Stamp = { dev: 1n, ino: 1n, ctimeNs: 5n, mtimeNs: 7n, sizeBytes: 0, mode: 0o644 }
const value: FileValue = {
  kind: 'file',
  content: contentOf(0, []),
  sizeBytes: 0,
  mode: stamp.mode,
  mtimeNs: stamp.mtimeNs,
}

test.each([
  { what: 'as it was', now: stamp, verdict: 'same' },
  { what: 'written to', now: { ...stamp, ctimeNs: 6n }, verdict: 'not-overwritten' },
] as const)('a file that is $what once it was compared: $verdict', async ({ now, verdict }) => {
  const reader = {
    stamp,
    read: () => Promise.resolve(new Uint8Array(0)),
    stampNow: () => Promise.resolve(now),
    close: () => Promise.resolve(),
  } satisfies Partial<FileReader>
  const files = {
    traits: () => Promise.resolve({ timeStepNs: 1n }),
    openForReading: () => Promise.resolve(reader),
  } as unknown as FileSystem
  const content = { keys: () => ({ chunkIdKey: new Uint8Array(32) }) } as never
  const at = { path: 'file' as RelativePath, there: { kind: 'file', stamp } as Look, value }
  expect(await thereAlready(content, files, at)).toBe(verdict)
})
