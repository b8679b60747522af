// An owner's wish that a vault be deleted at its relay, or that it stay: signed here, and checked when a relay tells of one.
import { CryptoError, sign, signingKey, verifySignature, type VaultId } from '@grenier/crypto'
import { deleteVaultBytes, deleteVaultLabel, type DeletionWish } from '@grenier/protocol'
import type { Home } from '../home/home.ts'
import type { Deletion, WishAnswer } from '../relay/relay-account.ts'
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
    const at = Math.max(0, Math.round(platform.clock.now() + session.clockOffsetMs))
    const facts = { vault, wish, at, keyKind: 'device', key: pair.publicKey } as const
    const signature = sign(pair.secretKey, deleteVaultLabel, deleteVaultBytes(facts))
    return await session.deleteVault(vault, { wish, at, signature })
  } finally {
    await session.close()
  }
}

/**
 * What is to go on at this relay is not deleted there: a wish of when it was left is withdrawn. Nothing is to be done where the relay does not have it.
 * @throws ClientError `relay-unreachable`, `relay-refused`
 */
export async function keepThere(
  on: { readonly home: Home; readonly platform: Platform },
  place: DeletionPlace,
): Promise<void> {
  const session = await logInAt(on.platform, place.relay, deviceLogin(on.home))
  try {
    if ((await session.head(place.vault)) === undefined) return
    const { deletion } = await session.vaultFacts(place.vault)
    if (deletion === undefined) return
  } finally {
    await session.close()
  }
  await wishDeletion(on, place, 'keep')
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
