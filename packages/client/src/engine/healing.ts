// Puts back what a relay lost, whose log is the beginning of the one that this device knows: a backup of it was restored, or all of it is gone.
// The very same entries go back, which the relay and everybody else judge as they did before: nothing is signed again, and nothing here changes.
import { bodyHash, entryHashOf, equal, type EntryHash } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelayHead, RelaySession } from '../relay/relay-session.ts'
import { entriesFrom } from '../state/entry-keep.ts'
import { noteHealed } from './healed-note.ts'
import { ownersWord } from './owners-word.ts'
import { forgetStranded, isPackMissing, putPayloadPacks, strandedBy } from './stranded.ts'
import type { Vault } from './vault.ts'

/** Entries that are given back without waiting for each other. */
const inFlightMax = 32
/** A copy that does not know this device yet learns of it from the others: it is asked again for so long. */
const patienceMs = 10 * 60_000

/** Heals the log of one vault. */
export class Healing {
  readonly #vault: Vault
  #refusedSinceMs: number | undefined

  constructor(vault: Vault) {
    this.#vault = vault
  }

  /**
   * Puts back everything after the relay's head. Resolves when it stands there, or when the log has moved meanwhile: ask again.
   * @throws ClientError `fault` when the relay's log is no beginning of this one, or when this device does not have what is missing;
   * `relay-refused` (retryable for a while) when the relay does not know this device, and what else it says
   */
  async putBack(session: RelaySession, head: RelayHead | undefined, fault: ClientError): Promise<void> {
    const { log, trees, platform, report } = this.#vault
    if (log.isEmpty) throw fault
    const count = await this.#putBackAll(session, await this.#after(head, fault), fault)
    if (count === 'moved') return
    this.#refusedSinceMs = undefined
    await forgetStranded(this.#vault)
    await noteHealed(trees, { atMs: platform.clock.now(), entries: count, packs: 0, bytes: 0 })
    report({ event: 'healed', entries: count, packs: 0, bytes: 0 })
  }

  /** The first entry that a relay lacks whose log ends there; its log is the beginning of this one. @throws ClientError `fault` when it is not */
  async #after(head: RelayHead | undefined, fault: ClientError): Promise<number> {
    const { nextSequence } = this.#vault.log
    // Others were faster, and went on: what that is shows when it is asked for.
    if (head !== undefined && head.sequence >= nextSequence) return nextSequence
    if (head !== undefined && !equal(await this.#hashAt(head.sequence), head.hash)) throw fault
    return head === undefined ? 0 : head.sequence + 1
  }

  /** How many went back. */
  async #putBackAll(session: RelaySession, from: number, fault: ClientError): Promise<number | 'moved'> {
    try {
      return await this.#putBackOn(session, from, fault)
    } catch (error) {
      if (isPackMissing(error))
        throw await this.#stranded(await this.#after(await session.head(this.#vault.log.vault), fault), error)
      throw this.#isUnknownHere(error) ? this.#waiting(error) : error
    }
  }

  /** Goes on where it is refused for a pack, as long as this device has something that helps: packs of large payloads, or the word of an owner. */
  async #putBackOn(session: RelaySession, from: number, fault: ClientError): Promise<number | 'moved'> {
    const { log } = this.#vault
    let [next, vouchedAt, hasPut] = [from, -1, false]
    for (;;) {
      try {
        const count = await this.#putBackFrom(session, next, fault)
        return count === 'moved' ? count : count + next - from
      } catch (error) {
        if (!isPackMissing(error)) throw error
        next = await this.#after(await session.head(log.vault), fault)
        if (next === log.nextSequence) return 'moved'
        const helps = !hasPut && (await isOfHelp(putPayloadPacks(this.#vault, session, next)))
        hasPut = true
        if (helps) continue
        // Refused although an owner's word was just given for it. Further on, the relay may have forgotten a word that took it longer than it remembers.
        if (next <= vouchedAt) throw error
        const word = await ownersWord(this.#vault, next)
        if (word === undefined || !(await isOfHelp(session.vouch(log.vault, word)))) throw error
        vouchedAt = next
      }
    }
  }

  async #putBackFrom(session: RelaySession, from: number, fault: ClientError): Promise<number | 'moved'> {
    const { log, trees } = this.#vault
    const under: Promise<'stands' | 'moved'>[] = []
    let count = 0
    for await (const { entry } of entriesFrom(trees, from)) {
      if (entry === undefined) throw fault
      under.push(quiet(session.putBack(log.vault, entry)))
      if (under.length > inFlightMax && (await under.shift()) === 'moved') return 'moved'
      count += 1
    }
    for (const one of under) if ((await one) === 'moved') return 'moved'
    return count
  }

  /** Entries that only an owner may put back: for a while that is waited for. */
  async #stranded(from: number, error: ClientError): Promise<ClientError> {
    const waiting = this.#waiting(error)
    if (from === this.#vault.log.nextSequence) return waiting
    const { message, retryable } = waiting
    const stranded = await strandedBy(this.#vault, from)
    return new ClientError('relay-refused', message, {
      cause: error,
      retryable: retryable && stranded.then !== 'goes-on',
      data: { ...error.data, ...stranded },
    })
  }

  /** A refusal that the others may mend: asked again for a while. */
  waiting(error: ClientError): ClientError {
    return this.#waiting(error)
  }

  #waiting(error: ClientError): ClientError {
    const nowMs = this.#vault.platform.clock.monotonic()
    this.#refusedSinceMs ??= nowMs
    const retryable = nowMs - this.#refusedSinceMs < patienceMs
    return new ClientError('relay-refused', error.message, { cause: error, retryable, data: error.data })
  }

  #isUnknownHere(error: unknown): error is ClientError {
    if (!(error instanceof ClientError) || error.code !== 'relay-refused') return false
    return ['vault-unknown', 'no-right', 'account-unknown', 'account-closed'].includes(
      String(error.data['reason']),
    )
  }

  /** The hash of an entry of the log as this device knows it. */
  async #hashAt(sequence: number): Promise<EntryHash> {
    let hash: EntryHash | undefined
    let next = 0
    for await (const kept of entriesFrom(this.#vault.trees, 0)) {
      if (kept.sequence !== next) break
      hash = entryHashOf(hash, bodyHash(kept.bodyHash))
      if (next === sequence) return hash
      next += 1
    }
    throw new ClientError('state-broken', 'the log that this device kept has a gap')
  }
}

/** Whether what was tried came about; where the relay refuses it, what it refused before is what counts. */
async function isOfHelp(tried: Promise<unknown>): Promise<boolean> {
  try {
    return (await tried) !== false
  } catch (error) {
    if (error instanceof ClientError && error.code === 'relay-refused') return false
    throw error
  }
}

/** One that is awaited later must not be taken for one that nobody awaits. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
