// Logging in at the relay of a vault that this device knows. One that does not know the device any more may have lost everything: if its store is
// another one, the account is opened again with what the identity signed for this device.
import { encodeCertificate } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { ConnectedSession } from '../relay/session.ts'
import { otherKey } from '../state/state-keys.ts'
import type { Healing } from './healing.ts'
import { logInAt, type Login } from './relay-login.ts'
import type { Vault } from './vault.ts'

const key = otherKey('incarnation')

/** Logs in as this device. @throws ClientError as `logInAt`; `account-unknown` is retryable for a while where others may mend it */
export async function logInAgain(
  { vault, healing }: { vault: Vault; healing: Healing },
  as: Login & { readonly resume?: Uint8Array | undefined },
): Promise<ConnectedSession> {
  const { platform, record, log } = vault
  try {
    return noted(vault, await logInAt(platform, record.relay, as))
  } catch (error) {
    if (!isUnknown(error) || log.isEmpty) throw error
    const isNewStore = known(vault) !== undefined && known(vault) !== error.data['incarnation']
    if (isNewStore && (await reopened(vault, as)))
      return noted(vault, await logInAt(platform, record.relay, as))
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

/** The incarnation of the store that this vault was last seen in; hex. */
function known({ trees }: Vault): string | undefined {
  const bytes = trees.other(key)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1')
}

/** Not waited for: who asked for a session may hold a transaction open, behind which this has to wait. */
function noted(vault: Vault, session: ConnectedSession): ConnectedSession {
  if (known(vault) === session.incarnation) return session
  const row = Buffer.from(session.incarnation, 'latin1')
  vault.trees.write({ flush: false }, (rows) => rows.put(key, row)).catch(() => undefined)
  return session
}
