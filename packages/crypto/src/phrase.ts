// The words that people write on paper: BIP39, 24 words for an identity's entropy, 12 for an invitation's secret.
// The one file that wraps @scure/bip39. No BIP39 passphrase and no BIP39 seed: only words ↔ bytes.
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist as czech } from '@scure/bip39/wordlists/czech.js'
import { wordlist as english } from '@scure/bip39/wordlists/english.js'
import { wordlist as french } from '@scure/bip39/wordlists/french.js'
import { wordlist as italian } from '@scure/bip39/wordlists/italian.js'
import { wordlist as japanese } from '@scure/bip39/wordlists/japanese.js'
import { wordlist as korean } from '@scure/bip39/wordlists/korean.js'
import { wordlist as portuguese } from '@scure/bip39/wordlists/portuguese.js'
import { wordlist as simplifiedChinese } from '@scure/bip39/wordlists/simplified-chinese.js'
import { wordlist as spanish } from '@scure/bip39/wordlists/spanish.js'
import { wordlist as traditionalChinese } from '@scure/bip39/wordlists/traditional-chinese.js'
import { toHex } from './bytes.ts'
import { CryptoError } from './errors.ts'

/** The languages that words are made in. Words of every BIP39 list are read. */
export type PhraseLanguage = 'english' | 'french'

const madeIn = { english, french } as const satisfies Record<PhraseLanguage, string[]>
const readIn = [
  english,
  french,
  spanish,
  italian,
  portuguese,
  czech,
  japanese,
  korean,
  simplifiedChinese,
  traditionalChinese,
]
const wordsOfPhrase = 24
const wordsOfCode = 12
const textMax = 1000 // 24 words of at most nine letters are a quarter of it, decomposed Korean included

/** The 24 words of an identity's entropy (32 bytes), one space between them. @throws CryptoError `malformed` on another length */
export function phraseOf(entropy: Uint8Array, language: PhraseLanguage): string {
  if (entropy.length !== 32) throw new CryptoError('malformed', 'a phrase is of 32 bytes')
  return entropyToMnemonic(entropy, madeIn[language])
}

/** The entropy (32 bytes) of 24 words in any BIP39 language, typed in any case and with or without Latin accents. @throws CryptoError `phrase-wrong`: `data.words`, how many there are; `data.unknown`, places of words that are none */
export function entropyOf(phrase: string): Uint8Array {
  return bytesOf(phrase, wordsOfPhrase)
}

/** The 12 words of an invitation's secret (16 bytes). @throws CryptoError `malformed` on another length */
export function wordsOf(secret: Uint8Array, language: PhraseLanguage): string {
  if (secret.length !== 16) throw new CryptoError('malformed', 'an invitation secret is 16 bytes')
  return entropyToMnemonic(secret, madeIn[language])
}

/** The invitation secret (16 bytes) of 12 words, read like a phrase. @throws CryptoError `phrase-wrong` */
export function secretOfWords(words: string): Uint8Array {
  return bytesOf(words, wordsOfCode)
}

/** As a word is compared: case and Latin accents (U+0300 – U+036F) gone, which distinguish no two words of a list. */
function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
}

const foldedLists = new Map<string[], Map<string, string>>()

/** Folded word → word, of a list; made when first asked for. */
function foldedList(list: string[]): Map<string, string> {
  const known = foldedLists.get(list)
  if (known !== undefined) return known
  const made = new Map(list.map((word) => [folded(word), word]))
  foldedLists.set(list, made)
  return made
}

/** A word with its number, as both stand on paper: `7 word`, `7. word`, `7)word`; one may stand without the other. */
const numbered = /^(\d{1,2})[.):]?(.*)$/u

/**
 * The words of a text, between white space and commas, in the order of their numbers where they have them: a sheet in columns may be read by rows.
 * undefined for numbers that are not all of 1 … n.
 */
function typedWords(text: string): string[] | undefined {
  const typed: { word: string; number: number | undefined }[] = []
  let number: number | undefined
  for (const token of text.split(/[\s,;]+/).filter((one) => one !== '')) {
    const [, digits, rest = ''] = numbered.exec(token) ?? []
    if (digits !== undefined && number !== undefined) return undefined
    if (digits !== undefined) number = Number(digits)
    const word = digits === undefined ? token : rest
    if (word === '') continue
    typed.push({ word, number })
    number = undefined
  }
  if (typed.some((one) => one.number !== undefined)) {
    typed.sort((one, other) => (one.number ?? 0) - (other.number ?? 0))
    if (typed.some((one, at) => one.number !== at + 1)) return undefined
  }
  return number === undefined ? typed.map(({ word }) => word) : undefined
}

function bytesOf(text: string, count: number): Uint8Array {
  if (text.length > textMax) throw new CryptoError('phrase-wrong', 'too long for a phrase')
  const typed = typedWords(folded(text))
  if (typed === undefined) throw new CryptoError('phrase-wrong', 'the numbers are not those of the words')
  if (typed.length !== count)
    throw new CryptoError('phrase-wrong', `${typed.length} words where ${count} are needed`, {
      data: { words: typed.length },
    })
  const readings = new Map<string, Uint8Array>()
  for (const list of readIn) {
    const read = readAs(typed, list)
    if (read !== undefined) readings.set(toHex(read), read)
  }
  const [reading] = readings.values()
  if (reading === undefined)
    throw new CryptoError('phrase-wrong', 'a word or the checksum is wrong', { data: unknownIn(typed) })
  // The two Chinese lists share characters at other places: rather no answer than perhaps somebody else's.
  if (readings.size > 1)
    throw new CryptoError('phrase-wrong', 'these words mean different things in two lists')
  return reading
}

/** The places (from 1) of the words that are not of the list which knows most of them; nothing where it knows all, or fewer than half. */
function unknownIn(typed: readonly string[]): { readonly unknown?: string } {
  const unknownOf = (list: string[]): number[] =>
    typed.flatMap((word, at) => (foldedList(list).has(word) ? [] : [at + 1]))
  const [fewest = []] = readIn.map(unknownOf).sort((a, b) => a.length - b.length)
  const isTold = fewest.length > 0 && fewest.length <= typed.length / 2
  return isTold ? { unknown: fewest.join(', ') } : {}
}

function readAs(typed: readonly string[], list: string[]): Uint8Array | undefined {
  const known = foldedList(list)
  const words = typed.map((word) => known.get(word))
  if (words.includes(undefined)) return undefined
  try {
    return new Uint8Array(mnemonicToEntropy(words.join(' '), list))
  } catch {
    return undefined
  }
}
