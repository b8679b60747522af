// The part of the catalogue that is about backups.
import type { Text } from './catalogue-text.ts'

type Plain = Text

/** What people read about backups. */
export interface BackupCatalogue {
  errorSourceUnusable: Text<{ path: string }>
  hintSourceUnusable: Plain
  errorSourceEmpty: Text<{ path: string }>
  hintSourceEmpty: Plain
  errorBackupRunning: Text<{ name: string }>
  hintBackupRunning: Plain
  errorHookFailed: Text<{ text: string; detail: string }>
  hintHookFailed: Plain
  backupNext: Text<{ seconds: string }>
  backupBegun: Text<{ name: string; relay: string }>
  backupVersion: Text<{ sequence: number; put: string; moved: string; removed: string }>
  backupOthers: Text<{ count: number; files: string }>
  problemSourceUnmounted: Text<{ path: string }>
  problemContentDiffers: Text<{ path: string }>
  backupChecked: Text<{
    name: string
    count: number
    files: string
    bytes: string
    compared: string
    problems: number
  }>
  helpBackupSample: Plain
  backupNone: Plain
  backupForgotten: Text<{ name: string }>
  backupListed: Text<{ name: string; path: string }>
  backupListedVersion: Text<{
    when: string
    sequence: number
    count: number
    files: string
    bytes: string
    problems: number
  }>
  statusBackup: Text<{ listed: string }>
  statusBackupNone: Plain
  statusBackupRunning: Plain
  statusBackupRun: Text<{ when: string; code: number }>
  helpBackup: Plain
  helpBackupName: Plain
  helpBackupVault: Plain
  helpBackupOnce: Plain
  helpBackupEvery: Plain
  helpBackupExclude: Plain
  helpBackupOneFileSystem: Plain
  helpBackupCaches: Plain
  helpBackupStdin: Plain
  helpBackupEmpty: Plain
  helpBackupBefore: Plain
  helpBackupAfter: Plain
  helpBackupKeep: Plain
  helpBackupDaily: Plain
  helpBackupWeekly: Plain
  helpBackupMonthly: Plain
  helpBackupYearly: Plain
}
