// Where the vault of a world is, when there is more than one relay.
import { movedTo } from '@grenier/crypto'
import { logAt, vaultOf, type KeptEntries, type Log } from './history.ts'
import type { World, WorldRelay } from './world.ts'

/** What is known of entries that retired. */
interface KeptPast {
  readonly kept: KeptEntries
}

/** Where it is, of all relays that are there: the one whose own log does not lead away from it, and says so last. */
export async function placeOf(world: World, past: KeptPast): Promise<WorldRelay | undefined> {
  const [first, ...others] = world.relays
  if (others.length === 0) return first
  let [place, since]: [WorldRelay | undefined, number] = [undefined, -2]
  for (const relay of world.relays) {
    const last = relay.isLost ? undefined : (await logOf(world, past, relay))?.states.at(-1)
    if (last === undefined) continue
    const to = movedTo(last.spine)
    const at = last.spine.continuation?.since ?? -1
    if ((to === undefined ? relay === first : to === relay.url) && at > since) [place, since] = [relay, at]
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
