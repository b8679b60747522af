// A vault begins: its genesis is made and put on a relay.
import { makeGenesis, toHex } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { EngineContext } from './api.ts'
import { deviceLogin, logInAt, relayUrl } from './relay-login.ts'
import { noteListed, vaultsOf } from './vault-list.ts'

/** A vault that is at the relay. `listed`: to be written into its new state. */
export interface MadeVault {
  /** Id, hex. */
  readonly vault: string
  readonly url: string
  readonly listed: (transaction: Transaction) => void
}

/** Durable at the relay when it resolves. @throws ClientError `home-missing` without an identity; as the relay refuses */
export async function makeVault(
  { home, platform }: EngineContext,
  { name, relay }: { readonly name: string; readonly relay: string },
): Promise<MadeVault> {
  const { identity, certificate } = home
  if (identity === undefined || certificate === undefined) {
    throw new ClientError('home-missing', 'a vault needs an identity: `setup` makes it', {
      data: { path: home.directory },
    })
  }
  const url = relayUrl(relay).text
  const vaults = vaultsOf([...home.folders, ...home.backups])
  const session = await logInAt(platform, url, deviceLogin(home))
  try {
    const at = Math.round(platform.clock.now() + session.clockOffsetMs)
    const { device, deviceName } = home
    const { random } = platform
    const made = makeGenesis({ identity, device, certificate, name, deviceName, at, random, vaults })
    await session.append(made.state.vault, made.entry.bytes)
    const listed = (transaction: Transaction): void => noteListed(transaction, vaults, identity)
    return { vault: toHex(made.state.vault), url, listed }
  } finally {
    await session.close()
  }
}
