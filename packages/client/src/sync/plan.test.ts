// The table of docs/SYNC.md, case by case: what was once the same on both devices, what each did, what both have in the end.
import { describe, expect, it } from 'vitest'
import type { Action, Plan } from './action.ts'
import {
  agrees,
  contentOf,
  directory,
  file,
  foldingTraits,
  link,
  ModelDevice,
  ModelLog,
  nameOf,
  plainTraits,
  settleAll,
  settleOne,
} from './plan-model.contract.ts'
import { plan, roundsMax } from './plan.ts'

const copy = (name: string, device: string, extension = ''): string =>
  `${name} (conflict, ${device}, 2026-11-22 14h03)${extension}`

type Edit = (device: ModelDevice) => void

/** What one device does; paths are as they were. */
const edit =
  (path: string, text = 'edited'): Edit =>
  (device) =>
    device.write(device.find(path)!, { content: contentOf(text), sizeBytes: text.length, mtimeNs: 9n })
const chmod =
  (path: string, mode: number): Edit =>
  (device) =>
    device.write(device.find(path)!, { mode })
const touch =
  (path: string, mtimeNs: bigint): Edit =>
  (device) =>
    device.write(device.find(path)!, { mtimeNs })
const remove =
  (path: string): Edit =>
  (device) =>
    device.delete(device.find(path)!)
const make =
  (path: string, value = file('new')): Edit =>
  (device) => {
    const [parent, name] = split(path)
    device.make(parent === '' ? 0 : device.find(parent)!, name, value)
  }
const move =
  (from: string, to: string): Edit =>
  (device) => {
    const [parent, name] = split(to)
    device.rename(device.find(from)!, parent === '' ? 0 : device.find(parent)!, name)
  }
const all =
  (...edits: Edit[]): Edit =>
  (device) =>
    edits.forEach((each) => each(device))
const nothing: Edit = () => undefined

function split(path: string): [string, string] {
  const slash = path.lastIndexOf('/')
  return [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)]
}

/** Two devices that have the same. */
function twins(start: Edit): { first: ModelDevice; second: ModelDevice; log: ModelLog } {
  const log = new ModelLog()
  const [first, second] = [new ModelDevice('FIRST', log), new ModelDevice('SECOND', log)]
  start(first)
  settleAll([first, second])
  return { first, second, log }
}

/** Both edit; `first` commits first. Returns the tree that both have then, without marks that nobody looks at. */
function outcome({ start, first, second }: { start: Edit; first: Edit; second: Edit }): string[] {
  const pair = twins(start)
  first(pair.first)
  second(pair.second)
  settleOne(pair.first, roundsMax)
  settleOne(pair.second, roundsMax)
  settleAll([pair.first, pair.second])
  expect(agrees(pair.first) && agrees(pair.second)).toBe(true)
  expect(pair.first.show()).toEqual(pair.second.show())
  return pair.second.show().map((line) => line.replace(' 644', '').replace('/ 755', '/').replace(' @1', ''))
}

const kinds = (actions: readonly Action[]): string[] =>
  actions.map((action) => ('op' in action ? `${action.do} ${action.op}` : action.do))

describe('one file, two devices:', () => {
  const start = make('f.txt', file('old'))
  const f = 'f.txt'
  const cases: [string, Edit, Edit, string[]][] = [
    ['nobody did anything', nothing, nothing, ['f.txt = old']],
    ['one edited', edit(f), nothing, ['f.txt = edited @9']],
    ['the other edited', nothing, edit(f), ['f.txt = edited @9']],
    ['both edited to the same', edit(f), edit(f), ['f.txt = edited @9']],
    [
      'both edited',
      edit(f, 'one'),
      edit(f, 'two'),
      ['f.txt = one @9', `${copy('f', 'SECOND', '.txt')} = two @9`],
    ],
    ['one edited, one removed', edit(f), remove(f), ['f.txt = edited @9']],
    ['one removed, one edited', remove(f), edit(f), ['f.txt = edited @9']],
    ['both removed', remove(f), remove(f), []],
    ['one removed', remove(f), nothing, []],
    ['one moved, one edited', move(f, 'g'), edit(f), ['g = edited @9']],
    ['one edited, one moved', edit(f), move(f, 'g'), ['g = edited @9']],
    ['both moved to the same place', move(f, 'g'), move(f, 'g'), ['g = old']],
    ['both moved', move(f, 'g'), move(f, 'h'), ['g = old']],
    ['one moved, one removed', move(f, 'g'), remove(f), ['g = old']],
    ['one removed, one moved', remove(f), move(f, 'g'), ['g = old']],
    ['one changed bits, one edited', chmod(f, 0o600), edit(f), ['f.txt = edited 600 @9']],
    ['one edited, one changed bits', edit(f), chmod(f, 0o600), ['f.txt = edited 600 @9']],
    ['one touched, one edited', touch(f, 5n), edit(f), ['f.txt = edited @9']],
    ['both touched', touch(f, 5n), touch(f, 6n), ['f.txt = old @5']],
    ['both changed bits', chmod(f, 0o600), chmod(f, 0o640), ['f.txt = old 600']],
    ['one changed bits, one removed', chmod(f, 0o600), remove(f), ['f.txt = old 600']],
    [
      'one edited, one moved and edited: the copy keeps the name that it was given',
      edit(f, 'one'),
      all(move(f, 'g'), edit('g', 'two')),
      ['f.txt = one @9', 'g = two @9'],
    ],
    [
      'one moved and edited, one edited',
      all(move(f, 'g'), edit('g', 'one')),
      edit(f, 'two'),
      [`${copy('f', 'SECOND', '.txt')} = two @9`, 'g = one @9'],
    ],
    ['one made it a directory', all(remove(f), make(f, directory())), nothing, ['f.txt/']],
    [
      'one made it a directory, one edited',
      all(remove(f), make(f, directory()), make('f.txt/x')),
      edit(f),
      ['f.txt/', `${copy('f', 'SECOND', '.txt')} = edited @9`, 'f.txt/x = new'],
    ],
    [
      'one edited, one made it a directory',
      edit(f),
      all(remove(f), make(f, directory()), make('f.txt/x')),
      ['f.txt = edited @9', `${copy('f.txt', 'SECOND')}/`, `${copy('f.txt', 'SECOND')}/x = new`],
    ],
    ['one made it a link', all(remove(f), make(f, link('t'))), nothing, ['f.txt -> t']],
    [
      'both made it something else',
      all(remove(f), make(f, link('t'))),
      all(remove(f), make(f, directory())),
      ['f.txt -> t', `${copy('f.txt', 'SECOND')}/`],
    ],
    ['one saved it anew under another inode', all(remove(f), make(f)), nothing, ['f.txt = new']],
    ['one moved it, one saved it anew', move(f, 'g'), all(remove(f), make(f)), ['f.txt = new', 'g = old']],
  ]
  it.each(cases)('%s', (...[, first, second, expected]) => {
    expect(outcome({ start, first, second })).toEqual([...expected].sort())
  })

  it('keeps the id of a file that was saved anew under another inode', () => {
    const { first, log } = twins(start)
    const before = [...log.rows.keys()]
    all(remove(f), make(f))(first)
    settleOne(first, roundsMax)
    expect([...log.rows.keys()]).toEqual(before)
  })
})

describe('names that two want:', () => {
  const start: Edit = all(make('d', directory()), make('x', file('ex')), make('y', file('why')))
  const cases: [string, Edit, Edit, string[]][] = [
    ['both made the same file', make('n'), make('n'), ['d/', 'n = new', 'x = ex', 'y = why']],
    [
      'with other times',
      make('n', file('a', { mtimeNs: 5n })),
      make('n', file('a', { mtimeNs: 6n })),
      ['d/', 'n = a @5', 'x = ex', 'y = why'],
    ],
    [
      'both made a file',
      make('n', file('1')),
      make('n', file('22')),
      ['d/', 'n = 1', `${copy('n', 'SECOND')} = 22`, 'x = ex', 'y = why'],
    ],
    [
      'of one size',
      make('n', file('1')),
      make('n', file('2')),
      ['d/', 'n = 1', `${copy('n', 'SECOND')} = 2`, 'x = ex', 'y = why'],
    ],
    [
      'both made a directory',
      all(make('n', directory(0o700)), make('n/a')),
      all(make('n', directory()), make('n/b')),
      ['d/', 'n/ 700', 'n/a = new', 'n/b = new', 'x = ex', 'y = why'],
    ],
    [
      'a file and a directory',
      make('n'),
      all(make('n', directory()), make('n/a')),
      ['d/', 'n = new', `${copy('n', 'SECOND')}/`, `${copy('n', 'SECOND')}/a = new`, 'x = ex', 'y = why'],
    ],
    [
      'one made it, one moved another there',
      make('n'),
      move('x', 'n'),
      ['d/', 'n = new', `${copy('n', 'SECOND')} = ex`, 'y = why'],
    ],
    [
      'one moved there, one made it',
      move('x', 'n'),
      make('n'),
      ['d/', 'n = ex', `${copy('n', 'SECOND')} = new`, 'y = why'],
    ],
    ['two moved there', move('x', 'n'), move('y', 'n'), ['d/', 'n = ex', `${copy('n', 'SECOND')} = why`]],
    ['swapped', all(move('x', 't'), move('y', 'x'), move('t', 'y')), nothing, ['d/', 'x = why', 'y = ex']],
    [
      'swapped by both',
      all(move('x', 't'), move('y', 'x'), move('t', 'y')),
      all(move('x', 't'), move('y', 'x'), move('t', 'y')),
      ['d/', 'x = why', 'y = ex'],
    ],
    [
      'swapped here, edited there',
      edit('x', 'one'),
      all(move('x', 't'), move('y', 'x'), move('t', 'y')),
      ['d/', 'x = why', 'y = one @9'],
    ],
    [
      'removed and taken by another',
      all(remove('x'), move('y', 'x')),
      edit('x'),
      ['d/', 'x = why', `${copy('x', 'SECOND')} = edited @9`],
    ],
    [
      'into a directory that takes its name',
      all(move('x', 'd/x'), make('x', directory()), move('d/x', 'x/x')),
      nothing,
      ['d/', 'x/', 'x/x = ex', 'y = why'],
    ],
    ['out of a directory, to its name', all(move('x', 'd/x')), nothing, ['d/', 'd/x = ex', 'y = why']],
    [
      'a child takes its directory’s place',
      all(move('x', 'd/x'), move('d/x', 't'), remove('d'), move('t', 'd')),
      nothing,
      ['d = ex', 'y = why'],
    ],
  ]
  it.each(cases)('%s', (...[, first, second, expected]) => {
    expect(outcome({ start, first, second })).toEqual([...expected].sort())
    if (second === nothing)
      expect(outcome({ start, first: second, second: first })).toEqual([...expected].sort())
  })

  it('numbers a second copy of the same minute', () => {
    const { first, second } = twins(nothing)
    make('n', file('1'))(first)
    all(make('n', file('2')), make(copy('n', 'SECOND'), file('3')))(second)
    settleOne(first, roundsMax)
    settleOne(second, roundsMax)
    expect(
      second
        .show()
        .map((line) => line.split(' = ')[0])
        .sort(),
    ).toEqual(['n', copy('n', 'SECOND'), `${copy('n', 'SECOND')}-2`])
  })
})

describe('directories:', () => {
  const start: Edit = all(
    make('d', directory()),
    make('d/a', file('a')),
    make('d/b', file('b')),
    make('e', directory()),
    make('e/sub', directory()),
  )
  const e = ['e/', 'e/sub/']
  const whole = ['d/', 'd/a = a', 'd/b = b']
  const cases: [string, Edit, Edit, string[]][] = [
    ['removed', remove('d'), nothing, e],
    ['removed, edited inside', remove('d'), edit('d/a'), ['d/', 'd/a = edited @9', ...e]],
    ['edited inside, removed', edit('d/a'), remove('d'), ['d/', 'd/a = edited @9', ...e]],
    ['removed, new inside', remove('d'), make('d/n'), ['d/', 'd/n = new', ...e]],
    ['new deep inside, removed', make('e/sub/n'), remove('e'), [...whole, ...e, 'e/sub/n = new']],
    ['removed, bits changed', remove('d'), chmod('d', 0o700), e],
    ['bits changed, removed', chmod('d', 0o700), remove('d'), e],
    ['both changed bits', chmod('d', 0o700), chmod('d', 0o750), ['d/ 700', 'd/a = a', 'd/b = b', ...e]],
    ['moved, edited inside', move('d', 'm'), edit('d/a'), [...e, 'm/', 'm/a = edited @9', 'm/b = b']],
    ['edited inside, moved', edit('d/a'), move('d', 'm'), [...e, 'm/', 'm/a = edited @9', 'm/b = b']],
    ['moved, new inside', move('d', 'm'), make('d/n'), [...e, 'm/', 'm/a = a', 'm/b = b', 'm/n = new']],
    ['moved, removed: comes back whole', move('d', 'm'), remove('d'), [...e, 'm/', 'm/a = a', 'm/b = b']],
    ['removed, moved: comes back whole', remove('d'), move('d', 'm'), [...e, 'm/', 'm/a = a', 'm/b = b']],
    ['removed, one moved out', remove('d'), move('d/a', 'a'), ['a = a', ...e]],
    ['one moved out, removed', move('d/a', 'a'), remove('d'), ['a = a', ...e]],
    ['removed, one moved in', remove('e'), move('d/a', 'e/sub/a'), ['d/', 'd/b = b', ...e, 'e/sub/a = a']],
    ['one moved in, removed', move('d/a', 'e/sub/a'), remove('e'), ['d/', 'd/b = b', ...e, 'e/sub/a = a']],
    [
      'moves that cross',
      move('d', 'e/d'),
      move('e', 'd/e'),
      ['e/', 'e/d/', 'e/d/a = a', 'e/d/b = b', 'e/sub/'],
    ],
    [
      'turned inside out',
      all(move('e/sub', 'sub'), move('e', 'sub/e')),
      nothing,
      [...whole, 'sub/', 'sub/e/'],
    ],
    [
      'turned inside out under the same names',
      all(move('e/sub', 't'), move('e', 't/sub'), move('t', 'e')),
      nothing,
      [...whole, ...e],
    ],
    [
      'made anew with less in it',
      all(remove('d'), make('d', directory()), make('d/a')),
      edit('d/b'),
      ['d/', 'd/a = new', 'd/b = edited @9', ...e],
    ],
    ['became a file', all(remove('d'), make('d')), nothing, ['d = new', ...e]],
    [
      'became a file, edited inside',
      all(remove('d'), make('d')),
      edit('d/a'),
      ['d = new', `${copy('d', 'SECOND')}/`, `${copy('d', 'SECOND')}/a = edited @9`, ...e],
    ],
    [
      'edited inside, became a file',
      edit('d/a'),
      all(remove('d'), make('d')),
      ['d/', 'd/a = edited @9', `${copy('d', 'SECOND')} = new`, ...e],
    ],
    [
      'both edited inside what one moved',
      all(move('d', 'm'), edit('m/a', 'one')),
      edit('d/a', 'two'),
      [...e, 'm/', 'm/a = one @9', `m/${copy('a', 'SECOND')} = two @9`, 'm/b = b'],
    ],
  ]
  it.each(cases)('%s', (...[, first, second, expected]) => {
    expect(outcome({ start, first, second })).toEqual([...expected].sort())
    if (second === nothing)
      expect(outcome({ start, first: second, second: first })).toEqual([...expected].sort())
  })

  it('brings back what a move that was taken back needs', () => {
    const start = all(make('p', directory()), make('p/a', directory()), make('b', directory()))
    const second = all(move('p/a', 'b/a'), remove('p'))
    expect(outcome({ start, first: move('b', 'p/a/b'), second })).toEqual(['p/', 'p/a/', 'p/a/b/'])
  })

  it('says one removal for a whole directory in the log, and children first on the disk', () => {
    const { first, second } = twins(start)
    remove('d')(first)
    first.fetch()
    expect(kinds(first.round().actions)).toEqual(['commit remove'])
    second.fetch()
    const paths = second.round().actions.map((action) => 'path' in action && action.path)
    expect(paths.at(-1)).toBe('d')
    expect(paths.slice(0, -1).sort()).toEqual(['d/a', 'd/b'])
  })

  it('says one move for a whole directory, on both sides, also when something in it was edited', () => {
    const { first, second } = twins(start)
    move('d', 'm')(first)
    edit('d/a')(second)
    first.fetch()
    expect(kinds(first.round().actions)).toEqual(['commit move'])
    second.fetch()
    expect(kinds(second.round().actions)).toEqual(['read', 'apply move'])
    expect(kinds(second.round().actions)).toEqual(['commit put'])
  })
})

describe('joining into a folder that holds files', () => {
  it('adopts what is the same, and commits nothing', () => {
    const log = new ModelLog()
    const devices = [new ModelDevice('FIRST', log), new ModelDevice('SECOND', log)] as const
    const start = all(
      make('d', directory()),
      make('d/e', directory()),
      make('d/e/f', file('same')),
      make('l', link('t')),
    )
    start(devices[0])
    start(devices[1])
    settleOne(devices[0], roundsMax)
    const plans = settleOne(devices[1], roundsMax)
    expect(log.sequence).toBe(2)
    expect(plans.flatMap(({ actions }) => kinds(actions))).toEqual([
      'adopt',
      'adopt',
      'adopt',
      'read',
      'adopt',
    ])
    expect(agrees(devices[1])).toBe(true)
  })
})

describe('a file system that folds names', () => {
  const mixed = (start: Edit): { plain: ModelDevice; folding: ModelDevice } => {
    const log = new ModelLog()
    const plain = new ModelDevice('FIRST', log, plainTraits)
    const folding = new ModelDevice('SECOND', log, foldingTraits)
    start(plain)
    settleAll([plain, folding])
    return { plain, folding }
  }
  const last = (device: ModelDevice): Plan => {
    device.fetch()
    return device.round()
  }

  it('holds the older of two names that it takes for one, says so of the other, and removes neither', () => {
    const { plain, folding } = mixed(all(make('a', file('1')), make('A', file('2'))))
    expect(folding.show().map((line) => line[0])).toEqual(['a'])
    expect(last(folding)).toMatchObject({ actions: [], problems: [{ path: 'A', code: 'name-collision' }] })
    expect(plain.show()).toHaveLength(2)
    remove('a')(plain)
    settleAll([plain, folding])
    expect(folding.show().map((line) => line[0])).toEqual(['A'])
  })

  it('takes a change of case for a rename', () => {
    const { plain, folding } = mixed(make('a', file('1')))
    move('a', 'A')(plain)
    settleAll([plain, folding])
    expect(folding.show()[0]).toMatch(/^A /)
    move('A', 'a')(folding)
    settleAll([plain, folding])
    expect(plain.show()[0]).toMatch(/^a /)
  })

  it('takes no change of the spelling for a rename', () => {
    const { plain, folding } = mixed(make('\u00e9', file('1')))
    folding.rename(folding.find('\u00e9')!, 0, 'e\u0301')
    const before = plain.log.sequence
    settleAll([plain, folding])
    expect(plain.log.sequence).toBe(before)
    expect(plain.show()[0]).toMatch(/^\u00e9/)
  })

  it('says which names it cannot hold, and what is below them goes without saying', () => {
    const { folding } = mixed(all(make('\udcff', directory()), make('\udcff/f'), make('ok')))
    expect(last(folding)).toMatchObject({
      actions: [],
      problems: [{ path: '\udcff', code: 'name-unholdable' }],
    })
    expect(folding.show().map((line) => line.slice(0, 2))).toEqual(['ok'])
  })

  it('never sends, and never takes, the folder’s own place', () => {
    const { plain, folding } = mixed(make('.GRENIER', directory()))
    make('.grenier', directory())(plain)
    expect(last(plain)).toMatchObject({
      actions: [],
      problems: [{ path: '.grenier', code: 'name-reserved' }],
    })
    expect(last(folding)).toMatchObject({
      actions: [],
      problems: [{ path: '.GRENIER', code: 'name-reserved' }],
    })
  })
})

describe('the plan', () => {
  it('is empty for no rows, and for rows that are of no sense it ends', () => {
    const base = { taken: () => false, device: 'd', nowMs: 0, traits: plainTraits }
    expect(plan({ ...base, rows: new Map() }).actions).toEqual([])
    const { first } = twins(all(make('d', directory()), make('d/e', directory())))
    const input = first.input()
    const [outer, inner] = [...input.rows.keys()]
    const rows = new Map(input.rows)
    const circle = { parent: inner!, name: nameOf('x'), value: directory() }
    rows.set(outer!, { ...rows.get(outer!), remote: circle })
    expect(() => plan({ ...base, rows })).not.toThrow()
    rows.set(outer!, {
      base: circle,
      local: { ...circle, stamp: rows.get(inner!)!.local!.stamp },
      remote: circle,
    })
    expect(() => plan({ ...base, rows })).not.toThrow()
  })

  it('leaves no parked node behind when what it was parked for is taken back, or its directory goes', () => {
    const start = all(make('d', directory()), make('d/x', file('1')), make('d/y', file('2')))
    const swap = all(move('d/x', 't'), move('d/y', 'd/x'), move('t', 'd/y'))
    for (const then of [swap, remove('d'), all(remove('d'), make('d'))]) {
      const { first, second, log } = twins(start)
      swap(first)
      settleOne(first, roundsMax)
      second.fetch()
      second.round()
      expect(second.show().some((line) => line.startsWith('.grenier-moving-'))).toBe(true)
      then(first)
      settleOne(first, roundsMax)
      const [sequence, tree] = [log.sequence, first.show()]
      settleAll([second, first])
      expect([log.sequence, second.show()]).toEqual([sequence, tree])
    }
  })

  it('parks one of two that swap names, with one action on the disk for each node', () => {
    const { first, second } = twins(all(make('x', file('1')), make('y', file('2'))))
    all(move('x', 't'), move('y', 'x'), move('t', 'y'))(first)
    first.fetch()
    expect(kinds(first.round().actions)).toEqual(['commit move', 'commit move', 'commit move'])
    second.fetch()
    const { actions } = second.round()
    expect(kinds(actions)).toEqual(['apply move', 'apply move'])
    expect(second.show().some((line) => line.startsWith('.grenier-moving-'))).toBe(true)
    settleAll([first, second])
    expect(second.show()).toEqual(first.show())
  })
})
