// The list of the owner's vaults, which each of them carries, sealed to the owner's identity alone: so that the words of a phrase can say which
// ones a relay withholds. A vault that is added later is written into the older ones as well. Nothing is ever taken off the list here.
import {
  CryptoError,
  decodeCbor,
  encodeCbor,
  equal,
  fromHex,
  makeConfig,
  roleOf,
  vaultId,
  type PublicKeys,
  type VaultListItem,
} from '@grenier/crypto'
import type { RelaySession } from '../relay/relay-session.ts'
import type { FolderRecord } from '../home/home.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { Vault } from './vault.ts'

const listedKey = otherKey('listed')
const listedForKey = otherKey('listed-for')
const rowBytesMax = 16 * 1024 * 1024

/** The vaults of these folders. */
export function vaultsOf(folders: readonly FolderRecord[]): VaultListItem[] {
  return folders.map(({ vault, name, relay }) => ({ vault: vaultId(fromHex(vault)), name, relay }))
}

/** Notes which vaults the log of this one lists, sealed to which identity. */
export function noteListed(
  rows: StateRowsWriter,
  vaults: readonly VaultListItem[],
  identity: PublicKeys,
): void {
  rows.put(listedForKey, identity.sign)
  rows.put(listedKey, encodeCbor(vaults.map(({ vault, name, relay }) => [vault, name, relay])))
}

/** Appends a `config` with the list, where this device is an owner's and knows of a vault that the log does not list. Returns whether it did. */
export async function listVaultsWhenDue(
  vault: Vault,
  entries: EntryWriter,
  session: RelaySession,
): Promise<boolean> {
  const { log, home, platform } = vault
  const { spine } = log.state
  const { identity } = home
  if (identity === undefined || !equal(identity.sign, spine.genesisIdentity)) return false
  if (roleOf(spine, home.device.sign.publicKey) !== 'owner') return false
  const known = listedIn(vault.trees)
  const all = [...home.folders, ...home.backups]
  const others = vaultsOf(all.filter((folder) => folder.vault !== vault.record.vault))
  const fresh = others.filter((other) => !known.some((one) => equal(one.vault, other.vault)))
  if (fresh.length === 0 && (known.length === 0 || isFor(vault.trees, identity))) return false
  const vaults = [...known, ...fresh]
  const built = builtOrTooLong(() =>
    makeConfig({ ...entries.on(session), random: platform.random, epochKeys: log.keys.epochKeys, vaults }),
  )
  if (built === undefined) return false
  const also = (rows: StateRowsWriter): Promise<void> => {
    noteListed(rows, vaults, identity)
    return Promise.resolve()
  }
  return (await entries.append(session, built.entry, { also })) === 'appended'
}

/** Whether the list that this device knows of is sealed to that identity, and not to one that it renewed. */
function isFor(rows: StateRows, identity: PublicKeys): boolean {
  const bytes = rows.other(listedForKey)
  return bytes !== undefined && equal(bytes, identity.sign)
}

/** What this device knows the log to list. */
function listedIn(rows: StateRows): VaultListItem[] {
  const bytes = rows.other(listedKey)
  if (bytes === undefined) return []
  const items: readonly unknown[] = listOf(decodeCbor(bytes, { maxBytes: rowBytesMax }))
  return items.flatMap(itemOf)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function itemOf(item: unknown): VaultListItem[] {
  const [vault, name, relay] = listOf(item)
  if (!(vault instanceof Uint8Array) || typeof name !== 'string' || typeof relay !== 'string') return []
  return [{ vault: vaultId(vault), name, relay }]
}

/** A list at its limit stays as it is: the vault works on. */
function builtOrTooLong<T>(build: () => T): T | undefined {
  try {
    return build()
  } catch (error) {
    if (error instanceof CryptoError && error.code === 'limit') return undefined
    throw error
  }
}
