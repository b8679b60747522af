// A relay that lies: the real one behind it keeps the log and the packs, and what each device is told of them is up to the test. Entries are
// answered from the real log as the test alters it; everything else passes through.
import {
  CryptoError,
  decodeEntry,
  entryHashOf,
  toHex,
  vaultId,
  type EntryHash,
  type PackId,
  type VaultId,
} from '@grenier/crypto'
import type { ClientMessage, ClientMessageOf, RelayMessage, Wire } from '@grenier/protocol'
import type { Machine, World } from '../simulation/world.ts'
import { tapped } from './tapped-wire.ts'

/** An entry as a relay lists it. */
export type Listed =
  | { readonly sequence: number; readonly entry: Uint8Array }
  | { readonly sequence: number; readonly bodyHash: Uint8Array }

export interface Head {
  readonly sequence: number
  readonly hash: Uint8Array
  readonly at: number
}

/** What it does to one device. What is left out is told as it is. */
export interface Lies {
  /** The log that it shows of a vault. */
  readonly log?: (entries: readonly Listed[], vault: VaultId) => readonly Listed[]
  /** The head that it states; undefined: there is no such vault. */
  readonly head?: (head: Head) => Head | undefined
  /** The vaults that it lists. */
  readonly vaults?: readonly VaultId[]
  /** Bytes of a pack from an offset on. */
  readonly pack?: (pack: string, offset: number, bytes: Uint8Array) => Uint8Array
  /** Whether it says that it lacks a pack. */
  readonly lacks?: (pack: string) => boolean
  /** Packs that it says it lost. */
  readonly lost?: () => Promise<PackId[]>
  /** Keeps an append, or an entry that is put back, to itself and says that it is durable; false: passes it on. */
  readonly swallows?: (entry: Uint8Array) => boolean
  /** Says that it takes an owner's word for entries, and goes on refusing them. */
  readonly forgetsWords?: true
  /** Refuses an append, as if the log had grown. */
  readonly moved?: (entry: Uint8Array) => boolean
  /** What it waits for before it hears a message. */
  readonly holds?: (message: ClientMessage) => Promise<unknown> | undefined
  /** What it pushes, from an entry that it was to push. */
  readonly push?: (entry: {
    sequence: number
    entry: Uint8Array
  }) => { sequence: number; entry: Uint8Array } | undefined
}

/** The relay, and what it does to whom. */
export class LyingRelay {
  readonly #world: World
  readonly #lies = new Map<Machine, Lies>()
  /** Everything that left a client. */
  readonly frames: Uint8Array[] = []
  /** Requests that clients made, by type. */
  readonly asked = new Map<string, number>()
  /** Told of each request, before anything is done about it. */
  onRequest: ((message: ClientMessage) => void) | undefined
  readonly #puts = new Map<Machine, number>()

  constructor(world: World) {
    this.#world = world
  }

  /** From now on it lies to this device, and only so. */
  lieTo(machine: Machine, lies: Lies): void {
    this.#lies.set(machine, lies)
  }

  /** It is honest again. */
  repent(machine: Machine): void {
    this.#lies.delete(machine)
  }

  /** The vault that a device lists first. */
  vaultOf(machine: Machine): VaultId {
    const [folder] = machine.home.folders
    if (folder === undefined) throw new RangeError(`${machine.name} has no folder`)
    return vaultId(new Uint8Array(Buffer.from(folder.vault, 'hex')))
  }

  /** The true log. */
  async log(vault: VaultId): Promise<Listed[]> {
    const entries = await this.#world.stores.logs.entries(vault, 0, 1 << 28)
    return entries.map((one) =>
      'bytes' in one
        ? { sequence: one.sequence, entry: one.bytes }
        : { sequence: one.sequence, bodyHash: one.bodyHash },
    )
  }

  /** How many packs a device sent. */
  putsOf(machine: Machine): number {
    return this.#puts.get(machine) ?? 0
  }

  /** Takes its stand on a line. */
  stand(wire: Wire, machine: Machine): Wire {
    const gets = new Map<number, string>()
    return tapped(wire, {
      holds: (message) => this.#lies.get(machine)?.holds?.(message),
      seen: (frame) => void this.frames.push(frame.slice()),
      toRelay: (message, answer) => this.#toRelay(machine, { message, answer, gets }),
      toClient: (message) => this.#toClient(machine, message, gets),
    })
  }

  #toRelay(
    machine: Machine,
    said: { message: ClientMessage; answer: (message: RelayMessage) => void; gets: Map<number, string> },
  ): ClientMessage | undefined {
    const { message, answer, gets } = said
    this.asked.set(message.type, (this.asked.get(message.type) ?? 0) + 1)
    const lies = this.#lies.get(machine) ?? {}
    this.onRequest?.(message)
    if (message.type === 'put') this.#puts.set(machine, this.putsOf(machine) + 1)
    if (message.type === 'get') {
      const pack = toHex(message.pack)
      gets.set(message.id, pack)
      if (lies.lacks?.(pack) === true) {
        answer(refusal(message.id, 'pack-missing'))
        return undefined
      }
    }
    if (message.type === 'append' && lies.moved?.(message.entry) === true) {
      answer(refusal(message.id, 'head-moved'))
      return undefined
    }
    const isEntry = message.type === 'append' || message.type === 'put-back'
    if (isEntry && lies.swallows?.(message.entry) === true) {
      const { sequence } = decodeEntry(message.entry).header
      answer({ type: 'ok', id: message.id, re: message.type, sequence })
      return undefined
    }
    if (message.type === 'vouch' && lies.forgetsWords === true) {
      answer({ type: 'ok', id: message.id, re: 'vouch' })
      return undefined
    }
    if (message.type === 'vaults' && lies.vaults !== undefined) {
      answer({ type: 'ok', id: message.id, re: 'vaults', vaults: [...lies.vaults], last: true })
      return undefined
    }
    if (message.type === 'lost' && lies.lost !== undefined) {
      void lies.lost().then((packs) => answer({ type: 'ok', id: message.id, re: 'lost', packs, last: true }))
      return undefined
    }
    const isAboutLog = message.type === 'head' || message.type === 'entries'
    if (!isAboutLog || (lies.log === undefined && lies.head === undefined)) return message
    void this.#tell(lies, message, answer)
    return undefined
  }

  async #tell(
    lies: Lies,
    message: ClientMessageOf<'head'> | ClientMessageOf<'entries'>,
    answer: (message: RelayMessage) => void,
  ): Promise<void> {
    const vault = vaultId(message.vault)
    const real = await this.log(vault)
    const shown = lies.log?.(real, vault) ?? real
    const { id } = message
    if (message.type === 'entries') {
      const entries = shown.slice(message.from)
      answer({ type: 'entries-part', id, entries, head: shown.length - 1, last: true })
      return
    }
    const head = headOf(shown)
    const stated = lies.head === undefined ? head : lies.head(head)
    if (stated === undefined) answer(refusal(id, 'vault-unknown'))
    else answer({ type: 'ok', id, re: 'head', ...stated })
  }

  #toClient(
    machine: Machine,
    message: RelayMessage,
    gets: ReadonlyMap<number, string>,
  ): RelayMessage | undefined {
    const lies = this.#lies.get(machine) ?? {}
    if (message.type === 'data' && lies.pack !== undefined) {
      const pack = gets.get(message.id) ?? ''
      return { ...message, bytes: lies.pack(pack, message.offset, message.bytes) }
    }
    if (message.type === 'entry' && lies.push !== undefined) {
      const pushed = lies.push({ sequence: message.sequence, entry: message.entry })
      return pushed && { ...message, ...pushed }
    }
    return message
  }
}

/** Where a log ends, as far as it can be read. */
export function headOf(entries: readonly Listed[]): Head {
  let hash: EntryHash | undefined
  let at = 0
  for (const given of entries) {
    const body = bodyHashOf(given)
    if (body === undefined) continue
    hash = entryHashOf(hash, body as never)
    at = 'entry' in given ? decodeEntry(given.entry).header.at : at
  }
  return { sequence: entries.length - 1, hash: hash ?? new Uint8Array(32), at }
}

function bodyHashOf(given: Listed): Uint8Array | undefined {
  if (!('entry' in given)) return given.bodyHash
  try {
    return decodeEntry(given.entry).bodyHash
  } catch (error) {
    if (error instanceof CryptoError) return undefined
    throw error
  }
}

function refusal(id: number, code: 'pack-missing' | 'head-moved' | 'vault-unknown'): RelayMessage {
  return { type: 'error', id, code, retryable: code === 'head-moved' }
}
