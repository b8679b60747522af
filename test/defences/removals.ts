// Every defence that docs/THREATS.md counts on, and how it is taken away: of the relay's lies, of members, of strangers, and of
// attacks that have no number there.
import type { Removal } from './attack.ts'
import { relayRemovals } from './removals-relay.ts'
import { logRemovals } from './removals-log.ts'
import { memberRemovals } from './removals-member.ts'
import { strangerRemovals } from './removals-stranger.ts'
import { unnumberedRemovals } from './removals-unnumbered.ts'
import { attackLast } from './suites.ts'

export const removals: readonly Removal[] = [
  ...logRemovals,
  ...relayRemovals,
  ...memberRemovals,
  ...strangerRemovals,
  ...unnumberedRemovals,
].sort(({ attacks: [a = attackLast + 1] }, { attacks: [b = attackLast + 1] }) => a - b)
