// What a vault takes up, and the wish of an owner that it be deleted, or stay.
import {
  CryptoError,
  decodeLogState,
  toHex,
  vaultId,
  verifySignature,
  type VaultId,
} from '@grenier/crypto/verify'
import { deleteVaultBytes, deleteVaultLabel, type ClientMessageOf, type OkMessage } from '@grenier/protocol'
import { deletedFor } from '../core/deleted-vaults.ts'
import { shortId } from '../core/event-log.ts'
import type { Actor, RelayParts } from '../core/relay-parts.ts'
import { mayRevive, refusalOf, rightOf, type Right } from '../core/rights.ts'
import { RelayError } from '../errors.ts'
import { futureMaxMs, wishWindowMs } from '../limits.ts'
import type { SignedWish } from '../store/deletion-store.ts'
import type { VaultAccess } from './vault-access.ts'

interface Asking {
  readonly parts: RelayParts
  readonly actor: Actor
  readonly access: VaultAccess
}

/** @throws RelayError `vault-unknown`, `vault-deleted`, `no-right` */
export async function vaultFacts(
  { parts, actor, access }: Asking,
  request: ClientMessageOf<'vault-facts'>,
): Promise<OkMessage> {
  const vault = vaultId(request.vault)
  await access.openToCarry(actor, vault)
  const { liveBytes, keptBytes, entryBytes, entries } = await parts.stores.ledger.vaultUsage(vault)
  const wish = await parts.stores.deletions.wish(vault, parts.clock.now())
  const facts = { packBytes: liveBytes, keptBytes, entryBytes, entries }
  const about = { type: 'ok', id: request.id, re: 'vault-facts', ...facts } as const
  if (wish?.finalAt === undefined) return about
  const { key, keyKind, at, signature } = wish.signed
  return { ...about, deletion: { key, keyKind, at, signature, finalAt: wish.finalAt } }
}

/**
 * Keeps an owner's wish. Nobody's connection ends by it, or a thief's device could cut everybody off; clients ask now and then.
 * @throws RelayError `vault-unknown`, `vault-deleted`, `no-right`, `clock-refused`, `login-failed`, `entry-refused`, `busy`
 */
export async function deleteVault(
  asking: Asking,
  request: ClientMessageOf<'delete-vault'>,
): Promise<OkMessage> {
  const { parts, actor } = asking
  const vault = vaultId(request.vault)
  if ((await rightIn(asking, vault, request.wish)) !== 'owner')
    throw new RelayError('no-right', 'only an owner has a vault deleted')
  const now = parts.clock.now()
  if (Math.abs(request.at - now) > futureMaxMs)
    throw new RelayError('clock-refused', 'the wish is not of now', { retryable: true, data: { now } })
  const signed = signedWish(actor, request)
  const name = `${toHex(vault)} ${toHex(actor.key)}`
  if (parts.wishes.blocked(name))
    throw new RelayError('busy', 'too many wishes about this vault', {
      retryable: true,
      data: { reason: 'wishes', retryAfterMs: wishWindowMs },
    })
  parts.wishes.count(name)
  const kept = await parts.stores.deletions.keep(vault, signed, now)
  switch (kept) {
    case 'unknown':
      throw new RelayError('vault-unknown', 'no such vault')
    case 'replayed':
      throw new RelayError('entry-refused', 'a later wish is known', { data: { reason: 'replayed' } })
    case 'sweeping':
      throw new RelayError('busy', 'what is left of the vault is being deleted', { retryable: true })
    case 'kept':
    case 'revived':
      parts.log('vault-wish', { vault: shortId(vault), wish: request.wish })
  }
  const about = { type: 'ok', id: request.id, re: 'delete-vault' } as const
  if (kept === 'revived') return { ...about, revived: true }
  const finalAt = (await parts.stores.deletions.wish(vault, now))?.finalAt
  return finalAt === undefined ? about : { ...about, finalAt }
}

/** The right of who asks; in a vault that was deleted, as it was in the end, for those who want it back. */
async function rightIn(
  { parts, actor }: Asking,
  vault: VaultId,
  wish: SignedWish['wish'],
): Promise<Right | undefined> {
  const live = await parts.vaults.find(vault)
  const deleted = live === undefined ? await parts.stores.deletions.deleted(vault) : undefined
  const spine = live?.state.spine ?? (deleted && decodeLogState(deleted.state).spine)
  const right = spine && rightOf(spine, actor, parts.clock.now())
  if (deleted !== undefined && wish === 'delete')
    throw (await deletedFor(parts.stores, actor, vault)) ?? refusalOf(undefined, actor)
  if (deleted !== undefined && spine !== undefined && mayRevive(spine, actor)) return 'owner'
  if (right === undefined) throw refusalOf(live?.state.spine, actor)
  return right
}

function signedWish({ kind, key }: Actor, request: ClientMessageOf<'delete-vault'>): SignedWish {
  const { vault, wish, at, signature } = request
  if (kind === 'one-time') throw new RelayError('no-right', 'an invitation is for accepting it')
  try {
    verifySignature(
      key,
      signature,
      deleteVaultLabel,
      deleteVaultBytes({ vault, wish, at, keyKind: kind, key }),
    )
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    throw new RelayError('login-failed', 'the wish is not signed by the key that logged in', { cause })
  }
  return { wish, keyKind: kind, key, at, signature }
}
