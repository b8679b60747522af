// Decoded CBOR, read field by field: each value passes a check of type, length and range here, and is trusted afterwards. By hand
// rather than by a schema library, because an unknown key must have another code than a wrong value, and payloads hold 10^5 values.
import { signingKey, type SigningKey } from './bytes.ts'
import type { CborValue } from './cbor.ts'
import { CryptoError, type CryptoErrorCode } from './errors.ts'

/** @throws CryptoError `malformed`, naming the thing. */
export function malformed(what: string): never {
  throw new CryptoError('malformed', what)
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}

/** A byte string of exactly `length`. @throws CryptoError `malformed` */
export function asBytes(value: unknown, length: number, what: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) malformed(`${what} is not ${length} bytes`)
  return value
}

/** A byte string of at most `max`. @throws CryptoError `malformed`, `limit` */
export function asBytesUpTo(value: unknown, max: number, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) malformed(`${what} is no byte string`)
  if (value.length > max) throw new CryptoError('limit', `${what} has more than ${max} bytes`)
  return value
}

/** An integer of 0 … `max`. @throws CryptoError `malformed`, `limit` */
export function asUint(value: unknown, max: number, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    malformed(`${what} is no unsigned integer`)
  if (value > max) throw new CryptoError('limit', `${what} is above ${max}`)
  return value
}

/** A text of 1 … `maxBytes` bytes in UTF-8. @throws CryptoError `malformed`, `limit` */
export function asText(value: unknown, maxBytes: number, what: string): string {
  if (typeof value !== 'string' || value === '') malformed(`${what} is no text`)
  if (Buffer.byteLength(value) > maxBytes)
    throw new CryptoError('limit', `${what} has more than ${maxBytes} bytes`)
  return value
}

/** An array of at most `max` elements. @throws CryptoError `malformed`, `limit` */
export function asArray(value: unknown, max: number, what: string): readonly unknown[] {
  if (!Array.isArray(value)) malformed(`${what} is no array`)
  if (value.length > max) throw new CryptoError('limit', `${what} has more than ${max} elements`)
  return value
}

/** An array of exactly `length` elements. @throws CryptoError `malformed` */
export function asTuple(value: unknown, length: number, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) malformed(`${what} is no array of ${length}`)
  return value
}

/** Byte strings that must rise strictly: one order, no repeats. @throws CryptoError `malformed` */
export function ascending(keys: readonly Uint8Array[], what: string): void {
  for (const [i, key] of keys.entries()) {
    const before = keys[i - 1]
    if (before !== undefined && Buffer.compare(before, key) >= 0) malformed(`${what} are not in rising order`)
  }
}

/** Signing keys in strictly rising order. @throws CryptoError `malformed`, `limit` */
export function asKeys(value: unknown, max: number, what: string): SigningKey[] {
  const keys = asArray(value, max, what).map((key) => signingKey(asBytes(key, 32, what)))
  ascending(keys, what)
  return keys
}

/** The fields of one decoded map. */
export class Fields {
  readonly #map: Readonly<Record<string, unknown>>
  readonly #what: string

  /** @throws CryptoError `malformed` unless a map */
  constructor(value: unknown, what: string) {
    if (!isMap(value)) malformed(`${what} is no map`)
    this.#map = value
    this.#what = what
  }

  /** Refuses other keys. @throws CryptoError of the given code */
  only(keys: readonly string[], code: CryptoErrorCode): this {
    for (const key of Object.keys(this.#map)) {
      if (!keys.includes(key))
        throw new CryptoError(code, `${this.#what} has a field that is not known: ${key}`)
    }
    return this
  }

  /** The entries under keys other than these, as they are: what comes from `decodeCbor` has an encoding. */
  others(keys: readonly string[]): Readonly<Record<string, CborValue>> | undefined {
    const rest = Object.entries(this.#map).filter(([key]) => !keys.includes(key))
    return rest.length === 0 ? undefined : Object.fromEntries(rest as [string, CborValue][])
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#map, key)
  }

  /** Whatever stands there; undefined when nothing does. */
  get(key: string): unknown {
    return this.has(key) ? this.#map[key] : undefined
  }

  bytes(key: string, length: number): Uint8Array {
    return asBytes(this.get(key), length, this.#name(key))
  }

  bytesUpTo(key: string, max: number): Uint8Array {
    return asBytesUpTo(this.get(key), max, this.#name(key))
  }

  uint(key: string, max: number = Number.MAX_SAFE_INTEGER): number {
    return asUint(this.get(key), max, this.#name(key))
  }

  text(key: string, maxBytes: number): string {
    return asText(this.get(key), maxBytes, this.#name(key))
  }

  array(key: string, max: number): readonly unknown[] {
    return asArray(this.get(key), max, this.#name(key))
  }

  keys(key: string, max: number): SigningKey[] {
    return asKeys(this.get(key), max, this.#name(key))
  }

  sub(key: string): Fields {
    return new Fields(this.get(key), this.#name(key))
  }

  #name(key: string): string {
    return `${key} of ${this.#what}`
  }
}
