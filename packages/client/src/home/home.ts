// What a device keeps for itself: its keys, its name, its relays, and which folders it syncs. home-files.ts keeps them.
import type { Certificate, Device, PublicKeys } from '@grenier/crypto'
import type { Limits } from '../relay/pace.ts'

/** One synced folder of this device, or one source that it backs up. */
export interface FolderRecord {
  /** Absolute path; of a backup that keeps streams, empty. */
  readonly path: string
  /** Vault id, hex. */
  readonly vault: string
  readonly relay: string
  readonly name: string
  /** The relay where it was before, which may have its copy still. */
  readonly movedFrom?: string | undefined
  /** Of a backup alone. */
  readonly backup?: BackupSettings | undefined
}

/** How a backup goes. */
export interface BackupSettings {
  /** A vault holds a folder, or streams; never both. */
  readonly from: 'folder' | 'stream'
  readonly keep?: KeepRules | undefined
}

/** Which versions of a backup stay. */
export interface KeepRules {
  /** Every version that is younger, ms. */
  readonly allMs?: number | undefined
  /** The last version of each of the latest so many days, weeks, months and years that have one. */
  readonly daily?: number | undefined
  readonly weekly?: number | undefined
  readonly monthly?: number | undefined
  readonly yearly?: number | undefined
}

/** By what a folder of this home is opened: its path; a backup by its vault, since its source may be synced, or backed up twice. */
export function openingKey({ path, vault, backup }: FolderRecord): string {
  return backup === undefined ? path : vault
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
  /** @throws ClientError `keys-locked` while a passphrase seals them and this process has not opened them */
  readonly device: Device
  /** The person's public identity and the certificate of this device; undefined on a device that only joined. */
  readonly identity: PublicKeys | undefined
  readonly certificate: Certificate | undefined
  readonly relays: readonly string[]
  readonly folders: readonly FolderRecord[]
  /** What this device backs up. */
  readonly backups: readonly FolderRecord[]
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
  /**
   * Takes the place of what was recorded of its path or of its vault: a device has one folder of a vault. A backup takes that of what was
   * recorded of its vault. Durable when it resolves.
   */
  addFolder(record: FolderRecord): Promise<void>
  /** `key`: as of `openingKey`. Durable when it resolves; also removes the state of the vault. */
  removeFolder(key: string): Promise<void>
  /** Keeps a file about a vault that halted, for those who look into it; one of the same name is replaced. Durable when it resolves; gives its path. */
  keepEvidence(vault: string, name: string, bytes: Uint8Array): Promise<string>
}
