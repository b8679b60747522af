// Puts a vault as it is onto a relay: its entries, then the packs that the relay says it lacks. The bytes are those that were signed and sealed; nothing
// is opened. What is there already is not sent again, so that it may be cut off anywhere and begun anew.
import { equal, packIdOf, type BodyHash, type PackId, type SealedBytes, type VaultId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Tally } from './tally.ts'

/** Entries that are given without waiting for each other. */
const entriesInFlight = 32
/** Packs that are on their way at once: 16 MiB. */
const packsInFlight = 4

/** An entry by the exact bytes that were signed; of one that was retired, what is left. */
export type CarriedEntry = { readonly entry: Uint8Array } | { readonly bodyHash: BodyHash }

/** A vault that can be carried: a log that was judged, and its packs. */
export interface CarriedVault {
  readonly vault: VaultId
  /** Of the last entry. */
  readonly lastSequence: number
  /** From a sequence to the last one, in order. */
  readonly entries: (from: number) => AsyncIterable<CarriedEntry>
  /** Undefined where it is not to be had. */
  readonly pack: (id: PackId) => Promise<Uint8Array | undefined>
}

/** What was put. `lacking`: packs that the relay waits for and that are not to be had; by rising name. */
export interface Carried {
  readonly entries: number
  readonly packs: number
  readonly bytes: number
  readonly lacking: readonly PackId[]
}

export interface CarryOptions {
  readonly from: CarriedVault
  /** Does work on a session of the relay; tried again on another one when the line breaks. */
  readonly onSession: <T>(work: (session: RelaySession) => Promise<T>) => Promise<T>
  readonly tally?: Tally | undefined
}

/**
 * Carries it. @throws ClientError `vault-differs` when the relay has another history of this vault; `relay-refused`, `relay-unreachable`; what
 * the source throws
 */
export async function carry(options: CarryOptions): Promise<Carried> {
  return await new Carrying(options).run()
}

class Carrying {
  readonly #options: CarryOptions
  #entries = 0
  #packs = 0
  #bytes = 0

  constructor(options: CarryOptions) {
    this.#options = options
  }

  async run(): Promise<Carried> {
    const { onSession } = this.#options
    await onSession((session) => this.#putLog(session))
    const lacking = await onSession((session) => this.#putPacks(session))
    return { entries: this.#entries, packs: this.#packs, bytes: this.#bytes, lacking }
  }

  /** Others may put the same back at the same time: what they were quicker with stands as well. */
  async #putLog(session: RelaySession): Promise<void> {
    const { vault, lastSequence } = this.#options.from
    for (let before = -1; ;) {
      const head = await session.head(vault)
      const reached = head?.sequence ?? -1
      // The entry that the relay ends with, or our last one, is given again: it says whether this is the same history.
      if ((await this.#putFrom(session, Math.max(0, Math.min(reached, lastSequence)), reached)) === 'stands')
        return
      if (reached <= before || reached < 0)
        throw new ClientError('vault-differs', 'the relay has another history of this vault')
      before = reached
    }
  }

  async #putFrom(session: RelaySession, from: number, reached: number): Promise<'stands' | 'moved'> {
    const { vault } = this.#options.from
    const under: Promise<'stands' | 'moved'>[] = []
    let sequence = from
    for await (const carried of this.#options.from.entries(from)) {
      const entry = whole(carried)
      under.push(quiet(session.putBack(vault, entry)))
      if (under.length >= entriesInFlight && (await under.shift()) === 'moved') return 'moved'
      // The first one decides whether the rest belongs here at all.
      if (sequence === from && (await under[0]) === 'moved') return 'moved'
      if (sequence > reached) this.#entries += 1
      sequence += 1
    }
    for (const one of under) if ((await one) === 'moved') return 'moved'
    return 'stands'
  }

  async #putPacks(session: RelaySession): Promise<readonly PackId[]> {
    const { from, tally } = this.#options
    const wanted = await session.lost(from.vault)
    const lacking: PackId[] = []
    tally?.expect(wanted.length, 0)
    for (let at = 0; at < wanted.length; at += packsInFlight) {
      const some = await Promise.all(
        wanted.slice(at, at + packsInFlight).map((id) => this.#putPack(session, id)),
      )
      lacking.push(...some.flatMap((one) => (one === undefined ? [] : [one])))
    }
    tally?.tell()
    return lacking
  }

  /** The name, where it is not to be had. */
  async #putPack(session: RelaySession, id: PackId): Promise<PackId | undefined> {
    const { from, tally } = this.#options
    const bytes = await from.pack(id)
    if (bytes === undefined || !equal(packIdOf(bytes), id)) return id
    // It was sealed when it was first sent: the log that claims it by this name says so.
    await session.put(from.vault, { id, bytes: bytes as SealedBytes })
    this.#packs += 1
    this.#bytes += bytes.length
    tally?.did(1, bytes.length)
    return undefined
  }
}

/** @throws ClientError `update-needed` */
function whole(carried: CarriedEntry): Uint8Array {
  if ('entry' in carried) return carried.entry
  throw new ClientError('update-needed', 'a vault that was pruned cannot be carried by this version yet', {
    data: { reason: 'pruned' },
  })
}

/** One that is awaited later must not be taken for one that nobody awaits. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
