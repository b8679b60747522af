// Shrinks a failing run: leaves out moves, many at a time and then singly, while it still fails.
import { lastEra, storm, type StormOptions, type StormResult } from './storm.ts'

/** A run that fails with as few moves as could be found, in the order of their numbers. */
export async function minimised(options: StormOptions, failed: StormResult): Promise<StormResult> {
  const all = { ...options, devices: failed.devices, moves: failed.moves }
  let best = failed
  let left = Array.from({ length: failed.moves }, (_, move) => move).filter(
    (move) => !options.without?.has(move),
  )
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < left.length;) {
      const fewer = [...left.slice(0, at), ...left.slice(at + size)]
      const result = await storm({ ...all, without: allBut(fewer, failed.moves) })
      if (result.failures.length === 0) at += size
      else [left, best] = [fewer, result]
    }
  }
  return best
}

function allBut(kept: readonly number[], moves: number): ReadonlySet<number> {
  const without = new Set(Array.from({ length: moves }, (_, move) => move))
  for (const move of kept) without.delete(move)
  return without
}

/** The command that repeats a run. */
export function commandOf({ seed, devices, moves, without, era, theme }: StormResult): string {
  const left = without.size === 0 ? '' : ` --without ${[...without].join(',')}`
  return `npm run simulate -- --seed ${seed} --devices ${devices} --moves ${moves}${left}${era === lastEra ? '' : ` --era ${era}`}${theme === undefined ? '' : ` --theme ${theme}`}`
}
