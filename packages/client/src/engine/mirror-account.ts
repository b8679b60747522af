// An account at the relay that is to be a mirror: what it keeps is charged to whoever made the vault, and that person's device can open the account
// with what its identity signed for it, without the words.
import { encodeCertificate } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { EngineContext } from './api.ts'
import { deviceLogin, logInAt } from './relay-login.ts'

/**
 * Opens it, where there is none; nothing is to be done on a device that only joined. `invite`: the hoster's code.
 * @throws ClientError `relay-unreachable`, `relay-refused`, `usage`
 */
export async function openMirrorAccount(
  { home, platform }: Pick<EngineContext, 'home' | 'platform'>,
  { relay, invite }: { readonly relay: string; readonly invite: string | undefined },
): Promise<void> {
  const { certificate } = home
  if (certificate === undefined) return
  const login = deviceLogin(home)
  try {
    await (await logInAt(platform, relay, login)).close()
  } catch (error) {
    if (!isUnknown(error)) throw error
    const session = await logInAt(platform, relay, { ...login, reopen: true })
    try {
      await session.openAccount(encodeCertificate(certificate), invite)
    } finally {
      await session.close()
    }
  }
}

function isUnknown(error: unknown): boolean {
  const isRefused = error instanceof ClientError && error.code === 'relay-refused'
  return isRefused && error.data['reason'] === 'account-unknown'
}
