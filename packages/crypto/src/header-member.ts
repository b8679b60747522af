// Public parts of `genesis` and `member` from decoded CBOR: the parts that carry keys, certificates and seals.
import { kemKey, signingKey, type SigningKey } from './bytes.ts'
import { certificateBytes, decodeCertificate, type Certificate } from './certificate.ts'
import { CryptoError } from './errors.ts'
import { asArray, asBytes, asTuple, asUint, ascending, malformed, type Fields } from './fields.ts'
import {
  roles,
  type AcceptPart,
  type CancelPart,
  type EarlierKey,
  type EpochOpening,
  type GenesisPart,
  type InvitePart,
  type MemberAction,
  type MemberPart,
  type RecoverPart,
  type RenewPart,
  type RevokePart,
  type Role,
  type RolePart,
  type Seal,
} from './header.ts'
import {
  earlierKeysMax,
  epochMax,
  recipientsMax,
  retentionMsMax,
  sealBytes,
  wrappedKeyBytes,
} from './limits.ts'
import type { PublicKeys } from './sign.ts'

const unknown = 'kind-unknown'

function decodeRole(value: unknown): Role {
  if (typeof value !== 'string') malformed('a role is no text')
  const role = roles.find((known) => known === value)
  if (role === undefined) throw new CryptoError(unknown, 'a role that is not known')
  return role
}

function decodeKeys(fields: Fields): PublicKeys {
  fields.only(['sign', 'kem'], unknown)
  return { sign: signingKey(fields.bytes('sign', 32)), kem: kemKey(fields.bytes('kem', 1216)) }
}

function decodeOneCertificate(value: unknown): Certificate {
  return decodeCertificate(asBytes(value, certificateBytes, 'a certificate'))
}

function decodeSeals(value: unknown): Seal[] {
  const seals = asArray(value, recipientsMax, 'seals').map((item) => {
    const [recipient, seal] = asTuple(item, 2, 'a seal')
    return {
      recipient: signingKey(asBytes(recipient, 32, 'recipient of a seal')),
      seal: asBytes(seal, sealBytes, 'a seal'),
    }
  })
  ascending(
    seals.map(({ recipient }) => recipient),
    'recipients of seals',
  )
  return seals
}

function decodeEarlier(value: unknown): EarlierKey[] {
  let before = -1
  return asArray(value, earlierKeysMax, 'earlier keys').map((item) => {
    const [number, sealed] = asTuple(item, 2, 'an earlier key')
    const epoch = asUint(number, epochMax, 'epoch of an earlier key')
    if (epoch <= before) malformed('earlier keys are not in rising order')
    before = epoch
    return { epoch, sealed: asBytes(sealed, wrappedKeyBytes, 'an earlier key') }
  })
}

function decodeEpoch(fields: Fields): EpochOpening {
  fields.only(['number', 'commitment', 'earlier', 'seals'], unknown)
  return {
    number: fields.uint('number', epochMax),
    commitment: fields.bytes('commitment', 32),
    earlier: decodeEarlier(fields.get('earlier')),
    seals: decodeSeals(fields.get('seals')),
  }
}

function decodeOptionalEpoch(fields: Fields): { epoch?: EpochOpening } {
  return fields.has('epoch') ? { epoch: decodeEpoch(fields.sub('epoch')) } : {}
}

/** The public part of a genesis. @throws CryptoError `kind-unknown`, `malformed`, `limit` */
export function decodeGenesisPart(fields: Fields): GenesisPart {
  fields.only(['certificate', 'identityKem', 'retentionMs', 'epoch'], unknown)
  return {
    certificate: decodeOneCertificate(fields.get('certificate')),
    identityKem: kemKey(fields.bytes('identityKem', 1216)),
    retentionMs: fields.uint('retentionMs', retentionMsMax),
    epoch: decodeEpoch(fields.sub('epoch')),
  }
}

function decodeInvite(fields: Fields): InvitePart {
  fields.only(['action', 'invitee', 'role', 'expiresAt', 'seal', 'mac'], unknown)
  return {
    action: 'invite',
    invitee: decodeKeys(fields.sub('invitee')),
    role: decodeRole(fields.get('role')),
    expiresAt: fields.uint('expiresAt'),
    seal: fields.bytes('seal', sealBytes),
    mac: fields.bytes('mac', 32),
  }
}

function decodeAccept(fields: Fields): AcceptPart {
  fields.only(['action', 'device', 'identity', 'seals', 'signature'], unknown)
  return {
    action: 'accept',
    device: decodeKeys(fields.sub('device')),
    ...(fields.has('identity') && { identity: decodeJoiner(fields.sub('identity')) }),
    seals: decodeSeals(fields.get('seals')),
    signature: fields.bytes('signature', 64),
  }
}

function decodeJoiner(fields: Fields): NonNullable<AcceptPart['identity']> {
  fields.only(['certificate', 'kem'], unknown)
  return {
    certificate: decodeOneCertificate(fields.get('certificate')),
    kem: kemKey(fields.bytes('kem', 1216)),
  }
}

function decodeCancel(fields: Fields): CancelPart {
  fields.only(['action', 'invites', 'epoch'], unknown)
  const invites = fields.keys('invites', recipientsMax)
  if (invites.length === 0) malformed('a cancel of nothing')
  return { action: 'cancel', invites, ...decodeOptionalEpoch(fields) }
}

function decodeRevoke(fields: Fields): RevokePart {
  fields.only(['action', 'devices', 'identities', 'epoch'], unknown)
  const devices = fields.keys('devices', recipientsMax)
  const identities = fields.keys('identities', recipientsMax)
  if (devices.length + identities.length === 0) malformed('a revoke of nobody')
  return { action: 'revoke', devices, identities, epoch: decodeEpoch(fields.sub('epoch')) }
}

function decodeRoleChange(fields: Fields): RolePart {
  fields.only(['action', 'member', 'role', 'epoch'], unknown)
  const member: SigningKey = signingKey(fields.bytes('member', 32))
  return { action: 'role', member, role: decodeRole(fields.get('role')), ...decodeOptionalEpoch(fields) }
}

function decodeRecover(fields: Fields): RecoverPart {
  fields.only(['action', 'certificate', 'revoked', 'epoch'], unknown)
  return {
    action: 'recover',
    certificate: decodeOneCertificate(fields.get('certificate')),
    revoked: fields.keys('revoked', recipientsMax),
    epoch: decodeEpoch(fields.sub('epoch')),
  }
}

function decodeRenew(fields: Fields): RenewPart {
  fields.only(['action', 'identity', 'certificates', 'epoch', 'signature'], unknown)
  const certificates = fields.array('certificates', recipientsMax).map(decodeOneCertificate)
  ascending(
    certificates.map(({ device }) => device),
    'certificates',
  )
  return {
    action: 'renew',
    identity: decodeKeys(fields.sub('identity')),
    certificates,
    epoch: decodeEpoch(fields.sub('epoch')),
    signature: fields.bytes('signature', 64),
  }
}

const decoders: { readonly [A in MemberAction]: (fields: Fields) => MemberPart } = {
  invite: decodeInvite,
  accept: decodeAccept,
  cancel: decodeCancel,
  revoke: decodeRevoke,
  role: decodeRoleChange,
  rekey: (fields) => {
    fields.only(['action', 'epoch'], unknown)
    return { action: 'rekey', epoch: decodeEpoch(fields.sub('epoch')) }
  },
  recover: decodeRecover,
  renew: decodeRenew,
}

/** The public part of a `member` entry. @throws CryptoError `kind-unknown`, `malformed`, `limit` */
export function decodeMemberPart(fields: Fields): MemberPart {
  const action = fields.get('action')
  if (typeof action !== 'string') malformed('action of a member entry is no text')
  if (!isAction(action)) throw new CryptoError(unknown, 'a member action that is not known')
  return decoders[action](fields)
}

function isAction(text: string): text is MemberAction {
  return Object.hasOwn(decoders, text)
}
