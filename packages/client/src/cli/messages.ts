// All that people read, by name and parameters. The library knows codes only; words are here, in two languages.
import { english } from './messages-en.ts'
import { french } from './messages-fr.ts'

type Text<P = Record<string, never>> = (values: P) => string
type Pathed = Text<{ path: string }>
type MaybePathed = Text<{ path: string | undefined }>
type Detailed = Text<{ detail: string }>
type Plain = Text

/** Every message. Values are already printable: numbers formatted, control characters escaped. */
export interface Catalogue {
  errorLine: Text<{ message: string }>
  hintLine: Text<{ hint: string }>
  listed: Text<{ items: readonly string[] }>
  errorUsage: Detailed
  errorHomeMissing: Pathed
  hintHomeMissing: Plain
  errorHomeExists: Pathed
  hintHomeExists: Plain
  errorHomeLocked: Plain
  hintHomeLocked: Plain
  errorHomeUnsafe: Pathed
  hintHomeUnsafe: Pathed
  errorFolderUnknown: Pathed
  hintFolderUnknown: Plain
  errorFolderTaken: Pathed
  hintFolderTaken: Plain
  errorFolderUnusable: Pathed
  hintFolderUnusable: Plain
  errorFolderUnmarked: Pathed
  hintFolderUnmarked: Plain
  errorStateBroken: MaybePathed
  hintStateBroken: Plain
  errorStateForeign: Pathed
  hintStateForeign: Plain
  errorNameAmbiguous: Detailed
  hintNameAmbiguous: Plain
  errorCodeWrong: Plain
  hintCodeWrong: Plain
  errorRelayUnreachable: Text<{ relay: string | undefined }>
  hintRelayUnreachable: Plain
  errorRelayRefused: Text<{ reason: string | undefined }>
  hintRelayRefused: Plain
  errorRelayContradicts: Detailed
  hintRelayContradicts: Plain
  errorRelayCorrupt: Detailed
  hintRelayCorrupt: Plain
  errorRelayRollback: Detailed
  hintRelayRollback: Plain
  errorPackUnavailable: Plain
  hintPackUnavailable: Plain
  errorUpdateNeeded: Plain
  hintUpdateNeeded: Plain
  errorKeyWithheld: Detailed
  hintKeyWithheld: Plain
  errorBrake: Detailed
  hintBrake: Plain
  errorDiskFull: MaybePathed
  hintDiskFull: Plain
  errorDiskFailed: Detailed
  hintDiskFailed: Plain
  errorInterrupted: Plain
  hintInterrupted: Plain
  errorUnexpected: Detailed
  hintUnexpected: Plain
  problemNameUnholdable: Pathed
  problemNameCollision: Pathed
  problemKindUnsupported: Pathed
  problemUnreadable: Pathed
  problemUnwritable: Pathed
  problemChanging: Pathed
  problemNameReserved: Pathed
  problemVanished: Pathed
  problemDiskFull: Pathed
  problemPackUnavailable: Pathed
  problemEntryVoid: Pathed
  changeUp: Text<{ action: string; path: string }>
  changeDown: Text<{ action: string; path: string }>
  changeMoved: Text<{ from: string; path: string }>
  conflict: Text<{ path: string; keptAs: string }>
  voidEntry: Text<{ sequence: number; device: string; reason: string }>
  watchBlind: Text<{ reason: string }>
  stateSynced: Plain
  stateOffline: Plain
  stateSyncing: Plain
  stateHalted: Plain
  stateBraked: Plain
  statePaused: Plain
  setupDone: Text<{ name: string; relay: string }>
  setupWords: Plain
  setupWordsWritten: Pathed
  setupWordsTaken: Plain
  addDone: Text<{ folder: string; name: string; relay: string }>
  joinDone: Text<{ folder: string; name: string }>
  joinHistory: Plain
  inviteCode: Plain
  inviteWords: Plain
  inviteUntil: Text<{ role: string; until: string }>
  forgetDone: Text<{ folder: string }>
  exportDone: Text<{ files: string; bytes: string; path: string }>
  summary: Text<{ files: string; bytes: string; sent: string; received: string; seconds: string }>
  summaryTroubles: Text<{ conflicts: number; problems: number }>
  progress: Text<{
    filesDone: string
    filesTotal: string
    bytesDone: string
    bytesTotal: string
    rate: string
  }>
  syncWatching: Text<{ folder: string }>
  syncNothing: Plain
  statusNone: Plain
  statusFolder: Text<{ folder: string; name: string; state: string }>
  statusHead: Text<{ sequence: number; hash: string }>
  statusPending: Text<{ count: number }>
  statusTroubles: Text<{ conflicts: number; problems: number }>
  statusContact: Text<{ when: string }>
  statusNever: Plain
  roleOwner: Plain
  roleWriter: Plain
  roleReader: Plain
  actionPut: Plain
  actionRemove: Plain
  actionMove: Plain
  helpProgram: Plain
  helpHome: Plain
  helpJson: Plain
  helpYes: Plain
  helpLang: Plain
  helpVerbose: Plain
  helpSetup: Plain
  helpSetupInvite: Plain
  helpDeviceName: Plain
  helpPhraseOut: Plain
  helpPhraseFile: Plain
  helpAdd: Plain
  helpAddName: Plain
  helpInvite: Plain
  helpInviteRole: Plain
  helpInviteExpires: Plain
  helpJoin: Plain
  helpSync: Plain
  helpOnce: Plain
  helpStatus: Plain
  helpForget: Plain
  helpExport: Plain
  helpExportOut: Plain
  helpExample: Plain
}

export type Language = 'en' | 'fr'

/** The catalogue of a language. */
export function catalogueOf(language: Language): Catalogue {
  return language === 'fr' ? french : english
}

/** The language that was asked for, else that of the locale, else English. */
export function languageOf(asked: string | undefined, environment: NodeJS.ProcessEnv): Language {
  const locale = asked ?? environment['LC_ALL'] ?? environment['LC_MESSAGES'] ?? environment['LANG'] ?? ''
  return locale.toLowerCase().startsWith('fr') ? 'fr' : 'en'
}
