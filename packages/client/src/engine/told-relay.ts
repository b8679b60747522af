// A person says where the vault is now: its relay is gone, or has another name, and can tell nobody. Believed only of a relay that has this very vault.
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { EngineContext } from './api.ts'
import { goOnWhereTold } from './going-on.ts'
import { keepingEvidence } from './halting.ts'
import { folderRecord, openVault } from './open-vault.ts'
import { deviceLogin, logInAt, relayUrl } from './relay-login.ts'
import type { Vault } from './vault.ts'

/**
 * From now on the folder (`key`: as of `openingKey`) is synced with this relay. Returns whether it was another one before.
 * @throws ClientError `relay-refused` (reason `vault-unknown`) where it has no such vault, `relay-contradicts` where it has another history of it,
 * `relay-unreachable`, `home-locked`
 */
export async function goOnAt(context: EngineContext, key: string, relay: string): Promise<boolean> {
  const { home, platform } = context
  const record = folderRecord(context, key)
  const url = relayUrl(relay).text
  if (record.relay === url) return false
  const open = await openVault(context, record)
  try {
    const session = await logInAt(platform, url, deviceLogin(home))
    try {
      await keepingEvidence({ home, clock: platform.clock, record }, () => assertSame(open.vault, session))
    } finally {
      await session.close()
    }
    await goOnWhereTold(open.vault, url)
    return true
  } finally {
    await open.close()
  }
}

/** The log there is the one that this device knows, or its beginning, or goes on from it. */
async function assertSame({ log, trees }: Vault, session: RelaySession): Promise<void> {
  const head = await session.head(log.vault)
  if (head === undefined)
    throw new ClientError('relay-refused', 'the relay does not have this vault', {
      data: { reason: 'vault-unknown' },
    })
  if (log.isEmpty) return
  log.compare(head)
  const last = Math.min(head.sequence, log.nextSequence - 1)
  for await (const given of session.entries(log.vault, last)) {
    log.assertSeen(trees, given)
    return
  }
}
