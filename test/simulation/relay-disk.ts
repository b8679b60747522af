// What a relay keeps, in memory: rows and packs that outlive its process, lose what was not durable when it dies, and can be copied, so that
// a world need not be made anew for each run. The stores over them are the real ones.
import { equal, toHex, type PackId, type VaultId } from '@grenier/crypto'
import type { Stores } from '@grenier/relay'
import { RowsAccountStore } from '../../packages/relay/src/account/account-store-rows.ts'
import { RowsRegistrationStore } from '../../packages/relay/src/account/registration-store-rows.ts'
import { GroupCommit, type RowWrite } from '../../packages/relay/src/store/group-commit.ts'
import { RowsDeletionStore } from '../../packages/relay/src/store/deletion-store-rows.ts'
import { RowsLogStore } from '../../packages/relay/src/store/log-store-rows.ts'
import { RowsPackLedger } from '../../packages/relay/src/store/pack-ledger-rows.ts'
import { packMissing, readerOf } from '../../packages/relay/src/store/pack-pieces.ts'
import type { PackPlace, PackStore } from '../../packages/relay/src/store/pack-store.ts'
import { CheckedUpload } from '../../packages/relay/src/store/pack-upload.ts'
import type { Rows } from '../../packages/relay/src/store/rows.ts'

interface Pack {
  readonly place: PackPlace
  readonly bytes: Uint8Array
}

/** Comes back unless the process is dead. */
type Wait = () => Promise<void>

/** The disk of one relay. */
export class RelayDisk {
  readonly #rows: Map<string, Uint8Array>
  readonly #packs: Map<string, Pack>
  readonly #incarnation: Uint8Array
  /** Values before writes that no flush followed yet, by batch, last one last. */
  #undo: (readonly (readonly [string, Uint8Array | undefined])[])[] = []
  #sorted: readonly string[] | undefined

  constructor(incarnation: Uint8Array, kept?: { rows: Map<string, Uint8Array>; packs: Map<string, Pack> }) {
    this.#incarnation = incarnation
    this.#rows = kept?.rows ?? new Map<string, Uint8Array>()
    this.#packs = kept?.packs ?? new Map<string, Pack>()
  }

  /** Another disk with the same on it. */
  copy(): RelayDisk {
    return new RelayDisk(this.#incarnation, { rows: new Map(this.#rows), packs: new Map(this.#packs) })
  }

  /**
   * Stores for one process. Once it is dead (`alive` says so), nothing that it calls does anything, or returns. `step` comes before each
   * effect and each answer: it may take its time, and the process may die in it.
   */
  open(alive: () => boolean, step: () => Promise<void> | undefined = () => undefined): Stores {
    const unlessDead = async (): Promise<void> => {
      if (alive()) await step()
      if (!alive()) await never()
    }
    const rows = this.#openRows(unlessDead)
    return {
      logs: new RowsLogStore(rows, this.#incarnation),
      ledger: new RowsPackLedger(rows),
      packs: this.#openPacks(unlessDead),
      deletions: new RowsDeletionStore(rows),
      accounts: new RowsAccountStore(rows, undefined),
      registration: new RowsRegistrationStore(rows, undefined),
      close: () => rows.close(),
    }
  }

  /** How many entries lie there, of all logs. */
  get entries(): number {
    let count = 0
    for (const key of this.#rows.keys()) if (key.startsWith('entry/')) count += 1
    return count
  }

  /** Batches that no flush followed yet. */
  get unflushedBatches(): number {
    return this.#undo.length
  }

  /** Loses power: of the batches since the last flush, in order, the first `kept` survive. */
  crash(kept = 0): void {
    for (const batch of this.#undo.slice(kept).reverse())
      for (const [key, value] of [...batch].reverse()) this.#put(key, value)
    this.#undo = []
  }

  /** Packs rot, or vanish: each becomes what `change` makes of it, unknown to all rows. Gives how many did. */
  rot(change: (bytes: Uint8Array, at: number) => Uint8Array | undefined): number {
    let [at, count] = [0, 0]
    for (const [name, { place, bytes }] of [...this.#packs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const after = change(bytes, at++)
      if (after === bytes) continue
      count += 1
      if (after === undefined) this.#packs.delete(name)
      else this.#packs.set(name, { place, bytes: after })
    }
    return count
  }

  /** The packs of a vault whose bytes lie there. */
  packsOf(vault: VaultId): PackId[] {
    const packs: PackId[] = []
    for (const { place } of this.#packs.values()) if (equal(place.vault, vault)) packs.push(place.pack)
    return packs
  }

  /** Everything that lies there: keys are text. */
  *everything(): Generator<Uint8Array | string> {
    for (const row of this.#rows) yield* row
    for (const { bytes } of this.#packs.values()) yield bytes
  }

  #openRows(unlessDead: Wait): Rows {
    const group = new GroupCommit({
      ready: unlessDead,
      get: (key) => this.#rows.get(key),
      write: async (batch, durable) => {
        await unlessDead()
        this.#write(batch, durable)
        // It may die before it says that it has written.
        await unlessDead()
      },
    })
    const sorted = (): readonly string[] => (this.#sorted ??= [...this.#rows.keys()].sort())
    const rowsOf = this.#rows
    return {
      flushes: 0,
      get: (key) => rowsOf.get(key),
      range: (wanted) => rangeOf({ rows: rowsOf, sorted, unlessDead }, wanted),
      commit: (decide, options = { durable: true }) => group.commit(decide, options.durable),
      close: () => group.close(),
    }
  }

  #write(batch: readonly RowWrite[], durable: boolean): void {
    const undo: [string, Uint8Array | undefined][] = []
    for (const { key, value } of batch) {
      undo.push([key, this.#rows.get(key)])
      this.#put(key, value)
    }
    if (durable) this.#undo = []
    else this.#undo.push(undo)
  }

  #put(key: string, value: Uint8Array | undefined): void {
    if (this.#rows.has(key) !== (value !== undefined)) this.#sorted = undefined
    if (value === undefined) this.#rows.delete(key)
    else this.#rows.set(key, value)
  }

  #openPacks(unlessDead: Wait): PackStore {
    const packs = this.#packs
    return {
      async begin(arrival) {
        await unlessDead()
        const parts: Uint8Array[] = []
        return new CheckedUpload(arrival, {
          write: (...pieces) => {
            parts.push(...pieces.map((bytes) => bytes.slice()))
            return unlessDead()
          },
          publish: async () => {
            await unlessDead()
            packs.set(nameOf(arrival), { place: arrival, bytes: Buffer.concat(parts) })
            await unlessDead()
          },
          discard: () => Promise.resolve(),
        })
      },
      async open(place) {
        await unlessDead()
        const found = packs.get(nameOf(place))
        if (found === undefined) throw packMissing(place)
        const reader = readerOf(found.bytes, place)
        return {
          async read(offset, into) {
            await unlessDead()
            await reader.read(offset, into)
          },
          close: () => reader.close(),
        }
      },
      async delete(places) {
        await unlessDead()
        for (const place of places) packs.delete(nameOf(place))
      },
      list: (vault) => placesOf(packs, unlessDead, vault),
      close: () => Promise.resolve(),
    }
  }
}

interface SortedRows {
  readonly rows: ReadonlyMap<string, Uint8Array>
  readonly sorted: () => readonly string[]
  readonly unlessDead: Wait
}

// No closures: each closure that is a generator is of a kind of its own to V8, and kinds live as long as old things do, with all that they close over.

async function* rangeOf(
  { rows, sorted, unlessDead }: SortedRows,
  { from, to, limit = Infinity }: Parameters<Rows['range']>[0],
): AsyncGenerator<readonly [string, Uint8Array]> {
  const keys = sorted()
  const found: (readonly [string, Uint8Array])[] = []
  for (let at = placeOf(keys, from); at < keys.length && found.length < limit; at += 1) {
    const key = keys[at] ?? ''
    if (key >= to) break
    found.push([key, rows.get(key) ?? new Uint8Array(0)])
  }
  for (const row of found) {
    await unlessDead()
    yield row
  }
}

async function* placesOf(
  packs: ReadonlyMap<string, Pack>,
  unlessDead: Wait,
  vault: VaultId | undefined,
): AsyncGenerator<PackPlace> {
  await unlessDead()
  const prefix = vault === undefined ? '' : `${toHex(vault)}/`
  for (const [name, { place }] of [...packs].sort(([a], [b]) => (a < b ? -1 : 1)))
    if (name.startsWith(prefix)) yield place
}

/** A promise of its own each time: one for all would hold on to everybody who ever waited for it. */
const never = (): Promise<never> => new Promise(() => undefined)

function nameOf({ vault, pack }: PackPlace): string {
  return `${toHex(vault)}/${toHex(pack)}`
}

/** The first place whose key is not before `key`. */
function placeOf(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
