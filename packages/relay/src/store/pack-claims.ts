// What an append does to pack rows: added packs are claimed, dropped ones are kept for the floor, restored ones come back. First all
// is checked, then all is moved: an append that is refused has changed nothing.
import { toHex, type PackId } from '@grenier/crypto/verify'
import type { Append, ClaimedPack } from './log-store.ts'
import type { PackRow, PackState } from './pack-ledger.ts'
import type { VaultTransaction } from './vault-transaction.ts'

/** Why packs of an append are refused. */
export interface PacksRefused {
  readonly absent: readonly PackId[]
  readonly wrong: readonly PackId[]
}

/** undefined when every pack is in the state that the entry needs. Reads only. */
export function checkPacks(transaction: VaultTransaction, append: Append): PacksRefused | undefined {
  const seen = new Set<string>()
  const absent: PackId[] = []
  const wrong: PackId[] = []
  const look = (pack: PackId, states: readonly PackState[], sizeBytes?: number): void => {
    const row = transaction.pack(pack)
    const twice = seen.has(toHex(pack))
    seen.add(toHex(pack))
    if (twice || (isHere(row) && sizeBytes !== undefined && row.sizeBytes !== sizeBytes)) wrong.push(pack)
    else if (row !== undefined && states.includes(row.state)) return
    else if (append.absentPacks === 'refuse' || isHeld(row)) absent.push(pack)
  }
  for (const pack of append.added) look(pack.id, ['pending'], pack.sizeBytes)
  // Of an entry that is put back, it may never have been here while it was claimed before: at a mirror that came after it was dropped.
  const restorable: readonly PackState[] =
    append.absentPacks === 'lost' ? ['dropped', 'pending'] : ['dropped']
  for (const pack of append.restored) look(pack.id, restorable, pack.sizeBytes)
  for (const pack of append.dropped) look(pack, ['claimed', 'lost'])
  return absent.length + wrong.length === 0 ? undefined : { absent, wrong }
}

/** Moves the rows of packs that were checked. */
export function movePacks(transaction: VaultTransaction, append: Append): void {
  for (const pack of [...append.added, ...append.restored]) claim(transaction, pack, append.now)
  for (const pack of append.dropped) {
    const row = transaction.pack(pack)
    if (row?.state === 'claimed') transaction.setPack(pack, { ...row, state: 'dropped', since: append.now })
    else if (row?.state === 'lost') transaction.setPack(pack, undefined)
  }
}

function claim(transaction: VaultTransaction, { id, sizeBytes }: ClaimedPack, now: number): void {
  const state = isHere(transaction.pack(id)) ? 'claimed' : 'lost'
  transaction.setPack(id, { state, sizeBytes, since: now })
}

// Whether the bytes may be here: one that is being deleted at this moment is not lost yet, in a moment it is.
function isHeld(row: PackRow | undefined): boolean {
  return row?.state === 'gone' || isHere(row)
}

// Whether the bytes are here and stay.
function isHere(row: PackRow | undefined): row is PackRow {
  return row?.state === 'pending' || row?.state === 'claimed' || row?.state === 'dropped'
}
