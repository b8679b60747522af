// What a run tells while it goes: values for the command to show or to print as JSON. Codes only: words are the catalogue's.
import type { ProblemCode } from '../sync/action.ts'
import type { ClientErrorCode } from '../errors.ts'
import type { BrakeSight } from './brake-record.ts'
import type { DeletionWished } from './deletion-watch.ts'
import type { Healed } from './healed-note.ts'
import type { MirrorStanding } from './mirror-note.ts'
import type { Verified } from './verified-note.ts'

/** What a folder is doing. */
export type FolderState = 'synced' | 'syncing' | 'paused' | 'offline' | 'braked' | 'halted' | 'revoked'

export interface Progress {
  readonly filesDone: number
  readonly filesTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

/** Paths are relative to the folder, in the in-memory form of `sync/name.ts`. */
export type FolderEvent =
  | ({ readonly event: 'progress' } & Progress)
  | {
      readonly event: 'change'
      readonly path: string
      readonly from?: string
      readonly action: 'put' | 'remove' | 'move'
      readonly direction: 'up' | 'down'
    }
  | { readonly event: 'conflict'; readonly path: string; readonly keptAs: string; readonly device: string }
  | {
      readonly event: 'problem'
      readonly path: string
      readonly code: ProblemCode
      readonly detail?: string
      readonly keptAs?: string
      readonly lost?: readonly { readonly offset: number; readonly length: number }[]
    }
  /** `reason`: of a relay that is there and refuses for now, what it calls that. */
  | {
      readonly event: 'state'
      readonly state: FolderState
      readonly code?: ClientErrorCode
      readonly reason?: string
    }
  /** A member's entry was void, whole. */
  | { readonly event: 'void'; readonly sequence: number; readonly device: string; readonly reason: string }
  /** The relay had lost something of the vault: so many entries were put back as they were, so many packs of content were sent anew. */
  | { readonly event: 'healed'; readonly entries: number; readonly packs: number; readonly bytes: number }
  /**
   * The relay had lost the state that new devices start from: it was made again, as after entry `through`. Not `whole`: nobody kept the log up to the
   * one that was lost, and new devices do not have the versions between.
   */
  | { readonly event: 'state-remade'; readonly through: number; readonly whole: boolean }
  /**
   * This device alone knew so many entries of which the relay had lost the contents, and no owner's device gave them back: it goes on with the relay's
   * log. Files stay as they are, and what differs is sent again; `evidence`: the file that keeps what was left.
   */
  | { readonly event: 'went-on'; readonly entries: number; readonly evidence: string }
  /** An owner took the vault to another relay: this folder goes on there. */
  | { readonly event: 'moved'; readonly relay: string; readonly from: string }
  /** The relay where this vault was, until an owner went on at a mirror, has entries of since then that are not in the vault. */
  | { readonly event: 'parted'; readonly relay: string }
  /** An owner wished the vault to be deleted at its relay. */
  | ({ readonly event: 'deletion' } & DeletionWished)
  /** A mirror could not be brought up to date; it is tried again. */
  | { readonly event: 'mirror'; readonly relay: string; readonly code: string; readonly reason?: string }
  /** So much is gone or changed at once that a person has to look; `examples`: some paths. */
  | ({ readonly event: 'brake'; readonly examples: readonly string[] } & BrakeSight)
  /** A run that has done its work waits for so many questions about the history that are still being answered. */
  | { readonly event: 'awaits-readers'; readonly looks: number }
  /** The watcher is blind: only rescans see changes. */
  | { readonly event: 'blind'; readonly reason: string }

export type Report = (event: FolderEvent) => void

/** What a run did, and where the folder stands. */
export interface Summary {
  readonly files: number
  readonly bytes: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly conflicts: number
  readonly problems: number
  readonly head: { readonly seq: number; readonly hash: string } | undefined
  readonly durationMs: number
}

/** The same without a run: what `status` shows. */
export interface FolderStatus {
  readonly state: FolderState
  readonly pending: number
  readonly conflicts: number
  readonly problems: number
  readonly head: { readonly seq: number; readonly hash: string } | undefined
  /** What waits for a person's word. */
  readonly held: readonly BrakeSight[]
  /** The wish to delete the vault that the relay last told of; undefined: none. */
  readonly deletion?: DeletionWished | undefined
  /** What a relay that had lost it was last given back; undefined: never. */
  readonly healed?: Healed | undefined
  /** The last look at what the relay holds; undefined: never. */
  readonly verified?: Verified | undefined
  /** Its mirrors, and how far they are. */
  readonly mirrors?: readonly MirrorStanding[] | undefined
  /** ms since 1970 of the last exchange with the relay; undefined: never. */
  readonly lastContactMs: number | undefined
}
