// Login: one signature over origin, the relay's nonce, the client's, kind and key. Then: what is this key to this relay?
import {
  CryptoError,
  decodeCertificate,
  equal,
  signingKey,
  verifyCertificate,
  verifySignature,
  type Certificate,
  type SigningKey,
} from '@grenier/crypto/verify'
import { loginBytes, loginLabel, type ClientMessageOf } from '@grenier/protocol'
import type { Actor, RelayParts } from '../core/relay-parts.ts'
import { withdrawn } from '../core/rights.ts'
import { RelayError } from '../errors.ts'

type Login = ClientMessageOf<'login'>
type Parts = Pick<RelayParts, 'stores' | 'config' | 'clock'>

/**
 * Who logs in with this message in answer to this challenge (`relayNonce`: 32 bytes, the caller uses it once).
 * @throws RelayError `login-failed`, `account-unknown`, `account-closed`, `too-many`
 */
export async function actorOf(parts: Parts, message: Login, relayNonce: Uint8Array): Promise<Actor> {
  const key = signingKey(message.key)
  if (!parts.config.origins.some((origin) => signedFor(origin, message, relayNonce)))
    throw new RelayError(
      'login-failed',
      'the signature is not of this key, over this challenge, for this relay',
    )
  switch (message.keyKind) {
    case 'identity':
      return { kind: 'identity', key, identity: key }
    case 'device': {
      const owner = await parts.stores.accounts.findDevice(key)
      if (owner?.withdrawn === true) return await withdrawnOne(parts, key)
      const identity = owner?.identity ?? (await identityOf(parts, message, key))
      return { kind: 'device', key, identity }
    }
    case 'one-time':
      if ((await parts.stores.logs.vaultsOf(key)).length === 0)
        throw new RelayError('account-unknown', 'no open invitation has this key')
      return { kind: 'one-time', key, identity: undefined }
  }
}

function signedFor(origin: string, message: Login, relayNonce: Uint8Array): boolean {
  const { clientNonce, keyKind, key, signature } = message
  try {
    const facts = loginBytes({ origin, relayNonce, clientNonce, keyKind, key })
    verifySignature(signingKey(key), signature, loginLabel, facts)
    return true
  } catch (error) {
    if (error instanceof CryptoError) return false
    throw error
  }
}

/**
 * A device that its identity withdrew. One that some vault knows may come in all the same, to read why it is none of it any more: no more than
 * anybody hears who was taken out.
 * @throws RelayError `account-closed` for one that has nothing to read
 */
async function withdrawnOne({ stores }: Parts, key: SigningKey): Promise<Actor> {
  if ((await stores.logs.vaultsOf(key)).length === 0) throw withdrawn()
  return { kind: 'device', key, identity: undefined, withdrawn: true }
}

// Of a device that no account has. A member of a vault needs none; one that is neither has nothing to ask here.
async function identityOf(parts: Parts, message: Login, key: SigningKey): Promise<SigningKey | undefined> {
  const added =
    message.certificate === undefined ? undefined : await addDevice(parts, message.certificate, key)
  if (added !== undefined) return added
  if ((await parts.stores.logs.vaultsOf(key)).length > 0) return undefined
  // Its certificate was checked: it may open its account anew, and has as long as a login for that.
  if (message.reopen === true && message.certificate !== undefined) return undefined
  throw new RelayError('account-unknown', 'this device belongs to no account and no vault here')
}

async function addDevice(parts: Parts, bytes: Uint8Array, key: SigningKey): Promise<SigningKey | undefined> {
  const certificate = checkedCertificate(bytes)
  if (!equal(certificate.device, key))
    throw new RelayError('login-failed', 'the certificate is of another device')
  // `closed`: this way adds to accounts that there are, and opens none.
  const opening = {
    registration: 'closed',
    ...certificate,
    certificate: bytes,
    now: parts.clock.now(),
  } as const
  const result = await parts.stores.accounts.open(opening)
  switch (result) {
    case 'opened':
    case 'device-added':
    case 'known':
      return certificate.identity
    case 'registration-closed':
    case 'invitation-wrong':
      return undefined
    case 'device-refused':
      throw new RelayError('account-closed', 'this device may not come back', {
        data: { reason: 'withdrawn' },
      })
    case 'too-many-devices':
      throw new RelayError('too-many', 'the account has as many devices as its plan allows')
  }
}

/** The certificate, rightly signed. @throws RelayError `login-failed` */
export function checkedCertificate(bytes: Uint8Array): Certificate {
  try {
    const certificate = decodeCertificate(bytes)
    verifyCertificate(certificate)
    return certificate
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    throw new RelayError('login-failed', 'the certificate is not signed by its identity', { cause })
  }
}
