// Packs on their way: sealed, not yet claimed by an entry of the log. Sends each once; after a broken connection asks what arrived.
import { release } from '../content/moved-bytes.ts'
import type { OutgoingPack } from '../content/pack-writer.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { claimsOf } from '../state/pack-table.ts'
import { mayWrite, type Vault } from './vault.ts'

/** Bytes that may wait for the relay's acknowledgement before reading stops: four full packs, as much as the line may have under way. */
const unacknowledgedBytesMax = 16 << 20
/** An entry may claim so much that has not arrived: it then waits for it at the relay, and no other can be appended meanwhile. */
const awaitedBytesMax = 256 << 10

/** The ordinal of a pack that is in no order: it may be claimed before all others. */
export const outOfOrder = -1

interface Pending {
  readonly pack: OutgoingPack
  acknowledged: boolean
}

/** Ships packs. The session is given anew when a connection breaks. */
export class PackShipper {
  readonly #vault: Vault
  readonly #pending: Pending[] = []
  #session: RelaySession | undefined
  #failure: Error | undefined
  readonly #moved = new Set<() => void>()
  #acknowledgedCount = 0

  constructor(vault: Vault) {
    this.#vault = vault
  }

  /** Unclaimed packs, oldest first. */
  get packs(): readonly OutgoingPack[] {
    return this.#pending.map(({ pack }) => pack)
  }

  /** Of these, from the oldest on, what an entry may claim without waiting for long. */
  get ready(): readonly OutgoingPack[] {
    return this.packs.slice(0, this.readyLoad.packs)
  }

  /** How much that is. */
  get readyLoad(): { readonly packs: number; readonly bytes: number } {
    let [packs, bytes, awaitedBytes] = [0, 0, 0]
    for (const { pack, acknowledged } of this.#pending) {
      if (!acknowledged) awaitedBytes += pack.bytes.length
      if (awaitedBytes > awaitedBytesMax) break
      packs += 1
      bytes += pack.bytes.length
    }
    return { packs, bytes }
  }

  /** Resolves when a pack has arrived, was claimed, or sending failed: `ready` or `check` may say something else then. */
  async moved(): Promise<void> {
    if (this.#failure !== undefined) return
    await new Promise<void>((resolve) => this.#moved.add(resolve))
  }

  /** How many packs the relay said it holds, over all sessions: whether anything is getting through. */
  get acknowledgedCount(): number {
    return this.#acknowledgedCount
  }

  /**
   * Takes a pack and begins to send it; resolves when there is room for another, or when sending has failed: then `check` says so,
   * and the pack is kept for the next session.
   */
  async take(pack: OutgoingPack): Promise<void> {
    const pending: Pending = { pack, acknowledged: false }
    this.#pending.push(pending)
    this.#send(pending)
    while (this.#unacknowledgedBytes() > unacknowledgedBytesMax && this.#failure === undefined)
      await this.moved()
  }

  /** What sending failed with on this session. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** @throws what sending failed with on this session */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** A fresh session: what a claim of the log or the relay itself has is not sent again, the rest is. Call after receiving the log. */
  async online(session: RelaySession): Promise<void> {
    if (this.#session === session) return
    this.#forgetClaimed()
    if (!mayWrite(this.#vault)) this.drop()
    // Packs taken from here on are sent at once; those from before, once the relay has said what arrived of them.
    const before = [...this.#pending]
    this.#session = session
    this.#failure = undefined
    const states = await session.have(
      this.#vault.log.vault,
      before.map(({ pack }) => pack.id),
    )
    for (const [at, pending] of before.entries()) {
      if (!this.#pending.includes(pending)) continue
      const held = states[at] === 'pending' || states[at] === 'claimed'
      if (held && !pending.acknowledged) this.#acknowledgedCount += 1
      pending.acknowledged = held
      if (!held) this.#send(pending)
    }
  }

  /** These packs are claimed: they are the log's now. */
  claimed(packs: readonly OutgoingPack[]): void {
    const gone = new Set(packs)
    for (let at = this.#pending.length - 1; at >= 0; at -= 1) {
      const pending = this.#pending[at]
      if (pending === undefined || !gone.has(pending.pack)) continue
      this.#pending.splice(at, 1)
      // The relay has all of it: nobody asks for these bytes any more. One that was claimed before it arrived is still being sent.
      if (pending.acknowledged) release([pending.pack.bytes])
    }
    this.#tell()
  }

  /** Replaces packs that must be sealed again, under another epoch. */
  replace(packs: readonly { readonly old: OutgoingPack; readonly fresh: OutgoingPack }[]): void {
    for (const { old, fresh } of packs) {
      const at = this.#pending.findIndex(({ pack }) => pack === old)
      if (at === -1) continue
      const pending: Pending = { pack: fresh, acknowledged: false }
      this.#pending[at] = pending
      this.#send(pending)
    }
  }

  /** Gives up everything that is not claimed. */
  drop(): void {
    this.#failure = undefined
    this.claimed(this.packs)
  }

  #forgetClaimed(): void {
    const { trees } = this.#vault
    this.claimed(this.packs.filter((pack) => claimsOf(trees, pack.id).length > 0))
  }

  #send(pending: Pending): void {
    const session = this.#session
    if (session === undefined) return
    session.put(this.#vault.log.vault, pending.pack).then(
      () => {
        if (!pending.acknowledged) this.#acknowledgedCount += 1
        pending.acknowledged = true
        this.#tell()
      },
      (error: unknown) => {
        // Of a session that is over, or of a pack that was sealed again meanwhile, nobody needs to know.
        if (this.#session !== session || !this.#pending.includes(pending)) return
        this.#failure ??= error instanceof Error ? error : new Error(String(error))
        this.#tell()
      },
    )
  }

  #tell(): void {
    const waiting = [...this.#moved]
    this.#moved.clear()
    for (const resolve of waiting) resolve()
  }

  #unacknowledgedBytes(): number {
    return this.#pending.reduce((sum, one) => sum + (one.acknowledged ? 0 : one.pack.bytes.length), 0)
  }
}
