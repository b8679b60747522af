// Entries about members: revoke, role, rekey, recover, renew. Each that takes a reader away opens an epoch for those who stay.
import { equal, toHex, type SigningKey } from './bytes.ts'
import { certifyDevice, type Certificate } from './certificate.ts'
import { partDigest, type MemberPart, type RenewPart, type Role } from './header.ts'
import { publicKeysOf } from './identity.ts'
import { sign, type KeyPairs } from './sign.ts'
import { compareRoles, recipientsOf, type Recipient, type Spine } from './spine.ts'
import {
  finish,
  headerBase,
  keyInForce,
  namesPayload,
  newEpoch,
  without,
  type BuildSealed,
  type Built,
  type BuiltEpoch,
  type NewEpoch,
  type WithNames,
} from './spine-build.ts'
import { inOrder } from './spine-build-invite.ts'
import { devicesOf } from './spine-draft.ts'
import { currentEpoch } from './spine.ts'

type BuildMember = BuildSealed & WithNames

function finishOpened(on: BuildMember, opened: NewEpoch, part: MemberPart): BuiltEpoch {
  const built = finish(on, { kind: 'member', ...headerBase(on), part }, namesPayload(on, opened))
  return { ...built, epoch: opened.number, epochKey: opened.key }
}

function withoutInvites(recipients: readonly Recipient[]): Recipient[] {
  return recipients.filter(({ kind }) => kind !== 'invite')
}

/** A new epoch for the members as they are. `above`: its number is above this too (after a fork). @throws CryptoError `no-right` */
export function makeRekey(options: BuildMember & { readonly above?: number | undefined }): BuiltEpoch {
  const opened = newEpoch(options, recipientsOf(options.state.spine), options.above)
  return finishOpened(options, opened, { action: 'rekey', epoch: opened.opening })
}

/**
 * Takes devices and identities out, an identity with all its devices, voids open invitations and opens an epoch.
 * @throws CryptoError `no-right`; `public-part-wrong` for the signer itself, the genesis identity, and who is no member
 */
export function makeRevoke(
  options: BuildMember & {
    readonly devices?: readonly SigningKey[] | undefined
    readonly identities?: readonly SigningKey[] | undefined
  },
): BuiltEpoch {
  const { state, devices = [], identities = [] } = options
  const along = identities.flatMap((identity) =>
    devicesOf(state.spine, identity).map(({ keys }) => keys.sign),
  )
  const staying = without(withoutInvites(recipientsOf(state.spine)), [...devices, ...identities, ...along])
  const opened = newEpoch(options, staying)
  const part = { devices: inOrder(devices), identities: inOrder(identities), epoch: opened.opening }
  return finishOpened(options, opened, { action: 'revoke', ...part })
}

function lowers(spine: Spine, member: SigningKey, role: Role): boolean {
  const hex = toHex(member)
  const identity = spine.identities.get(hex)
  const device = spine.devices.get(hex)
  const held = identity === undefined ? [device] : [identity, ...devicesOf(spine, member)]
  return held.some((holder) => holder !== undefined && compareRoles(role, holder.role) < 0)
}

/**
 * Gives a device, or an identity with all its devices, another role. A lowering voids open invitations, and opens an epoch where there
 * were any (`epochKey`).
 * @throws CryptoError `no-right`; `public-part-wrong` if nothing changes
 */
export function makeRole(
  options: BuildMember & { readonly member: SigningKey; readonly role: Role },
): Built & { readonly epoch?: number; readonly epochKey?: Uint8Array } {
  const { state, member, role } = options
  if (lowers(state.spine, member, role) && state.spine.invites.size > 0) {
    const opened = newEpoch(options, withoutInvites(recipientsOf(state.spine)))
    return finishOpened(options, opened, { action: 'role', member, role, epoch: opened.opening })
  }
  const part = { action: 'role', member, role } as const
  const inForce = { number: currentEpoch(state.spine).number, key: keyInForce(options) }
  return finish(options, { kind: 'member', ...headerBase(options), part }, namesPayload(options, inForce))
}

/**
 * Adds a device by an identity's word alone. `signer`: the identity; `certificate`: its own for the new device; `revoked`: those of its
 * devices (the genesis identity: of all) that do not stay.
 * @throws CryptoError `no-right` unless the identity is a member; `public-part-wrong`
 */
export function makeRecover(
  options: BuildMember & { readonly certificate: Certificate; readonly revoked: readonly SigningKey[] },
): BuiltEpoch {
  const { state, certificate, revoked } = options
  const before = recipientsOf(state.spine)
  const staying = revoked.length > 0 ? without(withoutInvites(before), revoked) : before
  const device: Recipient = { kind: 'device', keys: { sign: certificate.device, kem: certificate.deviceKem } }
  const opened = newEpoch(options, [...staying, device])
  const part = { certificate, revoked: inOrder(revoked), epoch: opened.opening }
  return finishOpened(options, opened, { action: 'recover', ...part })
}

/**
 * Puts a new identity in the place of the old one, which signs; the new one signs too, and certifies each device that remains.
 * @throws CryptoError `no-right` unless the old identity is a member
 */
export function makeRenew(options: BuildMember & { readonly identity: KeyPairs }): BuiltEpoch {
  const { state, signer, identity } = options
  const old = signer.sign.publicKey
  const keys = publicKeysOf(identity)
  const others = recipientsOf(state.spine).filter(({ keys: { sign: key } }) => !equal(key, old))
  const opened = newEpoch(options, [...others, { kind: 'identity', keys }])
  const devices = devicesOf(state.spine, old).sort((a, b) => Buffer.compare(a.keys.sign, b.keys.sign))
  const open: RenewPart = {
    action: 'renew',
    identity: keys,
    certificates: devices.map((device) => certifyDevice(identity, device.keys)),
    epoch: opened.opening,
    signature: new Uint8Array(64),
  }
  const signature = sign(
    identity.sign.secretKey,
    'grenier/v1/renew',
    state.vault,
    state.head.hash,
    partDigest(open),
  )
  return finishOpened(options, opened, { ...open, signature })
}
