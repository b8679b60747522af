// What a run of a folder is made of: what it looks with, plans with, sends and receives with, and what it is told of how the vault stands. Which of them
// there are depends on the place, a synced folder or what is backed up.
import type { FolderLook } from '../disk/look.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Braking } from './brake.ts'
import type { Connection } from './connection.ts'
import type { PackShipper } from './pack-shipper.ts'
import type { PlanWork } from './plan-work.ts'
import type { Planning } from './planning.ts'
import type { Questions } from './questions.ts'
import type { Receiver } from './receiver.ts'
import type { Sender } from './sender.ts'
import type { Tally } from './tally.ts'
import type { Vault } from './vault.ts'

/** Parts of one `FolderRun`. */
export interface FolderRunParts {
  readonly vault: Vault
  readonly connection: Connection
  readonly receiver: Receiver
  readonly shipper: PackShipper
  /** Gives up what was read and packed, and is not said: it is planned anew. */
  readonly giveUp: () => void
  readonly planning: Planning
  /** Made once the log was read: without it nothing can be cut or sealed. */
  readonly sender: () => Sender
  readonly work: PlanWork
  readonly look: Pick<FolderLook, 'whole' | 'some'>
  readonly tally: Tally
  readonly brake: Braking
  readonly questions: Questions
  /** How often in a row the relay may fail, with nothing achieved, before the run gives up. */
  readonly failuresMax: number
  /** Whether the vault goes on at another relay after this failure. */
  readonly goesOnAfter: (error: unknown) => Promise<boolean>
  /** Own entries that are due besides changes. `idle`: nothing else is to be done. Returns whether something was appended. */
  readonly duties: (session: RelaySession, idle: boolean) => Promise<boolean>
  /** What has to be said before anything else is, once the log is read. @throws ClientError */
  readonly first: (session: RelaySession) => Promise<void>
  /** Called when everything is settled. Says whether more is to be done before something comes. @throws ClientError as the relay fails */
  readonly whenIdle?: (() => Promise<boolean>) | undefined
  /** Asked before each look: the folder must still be the one of this vault. @throws ClientError `folder-unmarked`, `state-foreign` */
  readonly checkFolder: () => Promise<void>
}
