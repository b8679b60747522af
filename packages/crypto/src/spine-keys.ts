// Vault keys from the spine, for those who hold the secret half of a recipient: the newest from its seal, earlier ones from under newer
// ones, each checked against the commitment of its epoch.
import { equal, toHex, type VaultId } from './bytes.ts'
import { epochCommitment, openKeyUnder } from './epoch-key.ts'
import { CryptoError } from './errors.ts'
import type { EarlierKey } from './header.ts'
import { openSeal } from './kem-seal.ts'
import type { KeyPairs } from './sign.ts'
import { currentEpoch, epochOf, recipientsOf, type Spine, type SpineEpoch } from './spine.ts'

/** Vault keys (32 bytes each) by epoch. */
export type EpochKeys = ReadonlyMap<number, Uint8Array>

/** Which vault. A `LogState` is one. */
export interface VaultSpine {
  readonly vault: VaultId
  readonly spine: Spine
}

/** Whose keys. `pairs`: of a member device, a member identity or an open invitation. */
export interface KeyHolder extends VaultSpine {
  readonly pairs: KeyPairs
}

/** What an epoch's commitment is bound to: the vault id; of epoch 0, the nonce of the genesis. */
export function commitmentBinding(place: VaultSpine, epoch: number): Uint8Array {
  return epoch === 0 ? place.spine.nonce : place.vault
}

/** Whether a key is the one that an epoch is committed to. */
export function isKeyOf(place: VaultSpine, epoch: SpineEpoch, key: Uint8Array): boolean {
  const binding = commitmentBinding(place, epoch.number)
  return equal(epochCommitment({ binding, epoch: epoch.number, key }), epoch.commitment)
}

/** @throws CryptoError `seal-broken`, naming who made the seal */
function newestKey(holder: KeyHolder): Uint8Array {
  const { spine, pairs } = holder
  const epoch = currentEpoch(spine)
  const hex = toHex(pairs.sign.publicKey)
  const recipient = recipientsOf(spine).find(({ keys }) => toHex(keys.sign) === hex)
  const seal = spine.seals.get(hex)
  if (recipient === undefined || seal === undefined)
    throw new CryptoError('no-right', 'not a recipient of the epoch in force', {
      data: { epoch: epoch.number },
    })
  const broken = (cause: unknown) =>
    new CryptoError('seal-broken', 'the seal of the epoch in force does not open', {
      cause,
      data: { epoch: epoch.number, signer: toHex(seal.by) },
    })
  try {
    const place = { kind: recipient.kind, binding: seal.binding, epoch: epoch.number }
    const key = openSeal({ ...place, pair: pairs.kem, seal: seal.seal })
    if (isKeyOf(holder, epoch, key)) return key
  } catch (cause) {
    throw broken(cause)
  }
  throw broken(undefined)
}

function earlierKey(
  place: VaultSpine,
  under: { epoch: number; key: Uint8Array },
  earlier: EarlierKey,
): Uint8Array | undefined {
  const target = epochOf(place.spine, earlier.epoch)
  if (target === undefined) return undefined
  try {
    const epochs = { newEpoch: under.epoch, oldEpoch: earlier.epoch }
    const key = openKeyUnder({ binding: place.vault, ...epochs, newKey: under.key, sealed: earlier.sealed })
    return isKeyOf(place, target, key) ? key : undefined
  } catch {
    // A broken one is passed over: a later epoch may hold the same key, sealed rightly.
    return undefined
  }
}

/**
 * The keys given and every earlier one that they reach: sealed under one of them, or under one reached, and meeting its commitment.
 * By rising epoch.
 */
export function reachableKeys(place: VaultSpine, given: EpochKeys): Map<number, Uint8Array> {
  const keys = new Map(given)
  // From the newest down: an epoch's earlier keys are all of lower numbers, so one pass reaches everything.
  for (const epoch of [...place.spine.epochs].reverse()) {
    const key = keys.get(epoch.number)
    if (key === undefined) continue
    for (const earlier of epoch.earlier) {
      if (keys.has(earlier.epoch)) continue
      const old = earlierKey(place, { epoch: epoch.number, key }, earlier)
      if (old !== undefined) keys.set(earlier.epoch, old)
    }
  }
  return new Map([...keys].sort(([a], [b]) => a - b))
}

/**
 * The vault keys that the holder can reach: the newest, and earlier ones from under it. An epoch that is missing in the answer has not
 * been sealed rightly yet; a later `rekey` may repair it.
 * @throws CryptoError `seal-broken` (data: `epoch`, `signer`) if the holder's seal of the newest epoch does not open or does not
 * meet the commitment; `no-right` if the holder is no recipient of it
 */
export function epochKeysFor(holder: KeyHolder): Map<number, Uint8Array> {
  return reachableKeys(holder, new Map([[currentEpoch(holder.spine).number, newestKey(holder)]]))
}
