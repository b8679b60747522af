// An account whose identity took new words: the old identity asks, the new one has signed.
import { CryptoError, signingKey, verifySignature } from '@grenier/crypto/verify'
import { renewAccountBytes, renewAccountLabel, type ClientMessageOf, type OkMessage } from '@grenier/protocol'
import { shortId } from '../core/event-log.ts'
import type { Actor, RelayParts } from '../core/relay-parts.ts'
import { RelayError } from '../errors.ts'

/**
 * Gives the account of the identity that asks to the one that signed, and ends the connections of its devices: they come back as the new one's.
 * @throws RelayError `login-failed`, `account-unknown`, `no-right`
 */
export async function renewAccount(
  { parts, actor }: { readonly parts: RelayParts; readonly actor: Actor },
  request: ClientMessageOf<'renew-account'>,
): Promise<OkMessage> {
  const renewed = signingKey(request.identity)
  try {
    verifySignature(renewed, request.signature, renewAccountLabel, renewAccountBytes(actor.key, renewed))
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    throw new RelayError('login-failed', 'the new identity has not signed this', { cause })
  }
  const devices = (await parts.stores.accounts.find(actor.key))?.devices ?? []
  switch (await parts.stores.accounts.renew({ old: actor.key, renewed })) {
    case 'unknown':
      throw new RelayError('account-unknown', 'this key has no account here')
    case 'taken':
      throw new RelayError('no-right', 'the new identity has an account here already')
    case 'renewed':
      parts.log('account-renewed', { identity: shortId(renewed) })
  }
  for (const { device } of devices) parts.directory.endAll(device, 'renewed')
  return { type: 'ok', id: request.id, re: 'renew-account' }
}
