// The puts of one connection: reserved in the ledger, received, made durable, then pending. Appends wait here for the packs they claim.
import { toHex, type PackId, type SigningKey, type VaultId } from '@grenier/crypto/verify'
import { limits, type ClientMessageOf } from '@grenier/protocol'
import type { BlockPool } from '../core/block-pool.ts'
import type { ByteBudget } from '../core/budget.ts'
import type { Clock } from '../core/clock.ts'
import { RelayError } from '../errors.ts'
import type { PackUpload } from '../store/pack-store.ts'
import type { Stores } from '../store/stores.ts'
import type { Quota } from '../store/usage.ts'
import { putKey, type Beginnings, type PutName } from './parked-puts.ts'
import { Upload } from './upload.ts'

/** Who pays for a put, and up to how much. */
export interface PutPayer {
  readonly chargedTo: SigningKey
  readonly quota: Quota
}

/** What a connection gives its puts. */
export interface PutsOptions {
  readonly stores: Stores
  readonly clock: Clock
  readonly budget: ByteBudget
  readonly blocks: BlockPool
  /** Tells the client how much of the put `id` may come. */
  readonly credit: (id: number, offset: number, bytes: number) => void
}

interface OpenPut {
  readonly name: PutName
  readonly upload: Upload
  readonly done: Promise<void>
}

/** Puts under way on one connection. */
export class Puts {
  readonly #options: PutsOptions
  readonly #open = new Map<number, OpenPut>()
  /** What an earlier connection of this key left, and what this one leaves. */
  #beginnings: Beginnings = new Map()
  #detached = false

  constructor(options: PutsOptions) {
    this.#options = options
  }

  /** Goes on with what an earlier connection left. */
  resume(beginnings: Beginnings): void {
    this.#beginnings = beginnings
  }

  /**
   * Receives one pack; resolves when it is durable and pending (or was here already). `payer` says whether it may come at all.
   * @throws RelayError `too-many`, `busy`, `quota`, `pack-size`, `pack-wrong`, `disk-full`, `shutting-down`, or what `payer` throws
   */
  put(message: ClientMessageOf<'put'>, name: PutName, payer: () => Promise<PutPayer>): Promise<void> {
    if (this.#open.size >= limits.openPuts)
      throw new RelayError('too-many', 'too many puts at once', { retryable: true })
    const { budget, blocks, clock, credit } = this.#options
    const upload = new Upload({
      sizeBytes: message.sizeBytes,
      budget,
      blocks,
      clock,
      credit: (offset, bytes) => credit(message.id, offset, bytes),
    })
    const done = this.#receive(name, upload, payer).finally(() => {
      upload.detach()
      this.#open.delete(message.id)
    })
    this.#open.set(message.id, { name, upload, done })
    return done
  }

  /** The bytes of one put. Those of a put that has ended (refused, or here already) are let go. @throws ProtocolError `malformed` */
  part(message: ClientMessageOf<'part'>): void {
    this.#open.get(message.id)?.upload.part(message.offset, message.bytes)
  }

  /** Resolves when the puts of these packs that began until now have ended, well or not. */
  async ended(vault: VaultId, packs: readonly PackId[]): Promise<void> {
    if (this.#open.size === 0) return
    const claimed = new Set(packs.map(toHex))
    const waited = [...this.#open.values()].filter(
      ({ name }) => claimed.has(toHex(name.pack)) && toHex(name.vault) === toHex(vault),
    )
    await Promise.all(waited.map(({ done }) => done.catch(() => undefined)))
  }

  /** The connection ended: resolves with the beginnings of packs, once what was received of them is written. */
  async detach(): Promise<Beginnings> {
    this.#detached = true
    const open = [...this.#open.values()]
    for (const { upload } of open) upload.detach()
    await Promise.all(open.map(({ done }) => done.catch(() => undefined)))
    return this.#beginnings
  }

  async #receive(name: PutName, upload: Upload, payer: () => Promise<PutPayer>): Promise<void> {
    const { ledger } = this.#options.stores
    const reservation = { ...name, ...(await payer()), now: this.#options.clock.now() }
    const reserved = await ledger.reserve(reservation)
    switch (reserved.result) {
      case 'held':
        return
      case 'size':
        throw new RelayError('pack-size', 'the pack of this name has another size', {
          data: { sizeBytes: reserved.sizeBytes },
        })
      case 'quota':
        throw new RelayError('quota', 'the account is full', { retryable: true, data: { what: 'bytes' } })
      case 'busy':
        throw new RelayError('busy', 'a pack of this name is being deleted', { retryable: true })
      case 'reserved':
        await this.#store(name, upload)
    }
  }

  async #store(name: PutName, upload: Upload): Promise<void> {
    const { ledger } = this.#options.stores
    await this.#receiveWhole(name, upload)
    const became = await ledger.pend(name, this.#options.clock.now())
    if (became !== 'unreserved') return
    throw new RelayError('busy', 'the put took longer than its reservation', { retryable: true })
  }

  /** The store holds the whole pack, or nothing of it is charged any more, unless the next connection may go on with it. */
  async #receiveWhole(name: PutName, upload: Upload): Promise<void> {
    let isLeft = false
    try {
      const target = await this.#begin(name)
      if (!(await this.#fill(upload, target))) {
        isLeft = await this.#leave(name, target)
        throw new RelayError('shutting-down', 'the connection ended first', { retryable: true })
      }
      await target.finish()
    } catch (error) {
      if (!isLeft) await this.#options.stores.ledger.release(name).catch(() => undefined)
      throw error
    }
  }

  async #begin(name: PutName): Promise<PackUpload> {
    const held = this.#beginnings.get(putKey(name))
    this.#beginnings.delete(putKey(name))
    return held?.upload ?? (await this.#options.stores.packs.begin(name))
  }

  async #fill(upload: Upload, target: PackUpload): Promise<boolean> {
    try {
      return await upload.receive(target)
    } catch (error) {
      await target.abort()
      throw error
    }
  }

  /** Kept for the next connection when this one broke; a second beginning of one pack is not worth keeping. Says whether it was. */
  async #leave(name: PutName, target: PackUpload): Promise<boolean> {
    const key = putKey(name)
    if (!this.#detached || target.receivedBytes === 0 || this.#beginnings.has(key)) {
      await target.abort()
      return false
    }
    this.#beginnings.set(key, { name, upload: target })
    return true
  }
}
