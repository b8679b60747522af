// A head in words, for two people to compare.
import { fromHex, wordsOf } from '@grenier/crypto'

/** Words of a head's fingerprint that are shown: 66 bits, enough for two people on the telephone. */
const fingerprintWords = 6

/** The same words on every device, whatever its language: they are there to be compared. */
export function fingerprintOf(hash: string): string {
  return wordsOf(fromHex(hash).slice(0, 16), 'english').split(' ').slice(0, fingerprintWords).join(' ')
}
