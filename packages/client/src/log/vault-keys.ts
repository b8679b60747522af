// The keys of one vault in memory: vault keys by epoch, and the subkeys that packs, payloads, chunk ids and the chunker use.
import {
  chunkerKeyOf,
  chunkIdKeyOf,
  CryptoError,
  currentEpoch,
  epochKeysFor,
  packKeyOf,
  payloadKeyOf,
  type EpochKeys,
  type KeyPairs,
  type Spine,
  type VaultId,
} from '@grenier/crypto'
import type { ContentKeys } from '../content/worker-pool.ts'
import { ClientError } from '../errors.ts'

/** What opens and seals in one vault, as far as one holder may. */
export class VaultKeys {
  readonly vault: VaultId
  readonly epochKeys: EpochKeys
  /** The epoch in force when these keys were taken from the spine. */
  readonly epoch: number
  readonly #packKeys = new Map<number, Uint8Array>()
  #content: ContentKeys | undefined

  private constructor(vault: VaultId, epoch: number, epochKeys: EpochKeys) {
    this.vault = vault
    this.epoch = epoch
    this.epochKeys = epochKeys
  }

  /**
   * The keys that the holder of `pairs` can reach from this spine.
   * @throws ClientError `key-withheld` if its seal does not open; `relay-refused` (reason `no-right`) if it is no member any more.
   */
  static of(vault: VaultId, spine: Spine, pairs: KeyPairs): VaultKeys {
    try {
      return new VaultKeys(vault, currentEpoch(spine).number, epochKeysFor({ vault, spine, pairs }))
    } catch (cause) {
      throw keyFault(cause)
    }
  }

  /** Keys that were gathered epoch by epoch. `epoch`: the newest. */
  static given(vault: VaultId, epoch: number, epochKeys: EpochKeys): VaultKeys {
    return new VaultKeys(vault, epoch, epochKeys)
  }

  /** Keys of chunk ids and the chunker. @throws ClientError `key-withheld` when epoch 0 is out of reach. */
  get content(): ContentKeys {
    const key = this.#vaultKey(0)
    this.#content ??= { chunkIdKey: chunkIdKeyOf(key, this.vault), chunkerKey: chunkerKeyOf(key, this.vault) }
    return this.#content
  }

  /** The pack key of an epoch, 32 bytes. @throws ClientError `key-withheld` */
  packKey(epoch: number): Uint8Array {
    const known = this.#packKeys.get(epoch)
    if (known !== undefined) return known
    const key = packKeyOf(this.#vaultKey(epoch), epoch, this.vault)
    this.#packKeys.set(epoch, key)
    return key
  }

  /** The payload key of an epoch, 32 bytes. `binding`: the vault id, or the nonce for the genesis. @throws ClientError `key-withheld` */
  payloadKey(epoch: number, binding: Uint8Array = this.vault): Uint8Array {
    return payloadKeyOf(this.#vaultKey(epoch), epoch, binding)
  }

  #vaultKey(epoch: number): Uint8Array {
    const key = this.epochKeys.get(epoch)
    if (key !== undefined) return key
    throw new ClientError('key-withheld', 'the key of an epoch is out of reach', { data: { epoch } })
  }
}

function keyFault(cause: unknown): unknown {
  if (!(cause instanceof CryptoError)) return cause
  if (cause.code === 'no-right') {
    const data = { reason: 'no-right' }
    return new ClientError('relay-refused', 'this device is no member of the vault any more', { cause, data })
  }
  if (cause.code !== 'seal-broken') return cause
  return new ClientError('key-withheld', 'a key meant for this device does not open', {
    cause,
    data: cause.data,
  })
}
