// Where to look when the relay of a vault cannot be reached, or has it no more: an owner may have gone on at a mirror, and could not tell anybody at
// the relay that is gone. The log names the mirrors, so that a device that was away knows them as well.
import { CryptoError } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { isAccountUnknown } from './account-opening.ts'
import { briefly } from './brief-session.ts'
import { noteFormer } from './former-relay.ts'
import { noteGoing } from './going-on.ts'
import { keptMirrors, mirrorsOf } from './mirror-list.ts'
import { promotionAt, type Promotion } from './promotion.ts'
import { sameRelay } from './relay-login.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Vault } from './vault.ts'

/** A relay that is away for a moment, as most are, has no mirror dialled at each attempt to reach it. */
const againMs = 60_000

/** Looks on behalf of one open vault. */
export class Elsewhere {
  readonly #vault: Vault
  readonly #isBrief: () => boolean
  #lookedMs: number | undefined
  /** A mirror that does not know this device, which was taken in after that one heard of the vault last. */
  #unknownAt: string | undefined

  /** `isBrief`: whether what is under way ends by itself after a few attempts. It has no other time to look again: each attempt looks. */
  constructor(vault: Vault, isBrief: () => boolean) {
    this.#vault = vault
    this.#isBrief = isBrief
  }

  /**
   * After this failure of the relay: whether an owner took the vault to a mirror, or elsewhere as a mirror was told. Then the next connection is one to there. What a mirror does
   * or does not changes nothing else: no look is longer than `briefMs`, or than this signal lets it be.
   */
  async after(error: unknown, signal = this.#vault.signal): Promise<boolean> {
    const { log, platform } = this.#vault
    if (!isAway(error) || log.isEmpty || signal.aborted) return false
    const nowMs = platform.clock.monotonic()
    if (this.#lookedMs !== undefined && nowMs - this.#lookedMs < againMs && !this.#isBrief()) return false
    this.#lookedMs = nowMs
    this.#unknownAt = undefined
    const found = await this.#look(signal)
    if (found === undefined) return false
    await follow(this.#vault, found)
    return true
  }

  /**
   * The same failure, with a mirror that the vault has as `data.mirror`: who is told of it may go on there. `data.unknown`: one that does not know this
   * device.
   */
  withMirror(error: unknown): unknown {
    if (!(error instanceof ClientError) || error.code !== 'relay-unreachable') return error
    const { trees, record } = this.#vault
    const mirror = keptMirrors(trees).find((relay) => !sameRelay(relay, record.relay))
    if (mirror === undefined) return error
    const { code, message, retryable } = error
    return new ClientError(code, message, {
      cause: error,
      retryable,
      data: { ...error.data, mirror, ...(this.#unknownAt !== undefined && { unknown: this.#unknownAt }) },
    })
  }

  #mirrors(): readonly string[] {
    const { relay: here, movedFrom } = this.#vault.record
    // Where it came from is asked as well: the vault may have gone home.
    const former = movedFrom === undefined ? [] : [movedFrom]
    try {
      return [...new Set([...mirrorsOf(this.#vault), ...former])].filter((relay) => !sameRelay(relay, here))
    } catch (error) {
      // Without keys nothing is known of mirrors.
      if (error instanceof ClientError && ['key-withheld', 'relay-refused'].includes(error.code)) return []
      throw error
    }
  }

  /** All of them side by side, so that none waits for another; the first that says so counts. Resolves when no look is under way any more. */
  async #look(signal: AbortSignal): Promise<Promotion | undefined> {
    const enough = new AbortController()
    const on = { ...this.#vault, signal: AbortSignal.any([signal, enough.signal]) }
    let first: Promotion | undefined
    const looks = this.#mirrors().map(async (relay) => {
      const seen = await lookAt(on, relay)
      if (typeof seen === 'string') return { relay, seen }
      first ??= seen
      enough.abort()
      return { relay, seen: 'silent' as const }
    })
    const ends = await Promise.allSettled(looks)
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    const mirrors = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
    this.#unknownAt = unknownAt(mirrors.filter(({ relay }) => relay !== this.#vault.record.movedFrom))
    return signal.aborted ? undefined : first
  }
}

/** `unknown`: it does not know this device. `silent`: it says nothing that can be followed. */
type Seen = Promotion | 'unknown' | 'away' | 'silent'

/** Where no mirror that answers knows this device: the first that does not. */
function unknownAt(mirrors: readonly { readonly relay: string; readonly seen: Seen }[]): string | undefined {
  const isKnown = mirrors.some(({ seen }) => seen !== 'unknown' && seen !== 'away')
  return isKnown ? undefined : mirrors.find(({ seen }) => seen === 'unknown')?.relay
}

async function lookAt(vault: Vault, relay: string): Promise<Seen> {
  try {
    const promotion = await briefly(vault, relay, (session) => promotionAt(vault, session, relay))
    if (promotion === undefined) return 'silent'
    return sameRelay(promotion.relay, relay) || (await isAt(vault, promotion)) ? promotion : 'silent'
  } catch (error) {
    if (isAccountUnknown(error)) return 'unknown'
    if (error instanceof ClientError || error instanceof CryptoError) return 'away'
    throw error
  }
}

/** A mirror that stands still leads to where the vault was once: whoever it leads to has to be there, and to have more of the log than this device. */
async function isAt(vault: Vault, { relay, after }: Promotion): Promise<boolean> {
  try {
    const head = await briefly(vault, relay, (session) => session.head(vault.log.vault))
    return head !== undefined && head.sequence > after
  } catch (error) {
    if (error instanceof ClientError || error instanceof CryptoError) return false
    throw error
  }
}

/**
 * Whether an owner's entry there, which is new to this device, takes the vault to this mirror: it is followed with the next connection. Of where else
 * it went the relay that is there tells by itself.
 */
export async function followed(vault: Vault, session: RelaySession, relay: string): Promise<boolean> {
  const promotion = await promotionAt(vault, session, relay)
  if (promotion === undefined || !sameRelay(promotion.relay, relay)) return false
  await follow(vault, promotion)
  return true
}

async function follow(vault: Vault, { relay, after }: Promotion): Promise<void> {
  await noteFormer(vault, vault.record.relay, after)
  await noteGoing(vault, relay)
}

/** The relay cannot be reached, or says that it does not know this device or the vault any more. */
function isAway(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false
  if (error.code === 'relay-unreachable' || error.code === 'relay-rollback') return true
  return error.code === 'relay-refused' && gone.includes(String(error.data['reason']))
}

const gone = [
  ...['account-unknown', 'account-closed', 'vault-unknown', 'vault-deleted', 'login-failed'],
  ...['registration-closed', 'invitation-wrong'],
]
