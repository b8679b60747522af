// What a device keeps for itself: its keys, its name, its relays, and which folders it syncs. Types only; home-files.ts keeps them.
import type { Certificate, Device, PublicKeys } from '@grenier/crypto'
import type { Limits } from '../relay/pace.ts'

/** One synced folder of this device. */
export interface FolderRecord {
  /** Absolute path. */
  readonly path: string
  /** Vault id, hex. */
  readonly vault: string
  readonly relay: string
  readonly name: string
}

/** A person's public identity, and its certificate for this device. */
export interface EnrolledIdentity {
  readonly keys: PublicKeys
  readonly certificate: Certificate
}

/** This device. */
export interface Home {
  readonly directory: string
  readonly deviceName: string
  readonly device: Device
  /** The person's public identity and the certificate of this device; undefined on a device that only joined. */
  readonly identity: PublicKeys | undefined
  readonly certificate: Certificate | undefined
  readonly relays: readonly string[]
  readonly folders: readonly FolderRecord[]
  /** How fast each process of this device may send and receive. */
  readonly limits: Limits
  /**
   * Adds a relay where the identity has an account, and the person's identity to a device that only joined. Durable when it resolves.
   * @throws ClientError `home-exists` when the device has another identity
   */
  enrol(account: { readonly identity: EnrolledIdentity; readonly relay: string | undefined }): Promise<void>
  /** Puts a new identity in the place of the one that it renewed. Durable when it resolves. */
  renew(identity: EnrolledIdentity): Promise<void>
  /** Sets them; what is left out stays. Durable when it resolves. */
  limit(limits: Partial<Limits>): Promise<void>
  /** Where the state database of a vault lies. */
  stateDirectory(vault: string): string
  /** Takes the place of what was recorded of its path or of its vault: a device has one folder of a vault. Durable when it resolves. */
  addFolder(record: FolderRecord): Promise<void>
  /** Durable when it resolves; also removes the state of the vault. */
  removeFolder(path: string): Promise<void>
  /** Keeps a file about a vault that halted, for those who look into it; one of the same name is replaced. Durable when it resolves; gives its path. */
  keepEvidence(vault: string, name: string, bytes: Uint8Array): Promise<string>
}
