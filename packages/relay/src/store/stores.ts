// All stores of a relay, opened and closed together.
import type { AccountStore } from '../account/account-store.ts'
import type { RegistrationStore } from '../account/registration-store.ts'
import type { DeletionStore } from './deletion-store.ts'
import type { LogStore } from './log-store.ts'
import type { PackLedger } from './pack-ledger.ts'
import type { PackStore } from './pack-store.ts'

/** What a relay keeps. `logs`, `ledger` and `deletions` share their transactions. */
export interface Stores {
  readonly logs: LogStore
  readonly ledger: PackLedger
  readonly packs: PackStore
  readonly deletions: DeletionStore
  readonly accounts: AccountStore
  readonly registration: RegistrationStore
  /** Waits for what is being written. Idempotent. */
  close(): Promise<void>
}
