// One logged-in connection to a relay: dials, logs in, and is the RelaySession and RelayAccount that the engine and the command ask.
import {
  entryHash,
  packId,
  toHex,
  vaultId,
  type PackId,
  type Random,
  type SigningKey,
  type VaultId,
} from '@grenier/crypto'
import { limits, ProtocolError, type RelayMessageOf, type RelayUrl, type Wire } from '@grenier/protocol'
import type { Clock } from '../clock.ts'
import { ClientError } from '../errors.ts'
import { Backoff } from './backoff.ts'
import type { ClockOffset } from './clock-offset.ts'
import { entryStream } from './entry-stream.ts'
import { GetLane } from './get-lane.ts'
import { logIn, type Credentials, type LoggedIn } from './handshake.ts'
import { Link } from './link.ts'
import { PutLane, type SealedPack } from './put-lane.ts'
import type { AccountFacts, OwnersWish, RelayAccount, VaultFacts, WishAnswer } from './relay-account.ts'
import { unreachable } from './relay-failure.ts'
import type { OwnersWord, PackState, RelayEntry, RelayHead, RelaySession } from './relay-session.ts'

/** Lost packs taken note of: 4 TiB of content. More than that a relay may say, and nobody needs to believe. */
const lostMax = 1 << 20

/** What a session is made of. */
export interface ConnectOptions {
  /** `dialWebSocket`, or a wire in memory. Rejects with ClientError `relay-unreachable`. */
  readonly dial: (url: RelayUrl) => Promise<Wire>
  readonly url: RelayUrl
  readonly credentials: Credentials
  readonly clock: Clock
  readonly random: Random
  /** `resumption` of the connection before, of the same key. */
  readonly resume?: Uint8Array | undefined
}

/** A session, with what outlives it. */
export interface ConnectedSession extends RelaySession, RelayAccount {
  /** For the next `connectSession`, so that packs half sent are not sent again whole. 16 bytes. */
  readonly resumption: Uint8Array
}

/**
 * Dials and logs in, within `limits.loginMs` each.
 * @throws ClientError `relay-unreachable` (retryable unless certificate or pin are wrong), `relay-refused`, `update-needed`.
 */
export async function connectSession(options: ConnectOptions): Promise<ConnectedSession> {
  const wire = await dialInTime(options)
  const loggedIn = await logIn({ ...options, wire })
  return new Session(options, wire, loggedIn)
}

async function dialInTime(options: ConnectOptions): Promise<Wire> {
  const late = Promise.withResolvers<never>()
  const timer = options.clock.after(limits.loginMs, () => late.reject(unreachable('timeout')))
  const dialled = options.dial(options.url)
  try {
    return await Promise.race([dialled, late.promise])
  } catch (error) {
    // A wire that comes too late is wanted by nobody.
    dialled.then(
      (wire) => wire.close(1000),
      () => undefined,
    )
    throw error instanceof ClientError ? error : unreachable('network', error)
  } finally {
    timer.cancel()
  }
}

class Session implements ConnectedSession {
  readonly incarnation: string
  readonly closed: Promise<Error | undefined>
  readonly resumption: Uint8Array
  private readonly link: Link
  private readonly puts: PutLane
  private readonly gets: GetLane
  private readonly subscribers = new Map<string, (entry: RelayEntry) => void>()
  private readonly offset: ClockOffset

  constructor(options: ConnectOptions, wire: Wire, loggedIn: LoggedIn) {
    this.link = new Link({ ...loggedIn, wire, clock: options.clock })
    const { clock, random } = options
    const { link } = this
    this.puts = new PutLane({ link, clock, backoff: new Backoff(random), resumed: loggedIn.resumed })
    this.gets = new GetLane({ link, clock })
    this.closed = this.link.closed
    this.incarnation = loggedIn.incarnation
    this.resumption = loggedIn.session
    this.offset = loggedIn.offset
    this.link.onEntry((entry) => this.pushed(entry))
    this.link.onTime((nowMs, roundTripMs) => this.offset.sample(nowMs, roundTripMs))
  }

  get clockOffsetMs(): number {
    return this.offset.ms
  }

  get traffic(): { sentBytes: number; receivedBytes: number } {
    return this.link.traffic
  }

  async head(vault: VaultId): Promise<RelayHead | undefined> {
    const asked = this.link.ask('head', (id) => ({ type: 'head', id, vault }))
    const head = await unlessRefused(asked, 'vault-unknown', undefined)
    return head && { sequence: head.sequence, hash: entryHash(head.hash), at: head.at }
  }

  entries(vault: VaultId, from: number): AsyncIterable<RelayEntry> {
    return entryStream(this.link, vault, from)
  }

  async append(vault: VaultId, entry: Uint8Array): Promise<'appended' | 'moved'> {
    await this.puts.announced(entry)
    const asked = this.link.ask('append', (id) => ({ type: 'append', id, vault, entry }))
    return (await unlessRefused(asked, 'head-moved', undefined)) === undefined ? 'moved' : 'appended'
  }

  async putBack(vault: VaultId, entry: Uint8Array): Promise<'stands' | 'moved'> {
    const asked = this.link.ask('put-back', (id) => ({ type: 'put-back', id, vault, entry }))
    return (await unlessRefused(asked, 'head-moved', undefined)) === undefined ? 'moved' : 'stands'
  }

  async vouch(vault: VaultId, { bodyHashes, entry }: OwnersWord): Promise<void> {
    await this.link.ask('vouch', (id) => ({ type: 'vouch', id, vault, bodyHashes, entry }))
  }

  async lost(vault: VaultId): Promise<readonly PackId[]> {
    const found: PackId[] = []
    for (;;) {
      const after = found.at(-1)
      const answer = await this.link.ask('lost', (id) => ({ type: 'lost', id, vault, after }))
      found.push(...answer.packs.map(packId))
      if (answer.last || answer.packs.length === 0) return found
      if (found.length > lostMax) return found
    }
  }

  async have(vault: VaultId, packs: readonly PackId[]): Promise<readonly PackState[]> {
    const asked: Promise<readonly PackState[]>[] = []
    for (let at = 0; at < packs.length; at += limits.havePacks)
      asked.push(this.haveSome(vault, packs.slice(at, at + limits.havePacks)))
    return (await Promise.all(asked)).flat()
  }

  private async haveSome(vault: VaultId, packs: PackId[]): Promise<readonly PackState[]> {
    const { states } = await this.link.ask('have', (id) => ({ type: 'have', id, vault, packs }))
    if (states.length === packs.length) return states
    const error = unreachable('malformed', new ProtocolError('malformed', 'not as many states as packs'))
    this.link.end(error)
    throw error
  }

  put(vault: VaultId, pack: SealedPack): Promise<void> {
    return this.puts.put(vault, pack)
  }

  async get(
    vault: VaultId,
    pack: PackId,
    range: { offset: number; length: number },
  ): Promise<Uint8Array | undefined> {
    if (range.length === 0) return new Uint8Array(0)
    return this.gets.get(vault, { pack, offset: range.offset, length: range.length })
  }

  async subscribe(vault: VaultId, moved: (entry: RelayEntry) => void): Promise<void> {
    const key = toHex(vault)
    this.subscribers.set(key, moved)
    try {
      await this.link.ask('subscribe', (id) => ({ type: 'subscribe', id, vault }))
    } catch (error) {
      this.subscribers.delete(key)
      throw error
    }
  }

  private pushed(message: RelayMessageOf<'entry'>): void {
    this.subscribers.get(toHex(message.vault))?.({ sequence: message.sequence, entry: message.entry })
  }

  async openAccount(certificate: Uint8Array, invite?: string): Promise<void> {
    await this.link.ask('open-account', (id) => ({ type: 'open-account', id, certificate, invite }))
  }

  async vaults(): Promise<readonly VaultId[]> {
    const found: VaultId[] = []
    for (;;) {
      const after = found.at(-1)
      const answer = await this.link.ask('vaults', (id) => ({ type: 'vaults', id, after }))
      found.push(...answer.vaults.map(vaultId))
      if (answer.last || answer.vaults.length === 0) return found
    }
  }

  async account(): Promise<AccountFacts> {
    const { plan, quotaBytes, usedBytes } = await this.link.ask('account', (id) => ({ type: 'account', id }))
    return { plan, quotaBytes, usedBytes }
  }

  async withdrawDevice(device: SigningKey): Promise<void> {
    await this.link.ask('withdraw-device', (id) => ({ type: 'withdraw-device', id, device }))
  }

  async renewAccount(identity: SigningKey, signature: Uint8Array): Promise<void> {
    await this.link.ask('renew-account', (id) => ({ type: 'renew-account', id, identity, signature }))
  }

  async vaultFacts(vault: VaultId): Promise<VaultFacts> {
    const answer = await this.link.ask('vault-facts', (id) => ({ type: 'vault-facts', id, vault }))
    const { packBytes, keptBytes, entryBytes, entries, deletion } = answer
    return { packBytes, keptBytes, entryBytes, entries, deletion }
  }

  async deleteVault(vault: VaultId, wish: OwnersWish): Promise<WishAnswer> {
    const { finalAt, revived } = await this.link.ask('delete-vault', (id) => ({
      type: 'delete-vault',
      id,
      vault,
      ...wish,
    }))
    return { finalAtMs: finalAt, isRevived: revived === true }
  }

  async close(): Promise<void> {
    this.link.end(new ClientError('interrupted', 'the session was closed'), true)
    await this.link.closed
  }
}

/** What was asked, or `instead` when the relay refused it for this reason. */
async function unlessRefused<T, I>(asked: Promise<T>, reason: string, instead: I): Promise<T | I> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ClientError && error.code === 'relay-refused' && error.data['reason'] === reason)
      return instead
    throw error
  }
}
