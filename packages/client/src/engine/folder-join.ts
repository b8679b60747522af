// Taking up an invitation: the log of its vault is read and judged whole, the code vouches for it, and one entry makes this device a member.
import {
  checkInvite,
  CryptoError,
  decodeGenesisPayload,
  epochKeysFor,
  equal,
  makeAccept,
  movedTo,
  openPayload,
  payloadKeyOf,
  payloadVersion,
  roleOf,
  toHex,
  type Entry,
  type Invitation as InvitationKeys,
  type VaultId,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { LogAnchor } from '../log/log-anchor.ts'
import { VaultLog } from '../log/vault-log.ts'
import { Backoff } from '../relay/backoff.ts'
import { isLineBroken } from '../relay/relay-failure.ts'
import type { ConnectedSession } from '../relay/session.ts'
import type { EngineContext } from './api.ts'
import { pause } from './connection.ts'
import { deviceLogin, logInAt, relayUrl, type Login } from './relay-login.ts'
import type { CutOff } from './settling.ts'

/** How often a line may break, or others be quicker, before a join gives up. */
const attemptsMax = 8

/** The place of this device in the log, where the log ended before that, and the vault's name; undefined where it cannot be read. */
interface Accepting {
  readonly anchor: LogAnchor
  readonly proved: LogAnchor
  readonly name: string | undefined
}

type BeforeAccept = (accepting: Accepting) => Promise<void>

interface Made {
  readonly entry: Entry
  readonly anchor: LogAnchor
  readonly name: string | undefined
}

/** One join. `find`, then `accept`, then `close`. */
export class FolderJoin {
  readonly #context: EngineContext
  #relay: string
  readonly #invitation: InvitationKeys
  readonly #cutOff: CutOff | undefined
  readonly #backoff: Backoff
  /** Relays that the log led to. */
  readonly #relays: Set<string>
  #session: ConnectedSession | undefined
  #log: VaultLog | undefined
  #genesis: Entry | undefined
  #isAccepted = false
  /** Whether a relay may have been told, by this join or by the one that was cut off. */
  #isSent = false

  /** `cutOff`: what an earlier join with the code has settled. */
  constructor(
    context: EngineContext,
    by: { relay: string; invitation: InvitationKeys; cutOff?: CutOff | undefined },
  ) {
    this.#context = context
    this.#relay = by.relay
    this.#relays = new Set([by.relay])
    this.#invitation = by.invitation
    this.#cutOff = by.cutOff
    this.#isSent = by.cutOff !== undefined
    this.#backoff = new Backoff(context.platform.random)
  }

  /** The relay where the vault is. */
  get relay(): string {
    return this.#relay
  }

  /** Whether a relay was told, and its answer never came: it may have heard. */
  get isUnsure(): boolean {
    return this.#isSent && !this.#isAccepted
  }

  /** Whether this device is a member now, as far as anybody knows. */
  get isAccepted(): boolean {
    return this.#isAccepted
  }

  /**
   * The vault that the code is for. Where a join was cut off, and the relay had heard of it, that is all: it is accepted.
   * @throws ClientError `code-wrong`, `relay-unreachable`, `relay-contradicts`
   */
  async find(): Promise<VaultId> {
    if (this.#cutOff !== undefined && (await this.#wasHeard(this.#cutOff))) return this.#cutOff.vault
    const session = await this.#logIn({ keyKind: 'one-time', pairs: this.#invitation })
    const [vault] = await byCode(session.vaults())
    if (vault === undefined) throw codeWrong()
    this.#log = this.#logOf(vault)
    return vault
  }

  #logOf(vault: VaultId): VaultLog {
    const cutOff = this.#cutOff
    const anchor = cutOff !== undefined && equal(cutOff.vault, vault) ? cutOff.proved : undefined
    return new VaultLog(vault, this.#context.home.device, { anchor })
  }

  /** Where the earlier join said it. A relay that is gone is not asked where the code is of another one. */
  async #wasHeard({ vault, record }: CutOff): Promise<boolean> {
    const asked = this.#relay
    this.#log = this.#logOf(vault)
    this.#relay = record.relay
    try {
      this.#isAccepted = await this.#isTaken(this.#log)
    } catch (error) {
      if (asked === record.relay || !isGone(error)) throw error
    }
    if (!this.#isAccepted) this.#relay = asked
    return this.#isAccepted
  }

  /**
   * Makes this device a member. `before` is called when the log has proved to be the right one, with the place that it will have there
   * and the vault's name where it can be read, before the relay is told.
   * @throws ClientError `code-wrong`, `relay-contradicts`, `key-withheld`, `relay-refused`, `relay-unreachable`
   */
  async accept(before: BeforeAccept): Promise<void> {
    const { signal } = this.#context
    // Who stops does not wait for an answer that may never come.
    const stop = (): void => void this.#session?.close()
    signal.addEventListener('abort', stop)
    try {
      await this.#attempts(before)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  async #attempts(before: BeforeAccept): Promise<void> {
    if (this.#isAccepted) {
      await this.#taken(before)
      return
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (await this.#attempt(before)) return
      } catch (error) {
        await this.close()
        // What was sent, and got no answer, may have used the code up.
        const isUsed = error instanceof ClientError && error.code === 'code-wrong'
        if (isUsed && (await this.#wasTaken(before))) return
        if (!isLineBroken(error) || attempt >= attemptsMax) throw error
      }
      if (attempt >= attemptsMax)
        throw new ClientError('relay-refused', 'others were quicker, again and again', {
          retryable: true,
          data: { reason: 'head-moved' },
        })
      await this.#wait()
      if (await this.#wasTaken(before)) return
    }
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.close()
  }

  /** Whether it went through; false when the log grew meanwhile. */
  async #attempt(before: BeforeAccept): Promise<boolean> {
    const log = this.#knownLog
    const session = this.#session ?? (await this.#logIn({ keyKind: 'one-time', pairs: this.#invitation }))
    await byCode(this.#read(session, log))
    const isIn = roleOf(log.state.spine, this.#context.home.device.sign.publicKey) !== undefined
    if (!isIn) {
      this.#refuseLeft(log)
      // What a relay keeps of a vault that went on elsewhere ends there, and leads on.
      if (await this.#movesOn(log)) return false
    }
    log.assertReaches()
    if (isIn) {
      // Accepted, and the answer lost with the process that asked: the device is a member already.
      await this.#taken(before)
      return true
    }
    const { entry, anchor, name } = this.#made(session, log)
    await before({ anchor, proved: log.state.head, name })
    const wasSent = this.#isSent
    this.#isSent = true
    try {
      this.#isAccepted = (await byCode(session.append(log.vault, entry.bytes))) === 'appended'
    } catch (error) {
      // What the relay refuses it has not taken; of what was sent before that says nothing.
      if (error instanceof ClientError && ['relay-refused', 'code-wrong'].includes(error.code))
        this.#isSent = wasSent
      throw error
    }
    if (!this.#isAccepted) this.#isSent = wasSent
    return this.#isAccepted
  }

  /** The log has this device: it is known from there on, whichever of its entries did it. */
  async #taken(before: BeforeAccept): Promise<void> {
    const { state, keys } = this.#knownLog
    const name = nameIn(this.#genesis, keys.epochKeys.get(0))
    await before({ anchor: state.head, proved: state.head, name })
    this.#isAccepted = true
  }

  /** Keys are used once: one that was taken out does not come back, whoever invites it. @throws ClientError `device-revoked` */
  #refuseLeft({ state }: VaultLog): void {
    const known = state.spine.devices.get(toHex(this.#context.home.device.sign.publicKey))
    if (known?.until === undefined) return
    throw new ClientError('device-revoked', 'this device was taken out of the vault before', {
      data: { sequence: known.until, what: 'again' },
    })
  }

  /** Whether the vault goes on elsewhere; the log is believed once the code vouches for it. */
  async #movesOn({ state }: VaultLog): Promise<boolean> {
    const relay = movedTo(state.spine)
    if (relay === undefined || this.#relays.has(relay)) return false
    try {
      checkInvite(state, this.#invitation)
    } catch (cause) {
      throw faultOf(cause)
    }
    this.#relays.add(relay)
    this.#relay = relayUrl(relay).text
    await this.close()
    return true
  }

  async #read(session: ConnectedSession, log: VaultLog): Promise<void> {
    for await (const given of session.entries(log.vault, log.nextSequence)) {
      const judged = log.judge(given)
      if (judged.entry?.header.kind === 'genesis') this.#genesis = judged.entry
      log.moved(judged)
    }
    if (log.isEmpty) throw new ClientError('relay-contradicts', 'the relay shows no log for this code')
    log.complete()
  }

  /** After an answer that never came: the accept may be in the log, and then the one-time key is of no use any more. */
  async #wasTaken(before: BeforeAccept): Promise<boolean> {
    if (!this.#isSent || this.#session !== undefined) return false
    try {
      if (!(await this.#isTaken(this.#knownLog))) return false
    } catch (error) {
      if (isLineBroken(error)) return false
      throw error
    }
    await this.#taken(before)
    return true
  }

  /** Whether the log has this device, as the relay shows it to the device itself. @throws ClientError where that cannot be told */
  async #isTaken(log: VaultLog): Promise<boolean> {
    const { home } = this.#context
    try {
      // A relay shows the log to who pays as well, and so to a device of theirs that is no member.
      await this.#read(await this.#logIn(deviceLogin(home)), log)
      log.assertReaches()
      return roleOf(log.state.spine, home.device.sign.publicKey) !== undefined
    } catch (error) {
      if (isRefused(error)) return false
      throw error
    } finally {
      await this.close()
    }
  }

  #made(session: ConnectedSession, log: VaultLog): Made {
    const { home, platform } = this.#context
    const { state } = log
    const invitation = this.#invitation
    try {
      checkInvite(state, invitation)
      const epochKeys = epochKeysFor({ vault: state.vault, spine: state.spine, pairs: invitation })
      const { identity: keys, certificate, device, deviceName } = home
      const identity = keys === undefined || certificate === undefined ? undefined : { keys, certificate }
      const at = Math.round(platform.clock.now() + session.clockOffsetMs)
      const { random } = platform
      const made = makeAccept({ state, at, random, epochKeys, invitation, device, deviceName, identity })
      return { entry: made.entry, anchor: made.state.head, name: nameIn(this.#genesis, epochKeys.get(0)) }
    } catch (cause) {
      throw faultOf(cause)
    }
  }

  async #wait(): Promise<void> {
    const { platform, signal } = this.#context
    await pause({ clock: platform.clock, signal }, this.#backoff.next())
    if (signal.aborted) throw new ClientError('interrupted', 'stopped while joining')
  }

  async #logIn(as: Login): Promise<ConnectedSession> {
    try {
      this.#session = await logInAt(this.#context.platform, this.#relay, as)
      return this.#session
    } catch (cause) {
      throw as.keyKind === 'one-time' && isRefused(cause) ? codeWrong(cause) : cause
    }
  }

  get #knownLog(): VaultLog {
    if (this.#log === undefined) throw new RangeError('a join that has not found its vault')
    return this.#log
  }
}

/** The name that the genesis gives the vault. A payload that does not open loses the name and nothing else. */
function nameIn(genesis: Entry | undefined, key: Uint8Array | undefined): string | undefined {
  if (genesis?.header.kind !== 'genesis' || key === undefined) return undefined
  const binding = genesis.header.nonce
  try {
    const place = { payloadKey: payloadKeyOf(key, 0, binding), binding, payloadVersionMax: payloadVersion }
    const content = openPayload(genesis.payload, place)
    return content.kind === 'body' ? decodeGenesisPayload(content.body).name : undefined
  } catch (error) {
    if (error instanceof CryptoError) return undefined
    throw error
  }
}

/** What is asked with the one-time key, which expires between any two answers. @throws ClientError `code-wrong`, and what `asked` throws */
async function byCode<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw isRefused(error) ? codeWrong(error) : error
  }
}

/** Nobody is there, or who is refuses for good: a code of another relay may lead on. */
function isGone(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false
  return error.code === 'relay-unreachable' || (error.code === 'relay-refused' && !error.retryable)
}

/** The relay does not know the one-time key, or does not let it do this (any more). */
function isRefused(error: unknown): boolean {
  if (!(error instanceof ClientError) || error.code !== 'relay-refused') return false
  return ['account-unknown', 'vault-unknown', 'no-right', 'login-failed'].includes(
    String(error.data['reason']),
  )
}

function faultOf(cause: unknown): unknown {
  if (!(cause instanceof CryptoError)) return cause
  switch (cause.code) {
    case 'signature-wrong':
      return new ClientError('relay-contradicts', 'the log is not the one that this code was made for', {
        cause,
        data: { what: cause.code },
      })
    case 'no-right':
      return codeWrong(cause)
    case 'seal-broken':
      return new ClientError('key-withheld', 'the key of the code does not open', { cause })
    default:
      return new ClientError('relay-refused', cause.message, { cause, data: { reason: 'entry-refused' } })
  }
}

function codeWrong(cause?: unknown): ClientError {
  return new ClientError('code-wrong', 'no invitation is open for this code', { cause })
}
