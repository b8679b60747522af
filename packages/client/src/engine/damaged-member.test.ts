import { concat, toHex } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import type { Lack } from '../content/bring.ts'
import { bytesOf, idOf, MemoryVault } from '../content/content-builders.contract.ts'
import { contentOf, listOf } from '../content/content-list.ts'
import type { RelativePath } from '../sync/name.ts'
import { DamagedMember, type Damage, type WholeValue } from './damaged-member.ts'
import { TarWriter } from './tar-writer.ts'

const blockBytes = 512
const path = 'file (damaged)' as RelativePath
const sizes = Array.from({ length: 160 }, (_, at) => 5000 + at)
const chunks = sizes.map((size, at) => bytesOf(`chunk ${at}`, size))
const plain = concat(chunks)

/** A file whose list of chunks is in five parts, each in a pack of its own; the second one is lost the first time if `isHidden`. */
function made(isHidden: boolean): { vault: MemoryVault; content: WholeValue['content'] } {
  const vault = new MemoryVault()
  for (const chunk of chunks) vault.pack([chunk])
  const list = listOf(chunks.map(idOf))
  const parts = [0, 1, 2, 3, 4].map((at) => list.slice(at * 1024, (at + 1) * 1024))
  const hidden = parts.map((part) => vault.pack([part]).name)[1]
  const get = vault.get.bind(vault)
  let asked = 0
  vault.get = (pack, range) => {
    if (toHex(pack) !== hidden) return get(pack, range)
    asked += 1
    return isHidden && asked === 1 ? Promise.resolve(undefined) : get(pack, range)
  }
  return { vault, content: contentOf(1, parts.map(idOf)) }
}

interface Written {
  readonly damage: Damage
  /** Between its headers and the two blocks at the end. */
  readonly body: Uint8Array
}

async function written(
  { isHidden, sizeBytes, begunBytes }: { isHidden: boolean; sizeBytes: number; begunBytes?: number },
  first: Lack = 'missing',
): Promise<Written> {
  const { vault, content } = made(isHidden)
  const out: Uint8Array[] = []
  const tar = new TarWriter((bytes) => {
    out.push(bytes.slice())
    return Promise.resolve()
  })
  const value: WholeValue = { kind: 'file', mode: 0o644, mtimeNs: 1n, sizeBytes, content }
  const { signal } = new AbortController()
  const member = new DamagedMember(tar, value, { path, begunBytes })
  const damage = await member.write({ ...vault.walking(), damaged: 'corrupt', signal }, first)
  await tar.end()
  const all = concat(out)
  // A pax header, its records, and the header.
  const from = begunBytes === undefined ? 3 * blockBytes : 0
  return { damage, body: all.subarray(from, all.length - 2 * blockBytes) }
}

const padded = (sizeBytes: number): number => Math.ceil(sizeBytes / blockBytes) * blockBytes

describe('what is left of a file, in a tar', () => {
  it('is as long as its header says, where the list is longer and the relay changes its mind', async () => {
    const { damage, body } = await written({ isHidden: true, sizeBytes: 700_000 })
    expect(body).toHaveLength(padded(700_000))
    expect(damage.code).toBe('pack-unavailable')
    const [{ offset, length } = { offset: 0, length: 0 }, ...others] = damage.lost ?? []
    expect(others).toEqual([])
    expect(Buffer.compare(body.subarray(0, offset), plain.subarray(0, offset))).toBe(0)
    expect(body.subarray(offset, offset + length).every((byte) => byte === 0)).toBe(true)
    const tail = plain.subarray(plain.length - (700_000 - offset - length))
    expect(Buffer.compare(body.subarray(offset + length, 700_000), tail)).toBe(0)
  })

  it('goes on where it was begun, also within a chunk', async () => {
    const begunBytes = 7000
    const { damage, body } = await written({ isHidden: false, sizeBytes: plain.length, begunBytes })
    expect(damage.lost).toEqual([])
    expect(Buffer.compare(body.subarray(0, plain.length - begunBytes), plain.subarray(begunBytes))).toBe(0)
  })

  it.each([
    ['missing', 'pack-unavailable'],
    ['corrupt', 'relay-corrupt'],
    ['wrong', 'entry-void'],
  ] as const)('is told with what lacked first (%s) where all of it comes after all', async (first, code) => {
    const { damage, body } = await written({ isHidden: false, sizeBytes: plain.length }, first)
    expect(damage).toEqual({ code, lost: [] })
    expect(Buffer.compare(body.subarray(0, plain.length), plain)).toBe(0)
    expect(body).toHaveLength(padded(plain.length))
  })

  it('is told as a member’s fault where the list contradicts the length', async () => {
    const { damage } = await written({ isHidden: false, sizeBytes: 700_000 })
    expect(damage).toEqual({ code: 'entry-void', lost: undefined })
  })
})
