// Small builders for the contract suites of the stores: ids, packs and appends whose values say what they are.
import { createHash } from 'node:crypto'
import { bodyHash, entryHash, hash, packIdOf, signingKey, vaultId } from '@grenier/crypto/verify'
import type { PackId, SigningKey, VaultId } from '@grenier/crypto/verify'
import type { Append, ClaimedPack, LogHead } from './log-store.ts'
import type { PackPlace, PackStore } from './pack-store.ts'
import type { Stores } from './stores.ts'

export const hour = 3_600_000
export const day = 24 * hour
/** When the tests begin, by the relay's clock. */
export const start = Date.UTC(2026, 10, 22)

/** Makes the stores of one case; they are closed after it. */
export type MakeStores = () => Promise<Stores>

const digest = (text: string): Uint8Array => hash('grenier/v1/test', new TextEncoder().encode(text))
export const key = (name: string): SigningKey => signingKey(digest(`key ${name}`))
export const vault = (name: string): VaultId => vaultId(digest(`vault ${name}`))

/** Bytes that look like ciphertext, always the same for one name. */
export function packBytes(name: string, sizeBytes = 4096): Uint8Array {
  const out = new Uint8Array(sizeBytes)
  for (let at = 0; at < sizeBytes; at += 32)
    out.set(
      createHash('sha256')
        .update(`${name} ${at}`)
        .digest()
        .subarray(0, sizeBytes - at),
      at,
    )
  return out
}

export interface SamplePack extends ClaimedPack {
  readonly id: PackId
  readonly bytes: Uint8Array
}

export function pack(name: string, sizeBytes = 4096): SamplePack {
  const bytes = packBytes(name, sizeBytes)
  return { id: packIdOf(bytes), sizeBytes, bytes }
}

export const roomy = { bytesMax: 2 ** 40, entriesMax: 1_000_000, vaultsMax: 1000 }
export const anna = key('anna')

export function headOf(vaultName: string, sequence: number): LogHead {
  return { sequence, hash: entryHash(digest(`entry ${vaultName} ${sequence}`)), at: start + sequence }
}

export function entryBytes(vaultName: string, sequence: number): Uint8Array {
  return packBytes(`entry ${vaultName} ${sequence}`, 200)
}

/** An append at `sequence`; a genesis at 0 with everything that it needs. */
export function append(vaultName: string, sequence: number, more: Partial<Append> = {}): Append {
  const genesis = {
    spine: true,
    state: new TextEncoder().encode(`state ${vaultName}`),
    members: [anna],
    retentionMs: 30 * day,
    chargedTo: anna,
  }
  return {
    vault: vault(vaultName),
    previous: sequence === 0 ? undefined : headOf(vaultName, sequence - 1),
    head: headOf(vaultName, sequence),
    bodyHash: bodyHash(digest(`body ${vaultName} ${sequence}`)),
    bytes: entryBytes(vaultName, sequence),
    spine: false,
    added: [],
    restored: [],
    dropped: [],
    absentPacks: 'refuse',
    now: start,
    ...(sequence === 0 ? genesis : {}),
    ...more,
  }
}

/** Reserves, puts and pends, as a relay does. */
export async function send(
  stores: Stores,
  sample: SamplePack,
  { vaultName = 'v', now = start }: { vaultName?: string; now?: number } = {},
): Promise<void> {
  const arrival = { vault: vault(vaultName), pack: sample.id, sizeBytes: sample.sizeBytes }
  await stores.ledger.reserve({ ...arrival, chargedTo: anna, quota: roomy, now })
  const upload = await stores.packs.begin(arrival)
  await upload.write(sample.bytes)
  await upload.finish()
  await stores.ledger.pend(arrival, now)
}

/** A range of a pack. */
export async function read(
  packs: PackStore,
  place: PackPlace,
  { offset, length }: { offset: number; length: number },
): Promise<Uint8Array> {
  const reader = await packs.open(place)
  try {
    const bytes = new Uint8Array(length)
    await reader.read(offset, [bytes])
    return bytes
  } finally {
    await reader.close()
  }
}

/** All of a loop. */
export async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const value of values) found.push(value)
  return found
}
