// The first exchange on a wire: the relay's challenge, our login, its answer.
import { toHex, type Label, type Random, type SigningKey } from '@grenier/crypto'
import {
  decodeRelayMessage,
  encodeMessage,
  limits,
  loginBytes,
  loginLabel,
  ProtocolError,
  type KeyKind,
  type RelayMessageOf,
  type RelayUrl,
  type Wire,
} from '@grenier/protocol'
import type { Clock } from '../clock.ts'
import { ClientError } from '../errors.ts'
import { ClockOffset } from './clock-offset.ts'
import { broken, refused, unreachable } from './relay-failure.ts'

/** A key that can log in. The secret stays with whoever made this. */
export interface Credentials {
  readonly keyKind: KeyKind
  readonly key: SigningKey
  /** Ed25519 over label and bytes, 64 bytes. */
  sign(label: Label, bytes: Uint8Array): Uint8Array
  /** A device's, encoded, as long as the relay may not know it. */
  readonly certificate?: Uint8Array | undefined
  /** Let in with the certificate alone, where nobody knows the key: to open the account anew. */
  readonly reopen?: true | undefined
}

/** What the exchange found out. */
export interface LoggedIn {
  /** For `resume` on the next connection. */
  readonly session: Uint8Array
  readonly resumed: boolean
  /** Hex. */
  readonly incarnation: string
  readonly offset: ClockOffset
  /** The first request id that is free. */
  readonly firstId: number
  /** Frames that came behind the relay's answer, before anybody else listened. */
  readonly early: Uint8Array[]
}

/** What a login needs. */
export interface HandshakeOptions {
  readonly wire: Wire
  readonly url: RelayUrl
  readonly credentials: Credentials
  readonly clock: Clock
  readonly random: Random
  /** The `session` of the connection before. */
  readonly resume?: Uint8Array | undefined
}

const loginId = 1

/** Logs in. Rejects with ClientError `relay-unreachable`, `relay-refused`, `update-needed`, the wire closed. */
export async function logIn(options: HandshakeOptions): Promise<LoggedIn> {
  const { wire, clock } = options
  const { promise, resolve, reject } = Promise.withResolvers<LoggedIn>()
  const exchange = new Exchange(options, resolve)
  const timer = clock.after(limits.loginMs, () => reject(unreachable('timeout')))
  wire.onClose((reason) => reject(unreachable('closed', reason)))
  wire.onFrame((frame) => {
    try {
      exchange.take(frame)
    } catch (cause) {
      reject(broken(cause))
    }
  })
  try {
    return await promise
  } catch (error) {
    wire.close(1002)
    throw error
  } finally {
    timer.cancel()
  }
}

class Exchange {
  private readonly options: HandshakeOptions
  private readonly done: (loggedIn: LoggedIn) => void
  private challenge: RelayMessageOf<'challenge'> | undefined
  private sentAtMs = 0
  private isDone = false
  private readonly early: Uint8Array[] = []

  constructor(options: HandshakeOptions, done: (loggedIn: LoggedIn) => void) {
    this.options = options
    this.done = done
  }

  take(frame: Uint8Array): void {
    if (this.isDone) {
      this.early.push(frame)
      return
    }
    const message = decodeRelayMessage(frame)
    if (message.type === 'error') throw this.refusal(message)
    if (message.type === 'challenge' && this.challenge === undefined) {
      this.challenge = message
      this.answer(message)
    } else if (message.type === 'ok' && message.re === 'login' && this.challenge !== undefined) {
      const offset = new ClockOffset(this.options.clock)
      offset.sample(message.now, this.options.clock.monotonic() - this.sentAtMs)
      this.isDone = true
      this.done({
        session: message.session,
        resumed: message.resumed,
        incarnation: toHex(this.challenge.incarnation),
        offset,
        firstId: loginId + 1,
        early: this.early,
      })
    } else throw new ProtocolError('malformed', 'not what follows in a login')
  }

  /** Who does not know us any more may have lost everything: its incarnation tells. */
  private refusal(message: RelayMessageOf<'error'>): ClientError {
    const { code, message: text, retryable, data } = refused(message)
    if (this.challenge === undefined) return new ClientError(code, text, { retryable, data })
    const incarnation = toHex(this.challenge.incarnation)
    return new ClientError(code, text, { retryable, data: { ...data, incarnation } })
  }

  private answer(challenge: RelayMessageOf<'challenge'>): void {
    const { wire, url, credentials, clock, random, resume } = this.options
    const { keyKind, key, certificate, reopen } = credentials
    const clientNonce = random.bytes(limits.idBytes)
    const facts = { origin: url.origin, relayNonce: challenge.nonce, clientNonce, keyKind, key }
    const signature = credentials.sign(loginLabel, loginBytes(facts))
    this.sentAtMs = clock.monotonic()
    const fields = { keyKind, key, clientNonce, signature, certificate, resume, reopen }
    wire.send(encodeMessage({ type: 'login', id: loginId, version: challenge.version, ...fields }))
  }
}
