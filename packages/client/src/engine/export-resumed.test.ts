import { createHash } from 'node:crypto'
import { concat, toHex } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import { systemClock, type Clock } from '../clock.ts'
import { bytesOf, idOf, MemoryVault } from '../content/content-builders.contract.ts'
import { contentOf } from '../content/content-list.ts'
import { MemoryDisk } from '../state/state-store-memory.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { Problem } from '../sync/action.ts'
import { asName, type Name, type RelativePath } from '../sync/name.ts'
import { rootId, type NodeId, type NodeValue } from '../sync/tree.ts'
import { exportFormat, type MarkPace, type TarMark } from './export-mark.ts'
import { exportTree } from './export.ts'
import { Tally } from './tally.ts'

const name = (text: string): Name => asName(text)!
const file = { kind: 'file', mode: 0o640, mtimeNs: 1_234_567_890_123n } as const

/** A vault to be exported, of which the relay lacks some packs. */
class Exported {
  readonly vault = new MemoryVault()
  readonly trees = TreesStore.open(new MemoryDisk().open())
  readonly #lacking = new Set<string>()
  readonly #rows: [id: NodeId, parent: NodeId, name: Name, value: NodeValue][] = []
  clock: Clock = systemClock

  directory(called: string, parent: NodeId = rootId): NodeId {
    return this.#add(parent, called, { kind: 'directory', mode: 0o755 })
  }

  link(called: string, parent: NodeId = rootId): void {
    this.#add(parent, called, { kind: 'link', target: Buffer.from('somewhere'), mtimeNs: 5n })
  }

  /** Each chunk in a pack of its own. `lacks`: the chunks that are not to be had. */
  file(
    called: string,
    chunks: readonly Uint8Array[],
    { parent = rootId, lacks = [] as number[] } = {},
  ): void {
    for (const [at, chunk] of chunks.entries()) {
      const pack = this.vault.pack([chunk]).name
      if (lacks.includes(at)) this.#lacking.add(pack)
    }
    const value = { ...file, sizeBytes: concat(chunks).length, content: contentOf(0, chunks.map(idOf)) }
    this.#add(parent, called, value)
  }

  #add(parent: NodeId, called: string, value: NodeValue): NodeId {
    const id = `1.${this.#rows.length}` as NodeId
    this.#rows.push([id, parent, name(called), value])
    return id
  }

  loseLast(): void {
    this.#lacking.add([...this.vault.packs.keys()].at(-1)!)
  }

  async made(): Promise<this> {
    const begun = await this.trees.begin()
    for (const [id, parent, called, value] of this.#rows)
      begun.set('remote', id, { parent, name: called, value })
    await begun.commit({ flush: false })
    return this
  }

  async run(pace: MarkPace, from?: TarMark): Promise<Run> {
    const get = this.vault.get.bind(this.vault)
    const content = this.vault.walking()
    const [problems, marks, out]: [Problem[], TarMark[], Uint8Array[]] = [[], [], []]
    const told: number[] = []
    const traffic = (): { sentBytes: number; receivedBytes: number } => ({ sentBytes: 0, receivedBytes: 0 })
    const tally = new Tally({ clock: systemClock, report: () => undefined, device: '', traffic })
    await exportTree({
      ...{ trees: this.trees, tally, signal: new AbortController().signal, from },
      content: {
        ...content,
        get: (pack, range) =>
          this.#lacking.has(toHex(pack)) ? Promise.resolve(undefined) : get(pack, range),
      },
      take: (bytes) => {
        out.push(bytes.slice())
        return Promise.resolve()
      },
      problem: (problem) => {
        problems.push(problem)
        return Promise.resolve()
      },
      marks: {
        ...pace,
        clock: this.clock,
        take: (mark) => {
          expect(mark.tarBytes).toBe((from?.tarBytes ?? 0) + concat(out).length)
          marks.push(mark)
          told.push(problems.length)
          return Promise.resolve()
        },
      },
    })
    return { tar: Buffer.from(concat(out)), problems, marks, told, done: tally.progress }
  }
}

interface Run {
  readonly tar: Buffer
  readonly problems: readonly Problem[]
  readonly marks: readonly TarMark[]
  /** Of each mark: problems that were told before it. */
  readonly told: readonly number[]
  readonly done: { readonly filesDone: number; readonly bytesDone: number }
}

const always: MarkPace = { everyBytes: 1, everyMs: Number.POSITIVE_INFINITY }
const never: MarkPace = { everyBytes: Number.POSITIVE_INFINITY, everyMs: Number.POSITIVE_INFINITY }
const large = (seed: string, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, at) => bytesOf(`${seed} ${at}`, 90_000 + at * 1000))

/** Directories, links, small and large files, some of which are not whole. */
async function mixed(): Promise<Exported> {
  const exported = new Exported()
  const a = exported.directory('a')
  const ab = exported.directory('b', a)
  exported.directory('empty', a)
  exported.file('deep', [bytesOf('deep', 5000)], { parent: ab })
  exported.link('link', ab)
  exported.file('z after its directory', [bytesOf('z', 700)], { parent: a })
  exported.file('damaged', [bytesOf('d0', 3000), bytesOf('d1', 4000)], { lacks: [1] })
  exported.file('DAMAGED', [bytesOf('d2', 3000), bytesOf('d3', 4000)], { lacks: [0] })
  exported.file('gone', [bytesOf('gone', 3000)], { lacks: [0] })
  exported.file('large', large('large', 20))
  exported.file('large and damaged', large('hurt', 20), { lacks: [7] })
  exported.file('nothing', [])
  exported.file(`${'long '.repeat(40)}é`, [bytesOf('long', 100)])
  return await exported.made()
}

describe('an export that goes on', () => {
  it('gives the very bytes and problems that one in one go gives, from every mark', async () => {
    const exported = await mixed()
    const whole = await exported.run(never)
    expect(whole.problems.map(({ path }) => path)).toEqual([
      'DAMAGED',
      'damaged',
      'gone',
      'large and damaged',
    ])
    // On a disk that takes them for one, none is unpacked over another.
    expect(whole.problems.map(({ keptAs }) => keptAs)).toEqual([
      'DAMAGED (damaged)',
      'damaged (damaged)-2',
      undefined,
      'large and damaged (damaged)',
    ])
    // Whoever changes a byte of it raises `exportFormat`: what an earlier version began is not gone on with.
    const sum = createHash('sha256').update(whole.tar).digest('hex')
    expect({ format: exportFormat, sum }).toEqual({
      format: 1,
      sum: '5548b5315f2345b211472700112a16dc89ea65324816b625b80efa66d00ddd33',
    })
    const marked = await exported.run(always)
    expect(marked.tar.equals(whole.tar)).toBe(true)
    expect(marked.marks.filter(({ begunBytes }) => begunBytes !== undefined).length).toBeGreaterThan(15)
    expect(marked.marks.filter(({ begunBytes }) => begunBytes === undefined).length).toBeGreaterThan(9)
    for (const [at, mark] of marked.marks.entries()) {
      const rest = await exported.run(never, mark)
      expect(rest.tar.equals(whole.tar.subarray(mark.tarBytes)), `mark ${at}`).toBe(true)
      expect(rest.problems).toEqual(whole.problems.slice(marked.told[at]))
      expect(rest.done).toMatchObject({
        filesDone: whole.done.filesDone,
        bytesDone: whole.done.bytesDone,
      })
    }
  })

  it('goes on within a large file without what stands before', async () => {
    const exported = new Exported()
    exported.file('film', large('film', 40))
    await exported.made()
    const { marks, tar } = await exported.run({ ...never, everyBytes: 1_000_000 })
    expect(marks.map(({ path }) => path)).toEqual(['film', 'film', 'film', 'film'])
    const mark = marks.at(-1)!
    const before = exported.vault.gets.length
    const rest = await exported.run(never, mark)
    expect(rest.tar.equals(tar.subarray(mark.tarBytes))).toBe(true)
    expect(exported.vault.gets.length - before).toBeLessThan(20)
  })

  it('notes what is lost of a file that was begun when it goes on, under its own name', async () => {
    const exported = new Exported()
    const chunks = large('film', 20)
    exported.file('film', chunks)
    await exported.made()
    const { marks, tar } = await exported.run({ ...never, everyBytes: 500_000 })
    const mark = marks[0]!
    const lost = concat(chunks.slice(0, 19)).length
    exported.loseLast()
    const rest = await exported.run(never, mark)
    const expected = Buffer.from(tar)
    const contentAt = mark.tarBytes - mark.begunBytes!
    expected.fill(0, contentAt + lost, contentAt + concat(chunks).length)
    expect(rest.tar.equals(expected.subarray(mark.tarBytes))).toBe(true)
    expect(rest.problems).toMatchObject([{ path: 'film', keptAs: 'film', lost: [{ offset: lost }] }])
  })

  it('marks after some time, too, and not again before something was written', async () => {
    const exported = await mixed()
    let nowMs = 0
    exported.clock = { ...systemClock, monotonic: () => (nowMs += 100) }
    const { marks } = await exported.run({ everyBytes: Number.POSITIVE_INFINITY, everyMs: 250 })
    const places = marks.map(({ tarBytes }) => tarBytes)
    expect(places.length).toBeGreaterThan(5)
    expect(places.length).toBeLessThan(20)
    expect(places).toEqual([...new Set(places)])
  })

  it('refuses a place that is none of the tree, or none in a file', async () => {
    const exported = await mixed()
    const { marks } = await exported.run(always)
    const within = marks.find(({ begunBytes }) => begunBytes !== undefined)!
    await expect(exported.run(never, { ...within, path: 'no such' as RelativePath })).rejects.toThrow(
      RangeError,
    )
    const crooked = { ...within, begunBytes: within.begunBytes! + 1 }
    await expect(exported.run(never, crooked)).rejects.toThrow(RangeError)
  })
})
