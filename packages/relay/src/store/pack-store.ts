// PackStore: where the bytes of packs lie. It knows names and bytes; whether a pack is pending, claimed or dropped is the ledger's.
// Nothing is relied on beyond put, ranged get, delete and list, so that any object store can be one.
import type { PackId, VaultId } from '@grenier/crypto/verify'

/** One pack of one vault. */
export interface PackPlace {
  readonly vault: VaultId
  readonly pack: PackId
}

/** What is to be put. `sizeBytes`: of the whole pack, as announced by the client. */
export interface PackArrival extends PackPlace {
  readonly sizeBytes: number
}

/** A pack on its way in. Nothing of it can be read, or survives a restart, before `finish` resolved. */
export interface PackUpload {
  /** How many bytes were written so far: where the next part goes. */
  readonly receivedBytes: number
  /**
   * The next bytes, in order; resolves when they are taken over (back-pressure): until then the caller does not change them, and
   * afterwards their memory is the caller's again. One call at a time.
   * @throws RelayError `pack-size` beyond the announced size, `disk-full`, `store-closed`
   */
  write(...pieces: readonly Uint8Array[]): Promise<void>
  /**
   * Checks size and SHA-256 and publishes the pack. Durable when it resolves; concurrent calls share one flush. Putting what is there
   * already is fine. After a rejection the upload is over and its temporary file gone.
   * @throws RelayError `pack-size`, `pack-wrong`, `disk-full`, `store-closed`
   */
  finish(): Promise<void>
  /** Gives up and removes what was written. Idempotent; does nothing after `finish`. */
  abort(): Promise<void>
}

/** A pack that is open for reading; deleting it meanwhile may or may not end what can be read. One call at a time. */
export interface PackReader {
  /**
   * Fills `into`, one after the other, with the bytes from `offset` on.
   * @throws RelayError `pack-missing` when the pack ends before they are full, `store-closed`
   */
  read(offset: number, into: readonly Uint8Array[]): Promise<void>
  /** Frees what it holds. */
  close(): Promise<void>
}

/**
 * Immutable bytes by vault and name. A caller reserves the pack in the ledger before it begins and makes it pending after `finish`,
 * so that a sweep never deletes what is being put.
 */
export interface PackStore {
  /** Begins to receive a pack. @throws RelayError `disk-full`, `store-closed` */
  begin(arrival: PackArrival): Promise<PackUpload>
  /** Opens a pack for reading. @throws RelayError `pack-missing`, `store-closed` */
  open(place: PackPlace): Promise<PackReader>
  /** Deletes; what is not there counts as deleted. The ledger's rows are buried before and forgotten after. */
  delete(places: readonly PackPlace[]): Promise<void>
  /** All packs that are published, of one vault or of all, in order of vault and name. */
  list(vault?: VaultId): AsyncIterable<PackPlace>
  /** Waits for what is being finished and gives up the other uploads; later calls fail with `store-closed`. Idempotent. */
  close(): Promise<void>
}
