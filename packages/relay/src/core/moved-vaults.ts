// Vaults that an owner took to another relay: the entry that says so is the last one of the log here, and nobody appends behind it. What has
// come after it elsewhere may be put back, so that a vault can come home.
import { movedTo, type LogState } from '@grenier/crypto/verify'
import { limits, originOf, ProtocolError } from '@grenier/protocol'
import { RelayError } from '../errors.ts'

/** Where a log says that its vault goes on, by the origins that this relay is reached under; live, for they are known late. */
export class MovedVaults {
  readonly #origins: readonly string[]

  constructor(origins: readonly string[]) {
    this.#origins = origins
  }

  /** @throws RelayError `vault-moved` after an owner took it elsewhere; only an owner's word that it goes on here follows that */
  check(state: LogState | undefined, next: LogState): void {
    const relay = state && movedTo(state.spine)
    if (relay === undefined || this.#isHere(relay) || this.comesHere(next)) return
    const data = relay.length <= limits.factChars ? { relay } : {}
    throw new RelayError('vault-moved', 'an owner took this vault to another relay', { data })
  }

  /** Whether the last entry of a log says that it goes on here. */
  comesHere({ head, spine }: LogState): boolean {
    const relay = movedTo(spine)
    return spine.continuation?.since === head.sequence && relay !== undefined && this.#isHere(relay)
  }

  /** A URL that is none leads nowhere: nobody would follow it. */
  #isHere(url: string): boolean {
    try {
      return this.#origins.includes(originOf(url))
    } catch (error) {
      if (error instanceof ProtocolError) return true
      throw error
    }
  }
}
