// The bytes of a file of the vault, in order, each checked before it is handed on: in windows of bounded size, the next one under way while one
// is being taken.
import type { Fetch } from '../content/fetch.ts'
import { contentOf } from '../content/content-list.ts'
import { ClientError } from '../errors.ts'
import type { FileValue } from '../sync/tree.ts'

/** Chunks fetched at once: 2 MiB mostly, at most 8 MiB. Two windows are there at a time. */
const windowChunks = 8

/** @throws ClientError `pack-unavailable` with the path, and as `Fetch.fill` */
export async function* contentBytes(
  fetch: Fetch,
  value: FileValue,
  path: string,
): AsyncGenerator<Uint8Array> {
  const missing = (): ClientError =>
    new ClientError('pack-unavailable', 'the relay lacks a part of a file', { data: { path } })
  if (value.content === undefined) throw missing()
  const chunks = await fetch.chunksOf(value.content, value.sizeBytes)
  if (chunks === undefined) throw missing()
  const window = async (at: number): Promise<Uint8Array | undefined> => {
    const some = chunks.slice(at, at + windowChunks)
    const sizeBytes = some.reduce((sum, { plainBytes }) => sum + plainBytes, 0)
    const ids = some.map(({ id }) => id)
    return (await fetch.read([{ content: contentOf(0, ids), sizeBytes }]))[0]
  }
  let next = window(0)
  for (let at = 0; at < chunks.length; at += windowChunks) {
    const bytes = await next
    if (bytes === undefined) throw missing()
    next = at + windowChunks < chunks.length ? window(at + windowChunks) : Promise.resolve(undefined)
    // Who takes no more leaves it behind.
    next.catch(() => undefined)
    yield bytes
  }
}
