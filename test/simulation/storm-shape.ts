// How large a storm is, and what happens how often in it.
import type { Seeded } from './seeded.ts'
import type { StormOptions } from './storm.ts'

/** What a move may be. */
export const weights = {
  edit: 40,
  editAtStep: 12,
  meddle: 24,
  sync: 24,
  watch: 6,
  stop: 3,
  crashAtStep: 5,
  crashAtCall: 8,
  killAtStep: 3,
  cut: 3,
  cutAtFrame: 5,
  relayDies: 3,
  clockJumps: 2,
  wait: 4,
}

/** What may come on top of each move, from a stream of choices of its own. */
export const lateWeights = {
  nothing: 68,
  meddleWithChange: 12,
  writeWhileRead: 6,
  relayDiesAtStep: 6,
  relayCutsAtStep: 4,
  userDuringCrash: 4,
}

interface Shape {
  readonly devices: number
  readonly moves: number
}

/** Drawn whether it is wanted or not, so that all that is drawn after it stays as it was. Early runs drew only what nobody gave. */
export function shapeOf(chance: Seeded, options: Pick<StormOptions, 'devices' | 'moves'>): Shape {
  const devices = options.devices ?? (chance.chance(0.7) ? 2 : 3)
  return { devices, moves: options.moves ?? 6 + chance.below(20) }
}

/** Many short runs find more than few long ones; some are long all the same. */
export function shortened(chance: Seeded, moves: number): number {
  return chance.chance(0.75) ? 2 + (moves % 7) : moves
}
