// Who joined where the vault had been while an owner went on elsewhere: well at a relay of which nobody else hears any more, and unknown where the vault is.
import { toHex } from '@grenier/crypto'
import type { Machine } from './machine.ts'
import { bodiesAt, vaultOf, type Log } from './history.ts'
import { areParted, mirrorsOf } from './mirror-check.ts'
import type { World, WorldRelay } from './world.ts'

export interface ApartFrom {
  readonly world: World
  /** Where the vault is. */
  readonly place: WorldRelay
  /** What it says there. */
  readonly log: Log
}

/** Members of a relay whose history is another one than that at `place`, of which the log at `place` never heard. */
export async function whoIsApart(
  { world, place, log }: ApartFrom,
  members: readonly Machine[],
): Promise<Machine[]> {
  const [vault, spine] = [vaultOf(world), log.states.at(-1)?.spine]
  if (vault === undefined || spine === undefined) return []
  const apart: Machine[] = []
  for (const machine of members) {
    const relay = world.relayOf(machine)
    if (relay === place || spine.devices.has(toHex(machine.home.device.sign.publicKey))) continue
    const [there, now] = [
      await bodiesAt({ disk: relay.disk, vault }),
      await bodiesAt({ disk: place.disk, vault }),
    ]
    if (areParted(there, now)) apart.push(machine)
  }
  return apart
}

/** Whether a device says that this mirror never heard of it. */
export async function saysItIsStranger(
  world: World,
  machine: Machine,
  { url }: WorldRelay,
): Promise<boolean> {
  const mirrors = await mirrorsOf(world, machine)
  return mirrors.some(({ relay, failure }) => relay === url && failure?.reason === 'stranger')
}
