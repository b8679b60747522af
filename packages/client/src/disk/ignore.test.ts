import { describe, expect, it } from 'vitest'
import { IgnoreRules, ancestorsOf, parentOf } from './ignore.ts'
import { at, memoryGround } from './look.contract.ts'

/** Rules by directory; everything entered. */
async function rulesOf(files: Record<string, string>) {
  const ground = memoryGround()
  for (const [directory, text] of Object.entries(files)) {
    const parts = directory === '' ? [] : directory.split('/')
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const path = parts.slice(0, depth).join('/')
      if (!ground.user.exists(path)) ground.user.makeDirectory(path)
    }
    ground.user.write(directory === '' ? '.grenierignore' : `${directory}/.grenierignore`, text)
  }
  const rules = new IgnoreRules(ground.files)
  for (const directory of Object.keys(files)) await rules.enterFrom(at(directory))
  return { rules, ground }
}

describe('ignore rules', () => {
  const cases: [string, boolean, boolean][] = [
    ['a.log', false, true],
    ['deep/down/a.log', false, true],
    ['A.LOG', false, false],
    ['build', true, true],
    ['build', false, false],
    ['deep/build', true, true],
    ['build/below', false, true],
    ['top', false, true],
    ['deep/top', false, false],
    ['kept.log', false, false],
    ['#hash', false, true],
    ['doc/x/notes.txt', false, true],
    ['with space', false, true],
  ]
  it.each(cases)('say of %s (a directory: %s) that it is ignored: %s', async (path, isDirectory, ignored) => {
    const { rules } = await rulesOf({
      '': '# comment\r\n*.log\r\n!kept.log\nbuild/\n/top\n\\#hash\ndoc/**/notes.txt\nwith space\n\n',
    })
    expect(rules.ignores(at(path), isDirectory)).toBe(ignored)
  })

  it('of a deeper folder come before those above it', async () => {
    const { rules } = await rulesOf({ '': '*.log\n', 'a/b': '!x.log\nlocal\n' })
    expect(rules.ignores(at('a/x.log'), false)).toBe(true)
    expect(rules.ignores(at('a/b/x.log'), false)).toBe(false)
    expect(rules.ignores(at('a/b/c/local'), false)).toBe(true)
    expect(rules.ignores(at('a/local'), false)).toBe(false)
  })

  it('of a deeper folder bring back a whole folder that those above leave out', async () => {
    const { rules } = await rulesOf({ '': 'build/\n*.o\n', sub: '!build/\n!keep.o\n' })
    expect(rules.ignores(at('build/x'), false)).toBe(true)
    expect(rules.ignores(at('sub/build'), true)).toBe(false)
    expect(rules.ignores(at('sub/build/x'), false)).toBe(false)
    expect(rules.ignores(at('sub/build/deep/x'), false)).toBe(false)
    expect(rules.ignores(at('sub/build/x.o'), false)).toBe(true)
    expect(rules.ignores(at('sub/build/keep.o'), false)).toBe(false)
  })

  it('bring nothing back below a folder that is left out', async () => {
    const { rules } = await rulesOf({ '': 'a/b/\n', 'a/b': '!x\n' })
    expect(rules.ignores(at('a/b/x'), false)).toBe(true)
  })

  const nested: [string, string, boolean][] = [
    ['/x', 'x', true],
    ['/x', 'deep/x', false],
    ['x', 'deep/er/x', true],
    ['deep/x', 'deep/x', true],
    ['deep/x', 'er/deep/x', false],
    ['**/x', 'deep/er/x', true],
    ['deep/**', 'deep/er/x', true],
    ['\\!x', '!x', true],
    ['\\#x', 'deep/#x', true],
    ['#x', '#x', false],
    ['x\\ ', 'x ', true],
    ['x ', 'x', true],
    ['x/  ', 'deep/x/in', true],
    ['[ab]?', 'bc', true],
    ['*', 'x', true],
    [' ', ' ', false],
  ]
  it.each(nested)(
    '%j of a folder with an odd name says of %j that it is ignored: %s',
    async (rule, path, ignored) => {
      const { rules } = await rulesOf({ '!o [a]*?{b}\\ #\n$(': `${rule}\n` })
      expect(rules.ignores(at(`!o [a]*?{b}\\ #\n$(/${path}`), false)).toBe(ignored)
      expect(rules.ignores(at(`o a/${path}`), false)).toBe(false)
      expect(rules.ignores(at(path), false)).toBe(false)
    },
  )

  it('always leave out our own directory, at the root alone', async () => {
    const { rules } = await rulesOf({ '': '!.grenier\n' })
    expect(rules.ignores(at('.grenier'), true)).toBe(true)
    expect(rules.ignores(at('.grenier/marker'), false)).toBe(true)
    expect(rules.ignores(at('a/.grenier'), true)).toBe(false)
  })

  it('are read again when they change, and say so once', async () => {
    const { rules, ground } = await rulesOf({ '': 'a\n' })
    expect(await rules.enter(at(''), true)).toBe(false)
    ground.user.write('.grenierignore', 'b\n')
    expect(await rules.enter(at(''), true)).toBe(true)
    expect(await rules.enter(at(''), true)).toBe(false)
    expect([rules.ignores(at('a'), false), rules.ignores(at('b'), false)]).toEqual([false, true])
    ground.user.remove('.grenierignore')
    expect(await rules.enter(at(''), false)).toBe(true)
    expect(rules.ignores(at('b'), false)).toBe(false)
  })

  it('that cannot be read, or are endless, ignore everything there rather than nothing', async () => {
    const { rules, ground } = await rulesOf({ '': 'x'.repeat(300_000), d: 'a\n' })
    expect(rules.ignores(at('anything'), false)).toBe(true)
    ground.user.write('.grenierignore', '\n')
    ground.user.setMode('d/.grenierignore', 0o200)
    await rules.enterFrom(at('d'))
    expect([rules.ignores(at('anything'), false), rules.ignores(at('d/b'), false)]).toEqual([false, true])
  })

  it('of a hostile member are matched in no time', async () => {
    const { rules } = await rulesOf({ '': `${'*a'.repeat(100)}b\n${'x*'.repeat(5_000)}\nreal\n` })
    expect(rules.ignores(at('a'.repeat(250)), false)).toBe(false)
    expect(rules.ignores(at('real'), false)).toBe(true)
  })

  it('that pass over directories again and again are left out: at each level each of them is tried anew', async () => {
    const { rules } = await rulesOf({ '': '**/a/**/a/**/a/**/a/c\n*1*2*3*4*5*6*7*8*9\n**/kept/**\n' })
    expect(rules.ignores(at(`${'a/'.repeat(200)}b`), false)).toBe(false)
    // They would match these.
    expect(rules.ignores(at('a/a/a/a/c'), false)).toBe(false)
    expect(rules.ignores(at('1234567890'), false)).toBe(false)
    expect(rules.ignores(at('in/kept/x'), false)).toBe(true)
    const many = Array.from({ length: 100 }, (_, line) => `**/deep${line}/**/c`).join('\n')
    const { rules: bounded } = await rulesOf({ '': many })
    expect([bounded.ignores(at('deep0/c'), false), bounded.ignores(at('deep99/c'), false)]).toEqual([
      true,
      false,
    ])
  })

  it('hold for names that are not UTF-8', async () => {
    const { rules } = await rulesOf({ '': '*.tmp\n' })
    expect(rules.ignores(at('a\udcff.tmp'), false)).toBe(true)
  })
})

describe('paths', () => {
  it('have ancestors from the root down', () => {
    expect(ancestorsOf(at('a/b/c'))).toEqual(['', 'a', 'a/b'])
    expect(ancestorsOf(at(''))).toEqual([])
    expect([parentOf(at('a/b')), parentOf(at('a')), parentOf(at(''))]).toEqual(['a', '', ''])
  })
})
