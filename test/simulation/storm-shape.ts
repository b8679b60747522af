// How large a storm is, and what happens how often in it.
import { Seeded } from './seeded.ts'
import { lastEra, type Era, type StormOptions } from './storm.ts'
import type { Theme } from './vault-moves.ts'

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

/** The same in runs most of which are small: less of what only lets time pass, more of what happens while something is under way. */
export const denseWeights: typeof weights = {
  ...weights,
  edit: 30,
  editAtStep: 14,
  meddle: 30,
  crashAtCall: 14,
  cutAtFrame: 6,
  wait: 2,
}

/** How large these are: small ones have up to four moves. */
const sizesOfFiles = { small: 70, middle: 18, large: 12 }

/** What they are about: a run about the vault costs three that are not. */
const themeShares = {
  none: 78,
  ...{ members: 6, relay: 6, prune: 2, seasons: 1, all: 3 },
  ...{ move: 2, elsewhere: 2 },
}

/** How many of the runs were about other relays before. */
const moveShare = 0.12
/** Of these, the share in which history was let go of, too. */
const elsewhereShare = 0.4

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

/** Whether a run is one of the many small ones: about nothing but files. What happens to a vault takes more moves. */
export function isSmallest({ seed, era = lastEra, theme }: StormOptions): boolean {
  return era > 6 && (theme ?? themeOf(era, seed)) === 'none'
}

/** How many moves a run has, of those that were drawn for it. Many short runs find more than few long ones; some are long all the same. */
export function movesOf({ seed, era = lastEra, theme }: StormOptions, drawn: number): number {
  if (era < 3) return drawn
  const chance = Seeded.of(seed, -4)
  const isDense = isSmallest({ seed, era, theme })
  const size = isDense ? chance.weighted(sizesOfFiles) : chance.chance(0.75) ? 'middle' : 'large'
  if (size === 'large') return drawn
  return size === 'middle' ? 2 + (drawn % 7) : 1 + (drawn % 4)
}

/** What a run is about, where that is not drawn as it was before there were other relays. */
export function themeOf(era: Era, seed: number): Theme | undefined {
  if (era < 4) return undefined
  const chance = Seeded.of(seed, -5)
  if (era > 6) return chance.weighted(themeShares)
  if (!chance.chance(moveShare)) return undefined
  return era > 4 && chance.chance(elsewhereShare) ? 'elsewhere' : 'move'
}
