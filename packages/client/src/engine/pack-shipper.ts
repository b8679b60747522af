// Packs on their way: sealed, not yet claimed by an entry of the log. Sends each once; after a broken connection asks what arrived.
import type { OutgoingPack } from '../content/pack-writer.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { claimsOf } from '../state/pack-table.ts'
import type { Vault } from './vault.ts'

/** Bytes that may wait for the relay's acknowledgement before reading stops: eight full packs. */
const unacknowledgedBytesMax = 32 << 20

interface Pending {
  readonly pack: OutgoingPack
  /** The session it was sent on. */
  session: RelaySession | undefined
  acknowledged: boolean
}

/** Ships packs. The session is given anew when a connection breaks. */
export class PackShipper {
  readonly #vault: Vault
  readonly #pending: Pending[] = []
  #session: RelaySession | undefined
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(vault: Vault) {
    this.#vault = vault
  }

  /** Unclaimed packs, oldest first. */
  get packs(): readonly OutgoingPack[] {
    return this.#pending.map(({ pack }) => pack)
  }

  /** Takes a pack and begins to send it; resolves when there is room for another. @throws what sending failed with */
  async take(pack: OutgoingPack): Promise<void> {
    const pending: Pending = { pack, session: undefined, acknowledged: false }
    this.#pending.push(pending)
    this.#send(pending)
    while (this.#unacknowledgedBytes() > unacknowledgedBytesMax && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** A fresh session: what a claim of the log or the relay itself has is not sent again, the rest is. Call after receiving the log. */
  async online(session: RelaySession): Promise<void> {
    if (this.#session === session) return
    this.#session = session
    this.#failure = undefined
    this.#forgetClaimed()
    const states = await session.have(
      this.#vault.log.vault,
      this.#pending.map(({ pack }) => pack.id),
    )
    for (const [at, pending] of this.#pending.entries()) {
      pending.acknowledged = states[at] === 'pending' || states[at] === 'claimed'
      if (!pending.acknowledged) this.#send(pending)
    }
  }

  /** These packs are claimed: they are the log's now. */
  claimed(packs: readonly OutgoingPack[]): void {
    const gone = new Set(packs)
    for (let at = this.#pending.length - 1; at >= 0; at -= 1) {
      const pending = this.#pending[at]
      if (pending !== undefined && gone.has(pending.pack)) this.#pending.splice(at, 1)
    }
  }

  /** Replaces packs that must be sealed again, under another epoch. */
  replace(packs: readonly { readonly old: OutgoingPack; readonly fresh: OutgoingPack }[]): void {
    for (const { old, fresh } of packs) {
      const at = this.#pending.findIndex(({ pack }) => pack === old)
      if (at === -1) continue
      const pending: Pending = { pack: fresh, session: undefined, acknowledged: false }
      this.#pending[at] = pending
      this.#send(pending)
    }
  }

  #forgetClaimed(): void {
    const { trees } = this.#vault
    this.claimed(this.packs.filter((pack) => claimsOf(trees, pack.id).length > 0))
  }

  #send(pending: Pending): void {
    const session = this.#session
    if (session === undefined) return
    pending.session = session
    session.put(this.#vault.log.vault, pending.pack).then(
      () => {
        pending.acknowledged = true
        this.#wake?.()
      },
      (error: unknown) => {
        if (pending.session !== session || this.#session !== session) return
        this.#failure ??= error instanceof Error ? error : new Error(String(error))
        this.#wake?.()
      },
    )
  }

  /** What the last failed put of this session failed with. */
  get failure(): Error | undefined {
    return this.#failure
  }

  #unacknowledgedBytes(): number {
    return this.#pending.reduce((sum, one) => sum + (one.acknowledged ? 0 : one.pack.bytes.length), 0)
  }
}

/** The relay lacks a pack that was sent: what was acknowledged got lost, and is sent again on the next session. */
export function packLost(error: unknown): boolean {
  return (
    error instanceof ClientError && error.code === 'relay-refused' && error.data['reason'] === 'pack-missing'
  )
}
