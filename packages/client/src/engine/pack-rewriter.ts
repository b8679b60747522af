// Writes what is needed of packs into new ones: reads and checks the chunks, packs them, and claims the new packs by changes that do nothing
// else. Cut off anywhere, chunks have two places for a while, and nothing else is different.
import type { ChunkId } from '@grenier/crypto'
import { contentOf } from '../content/content-list.ts'
import type { Fetch } from '../content/fetch.ts'
import { PackWriter, type OutgoingPack } from '../content/pack-writer.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { packsInCommit } from './change-builder.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { Receiver } from './receiver.ts'
import { sealingOf, type Vault } from './vault.ts'

/** Chunks read at once: at most 16 MiB. */
const windowChunks = 16

/** A chunk to be moved. */
export interface MovedChunk {
  readonly id: ChunkId
  readonly plainBytes: number
}

export interface PackRewriterParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly fetch: Fetch
}

/** Gives these chunks new places, this device's own. Nothing else may receive or append meanwhile. @throws ClientError */
export async function rewrite(
  parts: PackRewriterParts,
  session: RelaySession,
  chunks: readonly MovedChunk[],
): Promise<void> {
  const { vault, fetch } = parts
  const { pool, random } = vault.platform
  const outgoing: OutgoingPack[] = []
  const emit = async (pack: OutgoingPack): Promise<void> => {
    await session.put(vault.log.vault, pack)
    outgoing.push(pack)
  }
  const writer = new PackWriter({ pool, random, sealing: () => sealingOf(vault), emit })
  for (let at = 0; at < chunks.length; at += windowChunks) {
    const window = chunks.slice(at, at + windowChunks)
    await pack(writer, window, { fetch, pool })
    await writer.room()
    if (outgoing.length >= packsInCommit) await claim(parts, session, outgoing.splice(0, packsInCommit))
  }
  await writer.finish()
  while (outgoing.length > 0) await claim(parts, session, outgoing.splice(0, packsInCommit))
}

async function pack(
  writer: PackWriter,
  window: readonly MovedChunk[],
  { fetch, pool }: { readonly fetch: Fetch; readonly pool: Vault['platform']['pool'] },
): Promise<void> {
  const content = contentOf(
    0,
    window.map(({ id }) => id),
  )
  const sizeBytes = window.reduce((sum, { plainBytes }) => sum + plainBytes, 0)
  const [bytes] = await fetch.read([{ content, sizeBytes }])
  if (bytes === undefined)
    throw new ClientError('pack-unavailable', 'a chunk that is needed is not to be had', { retryable: true })
  let start = 0
  const ranges = window.map(({ plainBytes: length }) => {
    const range = { start, length }
    start += length
    return range
  })
  const [packed] = await pool.compress({ inputs: [{ bytes, ranges }] })
  let offset = 0
  for (const [at, { id, plainBytes }] of window.entries()) {
    const storedBytes = packed?.storedBytes[at] ?? 0
    if (packed === undefined || storedBytes === 0)
      throw new RangeError('the pool did not compress what it was given')
    writer.add({ id, plainBytes, storedBytes }, packed.bytes.subarray(offset, offset + storedBytes))
    offset += storedBytes
  }
}

async function claim(
  { vault, entries, receiver }: PackRewriterParts,
  session: RelaySession,
  packs: readonly OutgoingPack[],
): Promise<void> {
  for (;;) {
    // A new epoch came in between: these packs are swept by the relay, and the next prune begins anew.
    if (packs.some(({ epoch }) => epoch !== sealingOf(vault).epoch))
      throw new ClientError('relay-refused', 'the keys changed meanwhile', {
        retryable: true,
        data: { reason: 'head-moved' },
      })
    const index = packs.map(({ chunks }, at) => ({ pack: at, chunks }))
    const change = { packs, payload: { operations: [], index }, commits: [] }
    const answer = await entries.change(session, change, () => Promise.resolve())
    if (answer === 'appended') return
    if (answer !== 'moved') throw new RangeError('an index of chunks that were just packed does not apply')
    await receiver.receive(session)
  }
}
