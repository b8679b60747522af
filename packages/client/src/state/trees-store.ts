// The three trees of one vault over a state store: one row a node, an index of children and one of inodes, and the derived set of nodes
// that differ, each kept by the transaction that changes a row. Commits are gathered in memory and given to the store many at once: most rows
// change a few times within a moment. Knows nothing of why a row changes.
import { ClientError } from '../errors.ts'
import type { Doubts } from '../sync/brake.ts'
import type { Name } from '../sync/name.ts'
import { isProvisional, rootId, type NodeId } from '../sync/tree.ts'
import { BoundedCache } from './bounded-cache.ts'
import { decodeIdRow, decodeNode, decodeSlots, nodeCostBytes } from './node-row.ts'
import type { Slots, StoredNode } from './node-row.ts'
import { entriesOf, mergeById, type NodeEntry } from './node-listing.ts'
import { childrenKey, endOf, idFromKey, idKey, keySpace, nameFromKey, nameKey } from './state-keys.ts'
import type { StateStore } from './state-store.ts'
import { NamesCache } from './names-cache.ts'
import { Spellings } from './spellings.ts'
import { growthOf, Overlay, writesOf, type Held } from './trees-overlay.ts'
import { decodeMeta, emptyMeta, encodeMeta, type Meta } from './trees-meta.ts'
import { Transaction } from './trees-transaction.ts'
import { mergeNames, noSlots, TreesView, type NamedSlots } from './trees-view.ts'

export type { NodeEntry } from './node-listing.ts'

const metaKey = `${keySpace.meta}trees`
/** Decoded rows and names that are kept at hand: several batches' worth, so that what a batch goes over again and again is read once. */
const cacheBytesDefault = 16 * 1024 * 1024
const { like, chunk, claim, pack } = keySpace
const oftenAsked = [like, chunk, claim, pack].map((space) => space.charCodeAt(0))
/** Rows that are gathered before they are given to the store: about 1 MB. */
const gatheredRowsMaxDefault = 2_500
/** Of rows beside the trees, which may be large. */
const gatheredBytesMax = 8 * 1024 * 1024

/** Bounds of what is held in memory. */
export interface TreesOptions {
  readonly cacheBytes?: number
  readonly gatheredRowsMax?: number
}

/** For who goes through the trees once, and reads little of them twice. */
export const goneThroughOnce: TreesOptions = { cacheBytes: 4 * 1024 * 1024, gatheredRowsMax: 2_000 }

/**
 * The trees of one vault. Reads show what was committed; a commit shows from the moment it is called. With `flush` it is durable, and all
 * before it, when it resolves; without, a crash may lose it, and then all that came after it too. One transaction at a time: `begin`
 * waits for the one before to end. Do not begin a second one while holding one.
 */
export class TreesStore extends TreesView {
  readonly #store: StateStore
  readonly #meta: Meta
  readonly #nodes: BoundedCache<NodeId, { readonly node: StoredNode | undefined }>
  readonly #slots: NamesCache<Slots>
  /** Other rows that are asked for again and again; also that they are not there. */
  readonly #others: BoundedCache<string, { readonly row: Uint8Array | undefined }>
  /** What was committed and not given to the store. */
  #gathered = new Overlay()
  /** What is being given to the store. */
  #pending: Overlay | undefined
  #landings = 0
  /** The row of what is known besides rows, as the last batch had it, if that one was flushed. */
  #flushedMeta: Uint8Array | undefined
  #landing: Promise<void> = Promise.resolve()
  #turn: Promise<void> = Promise.resolve()
  #broken: unknown

  readonly #gatheredRowsMax: number
  readonly #spellings: Spellings

  private constructor(
    store: StateStore,
    meta: Meta,
    { cacheBytes = cacheBytesDefault, gatheredRowsMax = gatheredRowsMaxDefault }: TreesOptions,
  ) {
    super()
    this.#gatheredRowsMax = gatheredRowsMax
    this.#store = store
    this.#meta = meta
    const { provisionalNext, sequenceMax } = meta
    this.#spellings = new Spellings((id) => isBeyond(id, { provisionalNext, sequenceMax }))
    this.#nodes = new BoundedCache(cacheBytes / 2)
    this.#slots = new NamesCache(cacheBytes / 4)
    this.#others = new BoundedCache(cacheBytes / 4)
  }

  /** Opens the trees of an open store. The store stays the caller's to close. @throws ClientError `state-broken`. */
  static open(store: StateStore, options: TreesOptions = {}): TreesStore {
    const bytes = store.get(metaKey)
    const meta = bytes === undefined ? emptyMeta() : decodeMeta(bytes)
    return new TreesStore(store, meta, options)
  }

  /** A transaction, when the one before has ended. It must be ended by `commit` or `abandon`, whatever happens. */
  async begin(): Promise<Transaction> {
    const before = this.#turn
    let end = (): void => undefined
    this.#turn = new Promise((resolve) => (end = resolve))
    await before
    if (this.#broken !== undefined) end()
    this.#assertWhole()
    const { provisionalNext, sequenceMax } = this.#meta
    return new Transaction({
      view: this,
      isNew: (id) => isBeyond(id, { provisionalNext, sequenceMax }),
      provisional: () => `~${this.#meta.provisionalNext++}` as NodeId,
      commit: (overlay, options) => this.#commit(overlay, options).finally(end),
      abandon: end,
    })
  }

  /** Begins, runs `work`, and commits; abandons when it throws. Returns what `work` returned. */
  async write<T>(
    options: { flush: boolean },
    work: (transaction: Transaction) => T | Promise<T>,
  ): Promise<T> {
    const transaction = await this.begin()
    try {
      const result = await work(transaction)
      await transaction.commit(options)
      return result
    } finally {
      transaction.abandon()
    }
  }

  /** How many nodes differ. */
  get differingCount(): number {
    return this.#meta.differingCount
  }

  /** What either side may be about to do to files that both agreed on. */
  get doubts(): Doubts {
    return this.#meta.doubts
  }

  /** How much the remote tree holds. */
  async held(): Promise<Held> {
    if (this.#meta.held !== undefined) return this.#meta.held
    let [files, bytes] = [0, 0n]
    for await (const [, { remote }] of this.all()) {
      if (remote === undefined || remote.value.kind === 'directory') continue
      files += 1
      if (remote.value.kind === 'file') bytes += BigInt(remote.value.sizeBytes)
    }
    return { files, bytes }
  }

  /** Nodes that differ, by sequence and operation, provisional ones last; as they were when the listing began. */
  async *differing(
    options: { after?: NodeId | undefined; limit?: number | undefined } = {},
  ): AsyncIterable<NodeEntry> {
    await this.settled()
    const { after, limit } = options
    const from = after === undefined ? keySpace.differing : `${keySpace.differing}${idKey(after)}\0`
    const range = { from, to: endOf(keySpace.differing), ...(limit === undefined ? {} : { limit }) }
    const landings = this.#landings
    const mayKeep = this.#pending === undefined
    for await (const [key, bytes] of this.#store.range(range)) {
      const id = idFromKey(key.slice(keySpace.differing.length))
      const node = decodeNode(bytes)
      // What differs is asked for next: it is kept at hand, unless it may be old by now.
      if (mayKeep && this.#landings === landings) this.#nodes.set(id, { node }, nodeCostBytes(bytes.length))
      yield [id, node.columns]
    }
  }

  /** Every node, by sequence and operation, provisional ones last; as they were when the listing began. */
  async *all(): AsyncIterable<NodeEntry> {
    await this.settled()
    const whole = (space: string): AsyncIterator<NodeEntry> =>
      entriesOf(this.#store.range({ from: space, to: endOf(space) }), space)[Symbol.asyncIterator]()
    yield* mergeById(whole(keySpace.agreeing), whole(keySpace.differing))
  }

  /** Resolves when the store has all that was committed. To be called before the store is closed: what it lacks then is lost. */
  async settled(): Promise<void> {
    while (this.#pending !== undefined || this.#gathered.size > 0) {
      this.#assertWhole()
      if (this.#pending === undefined) this.#landing = this.#land({ flush: false })
      await this.#landing
    }
    this.#assertWhole()
  }

  /** Resolves when all that was committed is durable. Waits for no transaction that is open. */
  async flushed(): Promise<void> {
    while (this.#pending !== undefined) await this.#landing
    this.#assertWhole()
    this.#landing = this.#land({ flush: true })
    await this.#landing
  }

  node(id: NodeId): StoredNode | undefined {
    this.#assertWhole()
    for (const layer of this.#layers()) if (layer.nodes.has(id)) return layer.nodes.get(id)
    const cached = this.#nodes.get(id)
    if (cached !== undefined) return cached.node
    if (id === rootId || isBeyond(id, this.#meta)) return undefined
    const bytes = this.#nodeBytes(id)
    const node = bytes === undefined ? undefined : decodeNode(bytes)
    this.#nodes.set(id, { node }, nodeCostBytes(bytes?.length ?? 0))
    return node
  }

  slots(parent: NodeId, name: Name): Slots {
    this.#assertWhole()
    for (const layer of this.#layers()) {
      const slots = layer.children.get(parent)?.get(name)
      if (slots !== undefined) return slots
    }
    const cached = this.#slots.get(parent, name)
    if (cached !== undefined) return cached
    const bytes = this.#store.get(childrenKey(parent) + nameKey(name))
    const slots = bytes === undefined ? noSlots : decodeSlots(bytes)
    this.#slots.set(parent, name, slots)
    return slots
  }

  inode(key: string): NodeId | undefined {
    this.#assertWhole()
    for (const layer of this.#layers()) if (layer.inodes.has(key)) return layer.inodes.get(key)
    const bytes = this.#store.get(key)
    return bytes === undefined ? undefined : decodeIdRow(bytes)
  }

  slotsUnder(parent: NodeId): AsyncIterable<NamedSlots> {
    this.#assertWhole()
    const stored = this.#storedSlots(parent)
    const changes = new Map<Name, Slots>()
    for (const layer of [...this.#layers()].reverse())
      for (const [name, slots] of layer.children.get(parent) ?? []) changes.set(name, slots)
    return changes.size === 0 ? stored : mergeNames(stored, changes)
  }

  other(key: string): Uint8Array | undefined {
    this.#assertWhole()
    for (const layer of this.#layers()) if (layer.others.has(key)) return layer.others.get(key)
    return isAskedOften(key) ? this.#rowAtHand(key) : this.#store.get(key)
  }

  protected override namesOfLikeness(parent: NodeId, likeness: string): readonly Name[] {
    return this.#spellings.areNone(parent) ? [] : super.namesOfLikeness(parent, likeness)
  }

  /** Other rows of the state, as they were when the listing began. */
  async *others(
    prefix: string,
    options: { from?: string; reverse?: boolean } = {},
  ): AsyncIterable<readonly [string, Uint8Array]> {
    await this.settled()
    const from = options.from ?? prefix
    yield* this.#store.range({ from, to: endOf(prefix), reverse: options.reverse ?? false })
  }

  #rowAtHand(key: string): Uint8Array | undefined {
    const cached = this.#others.get(key)
    if (cached !== undefined) return cached.row
    const row = this.#store.get(key)
    this.#others.set(key, { row }, otherCostBytes(row))
    return row
  }

  /** What is listed is mostly asked for next: it is kept at hand, unless it may be old by then. */
  async *#storedSlots(parent: NodeId): AsyncIterable<NamedSlots> {
    const prefix = childrenKey(parent)
    const landings = this.#landings
    const mayKeep = this.#pending === undefined
    for await (const [key, bytes] of this.#store.range({ from: prefix, to: endOf(prefix) })) {
      const name = nameFromKey(key.slice(prefix.length)) as Name
      const slots = decodeSlots(bytes)
      if (mayKeep && this.#landings === landings) this.#slots.set(parent, name, slots)
      yield [name, slots]
    }
  }

  /** Where a node's row mostly is, comes first: provisional ones differ, most others do not. */
  #nodeBytes(id: NodeId): Uint8Array | undefined {
    const agreeing = keySpace.agreeing + idKey(id)
    const differing = keySpace.differing + idKey(id)
    const [first, second] = isProvisional(id) ? [differing, agreeing] : [agreeing, differing]
    return this.#store.get(first) ?? this.#store.get(second)
  }

  /** What the store does not have yet, the latest first. */
  #layers(): readonly Overlay[] {
    return this.#pending === undefined ? [this.#gathered] : [this.#gathered, this.#pending]
  }

  async #commit(overlay: Overlay, options: { flush: boolean }): Promise<void> {
    this.#assertWhole()
    this.#count(overlay)
    this.#spellings.note(overlay.spelt)
    if (this.#gathered.size === 0) this.#gathered = overlay.whole()
    else this.#gathered.add(overlay)
    const { size, otherBytes } = this.#gathered
    if (options.flush && this.#isFlushed) return
    if (!options.flush && size < this.#gatheredRowsMax && otherBytes < gatheredBytesMax) return
    while (this.#pending !== undefined) await this.#landing
    this.#assertWhole()
    this.#landing = this.#land(options)
    await this.#landing
  }

  /** Whether all that was committed is durable. */
  get #isFlushed(): boolean {
    if (this.#flushedMeta === undefined || this.#pending !== undefined || this.#gathered.size > 0)
      return false
    return Buffer.compare(this.#flushedMeta, encodeMeta(this.#meta)) === 0
  }

  #count(overlay: Overlay): void {
    const meta = this.#meta
    const growth = growthOf(overlay)
    const { files, here, there } = meta.doubts
    meta.differingCount += growth.differing
    meta.doubts = { files: files + growth.files, here: here + growth.here, there: there + growth.there }
    const { held } = meta
    if (held !== undefined)
      meta.held = { files: held.files + growth.held.files, bytes: held.bytes + growth.held.bytes }
    meta.sequenceMax = Math.max(meta.sequenceMax, growth.sequenceMax)
    meta.provisionalNext = Math.max(meta.provisionalNext, growth.provisionalMax + 1)
  }

  /** Gives to the store what was gathered, as one batch. */
  async #land(options: { flush: boolean }): Promise<void> {
    const overlay = this.#gathered
    this.#gathered = new Overlay()
    this.#pending = overlay
    this.#landings += 1
    try {
      const writes = writesOf(overlay)
      const meta = encodeMeta(this.#meta)
      writes.push({ type: 'put', key: metaKey, value: meta })
      this.#flushedMeta = undefined
      await this.#store.batch(writes, options)
      if (options.flush) this.#flushedMeta = meta
      this.#remember(overlay)
    } catch (error) {
      this.#broken = error
      throw error
    } finally {
      this.#pending = undefined
    }
  }

  #remember(overlay: Overlay): void {
    overlay.nodes.forEach((node, id) => {
      this.#nodes.set(id, { node }, nodeCostBytes(contentBytes(node)))
    })
    overlay.others.forEach((row, key) => {
      if (isAskedOften(key)) this.#others.set(key, { row }, otherCostBytes(row))
    })
    overlay.children.forEach((names, parent) => {
      names.forEach((slots, name) => {
        this.#slots.set(parent, name, slots)
      })
    })
  }

  /** After a batch that failed nobody knows what the store holds: only opening it again tells. */
  #assertWhole(): void {
    if (this.#broken === undefined) return
    const cause = this.#broken
    // Why nothing goes on is the full disk, and not the state: opened anew when there is room, it is whole.
    const code = cause instanceof ClientError && cause.code === 'disk-full' ? cause.code : 'state-broken'
    throw new ClientError(code, 'an earlier write to the state failed', { cause })
  }
}

/** Whether a row beside the trees is one of those that planning, fetching and folding ask for with each file. */
function isAskedOften(key: string): boolean {
  return oftenAsked.includes(key.charCodeAt(0))
}

function otherCostBytes(row: Uint8Array | undefined): number {
  return 250 + (row?.length ?? 0)
}

/** Whether nothing in a store of this meta can be about the node. */
function isBeyond(id: NodeId, meta: Pick<Meta, 'provisionalNext' | 'sequenceMax'>): boolean {
  if (id === rootId) return false
  if (id.startsWith('~')) return Number(id.slice(1)) >= meta.provisionalNext
  return Number(id.slice(0, id.indexOf('.'))) > meta.sequenceMax
}

function contentBytes(node: StoredNode | undefined): number {
  const value = node?.columns.remote?.value ?? node?.columns.local?.value
  return value?.kind === 'file' ? (value.content?.length ?? 0) : 0
}
