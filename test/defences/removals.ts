// Every defence that docs/THREATS.md counts on, and how it is taken away: of the relay's lies, of members, of strangers.
import type { Removal } from './attack.ts'
import { relayRemovals } from './removals-relay.ts'
import { logRemovals } from './removals-log.ts'
import { memberRemovals } from './removals-member.ts'
import { strangerRemovals } from './removals-stranger.ts'

export const removals: readonly Removal[] = [
  ...logRemovals,
  ...relayRemovals,
  ...memberRemovals,
  ...strangerRemovals,
].sort(({ attacks: [a] }, { attacks: [b] }) => a - b)
