// Logging in at the relay of a vault that this device knows. One that does not know the device any more lost its account: that is opened again with
// what the identity signed for this device, as at the first contact. Whether the store calls itself another one says nothing: a copy of it may have
// been made while it was empty, and be put back.
import { encodeCertificate } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { ConnectedSession } from '../relay/session.ts'
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
    if (!isUnknown(error) || log.isEmpty) throw error
    if (await reopened(vault, as)) return await logInAt(platform, record.relay, as)
    throw healing.waiting(error)
  }
}

/** Whether the account is there again. */
async function reopened({ platform, record, home }: Vault, as: Login): Promise<boolean> {
  if (home.certificate === undefined) return false
  const session = await logInAt(platform, record.relay, { ...as, reopen: true })
  try {
    await session.openAccount(encodeCertificate(home.certificate))
    return true
  } catch (error) {
    // Where accounts are opened by the hoster alone, that is who has to.
    if (error instanceof ClientError && error.code === 'relay-refused') return false
    throw error
  } finally {
    await session.close()
  }
}

function isUnknown(error: unknown): error is ClientError {
  return (
    error instanceof ClientError &&
    error.code === 'relay-refused' &&
    error.data['reason'] === 'account-unknown'
  )
}
