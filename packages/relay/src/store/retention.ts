// The retention floor over time: how long what was dropped is kept. Lowering it takes effect only after the old one has passed, so
// that who steals a device cannot lower first and wipe then (DESIGN §4).
import { pendingMaxMs } from '../limits.ts'

/** A floor, and the higher ones before it that still hold until a time. */
export interface Floors {
  readonly ms: number
  readonly older: readonly { readonly ms: number; readonly until: number }[]
}

/** More floors than this that all still hold come of somebody playing: they are merged into one that is at least as strict. */
const olderMax = 16

/** The floors after an entry sets the floor to `ms` at `now` (the relay's clock). */
export function setFloor(floors: Floors | undefined, ms: number, now: number): Floors {
  if (floors === undefined) return { ms, older: [] }
  const lowered = ms < floors.ms ? [{ ms: floors.ms, until: now + floors.ms }] : []
  const older = [...floors.older.filter((one) => one.until > now), ...lowered]
  if (older.length <= olderMax) return { ms, older }
  const merged = {
    ms: Math.max(...older.map((one) => one.ms)),
    until: Math.max(...older.map((one) => one.until)),
  }
  return { ms, older: [merged] }
}

/**
 * How long something dropped must have been dropped at `now` before it may go. Never less than the time after which an upload is given
 * up: an upload that is under way never meets the deletion of the same pack.
 */
export function floorAt(floors: Floors | undefined, now: number): number {
  const held = (floors?.older ?? []).filter((one) => one.until > now).map((one) => one.ms)
  return Math.max(pendingMaxMs, floors?.ms ?? 0, ...held)
}
