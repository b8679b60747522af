// One open vault on this device: its state, its log, its names. What every part of a run shares.
import { toHex, type SigningKey } from '@grenier/crypto'
import type { ContentKeys } from '../content/worker-pool.ts'
import type { Home, FolderRecord } from '../home/home.ts'
import type { VaultLog } from '../log/vault-log.ts'
import type { StateStore } from '../state/state-store.ts'
import type { TreesStore } from '../state/trees-store.ts'
import type { Report } from './events.ts'
import type { Platform } from './platform.ts'

/** What a run works with. */
export interface Vault {
  readonly record: FolderRecord
  readonly home: Home
  readonly platform: Platform
  readonly store: StateStore
  readonly trees: TreesStore
  readonly log: VaultLog
  readonly report: Report
  readonly signal: AbortSignal
}

/** Keys for content of this vault. @throws ClientError `key-withheld` */
export function contentKeysOf(vault: Vault): ContentKeys {
  return vault.log.keys.content
}

/** Whether this device signed it. */
export function isOwn(vault: Vault, signer: SigningKey): boolean {
  return toHex(signer) === toHex(vault.home.device.sign.publicKey)
}
