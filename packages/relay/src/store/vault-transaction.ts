// One vault inside one transaction: pack rows with their indexes, and what is charged for them, always changed together.
import type { PackId, SigningKey, VaultId } from '@grenier/crypto/verify'
import { equal } from '@grenier/crypto/verify'
import type { PackRow } from './pack-ledger.ts'
import type { PackPlace } from './pack-store.ts'
import {
  decodePackRow,
  decodeUsage,
  decodeVaultRow,
  encodePackRow,
  encodeUsage,
  encodeVaultRow,
} from './row-codec.ts'
import type { VaultRow } from './row-codec.ts'
import { droppedKey, goneKey, lostKey, packKey, usageKey, vaultKey, waitingKey } from './row-keys.ts'
import type { RowsView } from './rows.ts'
import { addUsage, negateUsage, noUsage, overQuota, usedBytes, type Quota, type Usage } from './usage.ts'

/** Reads and changes one vault. Nothing but pack rows, and the charges of those that have a payer of their own, is written before `save`. */
export class VaultTransaction {
  readonly vault: VaultId
  /** As it was before. */
  readonly row: VaultRow | undefined
  readonly #view: RowsView
  #charge: Usage = noUsage

  constructor(view: RowsView, vault: VaultId) {
    this.#view = view
    this.vault = vault
    const bytes = view.get(vaultKey(vault))
    this.row = bytes === undefined ? undefined : decodeVaultRow(bytes)
  }

  pack(pack: PackId): PackRow | undefined {
    const bytes = this.#view.get(packKey({ vault: this.vault, pack }))
    return bytes === undefined ? undefined : decodePackRow(bytes)
  }

  /** Writes a pack's row, or deletes it: its index entry and its charge follow. */
  setPack(pack: PackId, row: PackRow | undefined): void {
    const place = { vault: this.vault, pack }
    const before = this.pack(pack)
    if (before !== undefined) {
      const index = indexKey(before, place)
      if (index !== undefined) this.#view.del(index)
      this.#chargeFor(before, negateUsage(chargeOf(before)))
    }
    if (row === undefined) {
      this.#view.del(packKey(place))
      return
    }
    const index = indexKey(row, place)
    if (index !== undefined) this.#view.put(index, new Uint8Array([1]))
    this.#view.put(packKey(place), encodePackRow(row))
    this.#chargeFor(row, chargeOf(row))
  }

  /** A pack that came before the genesis is its sender's until something claims it: a vault begins with nothing that others left under its id. */
  #chargeFor({ chargedTo }: PackRow, usage: Usage): void {
    if (chargedTo === undefined) this.charge(usage)
    else this.#addTo(chargedTo, usage)
  }

  /** Adds to what the vault uses. */
  charge(usage: Partial<Usage>): void {
    this.#charge = addUsage(this.#charge, usage)
  }

  /** What `quota` would forbid if this were saved as charged to `identity`. */
  overQuota(quota: Quota, identity: SigningKey): ReturnType<typeof overQuota> {
    const moved = this.row !== undefined && !equal(this.row.chargedTo, identity) ? this.row.usage : noUsage
    return overQuota(addUsage(addUsage(readUsage(this.#view, identity), moved), this.#charge), quota)
  }

  /** Writes the vault's row with these changes, and what its identity uses. */
  save(changes: Partial<VaultRow> & { readonly chargedTo: SigningKey }): void {
    const before = this.row?.usage ?? noUsage
    const row: VaultRow = {
      head: undefined,
      floors: undefined,
      retiredTo: 0,
      ...this.row,
      ...changes,
      usage: addUsage(before, this.#charge),
    }
    const moves = this.row !== undefined && !equal(this.row.chargedTo, row.chargedTo)
    if (this.row !== undefined && moves) this.#addTo(this.row.chargedTo, negateUsage(before))
    this.#addTo(row.chargedTo, moves ? row.usage : this.#charge)
    // A vault without genesis is there only as long as packs wait for it.
    if (row.head === undefined && row.usage.pendingBytes === 0) this.#view.del(vaultKey(this.vault))
    else this.#view.put(vaultKey(this.vault), encodeVaultRow(row))
    this.#charge = noUsage
  }

  #addTo(identity: SigningKey, usage: Usage): void {
    const sum = addUsage(readUsage(this.#view, identity), usage)
    if (usedBytes(sum) === 0 && sum.vaults === 0) this.#view.del(usageKey(identity))
    else this.#view.put(usageKey(identity), encodeUsage(sum))
  }
}

/** What is charged to an identity. */
export function readUsage(view: Pick<RowsView, 'get'>, identity: SigningKey): Usage {
  const bytes = view.get(usageKey(identity))
  return bytes === undefined ? noUsage : decodeUsage(bytes)
}

function indexKey(row: PackRow, place: PackPlace): string | undefined {
  if (row.state === 'arriving' || row.state === 'pending') return waitingKey(row.since, place)
  if (row.state === 'dropped') return droppedKey(row.since, place)
  if (row.state === 'lost') return lostKey(place)
  return row.state === 'gone' ? goneKey(place) : undefined
}

function chargeOf(row: PackRow): Usage {
  if (row.state === 'arriving' || row.state === 'pending') return { ...noUsage, pendingBytes: row.sizeBytes }
  if (row.state === 'claimed') return { ...noUsage, liveBytes: row.sizeBytes }
  return row.state === 'dropped' ? { ...noUsage, keptBytes: row.sizeBytes } : noUsage
}
