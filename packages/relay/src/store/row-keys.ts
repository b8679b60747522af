// Keys of the rows: where everything stands in the ordered store. ASCII; ids in hex, numbers in hex of fixed width, so that they order.
import {
  fromHex,
  packId,
  toHex,
  vaultId,
  type PackId,
  type SigningKey,
  type VaultId,
} from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import type { PackPlace } from './pack-store.ts'

const numberDigits = 14 // 2^53 − 1 in hex

/** A sequence number or a time in ms, so that keys order as the numbers do. */
export function ordered(value: number): string {
  return value.toString(16).padStart(numberDigits, '0')
}

/** Version of the layout of all rows. */
export const formatKey = 'meta/format'
/** 16 random bytes. */
export const incarnationKey = 'meta/incarnation'

export const vaultKey = (vault: VaultId): string => `vault/${toHex(vault)}`
/** Encoded LogState. */
export const stateKey = (vault: VaultId): string => `state/${toHex(vault)}`
/** All keys that may read, one after the other. */
export const membersKey = (vault: VaultId): string => `members/${toHex(vault)}`
/** Index of the same by key. */
export const memberKey = (key: SigningKey, vault: VaultId): string => `member/${toHex(key)}/${toHex(vault)}`
export const memberPrefix = (key: SigningKey): string => `member/${toHex(key)}/`
export const entryKey = (vault: VaultId, sequence: number): string =>
  `entry/${toHex(vault)}/${ordered(sequence)}`
export const usageKey = (identity: SigningKey): string => `usage/${toHex(identity)}`
export const packKey = (place: PackPlace): string => `pack/${toHex(place.vault)}/${toHex(place.pack)}`
export const packPrefix = (vault?: VaultId): string =>
  vault === undefined ? 'pack/' : `pack/${toHex(vault)}/`
/** The bytes of a small pack. */
export const smallKey = (place: PackPlace): string => `small/${toHex(place.vault)}/${toHex(place.pack)}`
export const smallPrefix = (vault?: VaultId): string =>
  vault === undefined ? 'small/' : `small/${toHex(vault)}/`

/** Index of unclaimed packs by time. */
export const waitingKey = (since: number, place: PackPlace): string =>
  `waiting/${ordered(since)}/${toHex(place.vault)}/${toHex(place.pack)}`
/** Index of dropped packs by vault, then time: a vault's floor is looked up once. */
export const droppedKey = (since: number, place: PackPlace): string =>
  `dropped/${toHex(place.vault)}/${ordered(since)}/${toHex(place.pack)}`
/** Index of packs that are being deleted. */
export const goneKey = (place: PackPlace): string => `gone/${toHex(place.vault)}/${toHex(place.pack)}`
/** Index of packs that the log claims and that are not here. */
export const lostKey = (place: PackPlace): string => `lost/${toHex(place.vault)}/${toHex(place.pack)}`
export const lostPrefix = (vault: VaultId): string => `lost/${toHex(vault)}/`
/** Prunes whose entries are not retired yet, by vault, then time. */
export const prunedKey = (vault: VaultId, at: number, upTo: number): string =>
  `pruned/${toHex(vault)}/${ordered(at)}/${ordered(upTo)}`

/** All entries of a vault. */
export const entryPrefix = (vault: VaultId): string => `entry/${toHex(vault)}/`
export const prunedPrefix = (vault: VaultId): string => `pruned/${toHex(vault)}/`

/** An owner's latest wish about the deletion of a vault that is here. */
export const wishKey = (vault: VaultId): string => `wish/${toHex(vault)}`
/** The wish by which a vault was deleted, and its state then: its id is taken. */
export const deletedKey = (vault: VaultId): string => `deleted/${toHex(vault)}`
export const deletedStateKey = (vault: VaultId): string => `deleted-state/${toHex(vault)}`
/** Deleted vaults of which there are rows left. */
export const clearingKey = (vault: VaultId): string => `clearing/${toHex(vault)}`

/** The parts between the slashes. */
function part(key: string, index: number): string {
  const found = key.split('/').at(index)
  if (found === undefined) throw new RelayError('data-broken', 'a row has a key of another shape')
  return found
}

/** The vault and pack at the end of a key (`…/vault/pack`). */
export function placeOfKey(key: string): PackPlace {
  return { vault: vaultId(fromHex(part(key, -2))), pack: packOfKey(key) }
}

/** The pack at the end of a key. */
export function packOfKey(key: string): PackId {
  return packId(fromHex(part(key, -1)))
}

/** The vault at the end of a key, or at `index` between its slashes. */
export function vaultOfKey(key: string, index = -1): VaultId {
  return vaultId(fromHex(part(key, index)))
}

/** The number at `index` between the slashes. */
export function numberOfKey(key: string, index: number): number {
  return Number.parseInt(part(key, index), 16)
}
