import { chunkIdOf, concat, packIdOf, storedBytesFor } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import { binding, bytesOf, keys, MemoryVault, packKey } from '../content/content-builders.contract.ts'
import { contentOf, listOf } from '../content/content-list.ts'
import { seal } from '../content/work.ts'
import type { FileValue } from '../sync/tree.ts'
import { contentBytes } from './content-stream.ts'

const parts = Array.from({ length: 28 }, (_, at) => bytesOf(`part ${at}`, 70_000 + at))
const idOf = (bytes: Uint8Array) => chunkIdOf(keys.chunkIdKey, bytes)

/** A pack of these chunks, at the relay and claimed. Gives its name. */
function pack(vault: MemoryVault, name: string, chunks: readonly Uint8Array[]) {
  const plain = concat(chunks)
  const storedBytes = storedBytesFor(plain.length)
  const { epoch } = vault
  const salt = bytesOf(`salt ${name}`, 32)
  const { id, bytes } = seal({ key: packKey(epoch), binding, epoch, salt, plain, storedBytes })
  expect(packIdOf(bytes)).toEqual(id)
  vault.put(id, bytes)
  const told = chunks.map((chunk) => ({
    id: idOf(chunk),
    plainBytes: chunk.length,
    storedBytes: chunk.length,
  }))
  vault.claim({ id, bytes, epoch, chunks: told })
  return Buffer.from(id).toString('hex')
}

function valueOf(chunks: readonly Uint8Array[]): FileValue {
  const sizeBytes = chunks.reduce((sum, { length }) => sum + length, 0)
  const content = contentOf(0, chunks.map(idOf))
  return { kind: 'file', mode: 0o644, mtimeNs: 0n, sizeBytes, content }
}

/** Pieces are good until the next one is asked for only. */
async function all(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const copies: Uint8Array[] = []
  for await (const piece of pieces) copies.push(piece.slice())
  return concat(copies)
}

describe('the bytes of a file', () => {
  it('come in order, however its chunks lie in packs', async () => {
    const vault = new MemoryVault()
    const turned = parts.toReversed()
    pack(
      vault,
      'even',
      turned.filter((_, at) => at % 2 === 0),
    )
    pack(
      vault,
      'odd',
      turned.filter((_, at) => at % 2 === 1),
    )
    const first = parts[0] ?? new Uint8Array(0)
    const chunks = [...parts, first, first, ...turned, first]
    const read = await all(contentBytes(vault.fetch(), valueOf(chunks), 'file'))
    expect(Buffer.compare(read, concat(chunks))).toBe(0)
    expect(await all(contentBytes(vault.fetch(), valueOf([]), 'empty'))).toHaveLength(0)
  })

  it('are asked for once a pack where a pack holds what stands together', async () => {
    const vault = new MemoryVault()
    const [one, other] = [parts.slice(0, 17), parts.slice(17)]
    pack(vault, 'one', one)
    pack(vault, 'other', other)
    const read = await all(contentBytes(vault.fetch(), valueOf([...one, ...other]), 'file'))
    expect(Buffer.compare(read, concat(parts))).toBe(0)
    expect(vault.gets).toHaveLength(2)
  })

  it('are asked for once a pack also where the first has only a little of the file', async () => {
    for (const few of [1, 2, 3, 5, 7]) {
      const vault = new MemoryVault()
      const chunks = Array.from({ length: few + 33 }, (_, at) => bytesOf(`${few} and ${at}`, 370_000))
      const packs = [
        chunks.slice(0, few),
        ...[0, 11, 22].map((from) => chunks.slice(few + from, few + from + 11)),
      ]
      for (const [at, some] of packs.entries()) pack(vault, `${few} ${at}`, some)
      const read = await all(contentBytes(vault.fetch(), valueOf(chunks), 'file'))
      expect(Buffer.compare(read, concat(chunks))).toBe(0)
      expect(vault.gets).toHaveLength(4)
    }
  })

  it('come whole where another program has cut a file into many short chunks', async () => {
    const vault = new MemoryVault()
    const chunks = Array.from({ length: 200 }, (_, at) => bytesOf(`short ${at}`, 8192))
    pack(vault, 'all', chunks)
    const list = listOf(chunks.map((chunk) => idOf(chunk)))
    pack(vault, 'list', [list])
    const value = { ...valueOf(chunks), content: contentOf(1, [idOf(list)]) }
    const read = await all(contentBytes(vault.fetch(), value, 'file'))
    expect(Buffer.compare(read, concat(chunks))).toBe(0)
  })

  it('end with what is missing, after what is before it', async () => {
    const vault = new MemoryVault()
    pack(vault, 'there', parts.slice(0, 14))
    const lost = pack(vault, 'lost', parts.slice(14))
    vault.packs.delete(lost)
    const got: number[] = []
    const reading = async (): Promise<void> => {
      for await (const piece of contentBytes(vault.fetch(), valueOf(parts), 'a file')) got.push(piece.length)
    }
    await expect(reading()).rejects.toMatchObject({ code: 'pack-unavailable', data: { path: 'a file' } })
    expect(got).toEqual(parts.slice(0, 14).map(({ length }) => length))
  })

  it('are left where nobody takes more: what was being fetched ends', async () => {
    const vault = new MemoryVault()
    pack(vault, 'one', parts.slice(0, 14))
    pack(vault, 'other', parts.slice(14))
    const fetch = vault.fetch()
    const fill = fetch.fill.bind(fetch)
    const ends: ReturnType<typeof fill>[] = []
    const watched = Object.assign(fetch, {
      fill: (...given: Parameters<typeof fill>) => {
        const end = fill(...given)
        ends.push(end)
        return end
      },
    })
    for await (const piece of contentBytes(watched, valueOf(parts), 'file')) {
      expect(piece.slice()).toEqual(parts[0])
      break
    }
    const results = (await Promise.all(ends)).flat()
    expect(results).toHaveLength(2)
    expect(results).not.toContain('filled')
  })
})
