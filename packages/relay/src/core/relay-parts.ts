// What the connections of one relay share. Types only: relay-core.ts puts it together.
import type { Random, SigningKey, VaultId } from '@grenier/crypto/verify'
import type { KeyKind } from '@grenier/protocol'
import type { ParkedPuts } from '../session/parked-puts.ts'
import type { SendPool } from '../session/outbox.ts'
import type { Stores } from '../store/stores.ts'
import type { Appender } from './append.ts'
import type { BlockPool } from './block-pool.ts'
import type { ByteBudget } from './budget.ts'
import type { Clock } from './clock.ts'
import type { EventLog } from './event-log.ts'
import type { TryCounter } from './try-counter.ts'
import type { LiveVault, LiveVaults } from './live-vaults.ts'

/** Who may open an account. */
export type Registration = 'open' | 'invite' | 'closed'

/** What the hoster decides. */
export interface CoreConfig {
  /** `https://host[:port]` as clients may have dialled it, loopback aliases included; the first is the public one. */
  readonly origins: readonly string[]
  readonly registration: Registration
}

/** Who is at the other end of a connection. */
export interface Actor {
  readonly kind: KeyKind
  readonly key: SigningKey
  /** The account's identity; undefined for a member without an account and for one-time keys. */
  readonly identity: SigningKey | undefined
  /** A device that its identity withdrew: it has no right to anything, and may read how it came to leave a vault. */
  readonly withdrawn?: true | undefined
}

/** An entry that was just made durable. */
export interface Grown {
  readonly sequence: number
  /** Where it is at hand. */
  readonly bytes?: Uint8Array | undefined
  /** The connection that appended it, if it was one of this process. */
  readonly by?: Peer | undefined
}

/** A connection, as others see it. */
export interface Peer {
  readonly actor: Actor | undefined
  /** The log of a vault that it looked into has grown by this entry. */
  grown(vault: VaultId, live: LiveVault, entry: Grown): void
  /** Ends it; resolves when what it had under way is put away. */
  end(reason: string): Promise<void>
}

/** Connections by what they are looked up for. */
export interface Directory {
  /** `peer` has looked into this vault, hence is told of what happens there. */
  look(vault: VaultId, peer: Peer): void
  leave(vault: VaultId, peer: Peer): void
  /** The connection that was given this session token, if it is still open. `token`: hex. */
  byToken(token: string): Peer | undefined
  named(token: string, peer: Peer): void
  gone(peer: Peer, token: string): void
  /** Ends all connections that looked into a vault: they come back, and ask anew. */
  endLookers(vault: VaultId, reason: string): void
  /** Ends all connections of a key. */
  endAll(key: SigningKey, reason: string): void
}

/** What the connections of one relay share. */
export interface RelayParts {
  readonly stores: Stores
  readonly clock: Clock
  readonly random: Random
  readonly config: CoreConfig
  readonly log: EventLog
  readonly vaults: LiveVaults
  readonly appender: Appender
  readonly failures: TryCounter
  /** Wishes about deletions, by vault and key. */
  readonly wishes: TryCounter
  readonly receive: ByteBudget
  /** What owners' words take, apart from `receive`. */
  readonly vouching: ByteBudget
  readonly sending: SendPool
  /** Memory for what is received of packs, and for frames with what is sent of them. */
  readonly blocks: BlockPool
  readonly frames: BlockPool
  readonly parked: ParkedPuts
  readonly directory: Directory
}
