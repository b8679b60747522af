// Every version that a user ever wrote, and where it can still be had: each is one chunk, so the log tells by its id.
import {
  chunkIdKeyOf,
  chunkIdOf,
  chunkIdsOf,
  epochKeysFor,
  toHex,
  type ChangePayload,
  type Entry,
  type KeyPairs,
} from '@grenier/crypto'
import { openChanges, statesOf } from '../e2e/opened-log.ts'
import type { StoredPack } from '../e2e/relay-store.ts'
import { Seeded } from '../simulation/seeded.ts'

/** One write that ended. Its bytes come from its number again. */
export interface Version {
  readonly number: number
  readonly device: string
  readonly path: string
}

/** Short enough to be one chunk, whatever the chunker's key. */
const bytesMax = 60_000

/** The bytes of a version: no two have the same. */
export function bytesOfVersion(number: number): Uint8Array {
  const seeded = Seeded.of(number, 0)
  return Buffer.concat([
    Buffer.from(`version ${number}\n`),
    seeded.bytes(seeded.below(seeded.pick([50, 3_000, bytesMax]))),
  ])
}

/** Versions of which no `put` of the log ever spoke, or whose bytes no pack of the relay is said to hold. */
export function unaccounted(
  versions: readonly Version[],
  { entries, packs, member }: { entries: readonly Entry[]; packs: readonly StoredPack[]; member: KeyPairs },
): Version[] {
  const last = statesOf(entries).at(-1)
  const first = last && epochKeysFor({ vault: last.vault, spine: last.spine, pairs: member }).get(0)
  if (last === undefined || first === undefined) throw new Error('a log without an epoch')
  const key = chunkIdKeyOf(first, last.vault)
  const changes = openChanges(entries, packs, member).map(({ change }) => change)
  const placed = new Set(changes.flatMap(placedIn))
  const named = new Set(changes.flatMap(namedIn))
  return versions.filter(({ number }) => {
    const id = toHex(chunkIdOf(key, bytesOfVersion(number)))
    return !placed.has(id) || !named.has(id)
  })
}

function placedIn({ index }: ChangePayload): string[] {
  return index.flatMap(({ chunks }) => chunks.map(({ id }) => toHex(id)))
}

function namedIn({ operations, index }: ChangePayload): string[] {
  return operations.flatMap((operation) =>
    operation.op === 'put' && operation.node.kind === 'file'
      ? chunkIdsOf(operation.node.chunks, index).map(toHex)
      : [],
  )
}
