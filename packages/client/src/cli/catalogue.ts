// What the catalogue has: every sentence that people read, by name and parameters. The words are in messages-en.ts and messages-fr.ts.
import type { RelayErrorCode } from '@grenier/protocol'
import type { RecoveryCatalogue } from './catalogue-recovery.ts'
import type { UnreachableReason } from '../relay/relay-failure.ts'
import type { ArchiveCatalogue } from './catalogue-archive.ts'
import type { HistoryWords } from './catalogue-history.ts'
import type { TrustCatalogue } from './catalogue-trust.ts'
import type { BackupCatalogue } from './catalogue-backup.ts'
import type { CarryCatalogue } from './catalogue-carry.ts'
import type { PruneCatalogue } from './catalogue-prune.ts'
import type { MembersCatalogue } from './catalogue-members.ts'
import type { Advice, Text } from './catalogue-text.ts'
import type { MirrorCatalogue } from './catalogue-mirror.ts'
import type { PassphraseCatalogue } from './catalogue-passphrase.ts'
import type { VaultsCatalogue } from './catalogue-vaults.ts'
import type { UsageFault } from './usage-error.ts'

type Pathed = Text<{ path: string }>
type MaybePathed = Text<{ path: string | undefined }>
type Detailed = Text<{ detail: string }>
type Plain = Text

/** Every message, the same names in each language. */
export interface Catalogue
  extends
    ArchiveCatalogue,
    RecoveryCatalogue,
    HistoryWords,
    TrustCatalogue,
    PruneCatalogue,
    VaultsCatalogue,
    PassphraseCatalogue,
    BackupCatalogue,
    CarryCatalogue,
    MirrorCatalogue,
    MembersCatalogue {
  /** Whose words these are. */
  readonly language: 'en' | 'fr'
  errorLine: Text<{ message: string }>
  /** An error with the folder that it concerns. */
  errorAt: Text<{ path: string; message: string }>
  hintLine: Text<{ hint: string }>
  listed: Text<{ items: readonly string[] }>
  /** Wrong usage, by what is wrong; `text` is what was given. */
  usage: Readonly<Record<UsageFault, Advice>>
  hintUsage: Plain
  errorHomeMissing: Pathed
  hintHomeMissing: Plain
  errorAccountMissing: Pathed
  hintAccountMissing: Plain
  errorHomeExists: Pathed
  /** The words that were given are of another identity than the device's. */
  errorHomeOther: Pathed
  hintHomeOther: Plain
  hintHomeExists: Plain
  errorHomeLocked: Plain
  hintHomeLocked: Plain
  errorHomeHeld: Text<{ path: string; pid: number }>
  hintHomeHeld: Plain
  errorHomeUnsafe: Pathed
  hintHomeUnsafe: Pathed
  errorFolderUnknown: Pathed
  hintFolderUnknown: Plain
  hintFolderInside: Text<{ folder: string; inside: string }>
  errorFolderTaken: Pathed
  hintFolderTaken: Plain
  errorFolderUnusable: Pathed
  hintFolderUnusable: Plain
  errorFolderUnmarked: Pathed
  hintFolderUnmarked: Plain
  errorStateBroken: MaybePathed
  hintStateBroken: Plain
  hintKeysBroken: Plain
  errorStateForeign: Pathed
  hintStateForeign: Plain
  errorStateRestored: Pathed
  hintStateRestored: Plain
  hintStateLost: Plain
  errorStateLost: Pathed
  folderMoved: Text<{ from: string; folder: string }>
  errorNameAmbiguous: Detailed
  hintNameAmbiguous: Plain
  errorCodeWrong: Plain
  hintCodeWrong: Plain
  errorRelayUnreachable: Text<{ reason: string | undefined }>
  unreachable: Readonly<Record<UnreachableReason, string>>
  hintRelayUntrusted: Plain
  hintRelayUnreachable: Plain
  errorRelayRefused: Text<{ reason: string | undefined }>
  refusals: Readonly<Record<RelayErrorCode, string>>
  hintRelayRefused: Plain
  hintInvitationNeeded: Plain
  errorStateUnavailable: Plain
  hintStateUnavailable: Plain
  errorPackUnavailable: Plain
  hintPackUnavailable: Plain
  errorUpdateNeeded: Plain
  hintUpdateNeeded: Plain
  errorKeyWithheld: Detailed
  hintKeyWithheld: Plain
  /** `seen`: `brakeSeen`; `examples`: some paths. */
  errorBrake: Text<{ seen: string; examples: readonly string[] }>
  hintBrake: Text<{ direction: BrakeCounts['direction'] }>
  /** Counts, and how they read. `up`: this folder lost them; `down`: the other devices did. */
  brakeSeen: Text<BrakeCounts>
  errorDiskFull: MaybePathed
  hintDiskFull: Plain
  errorDiskFailed: Detailed
  hintDiskFailed: Plain
  errorInterrupted: Plain
  hintInterrupted: Plain
  errorUnexpected: Detailed
  hintUnexpected: Plain
  errorHolderEnded: Plain
  hintHolderEnded: Plain
  errorControl: Plain
  hintControl: Plain
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
  problemLostAgain: Plain
  problemReadOnly: Pathed
  problemFolderNested: Pathed
  problemRestless: Plain
  changeUp: Text<{ action: string; path: string }>
  changeDown: Text<{ action: string; path: string }>
  changeMoved: Text<{ from: string; path: string }>
  conflict: Text<{ path: string; keptAs: string }>
  voidEntry: Text<{ sequence: number; device: string; reason: string }>
  watchBlind: Text<{ reason: string }>
  watchLimit: Plain
  relayAway: Plain
  relayUnable: Text<{ reason: string | undefined }>
  relayAble: Plain
  relayBack: Plain
  stateSynced: Plain
  stateOffline: Plain
  stateSyncing: Plain
  stateHalted: Plain
  stateBraked: Plain
  statePaused: Plain
  askOverwrite: Pathed
  yesLetters: Plain
  takenOn: Text<{ folder: string; pid: number }>
  addDone: Text<{ folder: string; name: string; relay: string }>
  joinDone: Text<{ folder: string; name: string }>
  approveSeen: Text<{ seen: string }>
  approveMarked: Text<{ folder: string }>
  approveNothing: Text<{ folder: string }>
  approveNext: Plain
  /** Bytes a second; undefined: as fast as the line. */
  limits: Text<{ up: string | undefined; down: string | undefined }>
  limitUnheard: Text<{ pid: number }>
  forgetDone: Text<{ folder: string }>
  exportDone: Text<{ count: number; files: string; bytes: string; path: string }>
  summary: Text<{
    count: number
    files: string
    bytes: string
    sent: string
    received: string
    seconds: string
  }>
  summaryTroubles: Text<{ conflicts: number; problems: number }>
  progress: Text<{
    filesDone: string
    filesTotal: string
    bytesDone: string
    bytesTotal: string
    rate: string
  }>
  syncWatching: Text<{ folder: string }>
  syncWaiting: Text<{ folder: string }>
  syncNothing: Plain
  stopping: Plain
  statusNone: Plain
  statusFolder: Text<{ folder: string; name: string; state: string }>
  statusResting: Text<{ state: string }>
  statusHead: Text<{ sequence: number; words: string }>
  statusPending: Text<{ count: number; text: string }>
  statusTroubles: Text<{ conflicts: number; problems: number }>
  statusHeld: Text<{ seen: string }>
  statusContact: Text<{ when: string }>
  statusNever: Plain
  actionPut: Plain
  actionRemove: Plain
  actionMove: Plain
  helpProgram: Plain
  helpHelp: Plain
  helpVersion: Plain
  helpHome: Plain
  helpJson: Plain
  helpYes: Plain
  helpLang: Plain
  helpVerbose: Plain
  helpDeviceName: Plain
  helpAdd: Plain
  helpAddName: Plain
  helpJoin: Plain
  helpSync: Plain
  helpOnce: Plain
  helpStatus: Plain
  helpApprove: Plain
  helpLimit: Plain
  helpLimitUp: Plain
  helpLimitDown: Plain
  helpForget: Plain
  helpExport: Plain
  helpExportOut: Plain
  /** Titles of a help page, and what stands for a value in it. */
  help: Readonly<Record<HelpTitle, string>>
  value: Readonly<Record<ValueName, string>>
  /** One line that shows each command at work. */
  example: Readonly<Record<CommandName, string>>
}

/** What the brake saw, as numbers and as texts. */
export interface BrakeCounts {
  readonly direction: 'up' | 'down'
  readonly gone: number
  readonly changed: number
  readonly goneText: string
  readonly changedText: string
  readonly filesText: string
}

/** Titles that the command library writes. */
export type HelpTitle = 'Usage:' | 'Options:' | 'Global Options:' | 'Commands:' | 'Arguments:' | 'Example:'

/** What a value on the command line is called in a help page. */
export type ValueName =
  | 'options'
  | 'command'
  | 'relay'
  | 'folder'
  | 'directory'
  | 'file'
  | 'archive'
  | 'recipient'
  | 'code'
  | 'name'
  | 'role'
  | 'duration'
  | 'rate'
  | 'share'
  | 'device'
  | 'invitation'
  | 'language'
  | 'path'
  | 'moment'
  | 'count'

/** The commands there are. */
export type CommandName =
  | 'log'
  | 'ls'
  | 'cat'
  | 'restore'
  | 'conflicts'
  | 'setup'
  | 'add'
  | 'invite'
  | 'join'
  | 'recover'
  | 'recovery'
  | 'usage'
  | 'sync'
  | 'status'
  | 'devices'
  | 'revoke'
  | 'role'
  | 'approve'
  | 'limit'
  | 'forget'
  | 'prune'
  | 'passphrase'
  | 'keyring'
  | 'unlock'
  | 'lock'
  | 'vaults'
  | 'vault'
  | 'retention'
  | 'backup'
  | 'import'
  | 'move'
  | 'mirror'
  | 'export'
  | 'decrypt'
  | 'adopt'
  | 'heal'
  | 'verify'
