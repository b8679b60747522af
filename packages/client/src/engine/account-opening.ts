// Accounts at relays: opened with what the identity signed for this device, which needs no words, or by the identity itself while they are at hand.
import { certifyDevice, encodeCertificate, publicDevice } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelayAccount } from '../relay/relay-account.ts'
import type { EngineContext, OpenAccount } from './api.ts'
import { deviceLogin, logInAt } from './relay-login.ts'

type OpeningOn = Pick<EngineContext, 'home' | 'platform'>

/** Where, and the hoster's code where registration asks for one. */
interface OpeningAt {
  readonly relay: string
  readonly invite?: string | undefined
}

export const openAccount: OpenAccount = async ({ home, platform }, { relay, invite, identity }) => {
  const session = await logInAt(platform, relay, { keyKind: 'identity', pairs: identity })
  try {
    const certificate = home.certificate ?? certifyDevice(identity, publicDevice(home.device))
    await session.openAccount(encodeCertificate(certificate), invite)
  } finally {
    await session.close()
  }
}

/**
 * The account of this device's identity, where there is none. Gives what the relay has against it; `no-certificate` of a device that only joined.
 * @throws ClientError as `logInAt`, and as the line fails
 */
export async function openOwnAccount(
  { home, platform }: OpeningOn,
  { relay, invite }: OpeningAt,
): Promise<'open' | 'no-certificate' | ClientError> {
  const { certificate } = home
  if (certificate === undefined) return 'no-certificate'
  const session = await logInAt(platform, relay, { ...deviceLogin(home), reopen: true })
  try {
    if (!(await hasAccount(session))) await session.openAccount(encodeCertificate(certificate), invite)
    return 'open'
  } catch (error) {
    if (isRefused(error)) return error
    throw error
  } finally {
    await session.close()
  }
}

/**
 * The same at a relay that may know this device otherwise: as a member of a vault there it needs no account. Nothing is done on one that only joined.
 * @throws ClientError `relay-unreachable`, `relay-refused`, `usage`
 */
export async function openWhereUnknown(on: OpeningOn, at: OpeningAt): Promise<void> {
  if (on.home.certificate === undefined) return
  try {
    await (await logInAt(on.platform, at.relay, deviceLogin(on.home))).close()
  } catch (error) {
    if (!isAccountUnknown(error)) throw error
    const opened = await openOwnAccount(on, at)
    if (opened instanceof ClientError) throw opened
  }
}

/** Whether who is logged in has an account there. @throws ClientError as the line fails */
export async function hasAccount(session: Pick<RelayAccount, 'account'>): Promise<boolean> {
  try {
    await session.account()
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

/** Whether a relay says that it knows no account, and no vault, of a key. */
export function isAccountUnknown(error: unknown): error is ClientError {
  return isRefused(error) && error.data['reason'] === 'account-unknown'
}

function isRefused(error: unknown): error is ClientError {
  return error instanceof ClientError && error.code === 'relay-refused'
}
