// What file systems take for one name, and what they refuse.
import { describe, expect, it } from 'vitest'
import type { Traits } from './action.ts'
import { canHold, heldAs } from './fold-case.ts'
import { likenessOf } from './likeness.ts'

const traits = (caseInsensitive: boolean, normalizesUnicode: boolean, nameBytesMax = 255): Traits => ({
  caseInsensitive,
  normalizesUnicode,
  nameBytesMax,
})
const [plain, folds, composes, both] = [
  traits(false, false),
  traits(true, false),
  traits(false, true),
  traits(true, true),
]
const same = (a: string, b: string, of: Traits): boolean => heldAs(a, of) === heldAs(b, of)

describe('a file system', () => {
  it('tells all names apart when it neither folds nor composes', () => {
    expect(same('a', 'A', plain) || same('\u00e9', 'e\u0301', plain)).toBe(false)
  })

  it('takes letters of either case for one when it folds, and other spellings when it composes', () => {
    expect(same('Straße', 'STRASSE', folds) && !same('\u00e9', 'e\u0301', folds)).toBe(true)
    expect(same('\u00e9', 'e\u0301', composes) && !same('a', 'A', composes)).toBe(true)
    expect(same('\u00c9', 'e\u0301', both)).toBe(true)
  })

  it('takes no names for one that are not alike', () => {
    const names = [
      'a',
      'A',
      'ß',
      'SS',
      'é',
      'e\u0301',
      'É',
      'ς',
      'Σ',
      'σ',
      'ı',
      'I',
      'i',
      'İ',
      'ﬁ',
      'FI',
      '\udcff',
      'K',
      'k',
    ]
    const pairs = names.flatMap((a) => names.map((b) => [a, b] as const))
    for (const of of [plain, folds, composes, both])
      for (const [a, b] of pairs) if (same(a, b, of)) expect(likenessOf(a)).toBe(likenessOf(b))
  })

  it('holds no longer names than it can, counted in bytes', () => {
    expect(canHold('é'.repeat(71), traits(false, false, 143))).toBe(true)
    expect(canHold('é'.repeat(72), traits(false, false, 143))).toBe(false)
  })

  it('holds names that are not UTF-8 only when it takes names as bytes', () => {
    expect(canHold('\udcff', plain)).toBe(true)
    expect(canHold('\udcff', folds) || canHold('\udcff', composes)).toBe(false)
  })
})
