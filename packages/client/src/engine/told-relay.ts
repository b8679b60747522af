// A person says where the vault is now: its relay is gone, or has another name, or lost what it was told. Believed only of a relay that has this very
// vault. Whether its history there is the one that this device knows is for the next run to judge: where it is not, that one halts, and `adopt` goes on.
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
 * @throws ClientError `relay-refused` (reason `vault-unknown`) where it has no such vault, `relay-contradicts` where that has another beginning,
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
      await keepingEvidence({ home, clock: platform.clock, record }, () => assertThere(open.vault, session))
    } finally {
      await session.close()
    }
    await goOnWhereTold(open.vault, url)
    return true
  } finally {
    await open.close()
  }
}

/** The log there begins as the one that this device knows. */
async function assertThere({ log, trees }: Vault, session: RelaySession): Promise<void> {
  if ((await session.head(log.vault)) === undefined)
    throw new ClientError('relay-refused', 'the relay does not have this vault', {
      data: { reason: 'vault-unknown', what: 'told' },
    })
  if (log.isEmpty) return
  for await (const given of session.entries(log.vault, 0)) {
    log.assertSeen(trees, given)
    return
  }
}
