// What a run makes of failures: what a broken line or a busy relay mends by itself is tried again, more and more rarely; all else ends the run.
// A run that is to end gives up when nothing was achieved over several tries.
import { ClientError } from '../errors.ts'
import { pause } from './connection.ts'
import { isLeft } from './going-on.ts'
import { isRightLost } from './leaving.ts'
import { isGoingOn, isPackMissing } from './stranded.ts'
import type { Vault } from './vault.ts'

/** The first wait after a failure, and the longest. */
const firstMs = 500
const mostMs = 60_000
/** A connection that carried more than logging in takes was of some use, even if no pack and no entry came through. */
const movedBytesMin = 256 * 1024

export interface RunFailuresOptions {
  readonly vault: Vault
  /** Failures in a row, with nothing achieved, before the last one counts. */
  readonly failuresMax: number
  /** Whether the vault goes on at another relay after this one. */
  readonly goesOnAfter: (error: unknown) => Promise<boolean>
  /** A number that grows with everything that is done for good. */
  readonly achieved: () => number
  /** Bytes sent and received so far. */
  readonly moved: () => number
}

/** The failures of one run. */
export class RunFailures {
  readonly #options: RunFailuresOptions
  #count = 0
  #achieved = 0
  #moved = 0
  #rightLostAt: number | undefined

  constructor(options: RunFailuresOptions) {
    this.#options = options
  }

  /** It went well: the next failure is a first one. */
  over(): void {
    this.#count = 0
  }

  /**
   * Waits, if the same may go well later: on a new connection, or on the one there is (`keep`).
   * @throws the error itself when it may not, or did not often enough
   */
  async after(error: unknown): Promise<'keep' | 'renew'> {
    if (this.#isNews(error) || isLeft(error)) return 'renew'
    // A line that broke is dialled again first: whether the relay is gone shows there.
    if (!isLine(error) && (await this.#options.goesOnAfter(error))) return 'renew'
    if (!(error instanceof ClientError) || !(error.retryable || isPassing(error))) throw error
    const wasLine = isLine(error)
    if (this.#hasAchieved(wasLine)) this.#count = 0
    this.#count += 1
    if (this.#count > this.#options.failuresMax) throw error
    const { vault } = this.#options
    if (!wasLine) vault.report({ event: 'state', state: 'offline', code: error.code, ...reasonOf(error) })
    // A line that broke is there again at once, as a rule; the connection itself waits when it is not.
    if (!wasLine || this.#count > 1) {
      const asked = Number(error.data['retryAfterMs'] ?? 0)
      const delayMs = Math.max(asked, Math.min(mostMs, firstMs * 2 ** (this.#count - 1)))
      await pause({ clock: vault.platform.clock, signal: vault.signal }, delayMs)
    }
    return error.code === 'pack-unavailable' ? 'keep' : 'renew'
  }

  /** A right that is gone: the log, read on from here, says why. Asked once at each place of it. */
  #isNews(error: unknown): boolean {
    const place = this.#options.vault.log.nextSequence
    if (!isRightLost(error) || this.#rightLostAt === place) return false
    this.#rightLostAt = place
    return true
  }

  #hasAchieved(isLine: boolean): boolean {
    const { achieved, moved } = this.#options
    const [achievedNow, movedNow] = [achieved(), moved()]
    const some = achievedNow > this.#achieved || (isLine && movedNow - this.#moved > movedBytesMin)
    this.#achieved = achievedNow
    this.#moved = movedNow
    return some
  }
}

function isLine(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'relay-unreachable'
}

function reasonOf({ code, data }: ClientError): { readonly reason?: string } {
  const { reason } = data
  return code === 'relay-refused' && typeof reason === 'string' ? { reason } : {}
}

/** Packs that were acknowledged and are not there any more: what is missing is sent again on the next session. */
function isPassing(error: ClientError): boolean {
  return isPackMissing(error) && !isGoingOn(error)
}
