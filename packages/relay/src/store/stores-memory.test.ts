// The stores in memory keep the contracts.
import { systemRandom } from '@grenier/crypto/verify'
import { describeAccountStore } from '../account/account-store.contract.ts'
import { describeRegistrationStore } from '../account/registration-store.contract.ts'
import { describeDeletionStore } from './deletion-store.contract.ts'
import { describeLogStore } from './log-store.contract.ts'
import { describePackLedger } from './pack-ledger.contract.ts'
import { describePackStore } from './pack-store.contract.ts'
import { memoryStores } from './stores-memory.ts'
import type { Stores } from './stores.ts'

const make = (): Promise<Stores> => Promise.resolve(memoryStores({ random: systemRandom }))

describeLogStore('in memory', make)
describePackLedger('in memory', make)
describeDeletionStore('in memory', make)
describePackStore('in memory', make)
describeAccountStore('in memory', make)
describeRegistrationStore('in memory', make)
