// Where the vault of a world is, when there is more than one relay.
import { movedTo } from '@grenier/crypto'
import { logAt, vaultOf, type KeptEntries, type Log } from './history.ts'
import type { World, WorldRelay } from './world.ts'

/** What is known of entries that retired. */
interface KeptPast {
  readonly kept: KeptEntries
}

/**
 * Where it is, of all relays that are there: the one whose own log does not lead away from it, and says so last. Nowhere, if a log that says so later
 * leads to a relay that is gone: what was left before that is not where anybody would look.
 */
export async function placeOf(world: World, past: KeptPast): Promise<WorldRelay | undefined> {
  const [first, ...others] = world.relays
  if (others.length === 0) return first
  let [place, since]: [WorldRelay | undefined, number] = [undefined, -2]
  for (const relay of world.relays) {
    const last = relay.isLost ? undefined : (await logOf(world, past, relay))?.states.at(-1)
    if (last === undefined) continue
    const { continuation } = last.spine
    // One that came after a fork leads nowhere: it names the relay at which somebody went on, wherever the vault had been taken before.
    const to = movedTo(last.spine) ?? continuation?.relay ?? first?.url
    const at = continuation?.since ?? -1
    const isLost = world.relays.some(({ url, isLost }) => url === to && isLost)
    if (at > since && (to === relay.url || isLost)) [place, since] = [isLost ? undefined : relay, at]
  }
  return place
}

/** The log that a relay has of it. @throws when it does not hold */
export async function logOf(
  world: World,
  { kept }: KeptPast,
  { disk }: WorldRelay,
): Promise<Log | undefined> {
  const vault = vaultOf(world)
  if (vault === undefined) return undefined
  const log = await logAt({ disk, vault, kept })
  return log.entries.length === 0 ? undefined : log
}
