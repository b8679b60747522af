// What a tap saw of packs and appends, in order, to be compared with the log at the end: what was acknowledged, and what was sent again.
import { toHex, type Entry } from '@grenier/crypto'
import type { Tapped, WireTap } from './wire-tap.ts'

interface Append {
  readonly at: number
  readonly hex: string
}

/** Records a tap from now on. Positions count the messages that passed. */
export class WireRecord {
  /** Messages that passed so far. */
  count = 0
  readonly #announced: { readonly at: number; readonly pack: string; readonly sizeBytes: number }[] = []
  readonly #appends: Append[] = []
  readonly #open = new Map<string, Append>()
  readonly #acknowledged: Append[] = []

  constructor(tap: WireTap) {
    tap.onMessage((tapped) => this.#take(tapped))
  }

  /** Bytes of packs that were announced, each as often as it was. */
  get announcedBytes(): number {
    return this.#announced.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  /** Appends that were acknowledged. */
  get acknowledgedCount(): number {
    return this.#acknowledged.length
  }

  /** Acknowledged entries that are not in the log; none may be missing. */
  missingFrom(log: readonly Entry[]): number {
    const there = new Set(log.map(({ bytes }) => Buffer.from(bytes).toString('hex')))
    return this.#acknowledged.filter(({ hex }) => !there.has(hex)).length
  }

  /** Packs that were announced after the append that claims them in this log had been sent. */
  sentAfterTheirClaim(log: readonly Entry[]): string[] {
    const claimedAt = new Map<string, number>()
    const first = new Map<string, number>()
    for (const { at, hex } of this.#appends) if (!first.has(hex)) first.set(hex, at)
    for (const { bytes, header } of log) {
      const at = first.get(Buffer.from(bytes).toString('hex'))
      if (at !== undefined) for (const { id } of header.added) claimedAt.set(toHex(id), at)
    }
    return this.#announced
      .filter(({ at, pack }) => at > (claimedAt.get(pack) ?? Number.POSITIVE_INFINITY))
      .map(({ at, pack }) => `pack ${pack} at ${at}, claimed at ${claimedAt.get(pack)}`)
  }

  #take({ from, connection, message }: Tapped): void {
    const at = this.count++
    if (from === 'client' && message.type === 'put')
      this.#announced.push({ at, pack: toHex(message.pack), sizeBytes: message.sizeBytes })
    if (from === 'client' && message.type === 'append') {
      const append = { at, hex: Buffer.from(message.entry).toString('hex') }
      this.#appends.push(append)
      this.#open.set(`${connection}/${message.id}`, append)
    }
    if (from === 'relay' && message.type === 'ok' && message.re === 'append') {
      const append = this.#open.get(`${connection}/${message.id}`)
      if (append !== undefined) this.#acknowledged.push(append)
    }
  }
}
