import { describe, expect, it } from 'vitest'
import type { RelativePath } from '../sync/name.ts'
import { rootId, type NodeId, type Stamp } from '../sync/tree.ts'
import { FolderApplier } from './apply.ts'
import type { Change } from './apply-report.ts'
import type { ContentSource } from './content-source.ts'
import { DiskError, type FileSystem } from './file-system.ts'
import { Bench, memoryGround, named } from './look.contract.ts'
import { OwnTraces } from './own-traces.ts'

const stamp: Stamp = { dev: 1n, ino: 2n, ctimeNs: 3n, mtimeNs: 4n, sizeBytes: 5, mode: 0o644 }
const path = (text: string): RelativePath => text as RelativePath

describe('own traces', () => {
  it('know what was put there, also when its time of change is another now', () => {
    const traces = new OwnTraces()
    traces.left(path('d/f'), stamp)
    expect(traces.isOwn(path('d/f'), { ...stamp, ctimeNs: 9n })).toBe(true)
  })

  it.each([
    ['written to', { ...stamp, mtimeNs: 9n }],
    ['another file', { ...stamp, ino: 9n }],
    ['with other bits', { ...stamp, mode: 0o600 }],
    ['gone', undefined],
  ])('do not know what is %s', (_, there) => {
    const traces = new OwnTraces()
    traces.left(path('d/f'), stamp)
    expect(traces.isOwn(path('d/f'), there)).toBe(false)
  })

  it('know what was taken away as long as nothing is there', () => {
    const traces = new OwnTraces()
    traces.left(path('d/f'), stamp)
    traces.left(path('d/f'), undefined)
    expect(traces.isOwn(path('d/f'), undefined)).toBe(true)
    expect(traces.isOwn(path('d/f'), stamp)).toBe(false)
    expect(traces.isOwn(path('d/g'), undefined)).toBe(false)
  })

  it('are kept for one more group, and no longer', () => {
    const traces = new OwnTraces()
    traces.left(path('f'), stamp)
    traces.recorded()
    expect(traces.isOwn(path('f'), stamp)).toBe(true)
    traces.recorded()
    expect(traces.isOwn(path('f'), stamp)).toBe(false)
  })

  it('hold no more once somebody else was there, even when it is as it was left again', () => {
    const traces = new OwnTraces()
    traces.left(path('gone'), undefined)
    traces.left(path('f'), stamp)
    traces.recorded()
    expect([traces.isOwn(path('gone'), stamp), traces.isOwn(path('f'), undefined)]).toEqual([false, false])
    expect([traces.isOwn(path('gone'), undefined), traces.isOwn(path('f'), stamp)]).toEqual([false, false])
  })

  it('know a directory that was made by its inode and bits, for one more group, and say nothing of what is in it', () => {
    const traces = new OwnTraces()
    const made = { ...stamp, mode: 0o755 }
    traces.made(path('d'), made)
    const filled = { ...made, ctimeNs: 9n, mtimeNs: 9n, sizeBytes: 4096 }
    expect(traces.isMade(path('d'), filled)).toBe(true)
    expect(traces.isMade(path('e'), filled)).toBe(false)
    expect(traces.isOwn(path('d'), filled)).toBe(false)
    traces.recorded()
    expect(traces.isMade(path('d'), filled)).toBe(true)
    traces.recorded()
    expect(traces.isMade(path('d'), filled)).toBe(false)
  })

  it.each([
    ['has other bits', { mode: 0o700 }],
    ['is another one', { ino: 9n }],
    ['is on another disk', { dev: 9n }],
    ['is gone', undefined],
  ])('hold no more of a directory once it %s, even when it is as it was made again', (_, other) => {
    const made = { ...stamp, mode: 0o755 }
    for (const groups of [0, 1]) {
      const traces = new OwnTraces()
      traces.made(path('d'), made)
      if (groups === 1) traces.recorded()
      expect(traces.isMade(path('d'), made)).toBe(true)
      expect(traces.isMade(path('d'), other && { ...made, ...other })).toBe(false)
      expect(traces.isMade(path('d'), made)).toBe(false)
    }
  })

  it('hold nothing of what was forgotten, of this group or the one before', () => {
    const traces = new OwnTraces()
    traces.left(path('f'), undefined)
    traces.recorded()
    traces.left(path('f'), stamp)
    traces.forget(path('f'))
    expect([traces.isOwn(path('f'), stamp), traces.isOwn(path('f'), undefined)]).toEqual([false, false])
  })

  it('of ignore rules are told of by directory, for what they say of the others', () => {
    const looked: string[] = []
    const traces = new OwnTraces((directory) => looked.push(directory))
    traces.left(path('.grenierignore'), stamp)
    traces.left(path('d/.grenierignore'), undefined)
    traces.left(path('d/f'), stamp)
    expect(looked).toEqual([])
    traces.recorded()
    expect(looked).toEqual(['', 'd'])
  })

  it('of a group that failed are told of by directory, and known no more', () => {
    const missed: string[] = []
    const traces = new OwnTraces((directory) => missed.push(directory))
    traces.left(path('a/f'), stamp)
    traces.recorded()
    traces.left(path('b/f'), stamp)
    traces.left(path('b/g'), undefined)
    traces.left(path('top'), stamp)
    traces.made(path('c/d'), stamp)
    traces.failed()
    expect(missed).toEqual(['b', '', 'c'])
    expect(traces.isMade(path('c/d'), stamp)).toBe(false)
    expect(traces.isOwn(path('b/f'), stamp)).toBe(false)
  })
})

describe('an applier with traces', () => {
  async function applied(files: (real: FileSystem) => FileSystem = (real) => real) {
    const bench = new Bench(memoryGround())
    const { user, clock } = bench.ground
    for (const name of ['moved', 'removed', 'replaced']) user.write(name, 'old')
    await bench.agree()
    const missed: string[] = []
    const traces = new OwnTraces((directory) => missed.push(directory))
    const { trees, ignore } = bench
    const on = { files: files(bench.ground.files), trees, ignore, clock, traces }
    const applier = new FolderApplier({ ...on, content: source(on.files) })
    const node = (at: string) => ({ id: bench.idAt(at), path: path(at), expect: bench.localAt(at) })
    const row = (name: string) => bench.fileRow({ name }, 'new')
    const to = { from: path('moved'), path: path('to'), parent: rootId, name: named('to') }
    const changes: Change[] = [
      { do: 'apply', op: 'put', id: '1.0' as NodeId, path: path('put'), row: row('put'), expect: undefined },
      { do: 'apply', op: 'put', ...node('replaced'), row: row('replaced') },
      { do: 'apply', op: 'remove', ...node('removed') },
      { do: 'apply', op: 'move', ...node('moved'), ...to },
    ]
    const report = await applier.run(changes).catch(() => undefined)
    return { bench, report, traces, missed }
  }

  it('leaves one of each file that it puts, replaces, removes and moves', async () => {
    const { bench, report, traces, missed } = await applied()
    expect(report?.done).toHaveLength(4)
    for (const name of ['put', 'replaced', 'removed', 'moved', 'to']) {
      const [look] = await bench.ground.files.look([path(name)])
      expect([name, traces.isOwn(path(name), look?.stamp)]).toEqual([name, true])
    }
    expect(missed).toEqual([])
  })

  it('leaves none of a directory whose bits come at the end: what it had meanwhile may be the user’s wish', async () => {
    const bench = new Bench(memoryGround())
    const { user, files, clock } = bench.ground
    await bench.agree()
    const { trees, ignore } = bench
    const traces = new OwnTraces()
    const applier = new FolderApplier({ files, trees, ignore, clock, traces, content: source(files) })
    const made = (name: string, mode: number): Change => {
      const row = { parent: rootId, name: named(name), value: { kind: 'directory', mode } as const }
      const id = name === 'open' ? '1.0' : '1.1'
      return { do: 'apply', op: 'put', id: id as NodeId, path: path(name), row, expect: undefined }
    }
    const report = await applier.run([made('open', 0o755), made('closed', 0o555)])
    expect(report.done).toHaveLength(2)
    const isMade = async (name: string): Promise<boolean> => {
      const [look] = await files.look([path(name)])
      return traces.isMade(path(name), look?.stamp)
    }
    expect(await isMade('open')).toBe(true)
    user.setMode('closed', 0o755)
    expect(await isMade('closed')).toBe(false)
    for (const [mode, isKnown] of [
      [0o755, true],
      [0o700, false],
      [0o755, false],
    ] as const) {
      user.setMode('open', mode)
      expect([mode, await isMade('open')]).toEqual([mode, isKnown])
    }
  })

  it('leaves none of a file that was refused, whatever happened to it', async () => {
    for (const happens of ['before', 'after'] as const) {
      const { bench, report, traces } = await applied((real) => ({
        ...bound(real),
        placeNew: async (places) => {
          if (happens === 'after') await real.placeNew(places)
          return places.map(() => new DiskError('EIO', 'a disk that fails'))
        },
      }))
      expect(report?.problems).toMatchObject([{ path: 'put', code: 'unwritable' }])
      const [look] = await bench.ground.files.look([path('put')])
      expect(look !== undefined).toBe(happens === 'after')
      expect(traces.isOwn(path('put'), look?.stamp)).toBe(false)
    }
  })

  it('tells where to look when what it did could not be recorded', async () => {
    let flushes = 0
    const { report, missed } = await applied((real) => ({
      ...bound(real),
      flush: (directories) => {
        if (++flushes === 2) throw new DiskError('EIO', 'no flush any more')
        return real.flush(directories)
      },
    }))
    expect([report, missed]).toEqual([undefined, ['']])
  })
})

/** The methods of a class, as fields. */
function bound(files: FileSystem): FileSystem {
  return {
    list: (at) => files.list(at),
    look: (paths) => files.look(paths),
    readLink: (at) => files.readLink(at),
    openForReading: (at) => files.openForReading(at),
    readWhole: (wanted) => files.readWhole(wanted),
    openStaged: (name) => files.openStaged(name),
    resumeStaged: (name, from) => files.resumeStaged(name, from),
    stageWhole: (wanted) => files.stageWhole(wanted),
    change: (change) => files.change(change),
    placeNew: (places) => files.placeNew(places),
    flush: (directories) => files.flush(directories),
    traits: () => files.traits(),
  }
}

/** Fills every file with the same three bytes. */
function source(files: FileSystem): ContentSource {
  return {
    async fill(wanted) {
      for (const { staged } of wanted) {
        const writer = await files.openStaged(staged)
        await writer.write(0, new TextEncoder().encode('new'))
        await writer.close()
      }
      return wanted.map(() => undefined)
    },
  }
}
