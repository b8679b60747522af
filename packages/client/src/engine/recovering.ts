// Recovery from the words alone: which vaults of a relay are this identity's, which ones the relay withholds or invents, and the one entry by
// which a new device comes into a vault in the identity's name.
import {
  certifyDevice,
  CryptoError,
  equal,
  identityRoleOf,
  makeRecover,
  makeRevoke,
  publicDevice,
  roleOf,
  sign,
  toHex,
  type Identity,
  type LogState,
  type Role,
  type SigningKey,
  type VaultId,
} from '@grenier/crypto'
import { renewAccountBytes, renewAccountLabel } from '@grenier/protocol'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import type { LogAnchor } from '../log/log-anchor.ts'
import { Backoff } from '../relay/backoff.ts'
import type { ConnectedSession } from '../relay/session.ts'
import type { EngineContext } from './api.ts'
import { pause } from './connection.ts'
import { IdentityLog } from './identity-log.ts'
import { logInAt, relayUrl } from './relay-login.ts'

/** How often a line may break, or others be quicker, before a recovery gives up. */
const attemptsMax = 8

/** A device that is a member of a vault. `own`: certified by the identity that looks. */
export interface SeenDevice {
  readonly device: string
  readonly name: string | undefined
  readonly role: Role
  readonly own: boolean
}

/** A vault of the identity, as its log shows it. Ids are hex. */
export interface SeenVault {
  readonly id: string
  readonly name: string
  readonly role: Role
  /** Whether the identity started it; else it was let in by somebody else's invitation. */
  readonly own: boolean
  /** ms since 1970, as the device that made it gave it. */
  readonly madeMs: number
  /** Who made it: the device's name where it can be read, else its key. */
  readonly device: string
  readonly head: { readonly seq: number; readonly hash: string }
  /** Devices that a recovery may take out: of an own vault all, else the identity's. */
  readonly devices: readonly SeenDevice[]
}

/**
 * Why a vault that the relay lists is none to recover: it never was this identity's; it was, until somebody took the identity out; other words
 * took the place of these; or its log, or the key in it, does not check out (`error`).
 */
export type RefusedWhy = 'planted' | 'revoked' | 'renewed' | 'faulty'

export interface RefusedVault {
  readonly id: string
  readonly why: RefusedWhy
  readonly error?: ClientError | undefined
}

/** A vault that others list as the identity's, and that the relay does not show. `relay`: where it is said to be. */
export interface MissingVault {
  readonly id: string
  readonly name: string
  readonly relay: string
}

/** What a relay shows to an identity. */
export interface RecoverySight {
  readonly vaults: readonly SeenVault[]
  readonly refused: readonly RefusedVault[]
  /** On this relay, as the others say: withheld, or deleted since. */
  readonly withheld: readonly MissingVault[]
  /** On other relays. */
  readonly elsewhere: readonly MissingVault[]
  /** Whether the identity has an account here. */
  readonly hasAccount: boolean
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
      const hasAccount = await isAccount(session)
      const looks: Look[] = []
      for (const id of ids) looks.push(await this.#lookAt(session, id))
      const vaults = looks.flatMap(({ seen }) => (seen === undefined ? [] : [seen.vault]))
      if (looks.length === 0 && !hasAccount)
        throw new ClientError('relay-refused', 'nothing is here for this identity', {
          data: { reason: 'account-unknown' },
        })
      const refused = looks.flatMap((look) => (look.refused === undefined ? [] : [look.refused]))
      return { vaults: inOrder(vaults), refused, hasAccount, ...this.#missing(looks) }
    })
  }

  /**
   * Makes this device a member of a vault that `look` showed, in the identity's name; a new epoch is opened, and every device that the identity may
   * take out goes with it, as the log stands then, but those of these keys (hex). `kept` undefined: nobody goes. `before` is called before the relay
   * is told. A device that is a member already takes the others out of an own vault, and of another's nobody. Gives the keys (hex) that went.
   * @throws ClientError as `append`
   */
  async takeIn(
    home: Home,
    vault: string,
    { kept, before }: { readonly kept: ReadonlySet<string> | undefined; readonly before: BeforeRecover },
  ): Promise<readonly string[]> {
    const { device, deviceName } = home
    const going = new Set<string>()
    await this.append(vault, async (log, at) => {
      const { head, spine } = log.state
      const isMember = roleOf(spine, device.sign.publicKey) !== undefined
      const own = equal(spine.genesisIdentity, this.identity.sign.publicKey)
      const stays = (key: SigningKey): boolean =>
        kept === undefined || kept.has(toHex(key)) || equal(key, device.sign.publicKey)
      const mayGo = isMember && !own ? [] : removableFrom(log.state, this.identity.sign.publicKey)
      const revoked = mayGo.map(({ keys: { sign } }) => sign).filter((key) => !stays(key))
      for (const key of revoked) going.add(toHex(key))
      const on = this.#on(log, at)
      const certificate = certifyDevice(this.identity, publicDevice(device))
      const names = [{ device: device.sign.publicKey, name: deviceName }]
      await before(head)
      if (!isMember) return makeRecover({ ...on, names, certificate, revoked }).entry.bytes
      return revoked.length === 0 ? undefined : makeRevoke({ ...on, devices: revoked }).entry.bytes
    })
    await this.#patiently(async (session) => await this.#logs.get(vault)?.read(session))
    const spine = this.#logs.get(vault)?.state.spine
    return [...going].filter((key) => spine?.devices.get(key)?.until !== undefined)
  }

  /**
   * Appends an entry of the identity to a vault that `look` showed. `build` is given the log as it stands and the relay's time, ms, again each time
   * that others were quicker; what gives undefined has nothing to add.
   * @throws ClientError `relay-contradicts`, `key-withheld`, `relay-refused`, `relay-unreachable`
   */
  async append(
    vault: string,
    build: (log: IdentityLog, at: number) => Promise<Uint8Array | undefined>,
  ): Promise<void> {
    const log = this.#logs.get(vault)
    if (log === undefined) throw new RangeError('a vault that was not looked at')
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const done = await this.#patiently(async (session) => {
        await log.read(session)
        const at = Math.round(this.#context.platform.clock.now() + session.clockOffsetMs)
        const entry = await built(() => build(log, at))
        if (entry === undefined) return true
        return (await session.append(log.vault, entry)) === 'appended'
      })
      if (done) return
      await this.#wait()
    }
    throw new ClientError('relay-refused', 'others were quicker, again and again', {
      retryable: true,
      data: { reason: 'head-moved' },
    })
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

  #missing(looks: readonly Look[]): Pick<RecoverySight, 'withheld' | 'elsewhere'> {
    const here = originOf(this.relay)
    const missing = new Map<string, MissingVault>()
    const shown = new Set(looks.map(({ seen, refused }) => seen?.vault.id ?? refused?.id))
    for (const { vault, name, relay } of looks.flatMap(({ seen }) => seen?.listed ?? [])) {
      const id = toHex(vault)
      if (!shown.has(id)) missing.set(id, { id, name, relay })
    }
    const all = [...missing.values()].sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id))
    const isHere = ({ relay }: MissingVault): boolean => originOf(relay) === here
    return { withheld: all.filter(isHere), elsewhere: all.filter((one) => !isHere(one)) }
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
        if (isLine(error)) await this.close()
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

function isLine(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'relay-unreachable' && error.retryable
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

/** Of one vault of the relay's list: what it is, or why it is none. */
interface Look {
  readonly seen?: {
    readonly vault: SeenVault
    readonly listed: Awaited<ReturnType<IdentityLog['names']>>['listed']
  }
  readonly refused?: RefusedVault
}

/** What one vault is refused for, while the others are looked at. A relay may list one and not show it. */
function isFault({ code, data }: ClientError): boolean {
  if (code === 'relay-refused') return data['reason'] === 'vault-unknown'
  return ['relay-contradicts', 'relay-corrupt', 'key-withheld', 'update-needed'].includes(code)
}

/**
 * An identity is in a spine by its own word alone: by its certificate in a genesis or `accept` that the certified device signed too, or by its own
 * signature under a `renew`. A log that has it nowhere was made by somebody else, to be filled.
 */
function refusalIn({ spine }: LogState, identity: SigningKey): RefusedWhy | undefined {
  if (identityRoleOf(spine, identity) !== undefined) return undefined
  const known = spine.identities.get(toHex(identity))
  if (known === undefined) return 'planted'
  return known.renewedBy === undefined ? 'revoked' : 'renewed'
}

function* membersOf({ spine }: LogState) {
  for (const device of spine.devices.values()) if (device.until === undefined) yield device
}

/** Whom an identity may take out by its word alone: of its own vault every device, else its own ones. */
function removableFrom(state: LogState, identity: SigningKey) {
  const own = equal(state.spine.genesisIdentity, identity)
  return [...membersOf(state)].filter(
    (member) => own || (member.identity !== undefined && equal(member.identity, identity)),
  )
}

function seenVault(
  log: IdentityLog,
  names: Awaited<ReturnType<IdentityLog['names']>>,
  identity: SigningKey,
): SeenVault {
  const { state, genesis } = log
  const { spine, head } = state
  const id = toHex(state.vault)
  const own = equal(spine.genesisIdentity, identity)
  const maker = toHex(genesis.header.device)
  const devices = removableFrom(state, identity).map((member): SeenDevice => {
    const device = toHex(member.keys.sign)
    const isOwn = member.identity !== undefined && equal(member.identity, identity)
    return { device, name: names.devices.get(device), role: member.role, own: isOwn }
  })
  return {
    id,
    name: names.vault ?? id.slice(0, 12),
    role: identityRoleOf(spine, identity) ?? 'reader',
    own,
    madeMs: genesis.header.at,
    device: names.devices.get(maker) ?? maker,
    head: { seq: head.sequence, hash: toHex(head.hash) },
    devices: devices.sort((a, b) => compare(a.name ?? '', b.name ?? '') || compare(a.device, b.device)),
  }
}

async function isAccount(session: ConnectedSession): Promise<boolean> {
  try {
    await session.account()
    return true
  } catch (error) {
    if (error instanceof ClientError && error.code === 'relay-refused') return false
    throw error
  }
}

/** A list that somebody wrote long ago may name what is no address any more. */
function originOf(relay: string): string {
  try {
    return relayUrl(relay).origin
  } catch {
    return relay
  }
}

function inOrder(vaults: readonly SeenVault[]): SeenVault[] {
  return [...vaults].sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
