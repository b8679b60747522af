// Entries other than those about members: config, prune, drop, change, checkpoint.
import { toHex, type PackId, type SealedBytes } from './bytes.ts'
import type { ConfigPart, PackClaim } from './header.ts'
import type { CheckpointRef } from './log-state.ts'
import { sealPayload } from './payload.ts'
import {
  encodeConfigPayload,
  sealVaultList,
  type ConfigPayload,
  type VaultListItem,
} from './payload-names.ts'
import { currentEpoch } from './spine.ts'
import { finish, headerBase, keyInForce, type BuildOn, type BuildSealed, type Built } from './spine-build.ts'
import { payloadKeyOf } from './subkeys.ts'

/** What a `config` changes. `vaults`: the owner's list, which is sealed to the genesis identity here. */
export interface MakeConfig extends BuildSealed, ConfigPart, Omit<ConfigPayload, 'vaults'> {
  readonly vaults?: readonly VaultListItem[] | undefined
}

/** A `config`. @throws CryptoError `no-right` unless an owner's device signs; `public-part-wrong`, `limit` */
export function makeConfig(options: MakeConfig): Built {
  const { state, random, retentionMs, payloadVersionMax, continuation, name, relays, mirrors } = options
  const epoch = currentEpoch(state.spine).number
  const vaults = sealedVaults(options)
  const payload = sealPayload(encodeConfigPayload({ name, relays, mirrors, vaults }), {
    payloadKey: payloadKeyOf(keyInForce(options), epoch, state.vault),
    binding: state.vault,
    epoch,
    bulk: false,
    random,
  })
  const part = { retentionMs, payloadVersionMax, continuation }
  return finish(options, { kind: 'config', ...headerBase(options), part }, payload)
}

function sealedVaults({ state, random, vaults }: MakeConfig): Uint8Array | undefined {
  const owner = state.spine.identities.get(toHex(state.spine.genesisIdentity))
  if (vaults === undefined || owner === undefined) return undefined
  const epoch = currentEpoch(state.spine).number
  const place = { kind: 'identity', binding: state.vault, epoch, random } as const
  return sealVaultList({ ...place, recipient: owner.keys.kem, vaults })
}

/** Retires up to what a checkpoint holds. `checkpoint`: one of `state.checkpoints`. @throws CryptoError `no-right`, `public-part-wrong` */
export function makePrune(options: BuildOn & { readonly checkpoint: CheckpointRef }): Built {
  const { sequence, hash, holds } = options.checkpoint
  const part = { through: holds, checkpoint: { sequence, hash } }
  return finish(options, { kind: 'prune', ...headerBase(options), part }, new Uint8Array(0))
}

/** Drops packs. @throws CryptoError `no-right` unless an owner's device signs; `malformed` on none, or one twice; `limit` */
export function makeDrop(options: BuildOn & { readonly packs: readonly PackId[] }): Built {
  const packs = [...options.packs].sort((a, b) => Buffer.compare(a, b))
  return finish(options, { kind: 'drop', ...headerBase(options), part: { packs } }, new Uint8Array(0))
}

/** `payload`: sealed under the payload key of the epoch in force (`sealPayload`, `sealFrame`). */
export interface MakeChange extends BuildOn {
  readonly added: readonly PackClaim[]
  readonly restored?: readonly PackClaim[] | undefined
  readonly payload: SealedBytes
}

/** A `change`. @throws CryptoError `no-right` unless a writer's or owner's device signs; `public-part-wrong` on another epoch */
export function makeChange(options: MakeChange): Built {
  const { added, restored = [], payload } = options
  return finish(options, { kind: 'change', ...headerBase(options), added, restored }, payload)
}

/** A `checkpoint` of the state at `holds`. @throws CryptoError `no-right`, `public-part-wrong` */
export function makeCheckpoint(options: Omit<MakeChange, 'restored'> & { readonly holds: number }): Built {
  const { added, payload, holds } = options
  return finish(options, { kind: 'checkpoint', ...headerBase(options), added, part: { holds } }, payload)
}
