// The fields that messages are made of: byte strings, numbers and texts with their limits.
import * as v from 'valibot'
import { limits } from './limits.ts'

/** The protocol's one version; another is refused with `version-unknown`. */
export const protocolVersion = 1

const byteString = v.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** Exactly `count` bytes. */
export const bytesOf = (count: number) => v.pipe(byteString, v.length(count))
/** 1 to `max` bytes. */
export const bytesUpTo = (max: number) => v.pipe(byteString, v.minLength(1), v.maxLength(max))
/** 1 or more ids, one behind the other, `max` bytes at most. */
export const ids32UpTo = (max: number) =>
  v.pipe(
    bytesUpTo(max),
    v.check((bytes) => bytes.length % limits.idBytes === 0),
  )
/** A whole number between the two, both included. */
export const wholeBetween = (min: number, max: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max))
/** 1 to `max` UTF-16 units of text. */
export const textUpTo = (max: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(max))

/** A request's id: chosen by the client, counting up from 1. */
export const requestId = wholeBetween(1, limits.requestId)
/** A vault id, pack id, key, hash or nonce. */
export const id32 = bytesOf(limits.idBytes)
/** A count of bytes, an offset or a sequence number: any safe whole number. */
export const whole = wholeBetween(0, Number.MAX_SAFE_INTEGER)
/** Where a part lies in its pack. */
export const packOffset = wholeBetween(0, limits.packBytes)
/** How many bytes of a pack. */
export const packLength = wholeBetween(1, limits.packBytes)
/** Bytes of a pack that travel together. */
export const partBytes = bytesUpTo(limits.partBytes)
/** An entry, as the exact bytes that were signed. */
export const entryBytes = bytesUpTo(limits.entryBytes)
