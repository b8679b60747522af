// A member that says of chunks that they lie where they do not.
import { describe, expect, test } from 'vitest'
import { canary, type HostileWorld } from '../hostile/hostile-world.ts'
import { attack, change, file, idOf, listOf, withTraitor } from '../hostile/traitor.ts'

describe('attack 24: a poisoned index', () => {
  const content = `${canary} what the victim will save ${'again and '.repeat(50)}`

  async function poisoned(path: string): Promise<HostileWorld> {
    const { world, traitor } = await withTraitor()
    const plain = new TextEncoder().encode(content)
    // The traitor knows the content, claims that it lies where it does not, and even says that a file has it.
    const chunk = { id: idOf(traitor, plain), plain: plain.length, stored: plain.length }
    await attack(traitor, {
      ...change([file(path, { size: plain.length, chunks: [[0, 0]] })], [listOf(0, [chunk])]),
      packs: [traitor.pack(new Uint8Array(plain.length))],
    })
    await world.syncs(world.at(0), world.at(1))
    return world
  }

  test('a file that the victim saves elsewhere arrives intact', async () => {
    const world = await poisoned('bait')
    const [a, b] = [world.at(0), world.at(1)]
    a.user.write('saved by the victim', content)
    await world.syncs(a, b)
    expect(Buffer.from(b.user.read('saved by the victim')).toString()).toBe(content)
    await world.syncs(a)
    expect(Buffer.from(a.user.read('bait')).toString()).toBe(content)
  })

  test('a file that the victim saves at that very place arrives intact', async () => {
    const world = await poisoned('bait')
    const [a, b] = [world.at(0), world.at(1)]
    a.user.write('bait', content)
    await world.syncs(a, b)
    expect(Buffer.from(b.user.read('bait')).toString()).toBe(content)
  })

  test('who joins with the bytes at that very place sends them: they do not go when the traitor removes them', async () => {
    const world = await poisoned('bait')
    const b = world.at(1)
    world.more(1)
    const c = world.at(3)
    c.user.write('bait', content)
    expect(await world.join(c, await world.invite(world.at(0)))).toBe('done')
    expect(Buffer.from(c.user.read('bait')).toString()).toBe(content)
    await world.syncs(b)
    expect(Buffer.from(b.user.read('bait')).toString()).toBe(content)
  })

  test('content that was read, and not sent before the power went, is not taken to be where the traitor says', async () => {
    const { world, traitor } = await withTraitor()
    const [a, b] = [world.at(0), world.at(1)]
    a.user.write('saved by the victim', content)
    a.sync(true)
    // The content is known here, its pack is not claimed: the moment before the append.
    world.relay.onRequest = ({ type }) => {
      if (type === 'append') a.kill()
    }
    await world.until(() => !a.running)
    world.relay.onRequest = undefined
    const plain = new TextEncoder().encode(content)
    const chunk = { id: idOf(traitor, plain), plain: plain.length, stored: plain.length }
    await attack(traitor, {
      ...change([], [listOf(0, [chunk])]),
      packs: [traitor.pack(new Uint8Array(plain.length))],
    })
    await world.syncs(a, b)
    expect(Buffer.from(b.user.read('saved by the victim')).toString()).toBe(content)
  })
})
