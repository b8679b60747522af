// English messages about backups.
import type { BackupCatalogue } from './catalogue-backup.ts'

/** Spread into the catalogue. */
export const englishBackup: BackupCatalogue = {
  errorSourceUnusable: ({ path }) => `what is to be backed up is not there, or cannot be read: ${path}`,
  hintSourceUnusable: () => 'check that it exists, that its disk is mounted, and whose it is',
  errorSourceEmpty: ({ path }) => `what the backup has of ${path} is not there any more`,
  hintSourceEmpty: () =>
    'is its disk mounted, and did the program that writes it succeed? If it is to be empty: --allow-empty. Nothing was changed in the backup',
  errorBackupRunning: ({ name }) => `a backup to ${name} is running already`,
  hintBackupRunning: () => 'let it finish; the next run takes up what it leaves',
  errorHookFailed: ({ text, detail }) => `the command failed: ${text} (${detail})`,
  hintHookFailed: () =>
    'run it by hand; a failing --before stops the backup, a failing --after does not undo it',
  backupNext: ({ seconds }) => `The next run is in ${seconds} s; Ctrl-C ends it.`,
  backupBegun: ({ name, relay }) => `A backup called ${name} begins at ${relay}.`,
  backupVersion: ({ sequence, put, moved, removed }) =>
    `Version ${sequence}: ${put} new or changed, ${moved} moved, ${removed} gone.`,
  backupOthers: ({ count, files }) =>
    `${files} ${count === 1 ? 'thing is' : 'things are'} left out: sockets, pipes, devices, directories called .grenier.`,
  problemSourceUnmounted: ({ path }) =>
    `${path}: a disk was mounted there and is not; what the backup has of it stays`,
  problemContentDiffers: ({ path }) => `${path}: the source has the same size and time, and other bytes`,
  backupChecked: ({ name, count, files, bytes, compared, problems }) =>
    `${name}: ${files} ${count === 1 ? 'file' : 'files'} restored (${bytes}), ${compared} compared with the source, problems: ${problems}.`,
  helpBackupSample: () => 'of check: how many of the files are restored and compared (5%)',
  backupNone: () => 'This device backs nothing up. `grenier backup DIR --vault NAME --once` begins.',
  backupForgotten: ({ name }) =>
    `${name} is not backed up by this device any more. What was backed up stays at the relay.`,
  backupListed: ({ name, path }) => `${name}  ${path === '' ? '(standard input)' : path}`,
  backupListedVersion: ({ when, sequence, count, files, bytes, problems }) =>
    `  ${when}  ${sequence}  ${files} ${count === 1 ? 'file' : 'files'}, ${bytes}${problems > 0 ? `, problems: ${problems}` : ''}`,
  statusBackup: ({ listed }) => `backup: ${listed}`,
  statusBackupNone: () => '  no version yet',
  statusBackupRunning: () => '  a backup is running',
  statusBackupRun: ({ when, code }) => `  last run: ${when}, exit code ${code}${code === 0 ? ' (done)' : ''}`,
  helpBackupName: () => 'for list and check: one backup alone',
  helpBackup: () =>
    'back a folder up, one way: it is never written to, and each run is a version; or list them',
  helpBackupVault: () => 'the vault that keeps it; the first run makes it',
  helpBackupOnce: () => 'run once and end, for cron and timers',
  helpBackupEvery: () => 'without --once: run again after so long (1h)',
  helpBackupExclude: () => 'leave out what this pattern says, besides .grenierignore (may be repeated)',
  helpBackupOneFileSystem: () => 'leave out what is mounted below',
  helpBackupCaches: () => 'keep what is in directories with a CACHEDIR.TAG, too',
  helpBackupStdin: () => 'keep what comes on standard input, as a file of this name',
  helpBackupEmpty: () => 'an empty source is no mistake',
  helpBackupBefore: () => 'run this first; when it fails, nothing is backed up',
  helpBackupAfter: () => 'run this at the end, with GRENIER_EXIT_CODE in its environment',
  helpBackupKeep: () => 'keep every version that is younger (30d)',
  helpBackupDaily: () => 'keep the last version of each of so many days',
  helpBackupWeekly: () => 'keep the last version of each of so many weeks',
  helpBackupMonthly: () => 'keep the last version of each of so many months',
  helpBackupYearly: () => 'keep the last version of each of so many years',
}
