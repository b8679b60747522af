// What the body of a payload says, by the kind of its entry; or the fault of the member who wrote it.
import {
  CryptoError,
  decodeChange,
  decodeCheckpoint,
  type ChangePayload,
  type CheckpointPayload,
  type Entry,
  type Header,
  type PackIndex,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { readPayload, type PayloadReading } from '../log/payload-reader.ts'

/** One of the first two, or a fault. `index`: of packs that are no change's. */
export interface EntryBody {
  readonly change?: ChangePayload | undefined
  readonly checkpoint?: CheckpointPayload | undefined
  readonly index?: readonly PackIndex[] | undefined
  readonly fault?: string | undefined
}

/** Decodes the body of a `change` or a `checkpoint`. */
export function decodeBody(header: Pick<Header, 'kind' | 'added' | 'restored'>, body: Uint8Array): EntryBody {
  const { added, restored, kind } = header
  try {
    if (kind === 'change') return { change: decodeChange(body, [...added, ...restored]) }
    const checkpoint = decodeCheckpoint(body, added)
    return { checkpoint, index: checkpoint.index }
  } catch (cause) {
    if (cause instanceof CryptoError) return { fault: cause.code }
    throw cause
  }
}

/** Whether the payload of an entry says something of the state. */
export function hasBody({ header }: Entry): boolean {
  return header.kind === 'change' || header.kind === 'checkpoint'
}

/** Opens the payload of one that has. @throws as `readPayload` */
export async function openBody(
  entry: Entry,
  reading: PayloadReading,
): Promise<EntryBody & { readonly payloadPacks?: readonly Uint8Array[] | undefined }> {
  const payload = await readPayload(entry, reading)
  if ('fault' in payload) return { fault: payload.fault }
  return { payloadPacks: payload.packs, ...decodeBody(entry.header, payload.body) }
}

/** What a body says of packs; nothing where it is void, or gone with the packs that it lay in. @throws what `open` throws else */
export async function indexIn(open: () => Promise<EntryBody>): Promise<readonly PackIndex[]> {
  try {
    const { change, index = [] } = await open()
    return change?.index ?? index
  } catch (error) {
    if (error instanceof ClientError && error.code === 'pack-unavailable') return []
    throw error
  }
}
