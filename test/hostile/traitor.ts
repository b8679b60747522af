// A writer's keys in wrong hands, and what it may say: the pieces that the tests of hostile members build their entries from.
import {
  chunkIdKeyOf,
  chunkIdOf,
  concat,
  framePayload,
  encodeCbor,
  type CborValue,
  type ChunkId,
} from '@grenier/crypto'
import { expect } from 'vitest'
import { expectNothingReadable, oneMore, peacefulWorld, type HostileWorld } from './hostile-world.ts'
import { HostileMember, type MadePack } from './member.ts'

/** Two honest devices, and the keys of a third one, a writer, in wrong hands. */
export async function withTraitor(): Promise<{ world: HostileWorld; traitor: HostileMember }> {
  const world = await peacefulWorld({ devices: 3 })
  await world.syncs(world.at(0), world.at(1))
  const traitor = new HostileMember(world, world.at(2))
  await traitor.read()
  return { world, traitor }
}

/** Both devices go on: a change of each reaches the other, nobody halts, and their folders are the same. */
export async function expectPeace(world: HostileWorld): Promise<void> {
  const [a, b] = [world.at(0), world.at(1)]
  await oneMore(world, a, 'honest of a')
  await oneMore(world, b, 'honest of b')
  await world.syncs(a)
  expect(b.tree()).toEqual(a.tree())
  expect(a.user.exists('honest of b')).toBe(true)
  expectNothingReadable(world)
}

/** What a traitor appends. */
export interface Attack {
  readonly frame?: Uint8Array
  readonly payload?: ReturnType<HostileMember['payload']>
  readonly body?: CborValue
  readonly packs?: readonly MadePack[]
}

export type MakeAttack = (traitor: HostileMember, world: HostileWorld) => Attack

export async function attack(
  traitor: HostileMember,
  { frame, payload, body, packs }: Attack,
): Promise<number> {
  if (payload !== undefined) return await traitor.change({ payload }, packs)
  return await traitor.change({ frame: frame ?? framePayload(encodeCbor(body ?? {})) }, packs)
}

export const directory = (name: string | Uint8Array, parent: CborValue = null): CborValue => ({
  op: 'put',
  parent,
  name,
  kind: 'directory',
  mode: 0o755,
})

export const file = (name: string | Uint8Array, more: Record<string, CborValue> = {}): CborValue => ({
  op: 'put',
  parent: null,
  name,
  kind: 'file',
  mode: 0o644,
  mtime: 0,
  size: 0,
  depth: 0,
  chunks: [],
  ...more,
})

export const change = (operations: readonly CborValue[], index: readonly CborValue[] = []): Attack => ({
  body: { operations: [...operations], index: [...index] },
})

/** A list in an index: chunks of one pack. */
export const listOf = (
  pack: number,
  chunks: readonly { id: Uint8Array; plain: number; stored: number }[],
): CborValue => [
  pack,
  concat(chunks.map(({ id }) => id)),
  chunks.flatMap(({ plain, stored }) => [plain, stored]),
]

export const idOf = (traitor: HostileMember, plain: Uint8Array): ChunkId => {
  const first = traitor.keys.get(0)
  if (first === undefined) throw new RangeError('no key of epoch 0')
  return chunkIdOf(chunkIdKeyOf(first, traitor.vault), plain)
}
