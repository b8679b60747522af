// The packs that the relay of a world holds, as they lie there.
import { decodeEntry, toHex } from '@grenier/crypto'
import type { HostileWorld } from './hostile-world.ts'

/** The bytes of each pack that the log adds, by name (hex), in its order. */
export async function storedPacks(world: HostileWorld): Promise<Map<string, Uint8Array>> {
  const vault = world.relay.vaultOf(world.at(0))
  const packs = new Map<string, Uint8Array>()
  for (const given of await world.relay.log(vault))
    for (const { id, sizeBytes } of 'entry' in given ? decodeEntry(given.entry).header.added : []) {
      const bytes = new Uint8Array(sizeBytes)
      const reader = await world.stores.packs.open({ vault, pack: id })
      await reader.read(0, [bytes])
      await reader.close()
      packs.set(toHex(id), bytes)
    }
  return packs
}
