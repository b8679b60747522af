// Names of conflict copies: always valid, always free, the extension kept.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conflictName, conflictNameSays, type ConflictNameParts } from './conflict-name.ts'
import { asName, nameFromBytes, nameToBytes, type Name } from './name.ts'

const parts = (name: string, more: Partial<ConflictNameParts> = {}): ConflictNameParts => ({
  name: name as Name,
  kind: 'file',
  device: 'Ada’s laptop',
  atMs: Date.UTC(2026, 10, 22, 14, 3, 59),
  bytesMax: 255,
  ...more,
})
const free = (): boolean => true
const bytesOf = (name: string): number => nameToBytes(name).length
const suffix = ' (conflict, Ada’s laptop, 2026-11-22 14h03)'

describe('the name of a conflict copy', () => {
  const cases: [string, string][] = [
    ['report.odt', `report${suffix}.odt`],
    ['archive.tar.gz', `archive.tar${suffix}.gz`],
    ['README', `README${suffix}`],
    ['.profile', `.profile${suffix}`],
    ['ends with.', `ends with.${suffix}`],
    [
      'it rained. Nobody came, and nothing was said of it.',
      `it rained. Nobody came, and nothing was said of it.${suffix}`,
    ],
  ]
  it.each(cases)('%s', (name, expected) => {
    expect(conflictName(parts(name), free)).toBe(expected)
  })

  it('leaves the dots of a directory alone', () => {
    expect(conflictName(parts('photos.2024', { kind: 'directory' }), free)).toBe(`photos.2024${suffix}`)
  })

  it('counts on while names are taken', () => {
    const taken = new Set([`a${suffix}.b`, `a${suffix}-2.b`])
    expect(conflictName(parts('a.b'), (name) => !taken.has(name))).toBe(`a${suffix}-3.b`)
  })

  it('cuts a long name at a whole character, and keeps the extension', () => {
    const name = conflictName(parts(`${'é'.repeat(125)}.jpeg`), free)
    expect(bytesOf(name)).toBeLessThanOrEqual(255)
    expect(bytesOf(name)).toBeGreaterThan(250)
    expect(name).toMatch(/^é+ \(conflict, .*\)\.jpeg$/)
    expect(conflictName(parts(`${'👩‍👩‍👧'.repeat(14)}.x`), free)).toMatch(/^(👩‍👩‍👧)+ \(conflict/u)
  })

  it('makes a device’s name harmless', () => {
    expect(conflictName(parts('a', { device: '../\n\u202Eevil\0' }), free)).toBe(
      'a (conflict, ..-evil-, 2026-11-22 14h03)',
    )
    expect(conflictName(parts('a', { device: '' }), free)).toBe('a (conflict, -, 2026-11-22 14h03)')
  })

  it('is valid and free whatever it is made of', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 255 }),
      fc.uint8Array({ minLength: 1, maxLength: 255 }).map((bytes) => nameFromBytes(bytes) ?? 'x'),
    )
    const all = fc.record({
      name,
      device: fc.string({ unit: 'grapheme' }),
      atMs: fc.double(),
      bytesMax: fc.nat(300),
      takenUpTo: fc.nat(5),
    })
    const check = fc.property(all, ({ name, takenUpTo, ...more }) => {
      if (asName(name) === undefined) return
      const seen: Name[] = []
      const made = conflictName(parts(name, more), (candidate) => seen.push(candidate) > takenUpTo)
      expect(new Set(seen).size).toBe(seen.length)
      expect(nameFromBytes(nameToBytes(made))).toBe(made)
      expect(bytesOf(made)).toBeLessThanOrEqual(Math.max(128, Math.min(255, more.bytesMax)))
    })
    fc.assert(check, { numRuns: 500 })
  })
})

describe('a name that was made', () => {
  it.each([
    ['notes.txt', 'file'],
    ['archive.tar.gz', 'file'],
    ['a folder.d', 'directory'],
    ['.profile', 'file'],
    ['été (1)', 'file'],
  ] as const)('says whose copy it is, by whom and when: %s', (text, kind) => {
    const name = text as Name
    for (const taken of [0, 1]) {
      let asked = 0
      const made = { name, kind, device: 'the laptop', atMs: Date.UTC(2026, 10, 22, 14, 3), bytesMax: 255 }
      const copy = conflictName(made, () => asked++ >= taken)
      const says = conflictNameSays(copy)
      expect(says).toMatchObject({ device: 'the laptop', moment: '2026-11-22 14h03' })
      expect(says?.name).toBe(name)
    }
  })

  it('is told from any other', () => {
    for (const name of ['notes.txt', 'a (conflict).txt', 'a (conflict, b, yesterday).txt'])
      expect(conflictNameSays(name as Name)).toBeUndefined()
  })
})
