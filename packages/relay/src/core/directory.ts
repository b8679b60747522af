// Who is connected, by vault, by session token and by key.
import { equal, toHex, type SigningKey, type VaultId } from '@grenier/crypto/verify'
import type { LiveVault } from './live-vaults.ts'
import type { Directory, Grown, Peer } from './relay-parts.ts'

/** The connections of one process that have logged in. */
export class PeerDirectory implements Directory {
  readonly #byVault = new Map<string, Set<Peer>>()
  readonly #byToken = new Map<string, Peer>()

  look(vault: VaultId, peer: Peer): void {
    const key = toHex(vault)
    const peers = this.#byVault.get(key) ?? new Set()
    this.#byVault.set(key, peers.add(peer))
  }

  leave(vault: VaultId, peer: Peer): void {
    this.#remove(toHex(vault), peer)
  }

  byToken(token: string): Peer | undefined {
    return this.#byToken.get(token)
  }

  named(token: string, peer: Peer): void {
    this.#byToken.set(token, peer)
  }

  gone(peer: Peer, token: string): void {
    this.#byToken.delete(token)
    for (const key of [...this.#byVault.keys()]) this.#remove(key, peer)
  }

  endLookers(vault: VaultId, reason: string): void {
    for (const peer of [...(this.#byVault.get(toHex(vault)) ?? [])]) void peer.end(reason)
  }

  endAll(key: SigningKey, reason: string): void {
    for (const peer of [...this.#byToken.values()])
      if (peer.actor !== undefined && equal(peer.actor.key, key)) void peer.end(reason)
  }

  /** Whether anybody looks into this vault. */
  watched(vault: VaultId): boolean {
    return this.#byVault.has(toHex(vault))
  }

  /** Tells all who look into a vault that it has grown. */
  grown(vault: VaultId, live: LiveVault, entry: Grown): void {
    for (const peer of [...(this.#byVault.get(toHex(vault)) ?? [])]) peer.grown(vault, live, entry)
  }

  #remove(key: string, peer: Peer): void {
    const peers = this.#byVault.get(key)
    peers?.delete(peer)
    if (peers?.size === 0) this.#byVault.delete(key)
  }
}
