// An entry of this device that came back from the relay: what was noted when it was sent is settled, or has served.
import { bodyHash, type Entry } from '@grenier/crypto'
import type { Judged } from '../log/vault-log.ts'
import type { RelayEntry } from '../relay/relay-session.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import { settleCommits } from './adopting.ts'
import { forgetSent, sentIn } from './sent-note.ts'

/** An entry of this device that it does not know to be sent: base follows what it noted of it. */
export async function settleReturned(transaction: Transaction, entry: Entry): Promise<void> {
  const sent = sentIn(transaction, entry.bodyHash)
  if (sent === undefined) return
  await settleCommits(transaction, sent)
  forgetSent(transaction, entry.bodyHash)
}

/** An entry of this device that is in the state it starts from: what it noted of it has served. */
export function forgetOwn(transaction: Transaction, { entry }: Judged, given: RelayEntry): void {
  const hash = 'entry' in given ? entry?.bodyHash : bodyHash(given.bodyHash)
  if (hash !== undefined) forgetSent(transaction, hash)
}
