// What may be asked of the history of a vault, and what comes as an answer: rows, one after the other, and at the end where it all stands.
import type { EntryKind, Role } from '@grenier/crypto'
import type { Problem } from '../sync/action.ts'
import type { NodeKind } from '../sync/tree.ts'
import type { Progress } from './events.ts'
import type { ExportMark } from './export-mark.ts'

/** A moment of the log: after the entry of a sequence; or after the last entry that is not later than a time (ms since 1970). */
export type Moment = { readonly sequence: number } | { readonly timeMs: number }

/** Questions that change nothing. Paths are relative to the folder; the empty one is all of it. `moment`: undefined for now. */
export type LookQuery =
  /** Entries, the latest first. `all`: those too that say nothing about files or members. */
  | {
      readonly do: 'log'
      readonly path?: string | undefined
      readonly limit?: number | undefined
      readonly all?: boolean | undefined
    }
  /** What a directory holds, or one file. `deep`: everything below. */
  | {
      readonly do: 'list'
      readonly path: string
      readonly deep: boolean
      readonly moment?: Moment | undefined
    }
  /** Copies that were kept of conflicts, and what they conflict with. */
  | { readonly do: 'conflicts'; readonly moment?: undefined }
  /** The bytes of a file, in order. */
  | { readonly do: 'read'; readonly path: string; readonly moment?: Moment | undefined }
  /**
   * The whole tree as a tar: its bytes in order, and now and then how far it is. `marks`: with rows from which it may be gone on, each after the bytes
   * up to there. `from`: such a row, for the bytes from there on, of the tree of that row, whatever `moment` says.
   */
  | {
      readonly do: 'export'
      readonly moment?: Moment | undefined
      readonly marks?: boolean | undefined
      readonly from?: ExportMark | undefined
    }
  /** Writes what was below a path to a directory outside of the folder, under the paths it had; nothing is overwritten. */
  | {
      readonly do: 'restore-into'
      readonly path: string
      readonly into: string
      readonly moment?: Moment | undefined
    }

/** Brings what was below a path back in place. `exact`: what was not there then goes. */
export interface RestoreQuery {
  readonly do: 'restore'
  readonly path: string
  readonly moment: Moment
  readonly exact: boolean
}

/** @see LookQuery, RestoreQuery */
export type HistoryQuery = LookQuery | RestoreQuery

/** What an entry did to a member: a device, or an identity with none of its devices. `id`: the signing key, hex. */
export interface MemberRow {
  readonly did: 'joined' | 'left' | 'role'
  readonly kind: 'device' | 'identity'
  readonly id: string
  /** As the log has it, now. */
  readonly name?: string | undefined
  /** Since this entry; of who left, until it. */
  readonly role: Role
}

/** One entry of the log. */
export interface EntryRow {
  readonly row: 'entry'
  readonly sequence: number
  /** Hex. */
  readonly hash: string
  readonly atMs: number
  /** The signing key, hex, and the name that the log has for it. */
  readonly device: string
  readonly deviceName?: string | undefined
  readonly kind: EntryKind
  /** Of a `member` entry: what it does. */
  readonly action?: string | undefined
  /** Whom it brought, took out, or gave another role; left out where nobody. */
  readonly members?: readonly MemberRow[] | undefined
  /** Why it counts for nothing. */
  readonly void?: string | undefined
  /** How many change rows follow, where all of them do. */
  readonly changes: number
}

/** What an entry did to one path. `from`: where it was, of a move. */
export interface ChangeRow {
  readonly row: 'change'
  readonly sequence: number
  readonly action: 'put' | 'remove' | 'move'
  readonly path: string
  readonly from?: string | undefined
}

/** A node of the tree. */
export interface NodeRow {
  readonly row: 'node'
  readonly path: string
  readonly kind: NodeKind
  readonly mode?: number | undefined
  readonly sizeBytes?: number | undefined
  /** ns since 1970, decimal. */
  readonly mtimeNs?: string | undefined
  /** Of a link, as a name is in memory. */
  readonly target?: string | undefined
}

/** A copy that was kept of a conflict. `path`: what it is a version of; `there`: whether something has that path now. */
export interface ConflictRow {
  readonly row: 'conflict'
  readonly path: string
  readonly there: boolean
  readonly keptAs: string
  readonly device: string
  /** UTC, as the name has it: `2026-11-22 14h03`. */
  readonly moment: string
}

export type HistoryRow =
  | ConflictRow
  | EntryRow
  | ChangeRow
  | NodeRow
  | { readonly row: 'bytes'; readonly bytes: Uint8Array }
  | { readonly row: 'mark'; readonly mark: ExportMark }
  /** How far an export is; the last one says what it came to. */
  | ({ readonly row: 'progress' } & Progress)
  /** Something was written; or was not. `already`: it was there, and the very same. */
  | (Omit<NodeRow, 'row'> & { readonly row: 'restored'; readonly already?: true })
  | ({ readonly row: 'problem'; readonly path: string } & Omit<Problem, 'path'>)

/** Takes the next row; resolves when there is room for another: its bytes are the giver's again then. */
export type TakeRow = (row: HistoryRow) => Promise<void>

/** Where the answer stands. */
export interface HistoryAnswer {
  /** The entry after which the tree was as it was shown, and when that was; undefined where nobody keeps it any more. */
  readonly sequence: number
  readonly atMs?: number | undefined
  /** Whether the relay was heard: else the answer is what this device knew. */
  readonly online: boolean
  readonly files: number
  readonly bytes: number
  readonly problems: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly head: { readonly seq: number; readonly hash: string }
}
