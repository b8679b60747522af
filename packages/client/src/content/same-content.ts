// Whether a file on this disk holds, byte for byte, what a content says: told by the ids of its chunks, so that nothing of it is fetched but its lists.
import { chunkIdOf, equal } from '@grenier/crypto'
import type { FileReader } from '../disk/file-system.ts'
import { ClientError } from '../errors.ts'
import type { Content } from '../sync/tree.ts'
import type { Lack } from './bring.ts'
import { chunksIn, type WalkOptions } from './content-walk.ts'

export interface SameOptions extends WalkOptions {
  readonly signal: AbortSignal
}

/** A lack where the lists are not to be had, so that nobody can tell. @throws ClientError `interrupted`; what `read` and `get` throw */
export async function isSameContent(
  options: SameOptions,
  reader: Pick<FileReader, 'read'>,
  { content, sizeBytes }: { readonly content: Content; readonly sizeBytes: number },
): Promise<boolean | Lack> {
  const { chunkIdKey } = options.keys()
  let offset = 0
  for await (const part of chunksIn(options, content, sizeBytes)) {
    if (typeof part === 'string') return part
    for (const { id, plainBytes } of part) {
      if (options.signal.aborted) throw new ClientError('interrupted', 'stopped')
      const bytes = await reader.read(offset, plainBytes)
      if (bytes.length !== plainBytes || !equal(chunkIdOf(chunkIdKey, bytes), id)) return false
      offset += plainBytes
    }
  }
  return (await reader.read(offset, 1)).length === 0
}
