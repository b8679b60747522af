// What can be said to `grenier` about backups.
import * as v from 'valibot'
import * as commands from './commands.ts'
import type { HistoryBuilding } from './program-history.ts'
import { withAnother } from './program-archive.ts'
import { usageError } from './usage-error.ts'

const text = v.optional(v.string())
const flag = v.optional(v.boolean())
const shape = v.object({
  vault: text,
  once: flag,
  every: text,
  keep: text,
  keepDaily: text,
  keepWeekly: text,
  keepMonthly: text,
  keepYearly: text,
  exclude: v.optional(v.array(v.string())),
  oneFileSystem: flag,
  includeCaches: flag,
  stdinName: text,
  allowEmpty: flag,
  sample: text,
  before: text,
  after: text,
})

/** Adds it. A folder that is called like a word of this command is `./list` or `./check`. */
export function addBackup({ invocation, words, done, sub }: HistoryBuilding): void {
  const { directory, name, duration, count, command } = words.value
  sub('backup', words.helpBackup({}))
    .argument(`[${directory}|list|check]`)
    .argument(`[${name}]`, words.helpBackupName({}))
    .option(`--vault <${name}>`, words.helpBackupVault({}))
    .option('--once', words.helpBackupOnce({}))
    .option(`--every <${duration}>`, words.helpBackupEvery({}))
    .option(`--exclude <${words.value.path}>`, words.helpBackupExclude({}), withAnother)
    .option('-x, --one-file-system', words.helpBackupOneFileSystem({}))
    .option('--include-caches', words.helpBackupCaches({}))
    .option(`--stdin-name <${name}>`, words.helpBackupStdin({}))
    .option('--allow-empty', words.helpBackupEmpty({}))
    .option(`--sample <${words.value.share}>`, words.helpBackupSample({}))
    .option(`--before <${command}>`, words.helpBackupBefore({}))
    .option(`--after <${command}>`, words.helpBackupAfter({}))
    .option(`--keep <${duration}>`, words.helpBackupKeep({}))
    .option(`--keep-daily <${count}>`, words.helpBackupDaily({}))
    .option(`--keep-weekly <${count}>`, words.helpBackupWeekly({}))
    .option(`--keep-monthly <${count}>`, words.helpBackupMonthly({}))
    .option(`--keep-yearly <${count}>`, words.helpBackupYearly({}))
    .action(async (what: string | undefined, which: string | undefined, given: unknown) => {
      const flags = v.parse(shape, given)
      const vault = flags.vault ?? which
      if (what === 'list') done(await commands.backupList(invocation, { vault }))
      else if (what === 'check') done(await commands.backupCheck(invocation, { ...flags, vault }))
      else if (which !== undefined) throw usageError('too-many', which)
      else done(await commands.backup(invocation, what, flags))
    })
}
