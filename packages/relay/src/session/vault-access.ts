// Which vaults a connection may look into: asked of the spine at every request, never remembered.
import { toHex, type VaultId } from '@grenier/crypto/verify'
import { deletedFor } from '../core/deleted-vaults.ts'
import type { LiveVault } from '../core/live-vaults.ts'
import type { Actor, Peer, RelayParts } from '../core/relay-parts.ts'
import { leftAt, mayCarry, mayPut, refusalOf, rightOf, type Right } from '../core/rights.ts'
import { RelayError } from '../errors.ts'
import { connectionVaultsMax } from '../limits.ts'
import type { PutPayer } from './puts.ts'

/** A vault that this key may look into, and as what. */
export interface OpenVault {
  readonly live: LiveVault
  readonly right: Right
}

/** The vaults of one connection. */
export class VaultAccess {
  readonly #parts: RelayParts
  readonly #peer: Peer
  readonly #seen = new Set<string>()

  constructor(parts: RelayParts, peer: Peer) {
    this.#parts = parts
    this.#peer = peer
  }

  /**
   * The vault, if this key may read it now. A vault that is not here and one that is somebody else's are not told apart.
   * @throws RelayError `vault-unknown`; `no-right` for one that was a member (`data.until`: the entry that took it out); `vault-deleted`; `too-many`
   */
  async open(actor: Actor, vault: VaultId): Promise<OpenVault> {
    const live = await this.#parts.vaults.find(vault)
    const right = live && rightOf(live.state.spine, actor, this.#parts.clock.now())
    if (live === undefined || right === undefined) throw await this.#refusal(actor, vault, live)
    this.look(vault)
    return { live, right }
  }

  async #refusal(actor: Actor, vault: VaultId, live: LiveVault | undefined): Promise<RelayError> {
    const deleted = live === undefined ? await deletedFor(this.#parts.stores, actor, vault) : undefined
    return deleted ?? refusalOf(live?.state.spine, actor)
  }

  /**
   * The same for who may put something there without being a member: a device of the account that pays.
   * @throws RelayError as `open`
   */
  async openToCarry(actor: Actor, vault: VaultId): Promise<LiveVault> {
    const live = await this.#parts.vaults.find(vault)
    if (live !== undefined && mayCarry(live, actor)) return live
    return (await this.open(actor, vault)).live
  }

  /**
   * How far this key may read the log: members to its end, one that was a member up to the entry that took it out, which is the proof of it.
   * @throws RelayError `vault-unknown`, `too-many`
   */
  async readableUpTo(actor: Actor, vault: VaultId): Promise<number> {
    const live = await this.#parts.vaults.find(vault)
    const left = live && leftAt(live.state.spine, actor)
    if (left !== undefined) return left
    const { live: open } = await this.open(actor, vault)
    return open.state.head.sequence
  }

  /** From now on the connection is told of what happens in this vault. @throws RelayError `too-many` */
  look(vault: VaultId): void {
    const key = toHex(vault)
    if (this.#seen.has(key)) return
    if (this.#seen.size >= connectionVaultsMax)
      throw new RelayError('too-many', 'too many vaults on one connection')
    this.#seen.add(key)
    this.#parts.directory.look(vault, this.#peer)
  }

  /** It no longer is. */
  leave(vault: VaultId): void {
    this.#seen.delete(toHex(vault))
    this.#parts.directory.leave(vault, this.#peer)
  }

  /**
   * Who pays for a pack that this key puts into a vault: the vault's account; before there is a genesis, the key's own.
   * @throws RelayError `vault-unknown`, `vault-deleted`, `no-right`, `account-closed`
   */
  async payer(actor: Actor, vault: VaultId): Promise<PutPayer> {
    const live = await this.#parts.vaults.find(vault)
    const carries = live !== undefined && mayCarry(live, actor)
    if (live !== undefined && !carries && !mayPut((await this.open(actor, vault)).right))
      throw new RelayError('no-right', 'this key may read the vault, not add to it')
    const deleted = live === undefined ? await deletedFor(this.#parts.stores, actor, vault) : undefined
    if (deleted !== undefined) throw deleted
    const chargedTo = live?.chargedTo ?? actor.identity
    if (chargedTo === undefined) throw new RelayError('vault-unknown', 'no such vault')
    const account = await this.#parts.stores.accounts.find(chargedTo)
    if (account === undefined || account.suspended)
      throw new RelayError('account-closed', 'the account that pays for this vault takes nothing more')
    return { chargedTo, quota: account.plan }
  }
}
