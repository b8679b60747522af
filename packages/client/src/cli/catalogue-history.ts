// The part of the catalogue that is about history: what was, and bringing it back. The words are in messages-history-en.ts and -fr.ts.
import type { EntryKind, MemberAction } from '@grenier/crypto'
import type { Text } from './catalogue-text.ts'

/** What an entry is called in the log, unless its paths say it all. */
export type LogKind = Exclude<EntryKind, 'change'> | MemberAction

/** Messages about the history. */
export interface HistoryWords {
  errorMomentBefore: Text<{ begins: string }>
  errorMomentAfter: Text<{ head: number }>
  hintMoment: Text
  hintMomentArchive: Text
  errorPathUnknown: Text<{ path: string }>
  errorPathDirectory: Text<{ path: string }>
  errorPathLink: Text<{ path: string }>
  hintPath: Text
  errorHistoryGone: Text
  hintHistoryGone: Text
  historyOffline: Text<{ until: string | undefined }>
  awaitsReaders: Text<{ count: number }>
  logKinds: Readonly<Record<LogKind, string>>
  /** A device came by an invitation, with this role. */
  logJoined: Text<{ role: string }>
  /** Members were taken out; each as `deviceNamed`, `deviceUnnamed` or `logIdentity`. */
  logRemoved: Text<{ names: string }>
  logRole: Text<{ name: string; role: string }>
  logIdentity: Text<{ id: string }>
  logVoid: Text<{ reason: string }>
  /** So many paths that are not shown. */
  logMore: Text<{ count: number; text: string }>
  /** `already`: how many of them were there and the same. */
  restoredInto: Text<{
    count: number
    already: number
    files: string
    bytes: string
    path: string
    until: string | undefined
    sequence: number
  }>
  restored: Text<{ count: number; files: string; until: string | undefined; sequence: number; head: number }>
  restoredNothing: Text<{ until: string | undefined; sequence: number }>
  helpRestoreExact: Text
  conflictKept: Text<{ path: string; keptAs: string; device: string }>
  conflictAlone: Text<{ path: string; keptAs: string; device: string }>
  conflictsNone: Text
  helpConflicts: Text
  helpLog: Text
  helpLogPath: Text
  helpLogLimit: Text
  helpLogAll: Text
  helpLs: Text
  helpLsRecursive: Text
  helpCat: Text
  helpAt: Text
  helpRestore: Text
  helpRestorePath: Text
  helpRestoreInto: Text
}
