// Puts whose connection broke: what came of them is kept for a while, for the same key to go on with on its next connection.
import { toHex, type PackId, type SigningKey, type VaultId } from '@grenier/crypto/verify'
import { limits } from '@grenier/protocol'
import type { Clock, Timer } from '../core/clock.ts'
import { parkedPutsMax } from '../limits.ts'
import type { PackUpload } from '../store/pack-store.ts'

/** What makes two puts the same. */
export interface PutName {
  readonly vault: VaultId
  readonly pack: PackId
  readonly sizeBytes: number
}

/** What was received of a pack whose put broke off. */
export interface Beginning {
  readonly name: PutName
  readonly upload: PackUpload
}

/** Beginnings of packs, by `putKey`. */
export type Beginnings = Map<string, Beginning>

/** One put, as a key of `Beginnings`. */
export function putKey(name: PutName): string {
  return `${toHex(name.vault)}/${toHex(name.pack)}/${name.sizeBytes}`
}

interface Parked {
  readonly key: string
  readonly beginnings: Beginnings
  readonly timer: Timer
}

/** Beginnings of broken connections, by the token of their session. */
export class ParkedPuts {
  readonly #clock: Clock
  readonly #release: (name: PutName) => Promise<void>
  // In the order of parking, so that the first is the one to give up.
  readonly #byToken = new Map<string, Parked>()
  #count = 0

  /** `release`: what was reserved for a put that nobody goes on with counts no more. */
  constructor(clock: Clock, release: (name: PutName) => Promise<void>) {
    this.#clock = clock
    this.#release = release
  }

  /** Keeps what a connection leaves behind. `token`: hex; `key`: who may take it. */
  park(token: string, key: SigningKey, beginnings: Beginnings): void {
    if (beginnings.size === 0) return
    const timer = this.#clock.after(limits.resumeMs, () => void this.#giveUp(token))
    this.#byToken.set(token, { key: toHex(key), beginnings, timer })
    this.#count += beginnings.size
    for (const oldest of this.#byToken.keys()) {
      if (this.#count <= parkedPutsMax) return
      void this.#giveUp(oldest)
    }
  }

  /** Takes back what `key` left behind under this token; undefined where there is nothing. */
  take(token: string, key: SigningKey): Beginnings | undefined {
    const parked = this.#byToken.get(token)
    if (parked?.key !== toHex(key)) return undefined
    this.#remove(token, parked)
    return parked.beginnings
  }

  /** Gives everything up; resolves when the temporary files are gone, and nobody is charged for them. */
  async close(): Promise<void> {
    await Promise.all([...this.#byToken.keys()].map((token) => this.#giveUp(token)))
  }

  #giveUp(token: string): Promise<void> {
    const parked = this.#byToken.get(token)
    if (parked === undefined) return Promise.resolve()
    this.#remove(token, parked)
    return this.#abortAll(parked.beginnings)
  }

  #remove(token: string, parked: Parked): void {
    parked.timer.cancel()
    this.#byToken.delete(token)
    this.#count -= parked.beginnings.size
  }

  /** A temporary file that cannot be removed, and a charge that stays, go at the next start. */
  async #abortAll(beginnings: Beginnings): Promise<void> {
    const ends = [...beginnings.values()].map(async ({ name, upload }) => {
      await upload.abort()
      await this.#release(name)
    })
    beginnings.clear()
    await Promise.allSettled(ends)
  }
}
