// What this device owes the vault besides its own changes: new keys after a membership changed, the list of the owner's vaults, a checkpoint now
// and then.
import { CryptoError, makeRekey, roleOf } from '@grenier/crypto'
import type { RelaySession } from '../relay/relay-session.ts'
import type { CheckpointWriter } from './checkpoint-writer.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { LostPacks } from './lost-packs.ts'
import type { NamedAgain } from './named-again.ts'
import { listVaultsWhenDue } from './vault-list.ts'
import type { Vault } from './vault.ts'

/** What duties are done with. */
export interface DutyParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly checkpoints: CheckpointWriter
  readonly lost: LostPacks
  readonly named: NamedAgain
}

/** Does what is due; when nothing else is to be done (`idle`), also what can wait. Returns whether something was appended. */
export async function doDuties(
  { vault, entries, checkpoints, lost, named }: DutyParts,
  session: RelaySession,
  idle: boolean,
): Promise<boolean> {
  if (vault.log.isEmpty) return false
  if (await rekeyWhenDue(vault, entries, session)) return true
  if (await lost.step(session)) return true
  if (await named.step(session)) return true
  if (!idle) return false
  if (await listVaultsWhenDue(vault, entries, session)) return true
  return checkpoints.isDue && (await checkpoints.write(session))
}

/** Opens a new epoch where one is due and this device is an owner. */
async function rekeyWhenDue(vault: Vault, entries: EntryWriter, session: RelaySession): Promise<boolean> {
  const { log, home, platform } = vault
  if (!log.state.spine.rekeyDue) return false
  if (roleOf(log.state.spine, home.device.sign.publicKey) !== 'owner') return false
  const { epochKeys } = log.keys
  try {
    const { entry } = makeRekey({ ...entries.on(session), random: platform.random, epochKeys })
    return (await entries.append(session, entry)) === 'appended'
  } catch (error) {
    // A spine at its limit of recipients or epochs: the vault works on under the keys it has.
    if (error instanceof CryptoError && error.code === 'limit') return false
    throw error
  }
}
