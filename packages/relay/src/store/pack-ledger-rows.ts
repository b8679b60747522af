// PackLedger over Rows: one transaction a call, or one for many packs.
import { equal, type PackId, type SigningKey, type VaultId } from '@grenier/crypto/verify'
import { pendingMaxMs } from '../limits.ts'
import type { LedgerRow, PackLedger, PackRow, Reservation, ReserveResult } from './pack-ledger.ts'
import type { PackArrival, PackPlace } from './pack-store.ts'
import { floorAt } from './retention.ts'
import { decodePackRow, decodeVaultRow } from './row-codec.ts'
import {
  lostKey,
  lostPrefix,
  ordered,
  packKey,
  packOfKey,
  packPrefix,
  placeOfKey,
  vaultKey,
  vaultOfKey,
} from './row-keys.ts'
import { under, type Rows } from './rows.ts'
import { noUsage, type Usage } from './usage.ts'
import { readUsage, VaultTransaction } from './vault-transaction.ts'

/** @see PackLedger */
export class RowsPackLedger implements PackLedger {
  readonly #rows: Rows

  constructor(rows: Rows) {
    this.#rows = rows
  }

  rows(vault: VaultId, packs: readonly PackId[]): Promise<readonly (PackRow | undefined)[]> {
    return attempt(() =>
      packs.map((pack) => {
        const bytes = this.#rows.get(packKey({ vault, pack }))
        return bytes === undefined ? undefined : decodePackRow(bytes)
      }),
    )
  }

  reserve(reservation: Reservation): Promise<ReserveResult> {
    // Not flushed: if it is lost, so is the promise to the client, and what was written of the pack is found at the next start.
    return this.#rows.commit(
      (view) => reserveIn(new VaultTransaction(view, reservation.vault), reservation),
      {
        durable: false,
      },
    )
  }

  pend(arrival: PackArrival, now: number): Promise<'pending' | 'claimed' | 'dropped' | 'unreserved'> {
    return this.#rows.commit((view) => pendIn(new VaultTransaction(view, arrival.vault), arrival, now))
  }

  release({ vault, pack }: PackPlace): Promise<void> {
    return this.#rows.commit(
      (view) => {
        const transaction = new VaultTransaction(view, vault)
        if (transaction.pack(pack)?.state === 'arriving') setState(transaction, pack, undefined)
      },
      { durable: false },
    )
  }

  async lost(vault: VaultId, after: PackId | undefined, limit: number): Promise<readonly PackId[]> {
    const { from, to } = under(lostPrefix(vault))
    const found: PackId[] = []
    const start = after === undefined ? from : `${lostKey({ vault, pack: after })}\0`
    for await (const [key] of this.#rows.range({ from: start, to, limit })) found.push(packOfKey(key))
    return found
  }

  usage(identity: SigningKey): Promise<Usage> {
    return attempt(() => readUsage(this.#rows, identity))
  }

  vaultUsage(vault: VaultId): Promise<Usage> {
    return attempt(() => {
      const bytes = this.#rows.get(vaultKey(vault))
      return bytes === undefined ? noUsage : decodeVaultRow(bytes).usage
    })
  }

  async due(now: number, limit: number): Promise<readonly PackPlace[]> {
    const places: PackPlace[] = []
    const waitingTo = `waiting/${ordered(Math.max(0, now - pendingMaxMs + 1))}`
    for (const range of [under('gone/'), { from: 'waiting/', to: waitingTo }])
      for await (const [key] of this.#rows.range({ ...range, limit: limit - places.length }))
        places.push(placeOfKey(key))
    let from = 'dropped/'
    while (places.length < limit) {
      const vault = await this.#firstDropped(from)
      if (vault === undefined) break
      const range = this.#droppedRange(vault, now)
      for await (const [key] of this.#rows.range({ ...range, limit: limit - places.length }))
        places.push({ vault, pack: packOfKey(key) })
      from = range.next
    }
    return places
  }

  bury(places: readonly PackPlace[], now: number): Promise<readonly PackPlace[]> {
    return this.#rows.commit((view) =>
      places.filter(({ vault, pack }) => {
        const transaction = new VaultTransaction(view, vault)
        const row = transaction.pack(pack)
        if (row === undefined || !isDue(row, transaction, now)) return false
        if (row.state !== 'gone') setState(transaction, pack, { ...row, state: 'gone', since: now })
        return true
      }),
    )
  }

  forget(places: readonly PackPlace[]): Promise<void> {
    return this.#rows.commit((view) => {
      for (const { vault, pack } of places) {
        const transaction = new VaultTransaction(view, vault)
        if (transaction.pack(pack)?.state === 'gone') transaction.setPack(pack, undefined)
      }
    })
  }

  async *list(vault?: VaultId): AsyncIterable<LedgerRow> {
    for await (const [key, bytes] of this.#rows.range(under(packPrefix(vault))))
      yield { ...placeOfKey(key), row: decodePackRow(bytes) }
  }

  /**
   * After a restart nobody is sending any more: reservations of before become gone, with their charge. Returns all that is gone, also
   * what an interrupted sweep left.
   */
  async buryArriving(now: number): Promise<readonly PackPlace[]> {
    const arriving: PackPlace[] = []
    for await (const [key] of this.#rows.range(under('waiting/'))) {
      const place = placeOfKey(key)
      const bytes = this.#rows.get(packKey(place))
      if (bytes !== undefined && decodePackRow(bytes).state === 'arriving') arriving.push(place)
    }
    await this.#rows.commit((view) => {
      for (const { vault, pack } of arriving) {
        const transaction = new VaultTransaction(view, vault)
        const row = transaction.pack(pack)
        if (row?.state === 'arriving') setState(transaction, pack, { ...row, state: 'gone', since: now })
      }
    })
    const gone: PackPlace[] = []
    for await (const [key] of this.#rows.range(under('gone/'))) gone.push(placeOfKey(key))
    return gone
  }

  async #firstDropped(from: string): Promise<VaultId | undefined> {
    for await (const [key] of this.#rows.range({ from, to: under('dropped/').to, limit: 1 }))
      return vaultOfKey(key, 1)
    return undefined
  }

  // The dropped packs of one vault that are past its floor, and where the next vault's begin.
  #droppedRange(vault: VaultId, now: number): { from: string; to: string; next: string } {
    const bytes = this.#rows.get(vaultKey(vault))
    const floors = bytes === undefined ? undefined : decodeVaultRow(bytes).floors
    const { from, to } = under(`dropped/${vaultKey(vault).slice('vault/'.length)}/`)
    return { from, to: `${from}${ordered(Math.max(0, now - floorAt(floors, now) + 1))}`, next: to }
  }
}

function reserveIn(transaction: VaultTransaction, reservation: Reservation): ReserveResult {
  const { pack, sizeBytes, now } = reservation
  const row = transaction.pack(pack)
  if (row?.state === 'gone') return { result: 'busy' }
  if (row !== undefined && row.state !== 'arriving' && row.sizeBytes !== sizeBytes)
    return { result: 'size', sizeBytes: row.sizeBytes }
  if (row?.state === 'claimed' || row?.state === 'dropped') return { result: 'held', state: row.state }
  if (row?.state === 'pending') {
    setState(transaction, pack, { ...row, since: now })
    return { result: 'held', state: 'pending' }
  }
  const sender = transaction.row?.head === undefined ? reservation.chargedTo : undefined
  const chargedTo = sender ?? transaction.row?.chargedTo ?? reservation.chargedTo
  const isNew = row === undefined || row.state === 'arriving'
  if (wouldExceed(transaction, { ...reservation, chargedTo }, row)) return { result: 'quota' }
  if (isNew) {
    transaction.setPack(pack, { state: 'arriving', sizeBytes, since: now, chargedTo: sender })
    if (sender === undefined) transaction.save({ chargedTo })
  }
  return { result: 'reserved' }
}

// Only the bytes count here: no entry and no vault is added.
function wouldExceed(transaction: VaultTransaction, wanted: Reservation, row: PackRow | undefined): boolean {
  const isCharged =
    row?.state === 'arriving' && (row.chargedTo === undefined || equal(row.chargedTo, wanted.chargedTo))
  const more = wanted.sizeBytes - (isCharged ? row.sizeBytes : 0)
  if (more <= 0) return false
  const quota = { ...wanted.quota, bytesMax: wanted.quota.bytesMax - more }
  return transaction.overQuota(quota, wanted.chargedTo) === 'bytes'
}

function pendIn(
  transaction: VaultTransaction,
  { pack, sizeBytes }: PackArrival,
  now: number,
): 'pending' | 'claimed' | 'dropped' | 'unreserved' {
  const row = transaction.pack(pack)
  switch (row?.state) {
    case 'pending':
    case 'claimed':
    case 'dropped':
      return row.state
    case 'arriving':
      setState(transaction, pack, { ...row, state: 'pending', sizeBytes, since: now })
      return 'pending'
    case 'lost':
      setState(transaction, pack, { state: 'claimed', sizeBytes, since: now })
      return 'claimed'
    case 'gone':
    case undefined:
      // The bytes that were just put have no owner: the next sweep takes them away.
      transaction.setPack(pack, { state: 'gone', sizeBytes, since: now })
      return 'unreserved'
  }
}

function setState(transaction: VaultTransaction, pack: PackId, row: PackRow | undefined): void {
  transaction.setPack(pack, row)
  const chargedTo = transaction.row?.chargedTo
  if (chargedTo !== undefined) transaction.save({ chargedTo })
}

function isDue(row: PackRow, transaction: VaultTransaction, now: number): boolean {
  if (row.state === 'gone') return true
  if (row.state === 'arriving' || row.state === 'pending') return row.since + pendingMaxMs <= now
  return row.state === 'dropped' && row.since + floorAt(transaction.row?.floors, now) <= now
}

// Reads are synchronous below, but a promise of a store never throws before it is awaited.
function attempt<T>(read: () => T): Promise<T> {
  return new Promise((resolve) => resolve(read()))
}
