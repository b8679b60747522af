import { concat, toHex } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { bytesOf, idOf, MemoryVault } from '../content/content-builders.contract.ts'
import { contentOf } from '../content/content-list.ts'
import { MemoryDisk } from '../state/state-store-memory.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { Problem } from '../sync/action.ts'
import { damagedNames } from '../sync/damaged-name.ts'
import { asName, type Name } from '../sync/name.ts'
import type { NodeId, NodeValue } from '../sync/tree.ts'
import { exportTree } from './export.ts'
import { Tally } from './tally.ts'

const name = (text: string): Name => asName(text)!

/** A vault of one file of some chunks, each in a pack of its own, and of directories. The relay lacks the last chunk as often as `lacks` says. */
async function exported(
  chunks: readonly Uint8Array[],
  { lacks, directories = [] }: { lacks: (time: number) => boolean; directories?: readonly Name[] },
): Promise<{ problems: Problem[]; tar: Buffer }> {
  const vault = new MemoryVault()
  const packs = chunks.map((chunk) => vault.pack([chunk]).name)
  const get = vault.get.bind(vault)
  let times = 0
  vault.get = (pack, range) => {
    if (toHex(pack) === packs.at(-1) && lacks((times += 1))) return Promise.resolve(undefined)
    return get(pack, range)
  }
  const trees = TreesStore.open(new MemoryDisk().open())
  const begun = await trees.begin()
  const set = (at: number, called: Name, value: NodeValue): void =>
    begun.set('remote', `1.${at}` as NodeId, { parent: 'root' as NodeId, name: called, value })
  const content = contentOf(0, chunks.map(idOf))
  const sizeBytes = concat(chunks).length
  set(0, name('text'), { kind: 'file', mode: 0o644, mtimeNs: 1n, sizeBytes, content })
  for (const [at, called] of directories.entries()) set(at + 1, called, { kind: 'directory', mode: 0o755 })
  await begun.commit({ flush: false })
  const problems: Problem[] = []
  const out: Uint8Array[] = []
  const traffic = (): { sentBytes: number; receivedBytes: number } => ({ sentBytes: 0, receivedBytes: 0 })
  await exportTree({
    ...{ trees, content: vault.walking(), signal: new AbortController().signal },
    tally: new Tally({ clock: systemClock, report: () => undefined, device: '', traffic }),
    take: (bytes) => {
      out.push(bytes.slice())
      return Promise.resolve()
    },
    problem: (problem) => {
      problems.push(problem)
      return Promise.resolve()
    },
  })
  return { problems, tar: Buffer.from(concat(out)) }
}

const small = [bytesOf('first', 20_000), bytesOf('last', 30_000)]
const large = [0, 1, 2].map((at) => bytesOf(`large ${at}`, 300_000))

describe('a tar of a vault', () => {
  it('blames nobody where the relay lacked a file once and then gave all of it', async () => {
    const { problems, tar } = await exported(small, { lacks: (time) => time === 1 })
    expect(problems).toEqual([{ path: 'text', code: 'pack-unavailable', keptAs: 'text (damaged)', lost: [] }])
    expect(tar.includes(Buffer.from(concat(small)))).toBe(true)
  })

  it('has no trouble with a file that was begun under its own name, and came after all', async () => {
    // Whether it is there is asked for first.
    const { problems, tar } = await exported(large, { lacks: (time) => time === 2 })
    expect(problems).toEqual([])
    expect(tar.includes(Buffer.from(concat(large)))).toBe(true)
  })

  it('leaves out what is left of a file where all names for that are taken, and never gives it the name of the whole', async () => {
    const directories: Name[] = []
    for (const called of damagedNames(name('text'))) {
      if (directories.length === 20) break
      directories.push(called)
    }
    const { problems, tar } = await exported(small, { lacks: () => true, directories })
    expect(problems).toEqual([{ path: 'text', code: 'pack-unavailable' }])
    expect(tar.includes(Buffer.from(concat(small.slice(0, 1))))).toBe(false)
    const { problems: told } = await exported(small, { lacks: () => true, directories: directories.slice(1) })
    expect(told).toMatchObject([{ keptAs: 'text (damaged)' }])
  })
})
