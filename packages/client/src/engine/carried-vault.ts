// A vault that this device has open, as something that can be carried to another relay: its log as it was judged here, entries that this device
// did not keep and all packs from the relay where the vault is. Nothing is put down on the way.
import { decodeEntry, equal, type BodyHash, type VaultId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelayEntry } from '../relay/relay-session.ts'
import { entriesFrom } from '../state/entry-keep.ts'
import { claimsOf } from '../state/pack-table.ts'
import type { CarriedEntry, CarriedVault } from './carrying.ts'
import { attemptsMax } from './connect-to.ts'
import type { Connection } from './connection.ts'
import { patiently } from './patiently.ts'
import type { Vault } from './vault.ts'

/**
 * The vault up to the head that this device knows now; `connection`: to the relay that it is carried from. To bring a copy up to date, receive first,
 * then carry what this gives anew.
 */
export function carriedVault(
  { log, trees }: Pick<Vault, 'log' | 'trees'>,
  connection: Connection,
): CarriedVault {
  const lastSequence = log.state.head.sequence
  return {
    vault: log.vault,
    lastSequence,
    async *entries(from) {
      const there = new EntriesThere(log.vault, connection)
      for await (const { sequence, bodyHash, entry } of entriesFrom(trees, from)) {
        if (sequence > lastSequence) return
        yield entry === undefined ? await there.at(sequence, bodyHash) : { entry }
      }
    },
    async pack(id) {
      const [claim] = claimsOf(trees, id)
      if (claim === undefined) return undefined
      const range = { offset: 0, length: claim.sizeBytes }
      return await patiently(connection, attemptsMax, (session) => session.get(log.vault, id, range))
    },
  }
}

/** Entries that the relay may have whole and this device does not; asked for in rising order. */
class EntriesThere {
  readonly #vault: VaultId
  readonly #connection: Connection
  #coming: AsyncIterator<RelayEntry> | undefined

  constructor(vault: VaultId, connection: Connection) {
    this.#vault = vault
    this.#connection = connection
  }

  /** The entry, or what is left of it. @throws ClientError `relay-contradicts` when the relay has another one there */
  async at(sequence: number, known: BodyHash): Promise<CarriedEntry> {
    const given = await patiently(this.#connection, attemptsMax, (session) => {
      this.#coming ??= session.entries(this.#vault, sequence)[Symbol.asyncIterator]()
      return this.#next(sequence)
    })
    const bodyHash = given && ('entry' in given ? decodeEntry(given.entry).bodyHash : given.bodyHash)
    if (given === undefined || bodyHash === undefined || !equal(bodyHash, known))
      throw new ClientError('relay-contradicts', `entry ${sequence} is another than the one seen before`, {
        data: { sequence },
      })
    return 'entry' in given ? { entry: given.entry } : { bodyHash: known }
  }

  async #next(sequence: number): Promise<RelayEntry | undefined> {
    try {
      for (;;) {
        const next = await this.#coming?.next()
        if (next === undefined || next.done === true) return undefined
        const { value } = next
        if (value.sequence >= sequence) return value.sequence === sequence ? value : undefined
      }
    } catch (error) {
      // The line broke, or the relay refused: the next attempt asks from here on.
      this.#coming = undefined
      throw error
    }
  }
}
