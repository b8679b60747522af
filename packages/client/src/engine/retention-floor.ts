// The retention floor, as the log says it: how long versions stay, and how long the relay keeps what was dropped.
import { retentionFloorMs } from '@grenier/crypto'
import { headerOf } from './pruned-history.ts'
import type { Vault } from './vault.ts'

/** The floor that holds now, ms: versions stay as long as the relay keeps what was dropped, one number for both. `nowMs`: by the relay's clock. */
export function heldMs(vault: Vault, nowMs: number): number {
  const acceptedAt = (sequence: number): number => headerOf(vault, sequence)?.at ?? 0
  return retentionFloorMs(vault.log.state.spine, { nowMs, acceptedAt })
}

/** How long the relay keeps what is dropped now: a longer floor of before does not hold it for longer than it holds itself. */
export function keptMs(vault: Vault, nowMs: number): number {
  const lefts = vault.log.state.spine.retention.map(({ floorMs, until }) => {
    if (until === undefined) return floorMs
    const acceptedAtMs = headerOf(vault, until)?.at ?? 0
    return Math.min(floorMs, acceptedAtMs + floorMs - nowMs)
  })
  return Math.max(0, ...lefts)
}

/** As it was set last. */
export function floorOf({ log }: Vault): number {
  return log.state.spine.retention.at(-1)?.floorMs ?? 0
}

/** The longest floor that may hold: of those in force and before, whatever their time. */
export function longestFloorMs({ log }: Vault): number {
  const floors = log.state.spine.retention
  return Math.max(0, ...floors.slice(-2).map(({ floorMs }) => floorMs))
}
