// What the log's history holds: every content that any entry ever put, brought back from nothing but what the relay keeps and the vault's keys.
import { Readable } from 'node:stream'
import { zstdDecompressSync } from 'node:zlib'
import {
  advance,
  chunkIdsOf,
  chunkIdKeyOf,
  chunkIdOf,
  containerEpoch,
  decodeChange,
  decodeEntry,
  epochKeysFor,
  equal,
  fromHex,
  joinPayload,
  openContainer,
  openPayload,
  packKeyOf,
  payloadKeyOf,
  toHex,
  vaultId,
  type ChangePayload,
  type Entry,
  type EpochKeys,
  type LogState,
  type PackId,
  type VaultId,
} from '@grenier/crypto'
import type { Stores } from '@grenier/relay'
import type { StoredEntry } from '../../packages/relay/src/store/log-store.ts'
import type { Name } from '../../packages/client/src/sync/name.ts'
import { applyOperations } from '../../packages/client/src/sync/operations.ts'
import type { RemoteView } from '../../packages/client/src/sync/remote-draft.ts'
import type { NodeId, Row } from '../../packages/client/src/sync/tree.ts'
import { versionOf } from './ledger.ts'
import { readyMade } from './memory-home.ts'
import { remembered, textOf } from './quick-crypto.ts'
import type { RelayDisk } from './relay-disk.ts'
import type { World } from './world.ts'

interface Place {
  readonly pack: PackId
  readonly offset: number
  readonly storedBytes: number
  readonly plainBytes: number
}

interface HistoryOf {
  readonly stores: Stores
  readonly vault: VaultId
  readonly keys: EpochKeys
  readonly mayLack: MayLack
}

/** Reads one vault as its archive would be read. */
class History {
  readonly #stores: Stores
  readonly #vault: VaultId
  readonly #keys: EpochKeys
  /** All that any entry said of where a chunk lies, the latest first. */
  readonly #places = new Map<string, Place[]>()
  readonly #plains = new Map<string, Uint8Array>()
  readonly #mayLack: MayLack

  constructor({ stores, vault, keys, mayLack }: HistoryOf) {
    this.#stores = stores
    this.#vault = vault
    this.#keys = keys
    this.#mayLack = mayLack
  }

  /**
   * Takes in where the chunks of an entry lie; what the entry says, to be read when all places are known. A large payload of one that
   * `isRetired` may be gone.
   */
  async take(entry: Entry, state: LogState, isRetired: boolean): Promise<ChangePayload | undefined> {
    if (entry.header.kind !== 'change') return undefined
    const change = await this.#opened(entry, state, isRetired)
    if (change === undefined) return undefined
    const claims = [...entry.header.added, ...entry.header.restored]
    for (const list of change.index) {
      let offset = 0
      for (const chunk of list.chunks) {
        const { plainBytes, storedBytes } = chunk
        const pack = claims[list.pack]?.id
        const places = this.#places.get(toHex(chunk.id)) ?? []
        if (pack !== undefined) places.unshift({ pack, offset, storedBytes, plainBytes })
        this.#places.set(toHex(chunk.id), places)
        offset += storedBytes
      }
    }
    return change
  }

  /** The versions that an entry put, as far as they are there. `isOwed` says of a content, hex ids in a row, whether it has to be. */
  async read(change: ChangePayload, isOwed: (content: string) => boolean): Promise<string[]> {
    const versions: string[] = []
    for (const operation of change.operations) {
      if (operation.op !== 'put' || operation.node.kind !== 'file') continue
      if (operation.node.depth > 0) throw new RangeError('a file too large for a simulation')
      const ids = chunkIdsOf(operation.node.chunks, change.index).map(toHex)
      try {
        const parts: Uint8Array[] = []
        for (const id of ids) parts.push(await this.#chunk(id))
        versions.push(versionOf(Buffer.concat(parts)))
      } catch (error) {
        if (isOwed(ids.join('')) && !ids.some((id) => this.#isLacking(id))) throw error
      }
    }
    return versions
  }

  /** Whether all places of a chunk were in packs that the relay may lack. */
  #isLacking(id: string): boolean {
    const places = this.#places.get(id) ?? []
    return places.length > 0 && places.every(({ pack }) => this.#mayLack(pack))
  }

  async #opened(entry: Entry, state: LogState, isRetired: boolean): Promise<ChangePayload | undefined> {
    try {
      return await this.#open(entry, state)
    } catch (error) {
      if (isRetired || entry.header.added.some(({ id }) => this.#mayLack(id))) return undefined
      throw error
    }
  }

  async #open(entry: Entry, { spine }: LogState): Promise<ChangePayload> {
    const epoch = spine.epochs.at(-1)?.number ?? 0
    const place = { payloadKey: payloadKeyOf(this.#key(epoch), epoch, this.#vault), binding: this.#vault }
    const rule = { payloadVersionMax: spine.payloadVersionMax }
    const content = openPayload(entry.payload, { ...place, ...rule })
    const { added, restored } = entry.header
    if (content.kind === 'body') return decodeChange(content.body, [...added, ...restored])
    const plains: Uint8Array[] = []
    for (const position of content.pointer.packs) {
      const claim = added[position]
      if (claim === undefined) throw new RangeError('a pointer to nowhere')
      plains.push(await this.#plain(claim.id))
    }
    return decodeChange(joinPayload(content.pointer, plains, rule), [...added, ...restored])
  }

  async #chunk(id: string): Promise<Uint8Array> {
    const places = this.#places.get(id) ?? []
    let failed: unknown = new RangeError('a file names a chunk that has no place')
    for (const place of places)
      try {
        return await this.#chunkAt(id, place)
      } catch (error) {
        failed = error
      }
    throw failed
  }

  async #chunkAt(id: string, place: Place): Promise<Uint8Array> {
    const plain = await this.#plain(place.pack)
    const stored = plain.subarray(place.offset, place.offset + place.storedBytes)
    const bytes = place.storedBytes === place.plainBytes ? stored : zstdDecompressSync(stored)
    const key = chunkIdKeyOf(this.#key(0), this.#vault)
    if (!equal(chunkIdOf(key, bytes), fromHex(id))) throw new RangeError('a chunk is not what its id says')
    return bytes
  }

  /** What is in a pack. */
  async #plain(pack: PackId): Promise<Uint8Array> {
    const name = toHex(pack)
    const known = this.#plains.get(name)
    if (known !== undefined) return known
    const row = (await this.#stores.ledger.rows(this.#vault, [pack]))[0]
    if (row === undefined) throw new RangeError('the relay lacks a pack that an entry claims')
    const bytes = new Uint8Array(row.sizeBytes)
    await (await this.#stores.packs.open({ vault: this.#vault, pack })).read(0, [bytes])
    const epoch = containerEpoch(bytes, 'pack')
    const key = packKeyOf(this.#key(epoch), epoch, this.#vault)
    const { plain } = openContainer({ type: 'pack', key, binding: this.#vault, bytes })
    this.#plains.set(name, plain)
    return plain
  }

  #key(epoch: number): Uint8Array {
    const key = this.#keys.get(epoch)
    if (key === undefined) throw new RangeError('an epoch without a key')
    return key
  }
}

/** Entries as they were signed, by their body hash, hex: of those that retired meanwhile. */
export type KeptEntries = ReadonlyMap<string, Uint8Array>

/** What a relay's disk has of the world's vault. */
export interface LogPlace {
  readonly disk: RelayDisk
  readonly vault: VaultId
  /** Entries that may have retired there. */
  readonly kept: KeptEntries
}

/** A log from its beginning, with what it says after each entry. */
export interface Log {
  readonly entries: readonly Entry[]
  readonly states: readonly LogState[]
}

/** The vault of a world; undefined as long as it has none. */
export function vaultOf(world: World): VaultId | undefined {
  const [folder] = world.machines[0]?.home.folders ?? []
  return folder === undefined ? undefined : vaultId(fromHex(folder.vault))
}

/** Reads and judges a log. @throws when it does not hold */
export async function logAt(place: LogPlace): Promise<Log> {
  const entries: Entry[] = []
  const states: LogState[] = []
  for await (const one of linesAt(place)) {
    const bytes = 'bytes' in one ? one.bytes : place.kept.get(toHex(one.bodyHash))
    if (bytes === undefined) throw new RangeError('an entry retired that nothing let go')
    const before = states.at(-1)
    const { entry, state } = stepAfter(before, bytes)
    entries.push(entry)
    states.push(state)
  }
  return { entries, states }
}

/** An entry, and what the log says after it. */
interface Step {
  readonly entry: Entry
  readonly state: LogState
}

/** Steps kept: those of some runs, and a chain of states holds on to all that came of it. */
const stepsMax = 500
/** Stands before the first entry. */
const beginning = {}
/** What followed a state, by the entry's bytes: a log is read and judged again and again, and both are pure. What does not hold is not kept. */
let steps = new WeakMap<object, Map<string, Step>>()
let stepsKept = 0

/** @throws when the entry does not follow */
function stepAfter(before: LogState | undefined, bytes: Uint8Array): Step {
  const known = steps.get(before ?? beginning) ?? new Map<string, Step>()
  return remembered(known, textOf(bytes), () => {
    const entry = entryOf(bytes)
    const step = { entry, state: advance(before, entry) }
    if (stepsKept >= stepsMax) [steps, stepsKept] = [new WeakMap<object, Map<string, Step>>(), 0]
    steps.set(before ?? beginning, known)
    stepsKept += 1
    return step
  })
}

const decoded = new Map<string, Entry>()
const decodedMax = 500

/** @throws when the bytes are no entry */
function entryOf(bytes: Uint8Array): Entry {
  if (decoded.size >= decodedMax) decoded.clear()
  return remembered(decoded, textOf(bytes), () => decodeEntry(bytes))
}

/** The body hashes of a log, hex. */
export async function bodiesAt(place: Omit<LogPlace, 'kept'>): Promise<string[]> {
  const bodies: string[] = []
  for await (const one of linesAt(place))
    bodies.push(toHex('bytes' in one ? entryOf(one.bytes).bodyHash : one.bodyHash))
  return bodies
}

/** Whether the relay may lack a pack. */
export type MayLack = (pack: PackId) => boolean

/** What a log gives back. */
export interface Ever {
  /** The bodies, hex, of the entries that put a version. */
  readonly versions: ReadonlyMap<string, ReadonlySet<string>>
  /** The bodies of entries whose versions nobody promises any more: before the state that the latest prune names. */
  readonly retired: ReadonlySet<string>
  readonly bodies: ReadonlySet<string>
}

/**
 * All contents that a log ever had, from wherever they lie. Behind the state that the latest prune names everything has to be there, and what
 * that state holds; but for packs that the relay may lack.
 * @throws when anything else cannot be brought back
 */
export async function everAt(place: LogPlace, mayLack: MayLack): Promise<Ever> {
  const { entries, states } = await logAt(place)
  const last = states.at(-1)
  if (last === undefined) return { versions: new Map(), retired: new Set(), bodies: new Set() }
  const { vault } = place
  const keys = epochKeysFor({ vault, spine: last.spine, pairs: readyMade.identity })
  const stores = place.disk.open(() => true)
  const history = new History({ stores, vault, keys, mayLack })
  const through = last.spine.prune?.through ?? -1
  const changes: { change: ChangePayload; entry: Entry; at: number }[] = []
  for (const [at, entry] of entries.entries()) {
    const state = states[at]
    const change = state && (await history.take(entry, state, at <= through))
    if (change !== undefined) changes.push({ change, entry, at })
  }
  const named = await contentsOf(changes.filter(({ at }) => at <= through))
  const versions = new Map<string, Set<string>>()
  for (const { change, entry, at } of changes)
    for (const version of await history.read(change, (content) => at > through || named.has(content)))
      versions.set(version, (versions.get(version) ?? new Set()).add(toHex(entry.bodyHash)))
  const bodies = entries.map(({ bodyHash }) => toHex(bodyHash))
  return { versions, retired: new Set(bodies.slice(0, through + 1)), bodies: new Set(bodies) }
}

/** What files hold when all of these have been applied. */
async function contentsOf(
  changes: readonly { readonly change: ChangePayload; readonly at: number }[],
): Promise<ReadonlySet<string>> {
  const rows = new Map<NodeId, Row>()
  const childrenOf = (parent: NodeId): { name: Name; id: NodeId }[] =>
    [...rows].filter(([, row]) => row.parent === parent).map(([id, { name }]) => ({ name, id }))
  const view: RemoteView = {
    row: (id) => rows.get(id),
    child: (parent, name) => childrenOf(parent).find((child) => child.name === name)?.id,
    children: (parent) => Readable.from(childrenOf(parent)),
    hasPlace: () => true,
  }
  for (const { change, at } of changes) {
    const outcome = await applyOperations({ sequence: at, payload: change }, view)
    if (outcome.void !== undefined) continue
    for (const [id, row] of outcome.rows)
      if (row === undefined) rows.delete(id)
      else rows.set(id, row)
  }
  const contents = new Set<string>()
  for (const { value } of rows.values())
    if (value.kind === 'file' && value.content !== undefined) contents.add(toHex(value.content.subarray(1)))
  return contents
}

async function* linesAt({ disk, vault }: Omit<LogPlace, 'kept'>): AsyncIterable<StoredEntry> {
  const { logs } = disk.open(() => true)
  for (let next = 0; ;) {
    const some = await logs.entries(vault, next, 1 << 20)
    if (some.length === 0) return
    yield* some
    next += some.length
  }
}
