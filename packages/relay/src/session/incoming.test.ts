// Bytes come out as they went in, and memory is used again only when nobody looks at it any more.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BlockPool } from '../core/block-pool.ts'
import { Incoming } from './incoming.ts'

const noise = (sizeBytes: number): Uint8Array =>
  Uint8Array.from({ length: sizeBytes }, (_, at) => (at * 7 + (at >> 8)) & 255)

async function taken(incoming: Incoming): Promise<number[]> {
  const out: number[] = []
  await incoming.take((pieces) => Promise.resolve(void out.push(...pieces.flatMap((bytes) => [...bytes]))))
  return out
}

it('gives back what was appended, in order, without what was skipped', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (lengths, share) => {
        const bytes = noise(lengths.reduce((sum, length) => sum + length, 0))
        const incoming = new Incoming(new BlockPool(32, 2), bytes.length)
        let at = 0
        for (const length of lengths) incoming.append(bytes.subarray(at, (at += length)))
        const skipped = Math.floor(bytes.length * share)
        incoming.skip(skipped)
        expect(incoming.sizeBytes).toBe(bytes.length - skipped)
        const out: number[] = []
        while (incoming.sizeBytes > 0) out.push(...(await taken(incoming)))
        expect(out).toEqual([...bytes.subarray(skipped)])
      },
    ),
  )
})

it('holds memory back while it is being written, and has it again afterwards, also after a failure', async () => {
  const pool = new BlockPool(32, 8)
  const incoming = new Incoming(pool, 1000)
  incoming.append(noise(80))
  const first = Promise.withResolvers<undefined>()
  let seen: readonly Uint8Array[] = []
  const writing = incoming.take((pieces) => {
    seen = pieces
    return first.promise
  })
  // The two that are full; the one that is not is still being filled.
  expect(seen.map(({ length }) => length)).toEqual([32, 32])
  const buffers = seen.map(({ buffer }) => buffer)
  expect(buffers).not.toContain(pool.take().buffer)
  first.resolve(undefined)
  await writing
  expect(new Set([pool.take().buffer, pool.take().buffer])).toEqual(new Set(buffers))
  const failing = incoming.take((pieces) => {
    seen = pieces
    return Promise.reject(new Error('full'))
  })
  await expect(failing).rejects.toThrow('full')
  expect(seen.map(({ length }) => length)).toEqual([16])
  expect(pool.take().buffer).toBe(seen[0]?.buffer)
})

it('takes no whole block for a small pack', () => {
  const pool = new BlockPool(32, 8)
  const [own] = [pool.take()]
  pool.give(own)
  const incoming = new Incoming(pool, 31)
  incoming.append(noise(31))
  expect(incoming.full).toBe(true)
  expect(pool.take()).toBe(own)
})
