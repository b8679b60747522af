// What the tests of lies about the log share: a device that is behind, and entries exchanged for others in what it is shown.
import { oneMore, peacefulWorld, type HostileWorld } from './hostile-world.ts'
import type { Listed } from './lying-relay.ts'

/** A device that knows the vault, and two entries that it has not seen yet. */
export async function behindByTwo(): Promise<{ world: HostileWorld; known: number }> {
  const world = await peacefulWorld()
  const [a, b] = [world.at(0), world.at(1)]
  await world.syncs(a, b)
  const known = (await world.relay.log(world.relay.vaultOf(b))).length
  await oneMore(world, a, 'later one')
  await oneMore(world, a, 'later two')
  return { world, known }
}

/** The raw bytes of an entry of a log. */
export function bytesAt(log: readonly Listed[], sequence: number): Uint8Array {
  const given = log[sequence]
  if (given === undefined || !('entry' in given)) throw new RangeError(`no entry ${sequence}`)
  return given.entry
}

export function replaced(log: readonly Listed[], sequence: number, entry: Uint8Array): Listed[] {
  return log.map((given) => (given.sequence === sequence ? { sequence, entry } : given))
}

/** The same entries, numbered anew. */
export function renumbered(log: readonly Listed[]): Listed[] {
  return log.map((given, sequence) => ({ ...given, sequence }))
}
