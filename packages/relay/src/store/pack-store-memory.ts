// PackStore in memory: for tests and the simulation.
import { concat, toHex, type VaultId } from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import { packMissing, readerOf } from './pack-pieces.ts'
import type { PackArrival, PackPlace, PackReader, PackStore, PackUpload } from './pack-store.ts'
import { CheckedUpload } from './pack-upload.ts'

/** @see PackStore */
export class MemoryPackStore implements PackStore {
  readonly #packs = new Map<string, { place: PackPlace; bytes: Uint8Array }>()
  #closed = false

  async begin(arrival: PackArrival): Promise<PackUpload> {
    await this.#check()
    const parts: Uint8Array[] = []
    return new CheckedUpload(arrival, {
      write: (...pieces) => {
        parts.push(...pieces.map((bytes) => bytes.slice()))
        return this.#check()
      },
      publish: async () => {
        await this.#check()
        this.#packs.set(nameOf(arrival), { place: arrival, bytes: concat(parts) })
      },
      discard: () => Promise.resolve(),
    })
  }

  async open(place: PackPlace): Promise<PackReader> {
    await this.#check()
    const found = this.#packs.get(nameOf(place))
    if (found === undefined) throw packMissing(place)
    return readerOf(found.bytes, place)
  }

  async delete(places: readonly PackPlace[]): Promise<void> {
    await this.#check()
    for (const place of places) this.#packs.delete(nameOf(place))
  }

  async *list(vault?: VaultId): AsyncIterable<PackPlace> {
    await this.#check()
    const prefix = vault === undefined ? '' : `${toHex(vault)}/`
    for (const name of [...this.#packs.keys()].sort()) {
      const found = this.#packs.get(name)
      if (name.startsWith(prefix) && found !== undefined) yield found.place
    }
  }

  close(): Promise<void> {
    this.#closed = true
    return Promise.resolve()
  }

  #check(): Promise<void> {
    return this.#closed
      ? Promise.reject(new RelayError('store-closed', 'the store is closed'))
      : Promise.resolve()
  }
}

function nameOf({ vault, pack }: PackPlace): string {
  return `${toHex(vault)}/${toHex(pack)}`
}
