// Frozen vectors of the chunker and of contents: what is in vectors/chunker.json. How inputs are made is said in the file itself.
import { chunkId, toHex, type ChunkId } from '@grenier/crypto'
import { cutPoints, fileChunkSizes, gearTable, listChunkSizes } from './chunker.ts'
import { ContentBuilder } from './content-builder.ts'
import { bytesOf } from './content-builders.contract.ts'
import { cut } from './work.ts'

const chunkerKeys = { a: new Uint8Array(32), b: bytesOf('chunker key b', 32) }
const chunkIdKey = bytesOf('chunk id key', 32)

function gears() {
  return Object.entries(chunkerKeys).map(([name, key]) => ({
    name,
    key: toHex(key),
    gear: toHex(new Uint8Array(gearTable(key).buffer)),
  }))
}

/** What the bytes of an input are, by its kind. */
export function inputOf(kind: string, length: number): Uint8Array {
  if (kind === 'zeros') return new Uint8Array(length)
  if (kind === 'counting') return Uint8Array.from({ length }, (_, at) => at & 255)
  return bytesOf(kind, length)
}

function cuts() {
  const one = 1 << 20
  const files = [
    ...[5 * one + 12_345, 3 * one, one, 262_144, 65_537, 65_536, 65_535, 1, 0].map((length) => [
      'a',
      'stream',
      length,
    ]),
    ...[3 * one].map((length) => ['b', 'stream', length]),
    ...[65_536, one, 2.5 * one].map((length) => ['a', 'zeros', length]),
    ['b', 'counting', 2 * one],
  ] as const
  const lists = [
    ...[0, 32, 4095, 4096, 4128, 65_536, 300_000].map((length) => ['a', 'stream', length]),
    ['b', 'stream', 300_000],
    ['a', 'zeros', 200_000],
  ] as const
  const vector =
    (sizes: 'file' | 'list') =>
    ([key, input, length]: (typeof files | typeof lists)[number]) => {
      const bytes = inputOf(String(input), Number(length))
      const gear = gearTable(key === 'a' ? chunkerKeys.a : chunkerKeys.b)
      const rule = { gear, sizes: sizes === 'file' ? fileChunkSizes : listChunkSizes, last: true }
      return { sizes, key, input, length, lengths: cutPoints(bytes, rule).lengths }
    }
  return [...files.map(vector('file')), ...lists.map(vector('list'))]
}

/** Ids that stand for the chunks of a large file. */
export function idsOf(count: number): ChunkId[] {
  return Array.from({ length: count }, (_, at) => chunkId(bytesOf(`id ${at}`, 32)))
}

/** Contents: the ids of a file's chunks, and depth and ids that its row then has. */
async function contents() {
  const of = async (count: number) => {
    const builder = new ContentBuilder((bytes, last) => {
      const [piece] = cut({
        keys: { chunkIdKey, chunkerKey: chunkerKeys.a },
        pieces: [{ bytes, last, list: true }],
      })
      return Promise.resolve({ ids: piece!.chunks.map(({ id }) => id), rest: piece!.rest })
    })
    await builder.add(idsOf(count))
    const content = await builder.finish()
    return { count, depth: content[0]!, ids: toHex(content.subarray(1)) }
  }
  return Promise.all([0, 1, 64, 65, 129, 3000, 60_000].map(of))
}

export async function chunkerVectors() {
  return {
    inputs: {
      'another name': 'the keystream of AES-256-CTR under SHA-256(name in ASCII), counter block from zero',
      zeros: 'zeros',
      counting: 'byte i is i mod 256',
    },
    gears: gears(),
    cuts: cuts(),
    contents: {
      chunkIdKey: toHex(chunkIdKey),
      chunkerKey: 'a',
      ids: 'id number i (from 0) is the input "id i" of 32 bytes',
      contents: await contents(),
    },
  }
}
