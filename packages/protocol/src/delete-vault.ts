// What an owner signs to have a vault deleted at a relay, or to take that back. The signing itself is the caller's.
import { keyKinds, type KeyKind } from './key-kind.ts'
import { limits } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'

/** What an owner may wish: that the vault goes, or that it stays. */
export const deletionWishes = ['delete', 'keep'] as const
/** What an owner may wish: that the vault goes, or that it stays. */
export type DeletionWish = (typeof deletionWishes)[number]

/** The label that goes in front of `deleteVaultBytes` when they are signed and checked. */
export const deleteVaultLabel = 'grenier/v1/delete-vault'

/** What a wish commits to. */
export interface DeletionFacts {
  /** 32 bytes. */
  readonly vault: Uint8Array
  readonly wish: DeletionWish
  /** Ms since 1970, by the relay's clock as the signer knows it. */
  readonly at: number
  readonly keyKind: Exclude<KeyKind, 'one-time'>
  /** The Ed25519 key that signs, 32 bytes. */
  readonly key: Uint8Array
}

/**
 * The bytes to be signed under `deleteVaultLabel`: vault ‖ wish (1 byte: 1 delete, 2 keep) ‖ at (8 bytes, big-endian) ‖ kind of key (1 byte:
 * 1 device, 2 identity) ‖ key.
 * @throws ProtocolError `malformed` when vault or key have not 32 bytes.
 */
export function deleteVaultBytes(facts: DeletionFacts): Uint8Array {
  if (facts.vault.length !== limits.idBytes || facts.key.length !== limits.idBytes)
    throw new ProtocolError('malformed', 'a wish has a vault and a key of 32 bytes')
  const out = new Uint8Array(2 * limits.idBytes + 10)
  out.set(facts.vault)
  out[limits.idBytes] = deletionWishes.indexOf(facts.wish) + 1
  new DataView(out.buffer).setBigUint64(limits.idBytes + 1, BigInt(facts.at))
  out[limits.idBytes + 9] = keyKinds.indexOf(facts.keyKind) + 1
  out.set(facts.key, limits.idBytes + 10)
  return out
}
