// What the tests of codes share: a vault of one device, and a second device that has only a code.
import { expect } from 'vitest'
import { expectNothingReadable, peacefulWorld, type HostileWorld } from './hostile-world.ts'

/** A vault of one device, and a second one that has only a code. */
export async function invited(): Promise<{ world: HostileWorld; code: string }> {
  const world = await peacefulWorld({ devices: 1 })
  world.more(1)
  const code = await world.invite(world.at(0))
  return { world, code }
}

export function expectNothingJoined(world: HostileWorld): void {
  const b = world.at(1)
  expect(b.home.folders).toEqual([])
  expect(b.tree()).toEqual([])
  expectNothingReadable(world)
}
