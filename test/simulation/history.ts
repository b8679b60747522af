// What the log's history holds: every content that any entry ever put, brought back from nothing but what the relay keeps and the vault's keys.
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
import { versionOf } from './ledger.ts'
import { readyMade } from './memory-home.ts'
import type { World } from './world.ts'

interface Place {
  readonly pack: PackId
  readonly offset: number
  readonly storedBytes: number
  readonly plainBytes: number
}

/** Reads one vault as its archive would be read. */
class History {
  readonly #stores: Stores
  readonly #vault: VaultId
  readonly #keys: EpochKeys
  /** All that any entry said of where a chunk lies, the latest first. */
  readonly #places = new Map<string, Place[]>()
  readonly #plains = new Map<string, Uint8Array>()
  readonly versions = new Set<string>()

  constructor(stores: Stores, vault: VaultId, keys: EpochKeys) {
    this.#stores = stores
    this.#vault = vault
    this.#keys = keys
  }

  /** Takes in where the chunks of an entry lie; what the entry says, to be read when all places are known. */
  async take(entry: Entry, state: LogState): Promise<ChangePayload | undefined> {
    if (entry.header.kind !== 'change') return undefined
    const change = await this.#open(entry, state)
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

  /** Reads all that an entry put. */
  async read(change: ChangePayload): Promise<void> {
    for (const operation of change.operations) {
      if (operation.op !== 'put' || operation.node.kind !== 'file') continue
      if (operation.node.depth > 0) throw new RangeError('a file too large for a simulation')
      const parts: Uint8Array[] = []
      for (const id of chunkIdsOf(operation.node.chunks, change.index))
        parts.push(await this.#chunk(toHex(id)))
      this.versions.add(versionOf(Buffer.concat(parts)))
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

/** The log of the world's vault, as the relay has it now; entries that retired since are among those that were kept. */
export interface Log {
  readonly vault: VaultId
  readonly entries: readonly Entry[]
  readonly states: readonly LogState[]
}

/** Reads and judges the log from its beginning. @throws when it does not hold */
export async function logOf(world: World, kept: KeptEntries = new Map()): Promise<Log | undefined> {
  const [folder] = world.machines[0]?.home.folders ?? []
  if (folder === undefined) return undefined
  const vault = vaultId(fromHex(folder.vault))
  const entries = await allEntries(
    world.relayDisk.open(() => true),
    vault,
    kept,
  )
  const states: LogState[] = []
  for (const entry of entries) states.push(advance(states.at(-1), entry))
  return { vault, entries, states }
}

/**
 * The versions of all contents that the log of the world's vault ever had. What was put before the latest prune's state may be gone.
 * @throws when anything else of it cannot be brought back
 */
export async function versionsEver(
  world: World,
  kept: KeptEntries = new Map(),
): Promise<ReadonlySet<string>> {
  const log = await logOf(world, kept)
  const last = log?.states.at(-1)
  if (log === undefined || last === undefined) return new Set()
  const { vault } = log
  const keys = epochKeysFor({ vault, spine: last.spine, pairs: readyMade.identity })
  const history = new History(
    world.relayDisk.open(() => true),
    vault,
    keys,
  )
  const through = last.spine.prune?.through ?? -1
  const changes: { change: ChangePayload; mayBeGone: boolean }[] = []
  for (const [at, entry] of log.entries.entries()) {
    const state = log.states[at]
    const mayBeGone = at <= through
    const change = await unlessGone(mayBeGone, async () => state && (await history.take(entry, state)))
    if (change !== undefined) changes.push({ change, mayBeGone })
  }
  for (const { change, mayBeGone } of changes) await unlessGone(mayBeGone, () => history.read(change))
  return history.versions
}

async function unlessGone<T>(mayBeGone: boolean, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (mayBeGone) return undefined
    throw error
  }
}

async function allEntries({ logs }: Stores, vault: VaultId, kept: KeptEntries): Promise<Entry[]> {
  const entries: Entry[] = []
  for (;;) {
    const some = await logs.entries(vault, entries.length, 1 << 20)
    if (some.length === 0) return entries
    for (const one of some) {
      const bytes = 'bytes' in one ? one.bytes : kept.get(toHex(one.bodyHash))
      if (bytes === undefined) throw new RangeError('an entry retired that nothing let go')
      entries.push(decodeEntry(bytes))
    }
  }
}
