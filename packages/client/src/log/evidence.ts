// What a halted vault keeps for those who look into it later: what this device expected, and what the relay gave instead. It travels with the
// error; whoever ends the run writes it down. Nothing in it is readable that was sealed.
import { toHex } from '@grenier/crypto'
import type { ClientError } from '../errors.ts'

/** A place in the log as one side has it. Hashes are 32 bytes. */
export interface LogPlace {
  readonly sequence: number
  readonly hash?: Uint8Array | undefined
  readonly bodyHash?: Uint8Array | undefined
}

/** Both sides of a contradiction. `entry`, `pack`: bytes as they came; `packName`: what they should hash to. */
export interface Evidence {
  readonly expected: LogPlace | undefined
  readonly came: {
    readonly head?: LogPlace | undefined
    readonly entry?: Uint8Array | undefined
    readonly bodyHash?: Uint8Array | undefined
    readonly packName?: Uint8Array | undefined
    readonly pack?: Uint8Array | undefined
  }
}

const kept = new WeakMap<ClientError, Evidence>()

/** Gives an error its evidence; the first counts. Returns the error. */
export function withEvidence<E>(error: E, evidence: Evidence): E {
  if (isError(error) && !kept.has(error)) kept.set(error, evidence)
  return error
}

/** What goes with an error, if anything does. */
export function evidenceOf(error: ClientError): Evidence | undefined {
  return kept.get(error)
}

/** The file: JSON; hashes in hex, bytes in base64url. */
export function encodeEvidence(
  evidence: Evidence,
  about: Readonly<Record<string, string | number>>,
): Uint8Array {
  const { expected, came } = evidence
  const value = {
    version: 1,
    ...about,
    expected: placeOf(expected),
    came: {
      head: placeOf(came.head),
      entry: base64Of(came.entry),
      bodyHash: hexOf(came.bodyHash),
      packName: hexOf(came.packName),
      pack: base64Of(came.pack),
    },
  }
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`)
}

function isError(error: unknown): error is ClientError {
  return error instanceof Error
}

function placeOf(place: LogPlace | undefined): object | undefined {
  return place && { sequence: place.sequence, hash: hexOf(place.hash), bodyHash: hexOf(place.bodyHash) }
}

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && toHex(bytes)
}

function base64Of(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('base64url')
}
