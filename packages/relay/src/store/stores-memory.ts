// All stores in memory: for tests and the simulation.
import type { Random } from '@grenier/crypto/verify'
import { RowsAccountStore } from '../account/account-store-rows.ts'
import { RowsRegistrationStore } from '../account/registration-store-rows.ts'
import type { Plan } from '../account/registration-store.ts'
import { RowsDeletionStore } from './deletion-store-rows.ts'
import { RowsLogStore } from './log-store-rows.ts'
import { RowsPackLedger } from './pack-ledger-rows.ts'
import { MemoryPackStore } from './pack-store-memory.ts'
import { MemoryRows } from './rows-memory.ts'
import type { Stores } from './stores.ts'

/** New, empty stores. `defaultPlan`: what accounts get that have no other. */
export function memoryStores({
  random,
  defaultPlan,
}: {
  random: Random
  defaultPlan?: Plan | undefined
}): Stores {
  const rows = new MemoryRows()
  const packs = new MemoryPackStore()
  return {
    logs: new RowsLogStore(rows, random.bytes(16)),
    ledger: new RowsPackLedger(rows),
    packs,
    deletions: new RowsDeletionStore(rows),
    accounts: new RowsAccountStore(rows, defaultPlan),
    registration: new RowsRegistrationStore(rows, defaultPlan),
    async close() {
      await packs.close()
      await rows.close()
    },
  }
}
