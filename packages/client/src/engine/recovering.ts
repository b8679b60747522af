// Recovery from the words alone: which vaults of a relay are this identity's, which ones the relay withholds or invents, and the one entry by
// which a new device comes into a vault in the identity's name.
import {
  certifyDevice,
  CryptoError,
  equal,
  makeCancel,
  makeRecover,
  makeRevoke,
  publicDevice,
  roleOf,
  sign,
  toHex,
  type Identity,
  type SigningKey,
  type VaultId,
} from '@grenier/crypto'
import { renewAccountBytes, renewAccountLabel } from '@grenier/protocol'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import type { LogAnchor } from '../log/log-anchor.ts'
import { Backoff } from '../relay/backoff.ts'
import { isLineBroken } from '../relay/relay-failure.ts'
import type { ConnectedSession } from '../relay/session.ts'
import { hasAccount } from './account-opening.ts'
import type { EngineContext } from './api.ts'
import { pause } from './connection.ts'
import { IdentityLog } from './identity-log.ts'
import {
  goingFrom,
  isOwnVault,
  refusalIn,
  seenVault,
  sightOf,
  type Going,
  type Look,
  type RecoverySight,
} from './recovery-sight.ts'
import { logInAt } from './relay-login.ts'

/** How often a line may break, or others be quicker, before a recovery gives up. */
const attemptsMax = 8

/** Who a recovery took out; keys, hex. `devices` has those of the identities, too. `invitations`: the open ones that it made void. */
export interface Gone {
  readonly devices: readonly string[]
  readonly identities: readonly string[]
  readonly invitations: readonly string[]
}

/** Called with the place of this device in the log, before the relay is told. */
export type BeforeRecover = (anchor: LogAnchor) => Promise<void>

/** One recovery at one relay. `look`, then `takeIn` any number of times, then `close`. */
export class Recovery {
  readonly relay: string
  readonly identity: Identity
  readonly #context: Pick<EngineContext, 'platform' | 'signal'>
  readonly #backoff: Backoff
  readonly #logs = new Map<string, IdentityLog>()
  #session: ConnectedSession | undefined

  constructor(
    context: Pick<EngineContext, 'platform' | 'signal'>,
    by: { readonly relay: string; readonly identity: Identity },
  ) {
    this.#context = context
    this.relay = by.relay
    this.identity = by.identity
    this.#backoff = new Backoff(context.platform.random)
  }

  /** Reads and judges every log that the relay shows. @throws ClientError `relay-unreachable`, `relay-refused` (`account-unknown`: nothing is here) */
  async look(): Promise<RecoverySight> {
    return await this.#patiently(async (session) => {
      const ids = await session.vaults()
      const isOpen = await hasAccount(session)
      const looks: Look[] = []
      for (const id of ids) looks.push(await this.#lookAt(session, id))
      if (looks.length === 0 && !isOpen)
        throw new ClientError('relay-refused', 'nothing is here for this identity', {
          data: { reason: 'account-unknown', what: 'words' },
        })
      return sightOf(this.relay, { looks, hasAccount: isOpen })
    })
  }

  /**
   * Makes this device a member of a vault that `look` showed, in the identity's name; a new epoch is opened, and everybody whom the identity may
   * take out goes, as the log stands then, but devices and identities of these keys (hex; `goingFrom`). `kept` undefined: nobody goes. Identities go
   * first, by an entry of their own: no key of this device is sealed to them; so do open invitations of an own vault, which are nobody's whom one
   * could confirm. `before` is called before the relay is told of this device. One that is a member already takes the others out of an own vault,
   * and of another's nobody. Gives the keys (hex) that went.
   * @throws ClientError as `append`
   */
  async takeIn(
    home: Home,
    vault: string,
    { kept, before }: { readonly kept: ReadonlySet<string> | undefined; readonly before: BeforeRecover },
  ): Promise<Gone> {
    const { device } = home
    const since = this.#log(vault).state.head.sequence
    const open = [...this.#log(vault).state.spine.invites.keys()]
    const stays = kept && new Set([...kept, toHex(device.sign.publicKey)])
    const invitations = new Set<string>()
    for (let step = 1; step <= attemptsMax; step += 1) {
      let voids: readonly string[] = []
      const isMore = await this.append(vault, async (log, at) => {
        const isMember = roleOf(log.state.spine, device.sign.publicKey) !== undefined
        const { devices, identities, invites } = this.#going(log, isMember, stays)
        const isNobody = devices.length + identities.length === 0
        const on = this.#on(log, at)
        // Whatever takes somebody out voids them all.
        voids = isNobody ? invites.map(toHex) : [...log.state.spine.invites.keys()]
        const isThisIn = isMember || (identities.length === 0 && (!isNobody || invites.length === 0))
        if (isThisIn) await before(log.state.head)
        if (isNobody && invites.length > 0) return makeCancel({ ...on, invites }).entry.bytes
        if (isMember || identities.length > 0)
          return isNobody ? undefined : makeRevoke({ ...on, devices, identities }).entry.bytes
        const certificate = certifyDevice(this.identity, publicDevice(device))
        const names = [{ device: device.sign.publicKey, name: home.deviceName }]
        return makeRecover({ ...on, names, certificate, revoked: devices }).entry.bytes
      })
      if (!isMore) {
        const log = this.#log(vault)
        const gone = goneSince(log, since, this.identity.sign.publicKey)
        // Where an answer was lost, the second try found nothing left to do.
        const voided = open.filter((id) => !log.state.spine.invites.has(id))
        return { ...gone, invitations: [...new Set([...invitations, ...voided])] }
      }
      for (const id of voids) invitations.add(id)
    }
    throw tooQuick()
  }

  #going(log: IdentityLog, isMember: boolean, stays: ReadonlySet<string> | undefined): Going {
    const identity = this.identity.sign.publicKey
    if (stays === undefined || (isMember && !isOwnVault(log.state, identity)))
      return { devices: [], identities: [], invites: [] }
    return goingFrom(log.state, identity, stays)
  }

  /**
   * Appends an entry of the identity to a vault that `look` showed. `build` is given the log as it stands and the relay's time, ms, again each time
   * that others were quicker; what gives undefined has nothing to add. Says whether an entry was added.
   * @throws ClientError `relay-contradicts`, `key-withheld`, `relay-refused`, `relay-unreachable`
   */
  async append(
    vault: string,
    build: (log: IdentityLog, at: number) => Promise<Uint8Array | undefined>,
  ): Promise<boolean> {
    const log = this.#log(vault)
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const answer = await this.#patiently(async (session) => {
        await log.read(session)
        const at = Math.round(this.#context.platform.clock.now() + session.clockOffsetMs)
        const entry = await built(() => build(log, at))
        return entry === undefined ? 'none' : await session.append(log.vault, entry)
      })
      if (answer === 'none') return false
      if (answer === 'appended') return true
      await this.#wait()
    }
    throw tooQuick()
  }

  /** Gives the account here to another identity. @throws ClientError `relay-refused`, `relay-unreachable` */
  async giveAccount(renewed: Identity): Promise<void> {
    const facts = renewAccountBytes(this.identity.sign.publicKey, renewed.sign.publicKey)
    const signature = sign(renewed.sign.secretKey, renewAccountLabel, facts)
    await this.#patiently((session) => session.renewAccount(renewed.sign.publicKey, signature))
  }

  /**
   * Shuts the devices that the identity itself took out of this vault out of its account, where no other vault that was seen here still counts on
   * them. May be done again. Best effort: the log is what holds, and a relay that has no such device has nothing to shut out.
   */
  async shutOut(vault: string): Promise<void> {
    const session = this.#session
    const log = this.#logs.get(vault)
    if (session === undefined || log === undefined) return
    const identity = this.identity.sign.publicKey
    const logs = [...this.#logs.values()]
    for (const { keys, identity: by, until } of log.state.spine.devices.values()) {
      const isOwn = by !== undefined && equal(by, identity)
      const isOut = until !== undefined && log.isSignedBy(until, identity)
      const isNeeded = logs.some(({ state }) => roleOf(state.spine, keys.sign) !== undefined)
      if (isOwn && isOut && !isNeeded) await session.withdrawDevice(keys.sign).catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.close()
  }

  async #lookAt(session: ConnectedSession, vault: VaultId): Promise<Look> {
    const id = toHex(vault)
    const log = new IdentityLog(vault, this.identity)
    try {
      await log.read(session)
      const refused = refusalIn(log.state, this.identity.sign.publicKey)
      if (refused !== undefined) return { refused: { id, why: refused } }
      const names = await log.names(session)
      this.#logs.set(id, log)
      return { seen: { vault: seenVault(log, names, this.identity.sign.publicKey), listed: names.listed } }
    } catch (error) {
      if (!(error instanceof ClientError) || !isFault(error)) throw error
      return { refused: { id, why: 'faulty', error } }
    }
  }

  #log(vault: string): IdentityLog {
    const log = this.#logs.get(vault)
    if (log === undefined) throw new RangeError('a vault that was not looked at')
    return log
  }

  #on(log: IdentityLog, at: number) {
    const { random } = this.#context.platform
    return { state: log.state, signer: this.identity, at, random, epochKeys: log.keys.epochKeys }
  }

  /** Does it over a line that may break now and then. */
  async #patiently<T>(work: (session: ConnectedSession) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      let waitMs = 0
      try {
        const { platform } = this.#context
        this.#session ??= await logInAt(platform, this.relay, { keyKind: 'identity', pairs: this.identity })
        return await work(this.#session)
      } catch (error) {
        if (attempt >= attemptsMax) throw error
        if (isLineBroken(error)) await this.close()
        else if (busyMs(error) === undefined) throw error
        else waitMs = busyMs(error) ?? 0
      }
      await this.#wait(waitMs)
    }
  }

  async #wait(atLeastMs = 0): Promise<void> {
    const { platform, signal } = this.#context
    await pause({ clock: platform.clock, signal }, this.#backoff.next(atLeastMs))
    if (signal.aborted) throw new ClientError('interrupted', 'stopped while recovering')
  }
}

/** How long to wait for a relay that has no room now, or where the vault is being put back, ms; undefined for any other error. */
function busyMs(error: unknown): number | undefined {
  const isBusy =
    error instanceof ClientError && error.code === 'relay-refused' && error.data['reason'] === 'busy'
  return isBusy ? Number(error.data['retryAfterMs'] ?? 0) : undefined
}

/** The judge says before anything is sent what the relay would. */
async function built<T>(build: () => Promise<T>): Promise<T> {
  try {
    return await build()
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    const reason =
      cause.code === 'limit' ? 'too-many' : cause.code === 'no-right' ? 'no-right' : 'entry-refused'
    throw new ClientError('relay-refused', cause.message, { cause, data: { reason } })
  }
}

function tooQuick(): ClientError {
  return new ClientError('relay-refused', 'others were quicker, again and again', {
    retryable: true,
    data: { reason: 'head-moved' },
  })
}

/** Whom the identity took out by entries after this sequence. */
function goneSince(
  log: IdentityLog,
  sequence: number,
  identity: SigningKey,
): Pick<Gone, 'devices' | 'identities'> {
  const isGone = ({ until }: { readonly until: number | undefined }): boolean =>
    until !== undefined && until > sequence && log.isSignedBy(until, identity)
  const { devices, identities } = log.state.spine
  const keysIn = (held: readonly { readonly keys: { readonly sign: SigningKey } }[]): string[] =>
    held.map(({ keys }) => toHex(keys.sign))
  return {
    devices: keysIn([...devices.values()].filter(isGone)),
    identities: keysIn([...identities.values()].filter(isGone)),
  }
}

/** What one vault is refused for, while the others are looked at. A relay may list one and not show it. */
function isFault({ code, data }: ClientError): boolean {
  if (code === 'relay-refused') return data['reason'] === 'vault-unknown'
  return ['relay-contradicts', 'relay-corrupt', 'key-withheld', 'update-needed'].includes(code)
}
