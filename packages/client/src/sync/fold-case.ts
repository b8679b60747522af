// How one file system takes names: which ones it takes for one, and which ones it cannot hold. Coarser likeness is in likeness.ts.
import type { Traits } from './action.ts'
import { likenessOf } from './likeness.ts'
import { isText, nameToBytes } from './name.ts'

/** A key that is equal for exactly the names that a file system with these traits takes for one. */
export function heldAs(name: string, traits: Traits): string {
  if (traits.caseInsensitive && traits.normalizesUnicode) return likenessOf(name)
  if (traits.caseInsensitive) return name.toUpperCase().toLowerCase()
  return traits.normalizesUnicode ? name.normalize('NFC') : name
}

/** Whether a file system with these traits can hold the name at all. Those that compare text refuse what is not UTF-8. */
export function canHold(name: string, traits: Traits): boolean {
  if (!isText(name)) return !traits.caseInsensitive && !traits.normalizesUnicode && fits(name, traits)
  return fits(name, traits)
}

function fits(name: string, traits: Traits): boolean {
  // No UTF-16 unit takes more than three bytes: most names need no counting.
  return name.length * 3 <= traits.nameBytesMax || nameToBytes(name).length <= traits.nameBytesMax
}
