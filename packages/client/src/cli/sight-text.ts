// What the brake saw, in words.
import type { BrakeSight } from '../engine/brake-record.ts'
import type { Catalogue } from './catalogue.ts'
import type { Language } from './messages.ts'
import { formatCount } from './quantities.ts'

/** How much is gone or changed, of how much. */
export function sightText(words: Catalogue, language: Language, sight: BrakeSight): string {
  const { direction, gone, changed, files } = sight
  const text = (count: number): string => formatCount(count, language)
  return words.brakeSeen({
    direction,
    gone,
    changed,
    goneText: text(gone),
    changedText: text(changed),
    filesText: text(files),
  })
}
