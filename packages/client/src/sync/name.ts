// Names and paths of the tree. A name is 1 to 255 bytes, no `/`, no NUL, not `.` or `..`. In memory it is a string: UTF-8 where it is
// UTF-8, else each byte that does not decode stands as a lone surrogate U+DC80..U+DCFF (PEP 383), so that every name round-trips.
import type { Branded } from '@grenier/crypto'

/** One component of a path. */
export type Name = Branded<string, 'Name'>
/** Names joined by `/`, relative to the synced folder; the folder itself is the empty string. */
export type RelativePath = Branded<string, 'RelativePath'>

/** The synced folder itself. */
export const rootPath = '' as RelativePath

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()
/** Names whose bytes are their characters, which most are: they need no decoder. */
const plainName = /^[\x01-\x2e\x30-\x7f]{1,255}$/

/** The in-memory form of a name as the disk or the log has it; undefined when it is no valid name. */
export function nameFromBytes(bytes: Uint8Array): Name | undefined {
  const latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return nameFromLatin1(latin1, bytes)
}

/** The same from a string that has one character for each byte, as a listing may give it. */
export function nameFromLatin1(latin1: string, bytes?: Uint8Array): Name | undefined {
  if (plainName.test(latin1)) return latin1 === '.' || latin1 === '..' ? undefined : (latin1 as Name)
  return nameFromAny(bytes ?? Buffer.from(latin1, 'latin1'))
}

function nameFromAny(bytes: Uint8Array): Name | undefined {
  if (bytes.length === 0 || bytes.length > 255 || bytes.includes(0) || bytes.includes(0x2f)) return undefined
  const text = decodeEscaped(bytes)
  return text === '.' || text === '..' ? undefined : (text as Name)
}

/** Whether the name's bytes are its characters, so that it needs no encoder. */
export function isPlain(name: string): boolean {
  return plainName.test(name)
}

/** The bytes of a name, as the disk and the log have it. */
export function nameToBytes(name: string): Uint8Array {
  if (plainName.test(name)) return bytesOfPlain(name)
  if (name.isWellFormed()) return encoder.encode(name)
  const out: number[] = []
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) out.push(code - 0xdc00)
    else out.push(...encoder.encode(character))
  }
  return Uint8Array.from(out)
}

/** A call of the encoder costs more than a short name. */
function bytesOfPlain(name: string): Uint8Array {
  const out = new Uint8Array(name.length)
  for (let at = 0; at < name.length; at += 1) out[at] = name.charCodeAt(at)
  return out
}

/** The name, when it is valid; undefined otherwise. */
export function asName(text: string): Name | undefined {
  if (plainName.test(text)) return text === '.' || text === '..' ? undefined : (text as Name)
  return nameFromBytes(nameToBytes(text))
}

/** `parent/name`. */
export function joinPath(parent: RelativePath, name: Name): RelativePath {
  return (parent === '' ? name : `${parent}/${name}`) as RelativePath
}

/** Whether the name is UTF-8, and not raw bytes. */
export function isText(name: string): boolean {
  return name.isWellFormed()
}

function decodeEscaped(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    return decodeRaw(bytes)
  }
}

function decodeRaw(bytes: Uint8Array): string {
  let out = ''
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length === 0) out += String.fromCharCode(0xdc00 + (bytes[at] ?? 0))
    else out += strict.decode(bytes.subarray(at, at + length))
    at += Math.max(1, length)
  }
  return out
}

/** Length of the valid UTF-8 sequence that starts at `at`, 0 when none does. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length += 1) {
    try {
      strict.decode(bytes.subarray(at, at + length))
      return length
    } catch {
      // a longer sequence may start here
    }
  }
  return 0
}
