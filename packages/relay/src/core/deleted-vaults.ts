// Vaults that an owner wished to be deleted, and those that were: when a wish becomes final, and what those hear who were members.
import { decodeLogState, toHex, type VaultId } from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import { sweepBatch } from '../limits.ts'
import type { SignedWish } from '../store/deletion-store.ts'
import type { Stores } from '../store/stores.ts'
import type { LiveVaults } from './live-vaults.ts'
import type { Actor } from './relay-parts.ts'
import { leftAt, mayRevive, rightOf } from './rights.ts'

/** Told of a vault whose deletion became final. */
export type VaultEnded = (vault: VaultId) => void

/** What finishing works with. `now`: the relay's clock, ms. */
export interface Finishing {
  readonly stores: Stores
  readonly vaults: LiveVaults
  readonly now: number
  readonly ended: VaultEnded
}

/** Makes final what is due. A wish counts as long as its signer is an owner: who was taken out meanwhile takes nothing along. Returns how many. */
export async function finishDeletions({ stores, vaults, now, ended }: Finishing): Promise<number> {
  const { deletions } = stores
  let count = 0
  for (const vault of await deletions.due(now, sweepBatch)) {
    const live = await vaults.find(vault)
    const wish = await deletions.wish(vault, now)
    if (live === undefined || wish === undefined) continue
    const { keyKind, key } = wish.signed
    const signer: Actor = { kind: keyKind, key, identity: undefined }
    if (rightOf(live.state.spine, signer, now) !== 'owner') await deletions.lapse(vault, wish.signed)
    else if (await deletions.finish(vault, live.state.head, now)) {
      vaults.forget(vault)
      ended(vault)
      count += 1
    }
  }
  return count
}

/**
 * Why this key hears no more of a vault that is not here: an owner had it deleted, for those who were in it, and for devices of whose it was. undefined for everybody else, and for
 * a vault that never was.
 */
export async function deletedFor(
  stores: Stores,
  actor: Actor,
  vault: VaultId,
): Promise<RelayError | undefined> {
  const deleted = await stores.deletions.deleted(vault)
  if (deleted === undefined) return undefined
  const { spine } = decodeLogState(deleted.state)
  const knows = (rightOf(spine, actor, 0) ?? leftAt(spine, actor)) !== undefined || mayRevive(spine, actor)
  return knows ? vaultDeleted(deleted.signed) : undefined
}

function vaultDeleted({ key, keyKind, at, signature }: SignedWish): RelayError {
  return new RelayError('vault-deleted', 'an owner had this vault deleted', {
    data: { key: toHex(key), keyKind, at, signature: toHex(signature) },
  })
}
