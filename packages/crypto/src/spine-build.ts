// What all builders of entries share: who signs, what the entry follows, and the judge's word on the result before anybody sees it.
import type { SealedBytes, SigningKey } from './bytes.ts'
import { signEntry, type Entry } from './entry.ts'
import { epochCommitment, sealKeyUnder } from './epoch-key.ts'
import { CryptoError } from './errors.ts'
import type { EpochOpening, Link, LinkedHeader, Seal } from './header.ts'
import { sealTo } from './kem-seal.ts'
import { advance, type LogState } from './log-state.ts'
import { sealPayload } from './payload.ts'
import { encodeMemberPayload, type MemberPayload } from './payload-names.ts'
import type { Random } from './random.ts'
import type { SigningPair } from './sign.ts'
import { currentEpoch, type Recipient } from './spine.ts'
import { isKeyOf, reachableKeys, type EpochKeys } from './spine-keys.ts'
import { payloadKeyOf } from './subkeys.ts'

/** Who signs after which state. `signer`: a device, an identity or an invitation; `at`: ms, raised to the head's where it is below. */
export interface BuildOn {
  readonly state: LogState
  readonly signer: { readonly sign: SigningPair }
  readonly at: number
}

/** The same, for entries that seal: all vault keys that the signer has, and where random bytes come from. */
export interface BuildSealed extends BuildOn {
  readonly epochKeys: EpochKeys
  readonly random: Random
}

/** Names of devices to write into the payload of a `member` entry. */
export interface WithNames {
  readonly names?: MemberPayload['devices'] | undefined
}

/** An entry that the judge accepted, and the state after it. */
export interface Built {
  readonly entry: Entry
  readonly state: LogState
}

/** One that opened an epoch, with its number and key (32 bytes). */
export interface BuiltEpoch extends Built {
  readonly epoch: number
  readonly epochKey: Uint8Array
}

/** The fields that every header after the genesis has, with no packs. */
export function headerBase({
  state,
  signer,
  at,
}: BuildOn): Link & Pick<LinkedHeader, 'sequence' | 'device' | 'at' | 'added' | 'restored'> {
  return {
    vault: state.vault,
    previous: state.head.hash,
    spine: state.spine.head,
    sequence: state.head.sequence + 1,
    device: signer.sign.publicKey,
    at: Math.max(at, state.head.at),
    added: [],
    restored: [],
  }
}

/** Signs and judges. @throws CryptoError what `advance` says of it; `malformed`, `limit` */
export function finish(on: BuildOn, header: LinkedHeader, payload: Uint8Array): Built {
  const entry = signEntry({ header, payload, secretKey: on.signer.sign.secretKey })
  return { entry, state: advance(on.state, entry) }
}

/** The key of the epoch in force. @throws CryptoError `no-right` if the builder was not given it */
export function keyInForce({ state, epochKeys }: Pick<BuildSealed, 'state' | 'epochKeys'>): Uint8Array {
  const epoch = currentEpoch(state.spine)
  const key = epochKeys.get(epoch.number)
  if (key === undefined || !isKeyOf(state, epoch, key))
    throw new CryptoError('no-right', 'the key of the epoch in force is not at hand', {
      data: { epoch: epoch.number },
    })
  return key
}

/** An epoch that is being opened: what goes into the public part, and its key. */
export interface NewEpoch {
  readonly opening: EpochOpening
  readonly number: number
  readonly key: Uint8Array
}

/**
 * A fresh epoch for these recipients. The previous key is sealed under the new one, and every other that the builder has and that
 * nobody could reach from the previous one.
 * @throws CryptoError `no-right` without the key in force
 */
export function newEpoch(on: BuildSealed, recipients: readonly Recipient[], above = 0): NewEpoch {
  const { state, epochKeys, random } = on
  const previous = currentEpoch(state.spine).number
  const reached = reachableKeys(state, new Map([[previous, keyInForce(on)]]))
  const number = Math.max(previous, above) + 1
  const key = random.bytes(32)
  const owed = [...epochKeys].filter(
    ([epoch]) => epoch === previous || (epoch < previous && !reached.has(epoch)),
  )
  const place = { binding: state.vault, newKey: key, newEpoch: number }
  const opening = {
    number,
    commitment: epochCommitment({ binding: state.vault, epoch: number, key }),
    earlier: owed
      .sort(([a], [b]) => a - b)
      .map(([epoch, oldKey]) => ({ epoch, sealed: sealKeyUnder({ ...place, oldEpoch: epoch, oldKey }) })),
    seals: sealsTo(recipients, { binding: state.vault, epoch: number, secret: key, random }),
  }
  return { opening, number, key }
}

/** A seal of a vault key for each recipient, by rising signing key. */
export function sealsTo(
  recipients: readonly Recipient[],
  what: { binding: Uint8Array; epoch: number; secret: Uint8Array; random: Random },
): Seal[] {
  return [...recipients]
    .sort((a, b) => Buffer.compare(a.keys.sign, b.keys.sign))
    .map(({ kind, keys }) => ({
      recipient: keys.sign,
      seal: sealTo({ ...what, kind, recipient: keys.kem }),
    }))
}

/** The payload of a `member` entry under an epoch's key; none where there are no names. */
export function namesPayload(
  on: BuildSealed & WithNames,
  epoch: { readonly number: number; readonly key: Uint8Array },
): SealedBytes | Uint8Array {
  const { names, random, state } = on
  if (names === undefined || names.length === 0) return new Uint8Array(0)
  return sealPayload(encodeMemberPayload({ devices: names }), {
    payloadKey: payloadKeyOf(epoch.key, epoch.number, state.vault),
    binding: state.vault,
    epoch: epoch.number,
    bulk: false,
    random,
  })
}

/** Recipients without those of these keys. */
export function without(recipients: readonly Recipient[], keys: readonly SigningKey[]): Recipient[] {
  return recipients.filter(({ keys: { sign } }) => !keys.some((key) => Buffer.compare(key, sign) === 0))
}
