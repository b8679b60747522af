// Invitations as entries: the owner's invite and cancel, the joiner's accept.
import type { SigningKey } from './bytes.ts'
import type { Certificate } from './certificate.ts'
import { CryptoError } from './errors.ts'
import { partDigest, type AcceptPart, type InvitePart, type Role } from './header.ts'
import { publicKeysOf } from './identity.ts'
import { checkInvite, invitationOf, invitationSecretBytes, inviteMac, type Invitation } from './invitation.ts'
import { sealTo } from './kem-seal.ts'
import { sign, type KeyPairs, type PublicKeys } from './sign.ts'
import { currentEpoch, identityRoleOf, recipientsOf, type Recipient } from './spine.ts'
import {
  finish,
  headerBase,
  keyInForce,
  namesPayload,
  newEpoch,
  sealsTo,
  without,
  type BuildSealed,
  type Built,
  type BuiltEpoch,
  type WithNames,
} from './spine-build.ts'

/**
 * An invitation with a fresh secret (16 bytes), to be shown once the entry is acknowledged and thrown away when it is refused.
 * `expiresAt`: ms, by the relay's clock.
 * @throws CryptoError `no-right` unless the signer is an owner's device or the genesis identity
 */
export function makeInvite(
  options: BuildSealed & { readonly role: Role; readonly expiresAt: number },
): Built & { readonly secret: Uint8Array } {
  const { state, random, role, expiresAt } = options
  const secret = random.bytes(invitationSecretBytes)
  const invitation = invitationOf(secret)
  const place = { kind: 'invite', binding: state.vault, epoch: currentEpoch(state.spine).number } as const
  const seal = sealTo({ ...place, recipient: invitation.kem.publicKey, secret: keyInForce(options), random })
  const open: InvitePart = {
    action: 'invite',
    invitee: publicKeysOf(invitation),
    role,
    expiresAt,
    seal,
    mac: new Uint8Array(32),
  }
  const claim = { vault: state.vault, previous: state.head.hash, digest: partDigest(open) }
  const part = { ...open, mac: inviteMac(invitation.macKey, claim) }
  return { ...finish(options, { kind: 'member', ...headerBase(options), part }, new Uint8Array(0)), secret }
}

/** `device`: the new one; `identity`: the joiner's, with its certificate for that device; `deviceName`: for the others to see. */
export interface MakeAccept extends Omit<BuildSealed, 'signer'> {
  readonly invitation: Invitation
  readonly device: KeyPairs
  readonly deviceName: string
  readonly identity?: { readonly keys: PublicKeys; readonly certificate: Certificate } | undefined
}

/**
 * The one entry of an invitation. `epochKeys`: from `epochKeysFor` with the invitation's pairs.
 * @throws CryptoError `no-right` if the invitation is not open; `signature-wrong` if the log is not the one it was made for
 */
export function makeAccept(options: MakeAccept): Built {
  const { state, invitation, device, identity, deviceName, random } = options
  checkInvite(state, invitation)
  const keys = publicKeysOf(device)
  const epoch = currentEpoch(state.spine).number
  const key = keyInForce(options)
  const joining: Recipient[] = [{ kind: 'device', keys }]
  if (identity !== undefined && identityRoleOf(state.spine, identity.keys.sign) === undefined)
    joining.push({ kind: 'identity', keys: identity.keys })
  const open: AcceptPart = {
    action: 'accept',
    device: keys,
    ...(identity !== undefined && {
      identity: { certificate: identity.certificate, kem: identity.keys.kem },
    }),
    seals: sealsTo(joining, { binding: state.vault, epoch, secret: key, random }),
    signature: new Uint8Array(64),
  }
  const on = { ...options, signer: invitation, names: [{ device: keys.sign, name: deviceName }] }
  const signature = sign(
    device.sign.secretKey,
    'grenier/v1/accept',
    state.vault,
    state.head.hash,
    partDigest(open),
  )
  const payload = namesPayload(on, { number: epoch, key })
  return finish(on, { kind: 'member', ...headerBase(on), part: { ...open, signature } }, payload)
}

/**
 * Cancels open invitations and opens an epoch, which their holders cannot reach.
 * @throws CryptoError `no-right`; `public-part-wrong` if one is not open
 */
export function makeCancel(
  options: BuildSealed & WithNames & { readonly invites: readonly SigningKey[] },
): BuiltEpoch {
  const { state, invites } = options
  if (invites.length === 0) throw new CryptoError('malformed', 'a cancel of nothing')
  const opened = newEpoch(options, without(recipientsOf(state.spine), invites))
  const part = { action: 'cancel', invites: inOrder(invites), epoch: opened.opening } as const
  const built = finish(
    options,
    { kind: 'member', ...headerBase(options), part },
    namesPayload(options, opened),
  )
  return { ...built, epoch: opened.number, epochKey: opened.key }
}

/** Signing keys as lists of them are encoded: by rising bytes. */
export function inOrder(keys: readonly SigningKey[]): SigningKey[] {
  return [...keys].sort((a, b) => Buffer.compare(a, b))
}
