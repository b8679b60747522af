// Which chunks the retained versions of a vault need, and where each is to lie: a mark for each place, so that memory is a bit a chunk. A chunk is
// needed by the state that the latest prune names, by any change after it, or by the tree of now.
import { chunkIdsOf, CryptoError, type ChunkId } from '@grenier/crypto'
import { contentOf, ListReader, readContent } from '../content/content-list.ts'
import type { Fetch } from '../content/fetch.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { readRecords } from '../state/checkpoint-records.ts'
import { placesOf, type ChunkPlace } from '../state/chunk-index.ts'
import { claimAt, chunksOf, type Claim } from '../state/pack-table.ts'
import { claimKey } from '../state/state-keys.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { nameFromBytes } from '../sync/name.ts'
import type { Content } from '../sync/tree.ts'
import { openBody } from './entry-body.ts'
import { piecesOf } from './checkpoint-source.ts'
import type { NamedCheckpoint } from './named-checkpoint.ts'
import { keptEntry } from './state-start.ts'
import type { UnreadableLists } from './unreadable-lists.ts'
import type { Vault } from './vault.ts'

/** Chunks of lists read at once: at most 1 MiB. */
const listsAtOnce = 16

export interface LiveChunksParts {
  readonly vault: Vault
  readonly fetch: Fetch
  readonly unreadable: UnreadableLists
  /** Called for each content. Throws where there is something better to do. */
  readonly giveWay: () => void
}

/** Marks of one vault. */
export class LiveChunks {
  readonly #vault: Vault
  readonly #fetch: Fetch
  readonly #unreadable: UnreadableLists
  readonly #giveWay: () => void
  readonly #bits = new Map<string, Uint8Array>()
  /** Contents with lists that were gone through. */
  readonly #seen = new Set<string>()
  /** Ids by place, of claims that a checkpoint holds and that are dropped since. */
  readonly #former = new Map<string, ChunkId[]>()
  #markedTo: number

  /** `after`: the sequence of the state that is marked first; the changes behind it are marked by `catchUp`. */
  constructor({ vault, fetch, unreadable, giveWay }: LiveChunksParts, after: number) {
    this.#vault = vault
    this.#fetch = fetch
    this.#unreadable = unreadable
    this.#giveWay = giveWay
    this.#markedTo = after
  }

  /** What the state of a checkpoint needs. @throws ClientError `pack-unavailable`, `checkpoint-broken` */
  async markCheckpoint(named: NamedCheckpoint): Promise<void> {
    const { trees } = this.#vault
    let key = ''
    for await (const record of readRecords(piecesOf(named))) {
      if (record.record === 'claim') {
        const { sequence, position } = record
        key = claimAt(trees, { sequence, position }) === undefined ? claimKey(sequence, position) : ''
        if (key !== '') this.#former.set(key, [])
      } else if (record.record === 'chunk') this.#former.get(key)?.push(record.id)
      else if (record.record === 'node' && record.value.kind === 'file') {
        const ids = record.value.chunks.map((chunk) =>
          chunk instanceof Uint8Array ? chunk : this.#idAt(chunk),
        )
        await this.#markContent(contentOf(record.value.depth, ids), () => record.name)
      }
    }
  }

  /** What the tree of now needs, or another one. */
  async markTree(trees: TreesStore = this.#vault.trees): Promise<void> {
    for await (const [id, { remote }] of trees.all())
      if (remote?.value.kind === 'file' && remote.value.content !== undefined)
        await this.#markContent(remote.value.content, () => trees.pathOf('remote', id) ?? remote.name)
  }

  /** What changes need that are in the log now and were not marked yet. */
  async catchUp(session: RelaySession): Promise<void> {
    const { log } = this.#vault
    for (; this.#markedTo < log.nextSequence - 1; this.#markedTo += 1) {
      const kept = keptEntry(this.#vault, session, this.#markedTo + 1)
      if (kept.entry.header.kind !== 'change') continue
      const { change } = await openBody(kept.entry, kept)
      for (const operation of change?.operations ?? []) {
        if (operation.op !== 'put' || operation.node.kind !== 'file') continue
        const { depth, chunks } = operation.node
        const content = contentOf(depth, chunkIdsOf(chunks, change?.index ?? []))
        await this.#markContent(content, () => nameOf(operation.name.bytes))
      }
    }
  }

  /**
   * Marks the chunks of a content, those of its lists too, as far as they are lists. `path`: of the file, as far as it is known.
   * @throws ClientError `pack-unavailable` when a list is not to be had, and was not waited for long enough
   */
  async #markContent(content: Content, path: () => string): Promise<void> {
    this.#giveWay()
    const { depth, ids } = readContent(content)
    if (depth > 0) {
      const key = Buffer.from(content).toString('latin1')
      if (this.#seen.has(key)) return
      this.#seen.add(key)
    }
    try {
      await this.#markIds({ ids, depth }, path)
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error
      this.#unreadable.pass(path())
    }
  }

  /** Stored bytes of what is marked in a claim. */
  liveBytes(claim: Claim): number {
    const { trees } = this.#vault
    return this.marked(claim).reduce(
      (sum, at) => sum + (chunksOf(trees, claim.place)[at]?.storedBytes ?? 0),
      0,
    )
  }

  /** Positions of the marked chunks of a claim. */
  marked({ place, chunkCount }: Claim): number[] {
    const bits = this.#bits.get(claimKey(place.sequence, place.position))
    if (bits === undefined) return []
    return Array.from({ length: chunkCount }, (_, at) => at).filter(
      (at) => ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0,
    )
  }

  /** @throws CryptoError `malformed` when a list is none */
  async #markIds(
    { ids, depth }: { readonly ids: readonly ChunkId[]; readonly depth: number },
    path: () => string,
  ): Promise<void> {
    for (const id of ids) this.#mark(id)
    if (depth === 0) return
    const reader = new ListReader()
    for (let at = 0; at < ids.length; at += listsAtOnce) {
      const some = ids.slice(at, at + listsAtOnce)
      const [first] = some
      const bytes = await this.#bytesOf(some)
      if (bytes === undefined) {
        if (first !== undefined) await this.#unreadable.missing(first, path())
        // Where an id begins in what follows cannot be told.
        return
      }
      if (first !== undefined) await this.#unreadable.readable(first)
      await this.#markIds({ ids: reader.take(bytes), depth: depth - 1 }, path)
    }
    reader.end()
  }

  /** undefined where they are nowhere. */
  async #bytesOf(ids: readonly ChunkId[]): Promise<Uint8Array | undefined> {
    const lengths = ids.map((id) => placesOf(this.#vault.trees, id)[0]?.plainBytes)
    if (lengths.includes(undefined)) return undefined
    const sizeBytes = lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0)
    const [bytes] = await this.#fetch.read([{ content: contentOf(0, ids), sizeBytes }])
    return bytes
  }

  /**
   * Where this device sent or checked it itself, the latest such place serves, and those that others claimed since: they may have sent it anew because they saw
   * that it was not there any more. Else none may go, for one of them may be a lie.
   */
  #mark(id: ChunkId): void {
    const places = placesOf(this.#vault.trees, id)
    const good = places.find(({ known }) => known === 'good')
    const isLater = ({ claim, known }: ChunkPlace): boolean =>
      known !== 'bad' && good !== undefined && claim.sequence > good.claim.sequence
    for (const { claim, position } of good === undefined ? places : [good, ...places.filter(isLater)]) {
      const key = claimKey(claim.sequence, claim.position)
      const known = this.#bits.get(key)
      const count = claimAt(this.#vault.trees, claim)?.chunkCount ?? 0
      const bits = known ?? new Uint8Array(Math.ceil(count / 8))
      if (known === undefined) this.#bits.set(key, bits)
      bits[position >> 3] = (bits[position >> 3] ?? 0) | (1 << (position & 7))
    }
  }

  #idAt(at: { readonly sequence: number; readonly position: number; readonly chunk: number }): ChunkId {
    const listed = chunksOf(this.#vault.trees, at)[at.chunk]?.id
    const id = listed ?? this.#former.get(claimKey(at.sequence, at.position))?.[at.chunk]
    if (id !== undefined) return id
    throw new ClientError('state-broken', 'a checkpoint names a chunk that its pack table does not list')
  }
}

function nameOf(bytes: Uint8Array): string {
  return nameFromBytes(bytes) ?? '?'
}
