import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concat } from '@grenier/crypto'
import { afterAll, expect, test } from 'vitest'
import { bytesOf, idOf, MemoryVault } from '../content/content-builders.contract.ts'
import { contentOf, listOf } from '../content/content-list.ts'
import { openRealFileSystem } from '../disk/file-system-real.ts'
import type { RelativePath } from '../sync/name.ts'
import type { FileValue } from '../sync/tree.ts'
import { Salvaging } from './salvaging.ts'

/** More stretches than are told apart. */
const chunkCount = 2100
const chunkBytes = 4096

const folder = mkdtempSync(join(tmpdir(), 'grenier-salvaging-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('what an earlier run left is known again, also where more is lost than is told apart; another is not', async () => {
  const vault = new MemoryVault()
  const chunks = Array.from({ length: chunkCount }, (_, at) => bytesOf(`chunk ${at}`, chunkBytes))
  for (const [at, chunk] of chunks.entries()) {
    const { name } = vault.pack([chunk])
    if (at % 2 === 0) vault.packs.delete(name)
  }
  const list = listOf(chunks.map(idOf))
  vault.pack([list])
  const value: FileValue = {
    kind: 'file',
    content: contentOf(1, [idOf(list)]),
    sizeBytes: concat(chunks).length,
    mode: 0o644,
    mtimeNs: 1_700_000_000_000_000_000n,
  }
  const files = openRealFileSystem(folder)
  const { signal } = new AbortController()
  const options = {
    content: { ...vault.walking(), damaged: 'missing' as const, signal },
    files,
    trees: { find: () => undefined },
  }
  const path = 'film' as RelativePath
  const run = async (name: string): Promise<string | undefined> => {
    const salvage = await new Salvaging({ ...options, run: name }).salvage({ path, value })
    return salvage?.keptAs
  }
  const keptAs = 'film (damaged)' as RelativePath
  expect(await run('first')).toBe(keptAs)
  expect(await run('second')).toBe(keptAs)
  // A byte where nothing came, which lies in the stretch that stands for many.
  const [there] = await files.look([keptAs])
  expect(there?.stamp.sizeBytes).toBe(value.sizeBytes)
  const reader = await files.openForReading(keptAs)
  const whole = await reader.read(0, value.sizeBytes)
  await reader.close()
  whole[(chunkCount - 2) * chunkBytes] = 1
  const writer = await files.openStaged('altered')
  await writer.write(0, whole)
  await writer.finish({ mode: value.mode, mtimeNs: value.mtimeNs })
  await files.change({ do: 'place', name: 'altered', path: keptAs, replace: true })
  expect(await run('third')).toBe('film (damaged)-2')
})
