// Logging in at the relay of a vault that this device knows. One that does not know the device any more lost its account: that is opened again with
// what the identity signed for this device, as at the first contact. Whether the store calls itself another one says nothing: a copy of it may have
// been made while it was empty, and be put back.
import type { ConnectedSession } from '../relay/session.ts'
import { isAccountUnknown, openOwnAccount } from './account-opening.ts'
import type { Healing } from './healing.ts'
import { logInAt, type Login } from './relay-login.ts'
import type { Vault } from './vault.ts'

/** Logs in as this device. @throws ClientError as `logInAt`; `account-unknown` is retryable for a while where others may mend it */
export async function logInAgain(
  { vault, healing }: { vault: Vault; healing: Healing },
  as: Login & { readonly resume?: Uint8Array | undefined },
): Promise<ConnectedSession> {
  const { platform, record, log } = vault
  try {
    return await logInAt(platform, record.relay, as)
  } catch (error) {
    if (!isAccountUnknown(error) || log.isEmpty) throw error
    // Where accounts are opened by the hoster alone, that is who has to.
    if ((await openOwnAccount(vault, record)) === 'open') return await logInAt(platform, record.relay, as)
    throw healing.waiting(error)
  }
}
