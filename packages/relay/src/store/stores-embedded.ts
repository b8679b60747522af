// All stores of a relay with nothing else: one `level` database and plain files, below one folder. Opening them finishes what a crash
// interrupted.
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Random } from '@grenier/crypto/verify'
import { RowsAccountStore } from '../account/account-store-rows.ts'
import { RowsRegistrationStore } from '../account/registration-store-rows.ts'
import type { Plan } from '../account/registration-store.ts'
import { RelayError } from '../errors.ts'
import { sweepBatch } from '../limits.ts'
import { flushDirectory } from './flush-group.ts'
import { RowsDeletionStore } from './deletion-store-rows.ts'
import { RowsLogStore } from './log-store-rows.ts'
import { RowsPackLedger } from './pack-ledger-rows.ts'
import { FilePackStore } from './pack-store-files.ts'
import type { PackPlace } from './pack-store.ts'
import { formatKey, incarnationKey } from './row-keys.ts'
import type { Rows } from './rows.ts'
import { LevelRows } from './rows-level.ts'
import type { Stores } from './stores.ts'

/** Layout of rows and folders. Another one is refused, never guessed at. */
const formatVersion = 1

/** Where and with what to open. */
export interface EmbeddedOptions {
  readonly folder: string
  readonly random: Random
  /** The relay's clock, for the repair at the start. */
  readonly now: number
  /** What accounts get that have no other plan. */
  readonly defaultPlan?: Plan | undefined
}

/**
 * Opens the stores below `folder`, makes them where there are none.
 * @throws RelayError `data-locked`, `data-broken`, `version-unknown`, `disk-full`
 */
export async function openStores(options: EmbeddedOptions): Promise<Stores> {
  const { folder, defaultPlan } = options
  await makeFolder(folder)
  const rows = await LevelRows.open(join(folder, 'database'))
  try {
    const incarnation = await prepare(rows, options.random)
    const packs = await FilePackStore.open(folder, rows)
    const ledger = new RowsPackLedger(rows)
    await repair(ledger, packs, options.now)
    return {
      logs: new RowsLogStore(rows, incarnation),
      ledger,
      packs,
      deletions: new RowsDeletionStore(rows),
      accounts: new RowsAccountStore(rows, defaultPlan),
      registration: new RowsRegistrationStore(rows, defaultPlan),
      async close() {
        await packs.close()
        await rows.close()
      },
    }
  } catch (error) {
    await rows.close()
    throw error
  }
}

// Durable up to the first folder that was there before: what is acknowledged inside must not vanish with its folder.
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  let at = resolve(folder)
  do {
    at = dirname(at)
    await flushDirectory(at)
  } while (at.length > dirname(first).length)
}

// The incarnation is made with the store, in one transaction with its version.
function prepare(rows: Rows, random: Random): Promise<Uint8Array> {
  return rows.commit((view) => {
    const version = view.get(formatKey)
    if (version === undefined) view.put(formatKey, new Uint8Array([formatVersion]))
    else if (version[0] !== formatVersion)
      throw new RelayError('version-unknown', 'the data folder is of another version', {
        data: { version: version[0] ?? 0 },
      })
    const incarnation = view.get(incarnationKey) ?? random.bytes(16)
    view.put(incarnationKey, incarnation)
    return incarnation
  })
}

/**
 * After a crash: uploads of before are over, deletions are finished, and files that no row knows are removed. A small pack needs no
 * such look: its reservation went into the same database before it.
 */
async function repair(ledger: RowsPackLedger, packs: FilePackStore, now: number): Promise<void> {
  const gone = await ledger.buryArriving(now)
  await packs.delete(gone)
  await ledger.forget(gone)
  let orphans: PackPlace[] = []
  for await (const file of packs.listFiles()) {
    const [row] = await ledger.rows(file.vault, [file.pack])
    if (row === undefined || row.state === 'lost') orphans.push(file)
    if (orphans.length < sweepBatch) continue
    await packs.delete(orphans)
    orphans = []
  }
  await packs.delete(orphans)
}
