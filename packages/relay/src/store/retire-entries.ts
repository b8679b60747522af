// Retiring entries once the floor has passed since their prune: their bytes go, their body hash stays for good. In steps, each one
// transaction, so that it can be stopped anywhere and goes on from there.
import type { VaultId } from '@grenier/crypto/verify'
import { floorAt } from './retention.ts'
import { decodeEntryRow, decodePruned, decodeVaultRow, encodeEntryRow, type PrunedRow } from './row-codec.ts'
import { entryKey, numberOfKey, vaultKey, vaultOfKey } from './row-keys.ts'
import { under, type Rows, type RowsView } from './rows.ts'
import { VaultTransaction } from './vault-transaction.ts'

/** Entries looked at in one step, as a number and in bytes: what one transaction may hold. */
const stepEntries = 256
const stepBytes = 4 * 1024 * 1024

/** Where to look, by which clock, and how many entries to retire at most. */
export interface RetireStep {
  readonly from: string
  readonly now: number
  readonly limit: number
}

interface Prune {
  readonly key: string
  readonly vault: VaultId
  readonly row: PrunedRow
}

/** One step from the first prune at or after `from`. Returns where to go on; undefined when no prune is left there. */
export async function retireStep(
  rows: Rows,
  step: RetireStep,
): Promise<{ retired: number; next: string } | undefined> {
  const prune = await firstPrune(rows, step.from)
  if (prune === undefined) return undefined
  const vaultBytes = rows.get(vaultKey(prune.vault))
  const vault = vaultBytes === undefined ? undefined : decodeVaultRow(vaultBytes)
  // Prunes of a vault are in order of time: none after this one is due either.
  if (numberOfKey(prune.key, 2) + floorAt(vault?.floors, step.now) > step.now)
    return { retired: 0, next: nextVault(prune.key) }
  const sequences = await plainEntries(rows, { prune, after: vault?.retiredTo ?? 0, limit: step.limit })
  const retired = await rows.commit((view) => retire(view, prune, sequences))
  return { retired, next: prune.key }
}

async function firstPrune(rows: Rows, from: string): Promise<Prune | undefined> {
  for await (const [key, bytes] of rows.range({ from, to: under('pruned/').to, limit: 1 }))
    return { key, vault: vaultOfKey(key, 1), row: decodePruned(bytes) }
  return undefined
}

function nextVault(key: string): string {
  return under(`${key.split('/').slice(0, 2).join('/')}/`).to
}

interface Found {
  readonly sequences: readonly number[]
  /** Everything up to here was looked at. */
  readonly lookedTo: number
}

async function plainEntries(
  rows: Rows,
  { prune, after, limit }: { prune: Prune; after: number; limit: number },
): Promise<Found> {
  const { vault, row } = prune
  const range = {
    from: entryKey(vault, after + 1),
    to: entryKey(vault, Math.max(after, row.upTo) + 1),
    limit: stepEntries,
  }
  const sequences: number[] = []
  let lookedTo = after
  let bytes = 0
  for await (const [key, value] of rows.range(range)) {
    const entry = decodeEntryRow(value)
    lookedTo = numberOfKey(key, 2)
    if (!entry.spine && entry.bytes !== undefined && lookedTo !== row.checkpoint) sequences.push(lookedTo)
    bytes += value.length
    if (sequences.length >= limit || bytes >= stepBytes) break
  }
  return { sequences, lookedTo }
}

function retire(view: RowsView, prune: Prune, found: Found): number {
  const transaction = new VaultTransaction(view, prune.vault)
  if (transaction.row === undefined) {
    view.del(prune.key)
    return 0
  }
  let retired = 0
  for (const sequence of found.sequences) {
    const bytes = view.get(entryKey(prune.vault, sequence))
    const entry = bytes === undefined ? undefined : decodeEntryRow(bytes)
    if (entry?.bytes === undefined) continue
    view.put(entryKey(prune.vault, sequence), encodeEntryRow({ ...entry, bytes: undefined }))
    transaction.charge({ entryBytes: -entry.bytes.length, entries: -1 })
    retired++
  }
  const retiredTo = Math.max(transaction.row.retiredTo, found.lookedTo)
  const finished = retiredTo >= Math.min(prune.row.upTo, transaction.row.head?.sequence ?? 0)
  if (finished) view.del(prune.key)
  transaction.save({ chargedTo: transaction.row.chargedTo, retiredTo })
  return retired
}
