// LogStore over Rows: entries, heads, members and the states of packs change in one transaction.
import { concat, equal, signingKey, type SigningKey, type VaultId } from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import { entryOverheadBytes } from '../limits.ts'
import type {
  Append,
  AppendedEntry,
  AppendResult,
  LogHead,
  LogStore,
  StoredEntry,
  VaultRecord,
} from './log-store.ts'
import { checkPacks, movePacks } from './pack-claims.ts'
import { retireStep } from './retire-entries.ts'
import { setFloor } from './retention.ts'
import {
  decodeEntryRow,
  decodeVaultRow,
  encodeEntryRow,
  encodePruned,
  storedEntry,
  type VaultRow,
} from './row-codec.ts'
import {
  deletedKey,
  entryKey,
  memberKey,
  memberPrefix,
  membersKey,
  prunedKey,
  stateKey,
  vaultKey,
  vaultOfKey,
} from './row-keys.ts'
import { under, type Rows, type RowsView } from './rows.ts'
import type { Quota } from './usage.ts'
import { VaultTransaction } from './vault-transaction.ts'

const keyBytes = 32

/** @see LogStore */
export class RowsLogStore implements LogStore {
  readonly incarnation: Uint8Array
  readonly #rows: Rows
  readonly #listeners = new Set<(entry: AppendedEntry) => void>()

  constructor(rows: Rows, incarnation: Uint8Array) {
    this.#rows = rows
    this.incarnation = incarnation
  }

  async vault(vault: VaultId): Promise<VaultRecord | undefined> {
    await Promise.resolve()
    const row = this.#row(vault)
    const state = this.#rows.get(stateKey(vault))
    if (row?.head === undefined || state === undefined) return undefined
    return { head: row.head, chargedTo: row.chargedTo, state }
  }

  async entries(vault: VaultId, from: number, limitBytes: number): Promise<readonly StoredEntry[]> {
    const range = { from: entryKey(vault, from), to: under(entryKey(vault, 0).slice(0, -14)).to }
    const found: StoredEntry[] = []
    let bytes = 0
    for await (const [, value] of this.#rows.range(range)) {
      bytes += value.length
      if (found.length > 0 && bytes > limitBytes) break
      found.push(storedEntry(from + found.length, decodeEntryRow(value)))
    }
    return found
  }

  async append(append: Append): Promise<AppendResult> {
    const done = await this.#rows.commit((view) => appendIn(view, append))
    // Promises of one line settle in its order, so listeners hear of entries in the order of the log.
    if (done.result === 'appended') this.#tell(append)
    return done
  }

  async vaultsOf(key: SigningKey): Promise<readonly VaultId[]> {
    const found: VaultId[] = []
    for await (const [row] of this.#rows.range(under(memberPrefix(key)))) found.push(vaultOfKey(row))
    return found
  }

  watch(listener: (entry: AppendedEntry) => void): () => void {
    const own = (entry: AppendedEntry): void => listener(entry)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  async retire(now: number, limit: number): Promise<number> {
    let done = 0
    let from = 'pruned/'
    while (done < limit) {
      const step = await retireStep(this.#rows, { from, now, limit: limit - done })
      if (step === undefined) break
      done += step.retired
      from = step.next
    }
    return done
  }

  #row(vault: VaultId): VaultRow | undefined {
    const bytes = this.#rows.get(vaultKey(vault))
    return bytes === undefined ? undefined : decodeVaultRow(bytes)
  }

  #tell({ vault, head, bytes }: Append): void {
    for (const listener of this.#listeners) listener({ vault, sequence: head.sequence, bytes })
  }
}

function appendIn(view: RowsView, append: Append): AppendResult {
  const transaction = new VaultTransaction(view, append.vault)
  const before = transaction.row
  // The id of a vault that was deleted is taken.
  if (view.get(deletedKey(append.vault)) !== undefined) return { result: 'head-moved', head: undefined }
  if (!follows(append, before?.head)) return { result: 'head-moved', head: before?.head }
  const chargedTo = append.chargedTo ?? before?.chargedTo
  const floors =
    append.retentionMs === undefined
      ? before?.floors
      : setFloor(before?.floors, append.retentionMs, append.now)
  if (chargedTo === undefined || (before?.head === undefined && append.state === undefined))
    throw new RelayError('internal', 'a genesis comes with its identity and its state')
  const refused = checkPacks(transaction, append)
  if (refused !== undefined) return { result: 'packs', ...refused }
  transaction.charge({
    entryBytes: entryOverheadBytes + (append.bytes?.length ?? 0),
    entries: append.bytes === undefined ? 0 : 1,
    vaults: before?.head === undefined ? 1 : 0,
  })
  // Moving packs from one state to another costs nothing that is not charged yet, but for those that somebody else paid for so far.
  const over =
    append.quota && transaction.overQuota(withoutOthers(transaction, append, append.quota), chargedTo)
  if (over !== undefined) return { result: 'quota', what: over }
  movePacks(transaction, append)
  writeEntry(view, append)
  transaction.save({ head: append.head, chargedTo, floors })
  return { result: 'appended' }
}

/** What is left of a quota once this vault pays for the packs that this entry claims and that others sent before its genesis. */
function withoutOthers(transaction: VaultTransaction, { added, chargedTo }: Append, quota: Quota): Quota {
  const paid = added.map(({ id }) => transaction.pack(id))
  const payer = chargedTo ?? transaction.row?.chargedTo
  const byOthers = paid.filter(
    (row) => row?.chargedTo !== undefined && !(payer && equal(row.chargedTo, payer)),
  )
  const bytes = byOthers.reduce((sum, row) => sum + (row?.sizeBytes ?? 0), 0)
  return { ...quota, bytesMax: quota.bytesMax - bytes }
}

function follows({ previous }: Append, head: LogHead | undefined): boolean {
  if (previous === undefined || head === undefined) return previous === undefined && head === undefined
  return previous.sequence === head.sequence && equal(previous.hash, head.hash)
}

function writeEntry(view: RowsView, append: Append): void {
  const { vault, head, prune } = append
  view.put(entryKey(vault, head.sequence), encodeEntryRow(append))
  if (append.state !== undefined) view.put(stateKey(vault), append.state)
  if (append.members !== undefined) writeMembers(view, vault, append.members)
  if (prune !== undefined) view.put(prunedKey(vault, append.now, prune.upTo), encodePruned(prune))
}

function writeMembers(view: RowsView, vault: VaultId, members: readonly SigningKey[]): void {
  const before = view.get(membersKey(vault)) ?? new Uint8Array(0)
  for (let at = 0; at < before.length; at += keyBytes)
    view.del(memberKey(signingKey(before.subarray(at, at + keyBytes)), vault))
  for (const member of members) view.put(memberKey(member, vault), new Uint8Array([1]))
  view.put(membersKey(vault), concat(members))
}
