// The part of the catalogue that is about the vaults there are, and deleting one.
import type { Text } from './catalogue-text.ts'

type Plain = Text

/** What people read about their vaults. */
export interface VaultsCatalogue {
  vaultsNone: Text<{ relay: string }>
  vaultAt: Text<{
    name: string
    role: string | undefined
    relay: string
    bytes: string
    changed: string | undefined
    folder: string | undefined
  }>
  /** The copy that stays where a vault went away from. */
  vaultLeft: Text<{ name: string; relay: string; bytes: string; wentTo: string }>
  vaultNotThere: Text<{ name: string; relay: string; isDeleted: boolean; folder: string | undefined }>
  /** `elsewhere`: the relay, where it is not the one that the vault is synced with. */
  vaultGoes: Text<{
    name: string
    by: string
    at: string
    until: string
    signed: boolean
    elsewhere: string | undefined
  }>
  errorVaultDeleted: Text<{ when: string | undefined }>
  hintVaultDeleted: Plain
  deletionWished: Text<{ by: string; name: string | undefined; at: string; until: string; signed: boolean }>
  hintDeletion: Plain
  vaultDeleteAsk: Text<{ name: string; relay: string }>
  vaultDeleted: Text<{ name: string; relay: string; until: string }>
  vaultStays: Text<{ name: string; relay: string }>
  vaultRevived: Text<{ name: string; relay: string }>
  helpVaults: Plain
  helpVault: Plain
  helpVaultDelete: Plain
  helpVaultUndo: Plain
  helpVaultRelay: Plain
}
