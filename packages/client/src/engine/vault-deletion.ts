// An owner's wish that a vault be deleted at its relay, or that it stay: signed here, and checked when a relay tells of one.
import { CryptoError, sign, signingKey, verifySignature, type VaultId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { deleteVaultBytes, deleteVaultLabel, type DeletionWish } from '@grenier/protocol'
import type { Home } from '../home/home.ts'
import type { Deletion, WishAnswer } from '../relay/relay-account.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { deviceLogin, logInAt } from './relay-login.ts'
import type { Platform } from './platform.ts'

/** Which vault, at which relay. */
export interface DeletionPlace {
  readonly relay: string
  readonly vault: VaultId
}

/**
 * Tells the relay the wish, signed by this device. Times are the relay's.
 * @throws ClientError `relay-unreachable`, `relay-refused`
 */
export async function wishDeletion(
  { home, platform }: { readonly home: Home; readonly platform: Platform },
  { relay, vault }: DeletionPlace,
  wish: DeletionWish,
): Promise<WishAnswer> {
  const { sign: pair } = home.device
  const session = await logInAt(platform, relay, deviceLogin(home))
  try {
    const nowMs = Math.round(platform.clock.now() + session.clockOffsetMs)
    const at = Math.max(0, nowMs, (await wishedAt(session, vault)) + 1)
    const facts = { vault, wish, at, keyKind: 'device', key: pair.publicKey } as const
    const signature = sign(pair.secretKey, deleteVaultLabel, deleteVaultBytes(facts))
    return await session.deleteVault(vault, { wish, at, signature })
  } finally {
    await session.close()
  }
}

/**
 * When it was last wished that it be deleted, by the relay's clock. What follows at once counts as later: how far apart the clocks are is only as exact as
 * the line is quick, and a wish to keep that was refused as one of before would let it be deleted.
 */
async function wishedAt(session: RelaySession, vault: VaultId): Promise<number> {
  try {
    return (await session.vaultFacts(vault)).deletion?.at ?? -1
  } catch (error) {
    // Of one that is deleted there is nothing to be told; that was days ago.
    if (error instanceof ClientError && error.code === 'relay-refused') return -1
    throw error
  }
}

interface On {
  readonly home: Home
  readonly platform: Platform
}

/**
 * What is to go on at this relay is not deleted there: a wish of when it was left is withdrawn, also one that was carried out: the relay takes the
 * vault again then. Nothing is to be done where the relay does not have it.
 * @throws ClientError `relay-unreachable`, `relay-refused`
 */
export async function keepThere(on: On, place: DeletionPlace): Promise<void> {
  const standing = await standingThere(on, place)
  if (standing === 'to-go' || standing === 'deleted') await wishDeletion(on, place, 'keep')
}

/** The same, but what is only to go there still goes: it may be that the vault does not come. @throws ClientError `relay-unreachable`, `relay-refused` */
export async function reviveThere(on: On, place: DeletionPlace): Promise<void> {
  if ((await standingThere(on, place)) === 'deleted') await wishDeletion(on, place, 'keep')
}

async function standingThere(
  { home, platform }: On,
  { relay, vault }: DeletionPlace,
): Promise<'unknown' | 'stays' | 'to-go' | 'deleted'> {
  const session = await logInAt(platform, relay, deviceLogin(home))
  try {
    if ((await session.head(vault)) === undefined) return 'unknown'
    return (await session.vaultFacts(vault)).deletion === undefined ? 'stays' : 'to-go'
  } catch (error) {
    if (error instanceof ClientError && error.data['reason'] === 'vault-deleted') return 'deleted'
    throw error
  } finally {
    await session.close()
  }
}

/** Whether the key that the relay names did wish so: whether it is an owner's is for who knows the log. */
export function isSigned(vault: VaultId, { key, keyKind, at, signature }: Deletion): boolean {
  try {
    const facts = deleteVaultBytes({ vault, wish: 'delete', at, keyKind, key })
    verifySignature(signingKey(key), signature, deleteVaultLabel, facts)
    return true
  } catch (error) {
    if (error instanceof CryptoError) return false
    throw error
  }
}
