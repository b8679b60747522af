// What this device owes the vault besides its own changes: new keys after a membership changed, a checkpoint now and then.
import { CryptoError, makeRekey, roleOf } from '@grenier/crypto'
import type { RelaySession } from '../relay/relay-session.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { Vault } from './vault.ts'

/** Opens a new epoch where one is due and this device is an owner. Returns whether something was appended. */
export async function rekeyWhenDue(
  vault: Vault,
  entries: EntryWriter,
  session: RelaySession,
): Promise<boolean> {
  const { log, home, platform } = vault
  if (log.isEmpty || !log.state.spine.rekeyDue) return false
  if (roleOf(log.state.spine, home.device.sign.publicKey) !== 'owner') return false
  const { epochKeys } = log.keys
  const on = {
    state: log.state,
    signer: home.device,
    at: entries.atNow(session),
    random: platform.random,
    epochKeys,
  }
  try {
    const { entry } = makeRekey(on)
    return (await entries.append(session, entry)) === 'appended'
  } catch (error) {
    // A spine at its limit of recipients or epochs: the vault works on under the keys it has.
    if (error instanceof CryptoError && error.code === 'limit') return false
    throw error
  }
}
