// How `member` entries change the spine: one function an action. Each has the right already (log-rights.ts); what is checked here is
// that the public part is true of the members as they are.
import { equal, toHex, type SigningKey } from './bytes.ts'
import { isCertificateOf, verifyCertificate, type Certificate } from './certificate.ts'
import {
  partDigest,
  type AcceptPart,
  type CancelPart,
  type InvitePart,
  type MemberHeader,
  type RecoverPart,
  type RenewPart,
  type RevokePart,
  type Role,
  type RolePart,
} from './header.ts'
import { verifySignature, type PublicKeys } from './sign.ts'
import { compareRoles, type SpineInvite } from './spine.ts'
import {
  addDevice,
  addIdentity,
  addSeal,
  checkMembers,
  devicesOf,
  memberDevice,
  memberIdentity,
  removeDevice,
  requireNewKey,
  voidInvites,
  wrong,
  type At,
  type Draft,
} from './spine-draft.ts'
import { openEpoch } from './spine-epoch.ts'

/** Folds a `member` entry. @throws CryptoError `public-part-wrong`, `signature-wrong`, `limit` */
export function foldMember(draft: Draft, header: MemberHeader): void {
  const at: At = { vault: header.vault, sequence: header.sequence, signer: header.device }
  const { part } = header
  switch (part.action) {
    case 'invite':
      foldInvite(draft, header, part)
      break
    case 'accept':
      foldAccept(draft, header, part)
      break
    case 'cancel':
      foldCancel(draft, at, part)
      break
    case 'revoke':
      foldRevoke(draft, at, part)
      break
    case 'role':
      foldRole(draft, at, part)
      break
    case 'rekey':
      openEpoch(draft, at, part.epoch)
      break
    case 'recover':
      foldRecover(draft, at, part)
      break
    case 'renew':
      foldRenew(draft, header, part)
      break
  }
}

function foldInvite(draft: Draft, header: MemberHeader, part: InvitePart): void {
  const { vault, sequence, device: signer, previous } = header
  const { invitee: keys, role, expiresAt, seal, mac } = part
  requireNewKey(draft, keys.sign)
  const digest = partDigest(part)
  const invite: SpineInvite = { keys, role, expiresAt, by: signer, since: sequence, previous, digest, mac }
  draft.invites.set(toHex(keys.sign), invite)
  addSeal(draft, { vault, sequence, signer }, { recipient: keys.sign, seal })
  checkMembers(draft)
}

function foldAccept(draft: Draft, header: MemberHeader, part: AcceptPart): void {
  const { vault, sequence, device: signer, previous } = header
  const at: At = { vault, sequence, signer }
  const invite = draft.invites.get(toHex(signer))
  if (invite === undefined) wrong('no open invitation of this key')
  // Everybody who saw the code has that key: who accepts must bring one of their own.
  if ([part.device.sign, part.identity?.certificate.identity].some((key) => sameKey(signer, key)))
    wrong('an accept that keeps the one-time key')
  if (header.added.length > 0) wrong('an accept adds no packs')
  verifySignature(part.device.sign, part.signature, 'grenier/v1/accept', vault, previous, partDigest(part))
  draft.invites.delete(toHex(signer))
  draft.seals.delete(toHex(signer))
  const added = part.identity === undefined ? undefined : foldJoiner(draft, at, { part, role: invite.role })
  addDevice(draft, at, {
    keys: part.device,
    role: invite.role,
    identity: part.identity?.certificate.identity,
  })
  const expected = added === undefined ? [part.device.sign] : [part.device.sign, added]
  expected.sort((a, b) => Buffer.compare(a, b))
  const exact =
    part.seals.length === expected.length &&
    part.seals.every(({ recipient }, i) => sameKey(recipient, expected[i]))
  if (!exact) wrong('an accept has not exactly one seal for each new recipient')
  for (const seal of part.seals) addSeal(draft, at, seal)
  draft.rekeyDue = true
}

/** The identity that a joiner names: undefined if it is a member already, which then keeps the higher role; else its key. */
function foldJoiner(draft: Draft, at: At, joined: { part: AcceptPart; role: Role }): SigningKey | undefined {
  const { part, role } = joined
  if (part.identity === undefined) return undefined
  const { certificate, kem } = part.identity
  const keys: PublicKeys = { sign: certificate.identity, kem }
  requireCertificate(certificate, keys, part.device)
  const hex = toHex(keys.sign)
  const known = draft.identities.get(hex)
  if (known === undefined) {
    addIdentity(draft, at, { keys, role })
    return keys.sign
  }
  if (!equal(known.keys.kem, kem)) wrong('an identity with another KEM key than it had')
  if (known.renewedBy !== undefined) wrong('an identity that was renewed')
  if (known.until !== undefined) {
    draft.identities.set(hex, { ...known, role, since: at.sequence, until: undefined })
    return keys.sign
  }
  draft.identities.set(hex, { ...known, role: compareRoles(role, known.role) > 0 ? role : known.role })
  return undefined
}

function foldCancel(draft: Draft, at: At, part: CancelPart): void {
  for (const key of part.invites) {
    if (!draft.invites.delete(toHex(key))) wrong('a cancelled invitation is not open')
    draft.seals.delete(toHex(key))
  }
  draft.rekeyDue = true
  if (part.epoch !== undefined) openEpoch(draft, at, part.epoch)
}

function foldRevoke(draft: Draft, at: At, part: RevokePart): void {
  const going = part.devices.map((key) => memberDevice(draft, key))
  for (const key of part.identities) {
    const identity = memberIdentity(draft, key)
    if (equal(key, draft.genesisIdentity)) wrong('the identity of the genesis cannot be revoked')
    going.push(...devicesOf(draft, key))
    draft.identities.set(toHex(key), { ...identity, until: at.sequence })
  }
  for (const { keys } of going) {
    // Who leaves must not be the one who makes the key of those that stay.
    if (equal(keys.sign, at.signer)) wrong('a device does not revoke itself')
    removeDevice(draft, at, keys.sign)
  }
  voidInvites(draft)
  openEpoch(draft, at, part.epoch)
}

function foldRole(draft: Draft, at: At, part: RolePart): void {
  const hex = toHex(part.member)
  const isIdentity = draft.identities.has(hex)
  const touched = isIdentity ? devicesOf(draft, part.member) : [memberDevice(draft, part.member)]
  let changes = 0
  let lowers = 0
  const tally = (before: Role) => {
    changes += before === part.role ? 0 : 1
    lowers += compareRoles(part.role, before) < 0 ? 1 : 0
  }
  if (isIdentity) {
    const identity = memberIdentity(draft, part.member)
    if (equal(part.member, draft.genesisIdentity)) wrong('the identity of the genesis stays an owner')
    tally(identity.role)
    draft.identities.set(hex, { ...identity, role: part.role })
  }
  for (const device of touched) {
    tally(device.role)
    draft.devices.set(toHex(device.keys.sign), { ...device, role: part.role })
  }
  if (changes === 0) wrong('a role that is held already')
  if (lowers > 0) voidInvites(draft)
  if (part.epoch !== undefined) openEpoch(draft, at, part.epoch)
}

function foldRecover(draft: Draft, at: At, part: RecoverPart): void {
  const identity = memberIdentity(draft, at.signer)
  const { certificate } = part
  const device: PublicKeys = { sign: certificate.device, kem: certificate.deviceKem }
  requireCertificate(certificate, identity.keys, device)
  const ofAll = equal(at.signer, draft.genesisIdentity)
  for (const key of part.revoked) {
    const { identity: owner } = memberDevice(draft, key)
    if (!ofAll && (owner === undefined || !equal(owner, at.signer)))
      wrong('a recovery revokes a device of somebody else')
    removeDevice(draft, at, key)
  }
  if (part.revoked.length > 0) voidInvites(draft)
  addDevice(draft, at, { keys: device, role: identity.role, identity: at.signer })
  openEpoch(draft, at, part.epoch)
}

function foldRenew(draft: Draft, header: MemberHeader, part: RenewPart): void {
  const { vault, sequence, device: signer, previous } = header
  const at: At = { vault, sequence, signer }
  const { identity: keys, certificates, signature } = part
  const old = memberIdentity(draft, signer)
  verifySignature(keys.sign, signature, 'grenier/v1/renew', vault, previous, partDigest(part))
  addIdentity(draft, at, { keys, role: old.role })
  const devices = devicesOf(draft, signer).sort((a, b) => Buffer.compare(a.keys.sign, b.keys.sign))
  if (devices.length !== certificates.length)
    wrong('a renewal has not one certificate for each remaining device')
  for (const [i, device] of devices.entries()) {
    const certificate = certificates[i]
    if (certificate === undefined) wrong('a renewal lacks a certificate')
    requireCertificate(certificate, keys, device.keys)
    draft.devices.set(toHex(device.keys.sign), { ...device, identity: keys.sign })
  }
  draft.identities.set(toHex(signer), { ...old, until: sequence, renewedBy: keys.sign })
  if (equal(draft.genesisIdentity, signer)) draft.genesisIdentity = keys.sign
  openEpoch(draft, at, part.epoch)
}

/** @throws CryptoError `public-part-wrong` unless the certificate is of both, `signature-wrong` unless the identity made it */
function requireCertificate(certificate: Certificate, identity: PublicKeys, device: PublicKeys): void {
  if (!isCertificateOf(certificate, identity)) wrong('a certificate of another identity')
  if (!equal(certificate.device, device.sign) || !equal(certificate.deviceKem, device.kem))
    wrong('a certificate of another device')
  verifyCertificate(certificate)
}

function sameKey(a: SigningKey, b: SigningKey | undefined): boolean {
  return b !== undefined && equal(a, b)
}
