// Opens sessions with a relay: as this device, as the person's identity, or with an invitation's one-time key.
import { encodeCertificate, sign, type KeyPairs } from '@grenier/crypto'
import { parseRelayUrl, ProtocolError, type KeyKind } from '@grenier/protocol'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import type { Credentials } from '../relay/handshake.ts'
import { connectSession, type ConnectedSession } from '../relay/session.ts'
import type { Platform } from './platform.ts'

/** Who logs in. */
export interface Login {
  readonly keyKind: KeyKind
  readonly pairs: KeyPairs
  readonly certificate?: Uint8Array | undefined
  /** Let in with the certificate alone, where nobody knows the key: to open the account anew. */
  readonly reopen?: true | undefined
}

/** This device, with its certificate where it has one. */
export function deviceLogin(home: Home): Login {
  const certificate = home.certificate === undefined ? undefined : encodeCertificate(home.certificate)
  return { keyKind: 'device', pairs: home.device, certificate }
}

/** Dials and logs in. `resume`: `resumption` of the session before, of the same key. @throws ClientError `relay-unreachable`, `relay-refused`, `update-needed`, `usage` for a URL that is none */
export async function logInAt(
  platform: Platform,
  relay: string,
  as: Login & { readonly resume?: Uint8Array | undefined },
): Promise<ConnectedSession> {
  const { resume, ...login } = as
  const credentials: Credentials = {
    keyKind: login.keyKind,
    key: login.pairs.sign.publicKey,
    sign: (label, bytes) => sign(login.pairs.sign.secretKey, label, bytes),
    certificate: login.certificate,
    reopen: login.reopen,
  }
  const url = relayUrl(relay)
  const { clock, random } = platform
  return await connectSession({
    dial: () => platform.dial(url.text),
    url,
    credentials,
    clock,
    random,
    resume,
  })
}

/** @throws ClientError `usage` */
export function relayUrl(text: string): ReturnType<typeof parseRelayUrl> {
  try {
    return parseRelayUrl(text)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ClientError('usage', `${cause.message}: ${text}`, { cause })
  }
}

/**
 * Whether two addresses are written for one relay, as far as that can be told from them: a pin, or a slash at the end, makes no other one. A text that
 * is no address is like itself alone.
 */
export function sameRelay(a: string, b: string): boolean {
  return a === b || plain(a) === plain(b)
}

function plain(text: string): string {
  try {
    return parseRelayUrl(text).url.replace(/\/+$/, '')
  } catch (error) {
    if (error instanceof ProtocolError) return text
    throw error
  }
}
