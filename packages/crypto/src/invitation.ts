// Invitations: three keys from a 128-bit secret, and the MAC by which the secret alone fixes vault and history.
import { equal, toHex, type EntryHash, type VaultId } from './bytes.ts'
import { CryptoError } from './errors.ts'
import { keyedHash } from './hash.ts'
import type { Label } from './label.ts'
import { kemPairOf } from './kem-pair.ts'
import type { LogState } from './log-state.ts'
import { signingPairOf, type KeyPairs } from './sign.ts'
import type { SpineInvite } from './spine.ts'

/** Bytes of an invitation's secret. */
export const invitationSecretBytes = 16

/** What the secret gives: a one-time signing pair, a KEM pair, and the key of the MAC (32 bytes). */
export interface Invitation extends KeyPairs {
  readonly macKey: Uint8Array
}

function derived(secret: Uint8Array, label: Label): Uint8Array {
  return keyedHash(secret, label)
}

/** The keys of an invitation. `secret`: 16 bytes. @throws CryptoError `malformed` on another length */
export function invitationOf(secret: Uint8Array): Invitation {
  if (secret.length !== invitationSecretBytes)
    throw new CryptoError('malformed', `an invitation's secret has ${secret.length} bytes, not 16`)
  return {
    sign: signingPairOf(derived(secret, 'grenier/v1/invitation-sign')),
    kem: kemPairOf(derived(secret, 'grenier/v1/invitation-kem')),
    macKey: derived(secret, 'grenier/v1/invitation-mac-key'),
  }
}

/** What the MAC is over. `digest`: `partDigest` of the public part. */
export interface InviteClaim {
  readonly vault: VaultId
  readonly previous: EntryHash
  readonly digest: Uint8Array
}

/** The MAC of an invite, 32 bytes: over vault id ‖ previous hash ‖ the digest of the rest of the public part. */
export function inviteMac(macKey: Uint8Array, { vault, previous, digest }: InviteClaim): Uint8Array {
  return keyedHash(macKey, 'grenier/v1/invitation-mac', vault, previous, digest)
}

/**
 * The open invitation of this secret, in a log whose vault and history the secret vouches for up to the invite.
 * @throws CryptoError `no-right` if none is open for it (used, cancelled, void, or never there); `signature-wrong` if the log is not
 * the one that the inviter saw
 */
export function checkInvite(state: LogState, invitation: Invitation): SpineInvite {
  const invite = state.spine.invites.get(toHex(invitation.sign.publicKey))
  if (invite === undefined) throw new CryptoError('no-right', 'no invitation is open for this code')
  const mac = inviteMac(invitation.macKey, {
    vault: state.vault,
    previous: invite.previous,
    digest: invite.digest,
  })
  const same = equal(mac, invite.mac) && equal(invite.keys.kem, invitation.kem.publicKey)
  if (!same) throw new CryptoError('signature-wrong', 'the log is not the one that this code was made for')
  return invite
}
