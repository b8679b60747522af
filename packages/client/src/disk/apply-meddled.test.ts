// Users who are quicker than an apply: what they do between its plan and its effects, at names and bits that the apply is about.
import { describe, expect, it } from 'vitest'
import type { Apply } from '../sync/action.ts'
import { rootId, type NodeId } from '../sync/tree.ts'
import { at, Bench, memoryGround, named, type User } from './look.contract.ts'

const id = (text: string): NodeId => text as NodeId

/** Lets a user do something right before the first call of a kind. */
class Meddling {
  user: User | undefined
  before: { readonly call: string; readonly run: (user: User) => void } | undefined

  fault = (call: string): string | undefined => {
    const { before, user } = this
    if (before?.call !== call || user === undefined) return undefined
    this.before = undefined
    before.run(user)
    return undefined
  }
}

function moveOf(bench: Bench, from: string, to: string): Apply {
  const place = { path: at(to), from: at(from), parent: rootId, name: named(to) }
  return { do: 'apply', op: 'move', id: bench.idAt(from), ...place, expect: bench.localAt(from) }
}

describe('an apply that a user meddles with', () => {
  it('gives no name away that is still the one of a node which could not be moved', async () => {
    const bench = new Bench(memoryGround())
    const { user } = bench.ground
    user.makeDirectory('d')
    user.write('d/f', 'x')
    await bench.agree()
    const directory = bench.idAt('d')
    const row = bench.fileRow({ name: 'd' }, 'new')
    const changes: Apply[] = [
      moveOf(bench, 'd', 'e'),
      { do: 'apply', op: 'put', id: id('7.0'), path: at('d'), row, expect: undefined },
    ]
    user.remove('d')
    const report = await bench.applier.run(changes)
    expect(report.done).toEqual([])
    expect(report.lookAgain).toContain('')
    expect(user.exists('d')).toBe(false)
    expect(bench.idAt('d')).toBe(directory)
    await bench.look.some(report.lookAgain)
    expect(await bench.lines()).toEqual([])
    expect((await bench.applier.run(changes.slice(1))).done).toHaveLength(1)
    expect(await bench.lines()).toEqual(['d 3'])
  })

  it('puts nothing into a directory of the user that has the name of one which could not be made', async () => {
    const meddling = new Meddling()
    const bench = new Bench(memoryGround(meddling.fault))
    const { user } = bench.ground
    user.write('d', 'was a file')
    await bench.agree()
    const value = { kind: 'directory', mode: 0o755 } as const
    const directory = { parent: rootId, name: named('d'), value }
    const below = { parent: id('7.0'), name: named('e'), value }
    const changes: Apply[] = [
      moveOf(bench, 'd', 'elsewhere'),
      { do: 'apply', op: 'put', id: id('7.0'), path: at('d'), row: directory, expect: undefined },
      { do: 'apply', op: 'put', id: id('7.1'), path: at('d/e'), row: below, expect: undefined },
    ]
    meddling.user = user
    meddling.before = {
      call: 'move',
      run: (hands) => {
        hands.remove('d')
        hands.makeDirectory('d')
      },
    }
    const report = await bench.applier.run(changes)
    expect(report.done).toEqual([])
    expect(user.exists('d/e')).toBe(false)
    expect(bench.trees.get(id('7.1'))?.local).toBeUndefined()
  })

  it('leaves the row of a directory that went as long as one of what was in it is there', async () => {
    const meddling = new Meddling()
    const bench = new Bench(memoryGround(meddling.fault))
    const { user } = bench.ground
    user.makeDirectory('d')
    user.write('d/f', 'x')
    await bench.agree()
    const [directory, file] = [bench.idAt('d'), bench.idAt('d/f')]
    const changes: Apply[] = [
      { ...moveOf(bench, 'd/f', 'g') },
      { do: 'apply', op: 'remove', id: directory, path: at('d'), expect: bench.localAt('d') },
    ]
    meddling.user = user
    meddling.before = { call: 'move', run: (hands) => hands.remove('d') }
    const report = await bench.applier.run(changes)
    expect(report.done).toEqual([])
    expect(bench.trees.pathOf('local', file)).toBe('d/f')
    await bench.look.some(report.lookAgain)
    expect(bench.trees.get(file)?.local).toBeUndefined()
  })

  it('sees new bits of a directory that it moves', async () => {
    const meddling = new Meddling()
    const bench = new Bench(memoryGround(meddling.fault))
    const { user } = bench.ground
    user.makeDirectory('d')
    await bench.agree()
    const change = moveOf(bench, 'd', 'e')
    meddling.user = user
    meddling.before = { call: 'move', run: (hands) => hands.setMode('d', 0o700) }
    const report = await bench.applier.run([change])
    expect(report.done).toHaveLength(1)
    await bench.look.some(report.lookAgain)
    expect(bench.localAt('e').value).toMatchObject({ mode: 0o700 })
  })
})
