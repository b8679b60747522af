// Writes a checkpoint now and then: the state as this device folded it, as content, and an entry that says its hash. Others compare it with their
// own; an owner's prune may name it later. Of the head, but where a lost one is made again: when the log grows meanwhile, it is dropped quietly.
import {
  compareRoles,
  encodeCheckpoint,
  framePayload,
  makeCheckpoint,
  toHex,
  type ChunkId,
  type ChunkRef,
  type EarlierChunk,
  type EarlierPack,
  type PackClaim,
  type PackIndex,
} from '@grenier/crypto'
import { readContent } from '../content/content-list.ts'
import { PackWriter, type OutgoingPack } from '../content/pack-writer.ts'
import { placeStream } from '../content/place-stream.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { StateHasher, writeState } from '../state/checkpoint.ts'
import { ownPlaceOf, type ChunkPlace } from '../state/chunk-index.ts'
import type { TreesStore } from '../state/trees-store.ts'
import type { Content } from '../sync/tree.ts'
import { claimOf, type EntryWriter } from './entry-writer.ts'
import { contentKeysOf, mayWrite, sealingOf, type Vault } from './vault.ts'

/**
 * Entries between two checkpoints: folding so many takes some seconds, which is what a checkpoint will save a joiner; and a
 * vault that sees a change a minute writes one or two a day.
 */
export const checkpointEvery = 1_000
/** Who is not the first of the writers waits so many parts of that longer, for each before: one writes, the others find it done. */
const waitShare = 10
/** What came meanwhile goes first; but not for ever. */
const givenWayMax = 8

export interface CheckpointWriterParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly every: number
  /** Whether something else is to be done: a checkpoint can wait. */
  readonly isBusy: () => boolean
}

/** Which state is written. `lacking`: names of packs, hex, in which nothing lies any more. */
export interface WrittenState {
  readonly trees: TreesStore
  readonly holds: number
  readonly lacking?: ReadonlySet<string> | undefined
}

interface Placed {
  readonly claims: readonly PackClaim[]
  readonly index: readonly PackIndex[]
  readonly content: Content
  readonly stateHash: Uint8Array
  readonly stateBytes: number
  readonly earlier: readonly EarlierPack[]
}

/** The duty of one open vault. */
export class CheckpointWriter {
  readonly #parts: CheckpointWriterParts
  #givenWay = 0

  constructor(parts: CheckpointWriterParts) {
    this.#parts = parts
  }

  /** Whether enough entries came since the last checkpoint, and this device's turn to write one. */
  get isDue(): boolean {
    const { vault, every } = this.#parts
    if (!mayWrite(vault)) return false
    const { head, checkpoints } = vault.log.state
    const since = head.sequence - (checkpoints.at(-1)?.holds ?? 0)
    return since >= every + this.#rank() * Math.ceil(every / waitShare)
  }

  /** Writes one, of the state of now or of another one. Returns whether it is in the log. Nothing else may be folded meanwhile. */
  async write(session: RelaySession, other?: WrittenState): Promise<boolean> {
    const { vault, entries } = this.#parts
    const of = other ?? { trees: vault.trees, holds: vault.log.state.head.sequence }
    const placed = await this.#place(session, of)
    if (placed === undefined) return false
    const { claims, index, content, ...said } = placed
    const body = encodeCheckpoint({ ...said, content: refsOf(content, index), index })
    const sealed = await entries.seal(session, claims, { frame: framePayload(body), bulk: true })
    const { entry } = makeCheckpoint({ ...entries.on(session), ...sealed, holds: of.holds })
    const { payloadPacks, sent } = sealed
    return (await entries.append(session, entry, { index, payloadPacks, sent })) === 'appended'
  }

  /** Streams the state into packs; undefined when there was something better to do. */
  async #place(session: RelaySession, { trees, lacking }: WrittenState): Promise<Placed | undefined> {
    const { vault } = this.#parts
    const { pool, random } = vault.platform
    const claims: PackClaim[] = []
    const index: PackIndex[] = []
    const emit = async (pack: OutgoingPack): Promise<void> => {
      await session.put(vault.log.vault, pack)
      index.push({ pack: claims.length, chunks: pack.chunks })
      claims.push(claimOf(pack))
    }
    const writer = new PackWriter({ pool, random, sealing: () => sealingOf(vault), emit })
    const shared = new Map<string, { readonly id: ChunkId; readonly place: ChunkPlace }>()
    const known = (id: ChunkId): boolean => {
      const place = ownPlaceOf(vault.trees, id)
      if (place === undefined || lacking?.has(toHex(place.pack)) === true) return false
      shared.set(toHex(id), { id, place })
      return true
    }
    const hasher = new StateHasher()
    const gaveWay: { yes: boolean } = { yes: false }
    const pieces = this.#pieces(trees, hasher, gaveWay)
    const { content } = await placeStream({ pool, writer, known, keys: contentKeysOf(vault) }, pieces)
    if (gaveWay.yes) return undefined
    this.#givenWay = 0
    return { claims, index, content, ...hasher.digest(), earlier: earlierOf([...shared.values()]) }
  }

  async *#pieces(
    trees: TreesStore,
    hasher: StateHasher,
    gaveWay: { yes: boolean },
  ): AsyncIterable<Uint8Array> {
    for await (const piece of writeState(trees)) {
      if (this.#parts.isBusy() && this.#givenWay < givenWayMax) {
        this.#givenWay += 1
        gaveWay.yes = true
        return
      }
      hasher.update(piece)
      yield piece
    }
  }

  /** The place of this device among those who may write, by key. */
  #rank(): number {
    const { log, home } = this.#parts.vault
    const own = toHex(home.device.sign.publicKey)
    const before = [...log.state.spine.devices].filter(
      ([key, { role, until }]) => until === undefined && compareRoles(role, 'writer') >= 0 && key < own,
    )
    return before.length
  }
}

/** Where what is shared lies: who starts from this checkpoint has no index that could say it. */
function earlierOf(shared: readonly { readonly id: ChunkId; readonly place: ChunkPlace }[]): EarlierPack[] {
  const packs = new Map<string, Omit<EarlierPack, 'chunks'> & { readonly chunks: EarlierChunk[] }>()
  for (const { id, place } of shared) {
    const { pack, packBytes: sizeBytes, epoch, offset, plainBytes, storedBytes } = place
    const key = toHex(pack)
    const known = packs.get(key) ?? { id: pack, sizeBytes, epoch, chunks: [] }
    packs.set(key, known)
    known.chunks.push({ id, offset, plainBytes, storedBytes })
  }
  return [...packs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pack]) => pack)
}

/** The content, by places in the entry's own index where its chunks are there. */
function refsOf(content: Content, index: readonly PackIndex[]): { depth: number; chunks: ChunkRef[] } {
  const places = new Map<string, ChunkRef>()
  for (const [pack, { chunks }] of index.entries())
    for (const [chunk, { id }] of chunks.entries()) places.set(toHex(id), { pack, chunk })
  const { depth, ids } = readContent(content)
  return { depth, chunks: ids.map((id) => places.get(toHex(id)) ?? { id }) }
}
