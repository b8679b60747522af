// One open vault on this device: its state, its log, its names. What every part of a run shares.
import { compareRoles, currentEpoch, equal, roleOf, toHex, type SigningKey } from '@grenier/crypto'
import type { ContentKeys } from '../content/worker-pool.ts'
import type { Home, FolderRecord } from '../home/home.ts'
import type { VaultLog } from '../log/vault-log.ts'
import type { StateStore } from '../state/state-store.ts'
import type { TreesStore } from '../state/trees-store.ts'
import type { Report } from './events.ts'
import type { Platform } from './platform.ts'

/** What a run works with. */
export interface Vault {
  /** Another one when it goes on at another relay (going-on.ts). */
  record: FolderRecord
  readonly home: Home
  readonly platform: Platform
  readonly store: StateStore
  readonly trees: TreesStore
  readonly log: VaultLog
  readonly report: Report
  readonly signal: AbortSignal
  /** No entry takes it to another relay: its own past is read. */
  readonly stays?: true
  /** Every entry is folded, and no state taken from a checkpoint; the one of this sequence, which a prune names, is compared wherever it stands. */
  readonly foldsTo?: number
}

/** Keys for content of this vault. @throws ClientError `key-withheld` */
export function contentKeysOf(vault: Vault): ContentKeys {
  return vault.log.keys.content
}

/** Whether this device signed it. */
export function isOwn(vault: Vault, signer: SigningKey): boolean {
  return toHex(signer) === toHex(vault.home.device.sign.publicKey)
}

/** Whether this device may add to the vault now. */
export function mayWrite({ log, home }: Vault): boolean {
  const role = log.isEmpty ? undefined : roleOf(log.state.spine, home.device.sign.publicKey)
  return role !== undefined && compareRoles(role, 'writer') >= 0
}

/** Whether it is of the identity that made the vault: it alone can begin it at any relay, and what lies there counts against its quota. */
export function pays({ log, home }: Vault): boolean {
  return home.identity !== undefined && equal(home.identity.sign, log.state.spine.genesisIdentity)
}

/** What packs are sealed with at this moment. */
export function sealingOf({ log }: Vault): { key: Uint8Array; binding: Uint8Array; epoch: number } {
  const epoch = currentEpoch(log.state.spine).number
  return { key: log.keys.packKey(epoch), binding: log.vault, epoch }
}
