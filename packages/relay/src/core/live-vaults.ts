// The states of logs that are in use, kept in memory: read from the store, rebuilt from the log where what is stored does not decode.
import {
  advance,
  advanceRetired,
  CryptoError,
  decodeEntry,
  decodeLogState,
  toHex,
  type LogState,
  type SigningKey,
  type VaultId,
} from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import { entriesReadBytes, liveVaultsMax } from '../limits.ts'
import type { LogStore } from '../store/log-store.ts'

/** A vault as it stands. Immutable: a longer log is another value. */
export interface LiveVault {
  readonly state: LogState
  /** The identity that pays for it. */
  readonly chargedTo: SigningKey
}

/** Vaults by id, the most recently used ones in memory. */
export class LiveVaults {
  readonly #logs: LogStore
  // In the order of last use, so that the first is the one to forget.
  readonly #known = new Map<string, LiveVault>()
  readonly #loading = new Map<string, Promise<LiveVault | undefined>>()

  constructor(logs: LogStore) {
    this.#logs = logs
  }

  /** The vault as it stands, undefined when the relay has none of this id. */
  async find(id: VaultId): Promise<LiveVault | undefined> {
    const key = toHex(id)
    const known = this.#known.get(key)
    if (known !== undefined) {
      this.#keep(key, known)
      return known
    }
    const loading = this.#loading.get(key) ?? this.#load(id, key)
    return await loading
  }

  /** What is in memory, without asking the store. */
  peek(id: VaultId): LiveVault | undefined {
    return this.#known.get(toHex(id))
  }

  /** The vault has moved on to this. */
  moved(id: VaultId, vault: LiveVault): void {
    const key = toHex(id)
    this.#loading.delete(key)
    this.#keep(key, vault)
  }

  /** What is in memory may be old: the next `find` reads the store. */
  forget(id: VaultId): void {
    this.#loading.delete(toHex(id))
    this.#known.delete(toHex(id))
  }

  #keep(key: string, vault: LiveVault): void {
    this.#known.delete(key)
    this.#known.set(key, vault)
    const oldest = this.#known.keys().next()
    if (this.#known.size > liveVaultsMax && oldest.done !== true) this.#known.delete(oldest.value)
  }

  // An append that ends while this reads makes the result old: `moved` and `forget` then take the promise out, and it is not kept.
  #load(id: VaultId, key: string): Promise<LiveVault | undefined> {
    const loading = this.#read(id).then(
      (vault) => {
        if (this.#loading.get(key) !== loading) return this.#known.get(key) ?? vault
        this.#loading.delete(key)
        if (vault !== undefined) this.#keep(key, vault)
        return vault
      },
      (error: unknown) => {
        if (this.#loading.get(key) === loading) this.#loading.delete(key)
        throw error
      },
    )
    this.#loading.set(key, loading)
    return loading
  }

  async #read(id: VaultId): Promise<LiveVault | undefined> {
    const record = await this.#logs.vault(id)
    if (record === undefined) return undefined
    const stored = decoded(record.state)
    // The stored state is that of the latest spine entry; since then nothing of it changed but the head.
    const state =
      stored === undefined ? await rebuilt(this.#logs, id) : { ...stored, vault: id, head: record.head }
    return { state, chargedTo: record.chargedTo }
  }
}

function decoded(bytes: Uint8Array): LogState | undefined {
  try {
    return decodeLogState(bytes)
  } catch (error) {
    // A state in a form of another version: the log itself says the same.
    if (error instanceof CryptoError) return undefined
    throw error
  }
}

/** The state of a whole log, judged again from its genesis. @throws RelayError `data-broken` when it does not hold. */
export async function rebuilt(logs: LogStore, id: VaultId): Promise<LogState> {
  let state: LogState | undefined
  for (let from = 0; ;) {
    const piece = await logs.entries(id, from, entriesReadBytes)
    for (const stored of piece) {
      if ('bytes' in stored) state = advance(state, decodeEntry(stored.bytes))
      else if (state !== undefined) state = advanceRetired(state, stored.sequence, stored.bodyHash)
      from = stored.sequence + 1
    }
    if (piece.length === 0) break
  }
  if (state === undefined)
    throw new RelayError('data-broken', 'a vault has no log', { data: { vault: toHex(id) } })
  return state
}
