// What the trees know besides rows, and its row in the store.
import type { Doubts } from '../sync/brake.ts'
import { ItemReader, ItemWriter } from './item-codec.ts'
import type { Held } from './trees-overlay.ts'

/** What the trees know besides rows; written with each batch. */
export interface Meta {
  /** Nodes in the differing set. */
  differingCount: number
  /** The next provisional id. */
  provisionalNext: number
  /** No row here is of a node that a later entry created. */
  sequenceMax: number
  /** Sums over all nodes. */
  doubts: Doubts
  /** Undefined where an earlier version of this program made the state. */
  held: Held | undefined
}

/** Of a store that holds nothing. */
export function emptyMeta(): Meta {
  const doubts = { files: 0, here: 0, there: 0 }
  const held = { files: 0, bytes: 0n }
  return { differingCount: 0, provisionalNext: 1, sequenceMax: -1, doubts, held }
}

/** As a row. */
export function encodeMeta(meta: Meta): Uint8Array {
  const writer = new ItemWriter(32)
  writer.uint(meta.differingCount)
  writer.uint(meta.provisionalNext)
  writer.uint(meta.sequenceMax + 1)
  const { files, here, there } = meta.doubts
  for (const count of [files, here, there]) writer.uint(count)
  if (meta.held !== undefined) {
    writer.uint(meta.held.files)
    writer.wide(meta.held.bytes)
  }
  return writer.take()
}

/** @throws ClientError `state-broken`. */
export function decodeMeta(bytes: Uint8Array): Meta {
  const reader = new ItemReader(bytes)
  return {
    differingCount: reader.uint(),
    provisionalNext: reader.uint(),
    sequenceMax: reader.uint() - 1,
    doubts: { files: reader.uint(), here: reader.uint(), there: reader.uint() },
    held: reader.atEnd ? undefined : { files: reader.uint(), bytes: reader.wide() },
  }
}
