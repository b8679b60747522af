import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../state/state-store-memory.ts'
import type { Apply, StepAside } from '../sync/action.ts'
import { rootId, type NodeId } from '../sync/tree.ts'
import { at, Bench, contentOf, memoryGround, named } from './look.contract.ts'
import type { FileSystem } from './file-system.ts'
import { MemoryUser } from './memory-user.ts'

const id = (text: string): NodeId => text as NodeId

/** Choices that a number fixes. */
function chooser(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** The power goes at this call: from then on every call fails. */
class Power {
  left = Infinity
  calls = 0

  fault = (): string | undefined => {
    this.calls += 1
    this.left -= 1
    return this.left < 0 ? 'ESTALE' : undefined
  }
}

const big = (text: string): string => text.repeat(300)
const texts = [
  'old 0',
  'old 1',
  'old 2',
  'base 3',
  'mine 3',
  'new 0',
  'theirs 3',
  'fresh',
  'old 4',
  'theirs 4',
].map(big)

type Forgets = 'nothing' | 'staged files' | 'directories'

/** The file system, with a flush that forgets. */
function forgetful(files: FileSystem, forgets: Forgets): FileSystem {
  return {
    list: (path) => files.list(path),
    look: (paths) => files.look(paths),
    readLink: (path) => files.readLink(path),
    openForReading: (path) => files.openForReading(path),
    readWhole: (wanted) => files.readWhole(wanted),
    openStaged: (name) => files.openStaged(name),
    resumeStaged: (name, from) => files.resumeStaged(name, from),
    stageWhole: (wanted) => files.stageWhole(wanted),
    change: (change) => files.change(change),
    placeNew: (places) => files.placeNew(places),
    traits: () => files.traits(),
    async flush(directories) {
      if (forgets === 'nothing') await files.flush(directories)
      if (forgets === 'directories') await files.flush([])
    },
  }
}

async function prepared(power: Power, state: MemoryDisk, forgets: Forgets) {
  const whole = memoryGround(power.fault)
  const ground = { ...whole, files: forgetful(whole.files, forgets) }
  const bench = new Bench(ground, state)
  const { user } = ground
  user.makeDirectory('d')
  user.makeDirectory('m')
  user.write('m/g', big('old 4'))
  for (const [index, text] of ['old 0', 'old 1', 'old 2', 'base 3'].entries())
    user.write(`f${index}`, big(text))
  await bench.agree()
  user.write('f3', big('mine 3'))
  await bench.look.whole()
  await bench.readAll()
  const of = (path: string) => ({ id: bench.idAt(path), path: at(path), expect: bench.localAt(path) })
  const row = (name: string, text: string, parent = rootId) => bench.fileRow({ name, parent }, big(text))
  const place = { path: at('d/f1'), from: at('f1'), parent: bench.idAt('d'), name: named('f1') }
  const m = bench.idAt('m')
  const directory = { parent: rootId, name: named('n'), value: { kind: 'directory' as const, mode: 0o555 } }
  const changes: (Apply | StepAside)[] = [
    { do: 'apply', op: 'put', id: id('5.0'), path: at('n'), row: directory, expect: undefined },
    {
      do: 'apply',
      op: 'put',
      id: id('5.1'),
      path: at('n/new'),
      row: row('new', 'fresh', id('5.0')),
      expect: undefined,
    },
    { do: 'apply', op: 'put', ...of('f0'), row: row('f0', 'new 0') },
    { do: 'apply', op: 'move', ...of('f1'), ...place },
    { do: 'apply', op: 'remove', ...of('f2') },
    { do: 'step-aside', ...of('f3'), keptAs: named('f3 (conflict)'), newNode: true },
    { do: 'apply', op: 'put', ...of('f3'), row: row('f3', 'theirs 3'), expect: undefined },
    // A name that is left in a directory, which moves, and is taken there.
    {
      do: 'apply',
      op: 'move',
      ...of('m/g'),
      path: at('m/kept'),
      from: at('m/g'),
      parent: m,
      name: named('kept'),
    },
    { do: 'apply', op: 'move', ...of('m'), path: at('e'), from: at('m'), parent: rootId, name: named('e') },
    {
      do: 'apply',
      op: 'put',
      id: id('5.2'),
      path: at('e/g'),
      row: row('g', 'theirs 4', m),
      expect: undefined,
    },
  ]
  return { ground, bench, changes }
}

async function run(options: { callsLeft: number; seed: number; forgets?: Forgets }): Promise<number> {
  const power = new Power()
  const state = new MemoryDisk()
  const { ground, bench, changes } = await prepared(power, state, options.forgets ?? 'nothing')
  const before = power.calls
  power.left = options.callsLeft
  const report = await bench.applier.run(changes).catch(() => undefined)
  const calls = power.calls - before
  if (report !== undefined) expect(report.done).toHaveLength(changes.length)
  ground.folder.crash(chooser(options.seed))
  state.crash()
  power.left = Infinity
  await check(new Bench(ground, state), new MemoryUser(ground.folder), report !== undefined)
  return calls
}

async function check(bench: Bench, user: MemoryUser, finished: boolean): Promise<void> {
  const seen = new Map<string, string>()
  for (const [path, { kind, bytes }] of user.tree())
    if (kind === 'file') seen.set(path, Buffer.from(bytes).toString())
  // Nothing torn, and nothing of the user's lost.
  for (const text of seen.values()) expect(texts).toContain(text)
  for (const text of ['old 1', 'mine 3', 'old 4']) expect([...seen.values()]).toContain(big(text))
  // Base never precedes what it says.
  const nodes: [NodeId, string][] = []
  for await (const [node, { base }] of bench.trees.all()) {
    const path = base === undefined ? undefined : bench.trees.pathOf('base', node)
    if (path !== undefined) nodes.push([node, path])
  }
  for (const [node, path] of nodes) {
    const value = bench.trees.get(node)?.base?.value
    if (value?.kind !== 'file' || path === 'f3') continue
    const text = seen.get(path)
    const isNew = ['fresh', 'new 0'].some((one) => Buffer.compare(contentOf(big(one)), value.content!) === 0)
    if (isNew || path === 'd/f1') expect(Buffer.compare(contentOf(text!), value.content!)).toBe(0)
  }
  if (finished)
    expect([...seen.keys()].sort()).toEqual([
      ...['d/f1', 'e/g', 'e/kept', 'f0', 'f3', 'f3 (conflict)', 'n/new'],
    ])
  // The next look makes sense of whatever it finds.
  await bench.look.whole()
  const lines = (await bench.lines()).filter((line) => !line.endsWith('/'))
  expect(lines).toEqual([...seen].map(([path, text]) => `${path} ${text.length}`).sort())
}

describe('an apply that loses power', () => {
  it('keeps every version and never records what is not on the disk, at each call and by any chance', async () => {
    const calls = await run({ callsLeft: Infinity, seed: 0 })
    expect(calls).toBeGreaterThan(20)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: calls }), fc.nat(), async (callsLeft, seed) => {
        await run({ callsLeft, seed })
      }),
      { numRuns: 400 },
    )
  })

  it.each(['staged files', 'directories'] as const)('would show that a flush forgot %s', async (forgets) => {
    const seeds = fc.nat()
    const property = fc.asyncProperty(seeds, async (seed) => {
      await run({ callsLeft: Infinity, seed, forgets })
    })
    expect((await fc.check(property, { numRuns: 50 })).failed).toBe(true)
  })
})
