// DeletionStore over Rows. A deleted vault leaves two rows, its wish and its last state; what else there was goes in steps, each one
// transaction, so that it can be stopped anywhere and goes on from there.
import { equal, fromHex, signingKey, toHex, type SigningKey, type VaultId } from '@grenier/crypto/verify'
import { deletionWishes } from '@grenier/protocol'
import * as v from 'valibot'
import { entryOverheadBytes } from '../limits.ts'
import type { DeletedVault, DeletionStore, KeptWish, SignedWish, WishResult } from './deletion-store.ts'
import type { LogHead } from './log-store.ts'
import { floorAt } from './retention.ts'
import { decodeEntryRow, decodeJson, decodePackRow, decodeVaultRow, encodeJson } from './row-codec.ts'
import {
  clearingKey,
  deletedKey,
  deletedStateKey,
  entryPrefix,
  memberKey,
  membersKey,
  packOfKey,
  packPrefix,
  prunedPrefix,
  stateKey,
  vaultKey,
  vaultOfKey,
  wishKey,
} from './row-keys.ts'
import { under, type Rows, type RowsView } from './rows.ts'
import { VaultTransaction } from './vault-transaction.ts'

const wishSchema = v.strictObject({
  wish: v.picklist(deletionWishes),
  keyKind: v.picklist(['device', 'identity']),
  key: v.string(),
  at: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  signature: v.string(),
  /** When it came, by the relay's clock, ms. */
  since: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
})

interface WishRow {
  readonly signed: SignedWish
  readonly since: number
}

const keyBytes = 32

/** @see DeletionStore */
export class RowsDeletionStore implements DeletionStore {
  readonly #rows: Rows

  constructor(rows: Rows) {
    this.#rows = rows
  }

  async wish(vault: VaultId, now: number): Promise<KeptWish | undefined> {
    await Promise.resolve()
    const row = wishIn(this.#rows, vault)
    if (row === undefined) return undefined
    const finalAt = row.signed.wish === 'delete' ? finalAtOf(this.#rows, { ...row, vault }, now) : undefined
    return { signed: row.signed, finalAt }
  }

  async deleted(vault: VaultId): Promise<DeletedVault | undefined> {
    await Promise.resolve()
    const bytes = this.#rows.get(deletedKey(vault))
    const state = this.#rows.get(deletedStateKey(vault))
    return bytes === undefined || state === undefined
      ? undefined
      : { signed: decodeWish(bytes).signed, state }
  }

  keep(vault: VaultId, signed: SignedWish, now: number): Promise<WishResult> {
    return this.#rows.commit((view) => keepIn(view, { vault, signed, now }))
  }

  async due(now: number, limit: number): Promise<readonly VaultId[]> {
    const found: VaultId[] = []
    for await (const [key, bytes] of this.#rows.range(under('wish/'))) {
      if (found.length >= limit) break
      const row = decodeWish(bytes)
      const vault = vaultOfKey(key)
      if (row.signed.wish === 'delete' && finalAtOf(this.#rows, { ...row, vault }, now) <= now)
        found.push(vault)
    }
    return found
  }

  finish(vault: VaultId, head: LogHead, now: number): Promise<boolean> {
    return this.#rows.commit((view) => finishIn(view, { vault, head, now }))
  }

  lapse(vault: VaultId, { key, at }: Pick<SignedWish, 'key' | 'at'>): Promise<void> {
    return this.#rows.commit((view) => {
      const signed = wishIn(view, vault)?.signed
      if (signed !== undefined && signed.at === at && equal(signed.key, key)) view.del(wishKey(vault))
    })
  }

  async clear(now: number, limit: number): Promise<number> {
    for await (const [key] of this.#rows.range({ ...under('clearing/'), limit: 1 }))
      return await this.#clearOne(vaultOfKey(key), now, limit)
    return 0
  }

  // Packs first: an entry that stays a while longer claims nothing that anybody could ask for.
  async #clearOne(vault: VaultId, now: number, limit: number): Promise<number> {
    const packs: string[] = []
    for await (const [key, bytes] of this.#rows.range(under(packPrefix(vault)))) {
      if (packs.length >= limit) break
      if (decodePackRow(bytes).state !== 'gone') packs.push(key)
    }
    const others: string[] = []
    for (const prefix of [entryPrefix(vault), prunedPrefix(vault)])
      for await (const [key] of this.#rows.range({ ...under(prefix), limit }))
        if (packs.length + others.length < limit) others.push(key)
    await this.#rows.commit((view) => clearIn(view, { vault, packs, others, now }))
    return packs.length + others.length || 1
  }
}

function keepIn(
  view: RowsView,
  { vault, signed, now }: { vault: VaultId; signed: SignedWish; now: number },
): WishResult {
  const gone = view.get(deletedKey(vault))
  if (gone !== undefined) {
    if (signed.at <= decodeWish(gone).signed.at || signed.wish === 'delete') return 'replayed'
    if (view.get(clearingKey(vault)) !== undefined) return 'sweeping'
    view.del(deletedKey(vault))
    view.del(deletedStateKey(vault))
    for (const member of keysIn(view.get(membersKey(vault)))) view.del(memberKey(member, vault))
    view.del(membersKey(vault))
    return 'revived'
  }
  const bytes = view.get(vaultKey(vault))
  if (bytes === undefined || decodeVaultRow(bytes).head === undefined) return 'unknown'
  const before = wishIn(view, vault)
  if (before !== undefined && signed.at <= before.signed.at) return 'replayed'
  // Asked for again by the same key, the floor counts from the first time on. Another one's time is not inherited: it may have been a thief's.
  const again =
    before?.signed.wish === 'delete' && signed.wish === 'delete' && equal(before.signed.key, signed.key)
  view.put(wishKey(vault), encodeWish({ signed, since: again ? before.since : now }))
  return 'kept'
}

function finishIn(
  view: RowsView,
  { vault, head, now }: { vault: VaultId; head: LogHead; now: number },
): boolean {
  const row = wishIn(view, vault)
  const bytes = view.get(vaultKey(vault))
  const state = view.get(stateKey(vault))
  if (row?.signed.wish !== 'delete' || bytes === undefined || state === undefined) return false
  if (decodeVaultRow(bytes).head?.sequence !== head.sequence) return false
  if (finalAtOf(view, { ...row, vault }, now) > now) return false
  view.put(deletedKey(vault), encodeWish(row))
  view.put(deletedStateKey(vault), state)
  view.put(clearingKey(vault), new Uint8Array([1]))
  view.del(wishKey(vault))
  view.del(stateKey(vault))
  // The index of its members stays: who has no account here comes in by it, and hears what became of the vault.
  return true
}

interface Clearing {
  readonly vault: VaultId
  readonly packs: readonly string[]
  readonly others: readonly string[]
  readonly now: number
}

function clearIn(view: RowsView, { vault, packs, others, now }: Clearing): void {
  const transaction = new VaultTransaction(view, vault)
  for (const key of packs) {
    const row = transaction.pack(packOfKey(key))
    if (row !== undefined && row.state !== 'gone')
      transaction.setPack(packOfKey(key), { ...row, state: 'gone', since: now })
  }
  for (const key of others) {
    const bytes = view.get(key)
    if (bytes === undefined) continue
    if (key.startsWith('entry/')) transaction.charge(negatedCharge(bytes))
    view.del(key)
  }
  const done = packs.length + others.length === 0
  const { row } = transaction
  if (done) view.del(clearingKey(vault))
  if (row === undefined) return
  const { chargedTo } = row
  if (!done || row.head === undefined) transaction.save({ chargedTo })
  else {
    transaction.charge({ vaults: -row.usage.vaults })
    transaction.save({ chargedTo, head: undefined, floors: undefined, retiredTo: 0 })
  }
}

// As it was charged when it came; of a retired one, the body hash is left.
function negatedCharge(row: Uint8Array): { entryBytes: number; entries: number } {
  const { bytes } = decodeEntryRow(row)
  return { entryBytes: -(entryOverheadBytes + (bytes?.length ?? 0)), entries: bytes === undefined ? 0 : -1 }
}

/** By the relay's clock, with the floors of the vault as they hold at `now`. */
function finalAtOf(
  view: Pick<RowsView, 'get'>,
  { vault, since }: Pick<WishRow, 'since'> & { readonly vault: VaultId },
  now: number,
): number {
  const bytes = view.get(vaultKey(vault))
  return since + floorAt(bytes === undefined ? undefined : decodeVaultRow(bytes).floors, now)
}

function wishIn(view: Pick<RowsView, 'get'>, vault: VaultId): WishRow | undefined {
  const bytes = view.get(wishKey(vault))
  return bytes === undefined ? undefined : decodeWish(bytes)
}

function encodeWish({ signed, since }: WishRow): Uint8Array {
  return encodeJson({ ...signed, key: toHex(signed.key), signature: toHex(signed.signature), since })
}

function decodeWish(bytes: Uint8Array): WishRow {
  const { since, ...row } = decodeJson(wishSchema, bytes)
  return { signed: { ...row, key: signingKey(fromHex(row.key)), signature: fromHex(row.signature) }, since }
}

function keysIn(bytes: Uint8Array | undefined): SigningKey[] {
  const found: SigningKey[] = []
  for (let at = 0; at < (bytes?.length ?? 0); at += keyBytes)
    found.push(signingKey((bytes ?? new Uint8Array(0)).subarray(at, at + keyBytes)))
  return found
}
