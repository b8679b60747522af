// Builds the state from a checkpoint: the remote tree, the pack table and the chunk index become what it holds, whatever they were. Base
// and local stay, so the difference comes as a remote change. Compares as it goes: what is the same already is not written again.
import { equal } from '@grenier/crypto'
import { isProvisional, logPlaceOf, sameRow, type NodeId, type Row } from '../sync/tree.ts'
import { StateHasher } from './checkpoint.ts'
import { ContentReader } from './checkpoint-content.ts'
import { malformed, readRecords } from './checkpoint-records.ts'
import type { ChunkRecord, ClaimRecord, NodeRecord, StateRecord } from './checkpoint-records.ts'
import { assertTree } from './checkpoint-tree.ts'
import { claimPack, unclaim } from './claim.ts'
import { keptKey } from './fold.ts'
import { noteDropped, noteFolded } from './log-cache.ts'
import { chunksOf, claimsInOrder, type Claim, type ListedChunk } from './pack-table.ts'
import { claimKey, idKey, keySpace } from './state-keys.ts'
import type { StateRows } from './state-rows.ts'
import type { Transaction } from './trees-transaction.ts'
import type { TreesStore } from './trees-store.ts'

/** Records between two commits, so that memory stays bounded. */
const batchRecords = 10_000
const loadingKey = `${keySpace.meta}loading`

/** What a checkpoint entry says of the state it holds. `stateHash`: 32 bytes. */
export interface LoadedCheckpoint {
  readonly sequence: number
  readonly stateHash: Uint8Array
  /** Joins the transaction that ends the load. */
  readonly also?: ((transaction: Transaction) => void) | undefined
}

/** Whether a load was begun and not ended: the state is then worth nothing until one ends. */
export function isHalfLoaded(rows: StateRows): boolean {
  return rows.other(loadingKey) !== undefined
}

/**
 * Makes the state that of a checkpoint. Durable when it resolves. Nothing else may write meanwhile; if it rejects, `isHalfLoaded`
 * stays true until another load ends.
 *
 * @throws CryptoError `malformed` when the bytes are not a state, or not the one with this hash; `version-unknown`.
 */
export async function loadState(
  trees: TreesStore,
  pieces: AsyncIterable<Uint8Array>,
  checkpoint: LoadedCheckpoint,
): Promise<void> {
  await trees.write({ flush: true }, (transaction) => transaction.put(loadingKey, new Uint8Array(0)))
  const hasher = new StateHasher()
  const loader = await Loader.begin(trees, checkpoint.sequence)
  try {
    for await (const record of readRecords(hashed(pieces, hasher))) await loader.take(record)
    if (!equal(hasher.digest().stateHash, checkpoint.stateHash)) throw malformed('another state than it says')
    await loader.end()
  } finally {
    await loader.abandon()
  }
  await assertTree(trees)
  await trees.write({ flush: true }, (transaction) => {
    noteDropped(transaction, checkpoint.sequence)
    noteFolded(transaction, checkpoint.sequence)
    checkpoint.also?.(transaction)
    transaction.del(loadingKey)
  })
}

async function* hashed(pieces: AsyncIterable<Uint8Array>, hasher: StateHasher): AsyncIterable<Uint8Array> {
  for await (const piece of pieces) {
    hasher.update(piece)
    yield piece
  }
}

/** Walks what is there and what the checkpoint holds together: both are in the same order. */
class Loader {
  readonly #trees: TreesStore
  readonly #sequence: number
  readonly #oldClaims: Ordered<Claim>
  readonly #oldNodes: Ordered<readonly [NodeId, Row]>
  readonly #content = new ContentReader()
  readonly #counts = { claims: 0, nodes: 0 }
  #transaction: Transaction
  #inBatch = 0
  #claim: ClaimRecord | undefined
  #chunks: ListedChunk[] = []
  #lastKey = ''
  #stage: 'start' | 'claims' | 'nodes' | 'end' = 'start'

  private constructor(trees: TreesStore, sequence: number, start: Start) {
    this.#trees = trees
    this.#sequence = sequence
    this.#oldClaims = start.claims
    this.#oldNodes = start.nodes
    this.#transaction = start.transaction
  }

  static async begin(trees: TreesStore, sequence: number): Promise<Loader> {
    const claims = await Ordered.over(claimsInOrder(trees), ({ place }) =>
      claimKey(place.sequence, place.position),
    )
    let nodes: Start['nodes'] | undefined
    try {
      nodes = await Ordered.over(remoteRows(trees), ([id]) => idKey(id))
      return new Loader(trees, sequence, { claims, nodes, transaction: await trees.begin() })
    } catch (error) {
      await Promise.all([claims.end(), nodes?.end()])
      throw error
    }
  }

  async take(record: StateRecord): Promise<void> {
    await this.#takeInStage(record)
    this.#inBatch += 1
    if (this.#inBatch < batchRecords) return
    this.#inBatch = 0
    await this.#transaction.commit({ flush: false })
    this.#transaction = await this.#trees.begin()
  }

  async end(): Promise<void> {
    if (this.#stage !== 'end') throw malformed('no end')
    await this.#transaction.commit({ flush: true })
  }

  async abandon(): Promise<void> {
    this.#transaction.abandon()
    await Promise.all([this.#oldClaims.end(), this.#oldNodes.end()])
  }

  async #takeInStage(record: StateRecord): Promise<void> {
    if (record.record === 'front' && this.#stage === 'start') this.#stage = 'claims'
    else if (record.record === 'claim' && this.#stage === 'claims') await this.#takeClaim(record)
    else if (record.record === 'chunk' && this.#stage === 'claims') this.#takeChunk(record)
    else if (record.record === 'node' && this.#stage === 'nodes') await this.#takeNode(record)
    else if (record.record === 'node' && this.#stage === 'claims') {
      await this.#endClaims()
      await this.#takeNode(record)
    } else if (record.record === 'end') await this.#takeEnd(record)
    else throw malformed('records in another order')
  }

  async #takeClaim(claim: ClaimRecord): Promise<void> {
    await this.#endClaim()
    this.#follow(claimKey(claim.sequence, claim.position), claim.sequence)
    this.#counts.claims += 1
    this.#claim = claim
    this.#chunks = []
  }

  #takeChunk({ id, plainBytes, storedBytes }: ChunkRecord): void {
    this.#chunks.push({ id, plainBytes, storedBytes })
  }

  /** Writes the claim whose chunks are complete, unless it is there already: what this device knows of its places then stays. */
  async #endClaim(): Promise<void> {
    if (this.#claim === undefined) return
    const { sequence, position, id, sizeBytes, epoch, at, chunkCount } = this.#claim
    const claim: Claim = { place: { sequence, position }, id, sizeBytes, epoch, at, chunkCount }
    this.#claim = undefined
    if (this.#chunks.length !== chunkCount) throw malformed('a claim without all its chunks')
    const old = await this.#oldClaims.upTo(claimKey(sequence, position), (gone) =>
      unclaim(this.#transaction, gone),
    )
    if (old !== undefined && this.#isSameClaim(old, claim)) return
    if (old !== undefined) unclaim(this.#transaction, old)
    claimPack(this.#transaction, claim, { chunks: this.#chunks, known: 'unknown' })
  }

  async #endClaims(): Promise<void> {
    await this.#endClaim()
    await this.#oldClaims.upTo(undefined, (gone) => unclaim(this.#transaction, gone))
    this.#stage = 'nodes'
    this.#lastKey = ''
  }

  async #takeNode(node: NodeRecord): Promise<void> {
    const key = idKey(node.id)
    this.#follow(key, logPlaceOf(node.id)?.sequence ?? 0)
    this.#counts.nodes += 1
    const row: Row = {
      parent: node.parent,
      name: node.name,
      value: this.#content.valueOf(this.#transaction, node.value),
    }
    const old = await this.#oldNodes.upTo(key, ([id]) => this.#removeNode(id))
    if (old === undefined || !sameRow(old[1], row)) this.#transaction.set('remote', node.id, row)
    if (node.kept !== undefined) this.#transaction.put(keptKey(node.id), node.kept)
    else if (old !== undefined) this.#transaction.del(keptKey(node.id))
  }

  async #takeEnd(end: { readonly claims: number; readonly nodes: number }): Promise<void> {
    if (this.#stage === 'claims') await this.#endClaims()
    if (this.#stage !== 'nodes') throw malformed('records in another order')
    await this.#oldNodes.upTo(undefined, ([id]) => this.#removeNode(id))
    if (end.claims !== this.#counts.claims || end.nodes !== this.#counts.nodes)
      throw malformed('other counts than it says')
    this.#stage = 'end'
  }

  #removeNode(id: NodeId): void {
    this.#transaction.set('remote', id, undefined)
    this.#transaction.del(keptKey(id))
  }

  #follow(key: string, sequence: number): void {
    if (key <= this.#lastKey || sequence > this.#sequence) throw malformed('records out of order')
    this.#lastKey = key
  }

  #isSameClaim(old: Claim, claim: Claim): boolean {
    const { sizeBytes, epoch, at, chunkCount } = claim
    const head =
      old.sizeBytes === sizeBytes && old.epoch === epoch && old.at === at && equal(old.id, claim.id)
    if (!head || old.chunkCount !== chunkCount) return false
    const chunks = chunksOf(this.#transaction, claim.place)
    return chunks.every((chunk, index) => {
      const other = this.#chunks[index]
      return (
        other !== undefined &&
        equal(chunk.id, other.id) &&
        chunk.plainBytes === other.plainBytes &&
        chunk.storedBytes === other.storedBytes
      )
    })
  }
}

interface Start {
  readonly claims: Ordered<Claim>
  readonly nodes: Ordered<readonly [NodeId, Row]>
  readonly transaction: Transaction
}

/** An ordered listing that is walked beside another one. It shows what was there when it began. */
class Ordered<T> {
  readonly #iterator: AsyncIterator<T>
  readonly #keyOf: (value: T) => string
  #next: IteratorResult<T, unknown>

  private constructor(
    iterator: AsyncIterator<T>,
    keyOf: (value: T) => string,
    next: IteratorResult<T, unknown>,
  ) {
    this.#iterator = iterator
    this.#keyOf = keyOf
    this.#next = next
  }

  static async over<T>(values: AsyncIterable<T>, keyOf: (value: T) => string): Promise<Ordered<T>> {
    const iterator = values[Symbol.asyncIterator]()
    return new Ordered(iterator, keyOf, await iterator.next())
  }

  /** Passes over everything before `key` (all, when undefined), telling `passed`; returns what has this key. */
  async upTo(key: string | undefined, passed: (value: T) => void): Promise<T | undefined> {
    while (this.#next.done !== true) {
      const { value } = this.#next
      const at = this.#keyOf(value)
      if (key !== undefined && at > key) return undefined
      this.#next = await this.#iterator.next()
      if (at === key) return value
      passed(value)
    }
    return undefined
  }

  async end(): Promise<void> {
    await this.#iterator.return?.()
  }
}

async function* remoteRows(trees: TreesStore): AsyncIterable<readonly [NodeId, Row]> {
  for await (const [id, { remote }] of trees.all())
    if (remote !== undefined && !isProvisional(id)) yield [id, remote]
}
