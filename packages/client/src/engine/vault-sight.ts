// What a device can tell of a vault that it does not sync: it is in its log, and opens the names there with its own keys.
import { roleOf, type Role, type VaultId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { IdentityLog } from './identity-log.ts'

/** What it is called, and what this device may do in it. */
export interface VaultSight {
  readonly name: string | undefined
  readonly role: Role | undefined
}

/** Reads the whole log, judges it, and opens the names in it. undefined where it does not check out, or nothing opens: it has no name here then. */
export async function sightOfVault(
  session: RelaySession,
  vault: VaultId,
  { device }: Pick<Home, 'device'>,
): Promise<VaultSight | undefined> {
  const log = new IdentityLog(vault, device)
  try {
    await log.read(session)
    const { vault: name } = await log.names(session)
    return { name, role: roleOf(log.state.spine, device.sign.publicKey) }
  } catch (error) {
    if (!(error instanceof ClientError) || error.code === 'relay-unreachable') throw error
    return undefined
  }
}
