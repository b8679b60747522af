// What users and their programs do to files while these are being synced: nothing of it is lost, nothing is sent half.
import * as fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { afterAll, describe, expect, test } from 'vitest'
import { agree, Ground, treeOf, type Device } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())

/** Two devices that have `f` with these bytes; then `alpha` has saved it anew, and `beta` does not know yet. */
async function editedThere(): Promise<[Device, Device]> {
  const [a, b] = await ground.pair()
  a.write('f', 'first')
  await agree(a, b)
  a.write('f', 'second, of alpha')
  await a.sync()
  return [a, b]
}

/** Runs a hand once, right before the first change of this kind. */
function once(device: Device, kind: string, hand: () => void): void {
  device.hands.beforeChange = (change) => {
    if (change.do !== kind || ('path' in change && change.path.startsWith('.grenier'))) return
    device.hands.beforeChange = undefined
    hand()
  }
}

/** Runs a hand once in the middle of a step of ours: between the last look at a file and the call that replaces it. */
function within(call: 'renameSync' | 'unlinkSync', name: string, hand: () => void): void {
  const builtin = process.getBuiltinModule('node:fs')
  const original = builtin[call]
  Object.assign(builtin, {
    [call]: (...given: unknown[]): unknown => {
      if (!given.some((one) => String(one).endsWith(`/${name}`)))
        return Reflect.apply(original, builtin, given)
      Object.assign(builtin, { [call]: original })
      syncBuiltinESMExports()
      hand()
      return Reflect.apply(builtin[call], builtin, given)
    },
  })
  syncBuiltinESMExports()
}

/** Both versions are on both devices: one under the name, the other as a conflict copy. */
async function expectBoth(devices: [Device, Device], texts: readonly string[]): Promise<void> {
  await agree(...devices)
  for (const device of devices) {
    const names = device.names()
    expect(names).toHaveLength(texts.length)
    expect(names.map((name) => device.read(name)).sort()).toEqual([...texts].sort())
  }
}

describe('an edit between plan and apply', () => {
  test('is kept when the file is written in place', async () => {
    const [a, b] = await editedThere()
    once(b, 'place', () => b.write('f', 'mine'))
    await b.sync()
    await expectBoth([a, b], ['mine', 'second, of alpha'])
    expect(a.read('f')).toBe('second, of alpha')
  })

  test('is kept when the file is written in place with its size and time as before', async () => {
    const [a, b] = await editedThere()
    once(b, 'place', () => {
      const { atime, mtime } = fs.statSync(b.at('f'))
      b.write('f', 'tsrif')
      fs.utimesSync(b.at('f'), atime, mtime)
    })
    await b.sync()
    await expectBoth([a, b], ['second, of alpha', 'tsrif'])
  })

  test('is kept when the file is saved anew under its name', async () => {
    const [a, b] = await editedThere()
    once(b, 'place', () => {
      b.write('f.new', 'mine')
      fs.renameSync(b.at('f.new'), b.at('f'))
    })
    await b.sync()
    await expectBoth([a, b], ['mine', 'second, of alpha'])
  })

  test('is kept when a file appears where one is about to be put', async () => {
    const [a, b] = await ground.pair()
    a.write('g', 'of alpha')
    await a.sync()
    once(b, 'place', () => b.write('g', 'of beta'))
    await b.sync()
    await expectBoth([a, b], ['of alpha', 'of beta'])
  })

  test('is kept when a file is edited that is about to be removed', async () => {
    const [a, b] = await ground.pair()
    a.write('f', 'first')
    await agree(a, b)
    fs.rmSync(a.at('f'))
    await a.sync()
    once(b, 'remove-file', () => b.write('f', 'mine'))
    await b.sync()
    await expectBoth([a, b], ['mine'])
    expect(a.names()).toEqual(['f'])
  })

  test('is kept when something comes into a folder that is about to be removed', async () => {
    const [a, b] = await ground.pair()
    a.write('d/f', 'first')
    await agree(a, b)
    fs.rmSync(a.at('d'), { recursive: true })
    await a.sync()
    once(b, 'remove-directory', () => b.write('d/mine', 'mine'))
    await b.sync()
    await agree(a, b)
    expect([a.names('d'), a.read('d/mine')]).toEqual([['mine'], 'mine'])
  })

  test('wins over a removal that comes meanwhile, and over a move it follows', async () => {
    const [a, b] = await ground.pair()
    a.write('f', 'first')
    await agree(a, b)
    fs.renameSync(a.at('f'), a.at('moved'))
    await a.sync()
    once(b, 'move', () => b.write('f', 'mine'))
    await b.sync()
    await agree(a, b)
    expect([b.names(), a.read('moved')]).toEqual([['moved'], 'mine'])
  })
})

describe('an edit in the microseconds between the last look and the rename', () => {
  test('is kept when the file is written in place', async () => {
    const [a, b] = await editedThere()
    within('renameSync', 'f', () => b.write('f', 'mine'))
    await b.sync()
    await expectBoth([a, b], ['mine', 'second, of alpha'])
  })

  test('is kept when a program goes on writing into the replaced file for a moment', async () => {
    const [a, b] = await editedThere()
    const open = fs.openSync(b.at('f'), 'r+')
    b.hands.afterChange = (change) => {
      if (change.do === 'place' && change.path === 'f') fs.writeSync(open, 'mine!', 0)
    }
    await b.sync()
    fs.closeSync(open)
    b.hands.afterChange = undefined
    await expectBoth([a, b], ['mine!', 'second, of alpha'])
  })

  test('is kept when the file is to be removed, and is written in place', async () => {
    const [a, b] = await ground.pair()
    a.write('d/f', 'first')
    await agree(a, b)
    fs.rmSync(a.at('d'), { recursive: true })
    await a.sync()
    within('renameSync', 'f', () => b.write('d/f', 'mine'))
    await b.sync()
    await agree(a, b)
    expect(a.read('d/f')).toBe('mine')
  })

  test('is kept when the file is to be removed, and is saved anew', async () => {
    const [a, b] = await ground.pair()
    a.write('f', 'first')
    await agree(a, b)
    fs.rmSync(a.at('f'))
    await a.sync()
    within('renameSync', 'f', () => {
      b.write('f.new', 'mine')
      fs.renameSync(b.at('f.new'), b.at('f'))
    })
    await b.sync()
    await expectBoth([a, b], ['mine'])
  })
})

describe('a file that changes while it is read', () => {
  test('is not sent torn, but as it is when it has come to rest', async () => {
    const [a, b] = await ground.pair()
    const versions = new Set<string>()
    const version = (text: string): string => {
      versions.add(text)
      return text
    }
    a.write('f', version('a'.repeat(6 << 20)))
    let edits = 0
    a.hands.read = (path) => {
      if (path === 'f' && ++edits <= 3) a.write('f', version(`${edits}`.repeat(6 << 20)))
    }
    const first = await a.sync()
    expect(first.problems.every((problem) => problem === 'changing f')).toBe(true)
    await agree(a, b)
    expect(edits).toBeGreaterThan(3)
    expect(versions).toContain(b.read('f'))
    expect(b.read('f')).toBe('3'.repeat(6 << 20))
  })

  test('is a problem of its own: the others go', async () => {
    const [a, b] = await ground.pair()
    a.write('busy', 'x')
    a.write('calm', 'y')
    let count = 0
    a.hands.read = (path) => {
      if (path === 'busy') fs.writeFileSync(a.at('busy'), `${++count}`)
    }
    const { problems } = await a.sync()
    expect(problems).toEqual(['changing busy'])
    await b.sync()
    expect(b.names()).toEqual(['calm'])
    a.hands.read = undefined
    await agree(a, b)
    expect(b.read('busy')).toBe(String(count))
  })
})

describe('a log that is appended to all the time', () => {
  test.each([
    ['small', 100],
    ['large', 9 << 20],
  ])('is committed as it was at one moment, when it is %s', async (_, bytes) => {
    const [a, b] = await ground.pair()
    let text = 'x'.repeat(bytes)
    a.write('log', text)
    let lines = 0
    a.hands.read = (path) => {
      if (path !== 'log') return
      const line = `line ${++lines}\n`
      text += line
      fs.appendFileSync(a.at('log'), line)
    }
    const { problems } = await a.sync()
    expect(problems).toEqual([])
    await b.sync()
    const there = b.read('log')
    expect(there.length).toBeGreaterThanOrEqual(bytes)
    expect(text.startsWith(there)).toBe(true)
    a.hands.read = undefined
    await agree(a, b)
    expect(b.read('log')).toBe(text)
  })

  test('is not taken for one when what was there has changed too', async () => {
    const [a, b] = await ground.pair()
    a.write('log', 'x'.repeat(9 << 20))
    let round = 0
    a.hands.read = (path, offset) => {
      if (path !== 'log' || offset === 0) return
      round += 1
      fs.appendFileSync(a.at('log'), 'more')
      const open = fs.openSync(a.at('log'), 'r+')
      fs.writeSync(open, `${round}`, 17)
      fs.closeSync(open)
    }
    const { problems } = await a.sync()
    expect(problems).toEqual(['changing log'])
    await b.sync()
    expect(b.names()).toEqual([])
  })
})

describe('a file that goes away while it is sent', () => {
  test.each([
    ['small', 10],
    ['large', 9 << 20],
  ])('is taken for removed, when it is %s', async (_, bytes) => {
    const [a, b] = await ground.pair()
    a.write('gone', 'x'.repeat(bytes))
    a.write('stays', 'y')
    a.hands.opened = (path) => {
      if (path === 'gone') fs.rmSync(a.at('gone'), { force: true })
    }
    const { summary } = await a.sync()
    expect(summary.problems).toBe(0)
    await agree(a, b)
    expect(b.names()).toEqual(['stays'])
  })

  test('is taken for removed when it goes before it is opened', async () => {
    const [a, b] = await ground.pair()
    a.write('a', 'x')
    a.write('b', 'y')
    a.hands.opened = () => fs.rmSync(a.at('b'), { force: true })
    const { summary } = await a.sync()
    expect(summary.problems).toBe(0)
    await agree(a, b)
    expect(b.names()).toEqual(['a'])
  })
})

/** How editors save. Each keeps the file what it is: one node with a new version, nothing else on the other side. */
const saves: readonly (readonly [string, (device: Device, text: string) => void])[] = [
  ['in place', (device, text) => device.write('doc.txt', text)],
  [
    'by a temporary file and a rename',
    (device, text) => {
      device.write('.doc.txt.swp', text)
      fs.renameSync(device.at('.doc.txt.swp'), device.at('doc.txt'))
    },
  ],
  [
    'by a backup and a rename, the backup then removed',
    (device, text) => {
      fs.renameSync(device.at('doc.txt'), device.at('doc.txt~'))
      device.write('doc.txt', text)
      fs.rmSync(device.at('doc.txt~'))
    },
  ],
  [
    'by a hard-linked backup',
    (device, text) => {
      fs.linkSync(device.at('doc.txt'), device.at('doc.txt~'))
      device.write('doc.new', text)
      fs.renameSync(device.at('doc.new'), device.at('doc.txt'))
      fs.rmSync(device.at('doc.txt~'))
    },
  ],
  [
    'by removing it and writing it anew',
    (device, text) => {
      fs.rmSync(device.at('doc.txt'))
      device.write('doc.txt', text)
    },
  ],
]

describe('an editor that saves', () => {
  test.each(saves)('%s makes a new version of the same file', async (_, save) => {
    const [a, b] = await ground.pair()
    a.write('doc.txt', 'one')
    await agree(a, b)
    save(a, 'two, and longer')
    // A rename there while this is saved here shows whether the log has one node or two.
    fs.renameSync(b.at('doc.txt'), b.at('renamed.txt'))
    await b.sync()
    const { kept } = await a.sync()
    await agree(a, b)
    expect([kept, a.names(), b.read('renamed.txt')]).toEqual([[], ['renamed.txt'], 'two, and longer'])
  })

  test('and keeps a backup sends the backup as a file of its own', async () => {
    const [a, b] = await ground.pair()
    a.write('doc.txt', 'one')
    await agree(a, b)
    fs.renameSync(a.at('doc.txt'), a.at('doc.txt~'))
    a.write('doc.txt', 'two')
    fs.renameSync(b.at('doc.txt'), b.at('renamed.txt'))
    await b.sync()
    await a.sync()
    await agree(a, b)
    expect([b.names(), b.read('renamed.txt'), b.read('doc.txt~')]).toEqual([
      ['doc.txt~', 'renamed.txt'],
      'two',
      'one',
    ])
  })
})

test('a file that was moved and edited before anybody looked is a new file, and the old one is removed', async () => {
  const [a, b] = await ground.pair()
  a.write('f', 'one')
  await agree(a, b)
  fs.renameSync(a.at('f'), a.at('g'))
  a.write('g', 'two, and longer')
  const { events } = await a.sync()
  const changes = events.flatMap((event) =>
    event.event === 'change' ? [`${event.action} ${event.path}`] : [],
  )
  expect(changes.sort()).toEqual(['put g', 'remove f'])
  await agree(a, b)
  expect([treeOf(b.folder), b.read('g')]).toEqual([treeOf(a.folder), 'two, and longer'])
})
