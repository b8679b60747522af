// Opening an epoch: the rules that the public part shows. Whether the seals open is for their recipients, whether the key meets the
// commitment too.
import { equal, toHex } from './bytes.ts'
import type { EpochOpening } from './header.ts'
import { epochSkipMax } from './limits.ts'
import { currentEpoch, epochOf, recipientsOf, type SpineSeal } from './spine.ts'
import { wrong, type At, type Draft } from './spine-draft.ts'

/**
 * Opens an epoch in the draft, whose members are already those that stay.
 * @throws CryptoError `public-part-wrong` unless the number rises, the previous key is sealed under the new one, and there is exactly
 * one seal for each member device, member identity and open invitation
 */
export function openEpoch(draft: Draft, at: At, opening: EpochOpening): void {
  const before = currentEpoch(draft)
  if (opening.number <= before.number) wrong('the number of an epoch does not rise')
  if (opening.number - before.number > epochSkipMax) wrong('the number of an epoch rises too far')
  for (const { epoch } of opening.earlier)
    if (epochOf(draft, epoch) === undefined) wrong('an earlier key of an epoch that never was')
  if (!opening.earlier.some(({ epoch }) => epoch === before.number))
    wrong('the previous key is not sealed under the new one')
  draft.seals = sealsFor(draft, opening, { binding: at.vault, by: at.signer })
  const { number, commitment, earlier } = opening
  draft.epochs = [...draft.epochs, { number, commitment, earlier, since: at.sequence, by: at.signer }]
  draft.rekeyDue = false
}

/** The seals of an opening by recipient. @throws CryptoError `public-part-wrong` unless exactly one for each recipient */
export function sealsFor(
  draft: Draft,
  { seals }: EpochOpening,
  made: Pick<SpineSeal, 'binding' | 'by'>,
): Map<string, SpineSeal> {
  const recipients = recipientsOf(draft)
  const exact =
    recipients.length === seals.length &&
    seals.every(({ recipient }, i) => {
      const expected = recipients[i]
      return expected !== undefined && equal(recipient, expected.keys.sign)
    })
  if (!exact) wrong('a new epoch has not exactly one seal for each recipient')
  return new Map(seals.map((seal) => [toHex(seal.recipient), { ...seal, ...made }]))
}
