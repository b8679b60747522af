// What the copy that steps aside is called: `name (conflict, DEVICE, 2026-11-22 14h03).ext`, the same wording in every language.
import { asName, nameToBytes, type Name } from './name.ts'
import type { NodeKind } from './tree.ts'

/** What a conflict copy's name is made of. */
export interface ConflictNameParts {
  readonly name: Name
  /** A directory's name has no extension. */
  readonly kind: NodeKind
  /** The device whose version it is, as people call it. */
  readonly device: string
  /** UTC, ms. */
  readonly atMs: number
  /** Of the whole name; at most 255. */
  readonly bytesMax: number
}

/** A device's name in a file's name, in bytes: what is longer is cut. */
const deviceBytesMax = 48
/** Longer ones are no extension but a sentence with a dot in it. */
const extensionBytesMax = 32
/** No file system holds less, and the rest of the name must have room beside date and device. */
const nameBytesLeast = 128

/** The first name that is free, as `isFree` says: without a number, then with `-2`, `-3`, … Ends, because directories are finite. */
export function conflictName(parts: ConflictNameParts, isFree: (name: Name) => boolean): Name {
  for (let count = 1; ; count += 1) {
    const name = numbered(parts, count)
    if (isFree(name)) return name
  }
}

function numbered(parts: ConflictNameParts, count: number): Name {
  return markedName(parts, `conflict, ${deviceText(parts.device)}, ${momentText(parts.atMs)}`, count)
}

/** `name (mark).ext`, and from the second on `name (mark)-2.ext`: the name is cut where that is too long, the rest never. */
export function markedName(
  of: Pick<ConflictNameParts, 'name' | 'kind' | 'bytesMax'>,
  mark: string,
  count: number,
): Name {
  const { stem, extension } = splitName(of)
  const suffix = ` (${mark})${count === 1 ? '' : `-${count}`}`
  const bytesMax = Math.max(nameBytesLeast, Math.min(255, of.bytesMax))
  const room = bytesMax - nameToBytes(suffix + extension).length
  const name = asName(cut(stem, room) + suffix + extension)
  if (name === undefined) throw new RangeError('a marked copy without a name')
  return name
}

function splitName({ name, kind }: Pick<ConflictNameParts, 'name' | 'kind'>): {
  stem: string
  extension: string
} {
  const dot = kind === 'directory' ? -1 : name.lastIndexOf('.')
  const extension = dot <= 0 ? '' : name.slice(dot)
  if (extension.length < 2 || nameToBytes(extension).length > extensionBytesMax)
    return { stem: name, extension: '' }
  return { stem: name.slice(0, dot), extension }
}

/** What no file system minds, and no terminal obeys. */
function deviceText(device: string): string {
  const plain = device
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}/\\:*?"<>|\uFFFD]+/gu, '-')
    .trim()
  return cut(plain, deviceBytesMax) || '-'
}

function momentText(atMs: number): string {
  const limit = 8.64e15
  const moment = new Date(Number.isFinite(atMs) ? Math.max(-limit, Math.min(limit, atMs)) : 0).toISOString()
  const [day = '', time = ''] = moment.split('T')
  return `${day} ${time.slice(0, 2)}h${time.slice(3, 5)}`
}

/** Whole characters that fit; what combines with a character goes with it. */
function cut(text: string, bytesMax: number): string {
  if (nameToBytes(text).length <= bytesMax) return text
  // Made for the few names that are too long: its tables take 3 MiB.
  const characters = new Intl.Segmenter('en', { granularity: 'grapheme' })
  let kept = ''
  let bytes = 0
  for (const { segment } of characters.segment(text)) {
    bytes += nameToBytes(segment).length
    if (bytes > bytesMax) break
    kept += segment
  }
  return kept.trimEnd()
}

/** What the name of a conflict copy says. `name`: whose copy it is, as far as the copy's name had room for it. */
export interface ConflictNameSays {
  readonly name: Name
  readonly device: string
  /** UTC, `2026-11-22 14h03`. */
  readonly moment: string
}

const written =
  /^(?<stem>.*) \(conflict, (?<device>[^()]+), (?<moment>\d{4}-\d\d-\d\d \d\dh\d\d)\)(?:-\d+)?(?<extension>\.[^.]+)?$/s

/** Reads a name that `conflictName` made; undefined for any other. A person can give such a name too. */
export function conflictNameSays(name: Name): ConflictNameSays | undefined {
  const { stem, device, moment, extension = '' } = written.exec(name)?.groups ?? {}
  const original = stem === undefined ? undefined : asName(stem + extension)
  if (original === undefined || device === undefined || moment === undefined) return undefined
  return { name: original, device, moment }
}
