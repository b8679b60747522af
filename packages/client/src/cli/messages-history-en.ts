// The catalogue in English: what is about history.
import type { HistoryWords } from './catalogue-history.ts'
import { englishForm as some } from './plurals.ts'

export const englishHistory: HistoryWords = {
  errorMomentBefore: ({ begins }) => `the vault began at ${begins}: before, there was nothing of it`,
  errorMomentAfter: ({ head }) => `the log has no such entry: its last one is #${head}`,
  hintMoment: () => '`grenier log FOLDER` shows the entries with their times',
  hintMomentArchive: () => 'without --at comes what the archive has last',
  errorPathUnknown: ({ path }) =>
    `there is no “${path}” in the vault at that moment (now, where no --at says otherwise)`,
  errorPathDirectory: ({ path }) => `${path} is a directory`,
  errorPathLink: ({ path }) => `${path} is a symbolic link, and has no bytes of its own`,
  hintPath: () =>
    '`grenier ls FOLDER [PATH] [--at TIME]` shows what there is; paths are relative to the folder',
  errorHistoryGone: () => 'that part of the history was pruned, and is not at the relay any more',
  hintHistoryGone: () => 'a later moment can be had: `grenier log FOLDER` shows from which entry on',
  historyOffline: ({ until }) =>
    `the relay cannot be reached: this is what this device knew${until === undefined ? '' : ` at ${until}`}`,
  awaitsReaders: ({ count }) =>
    count === 1
      ? 'synced; another command is still being answered: this one waits for it, as long as it reads'
      : `synced; ${count} other commands are still being answered: this one waits for them, as long as they read`,
  logKinds: {
    genesis: 'began the vault',
    member: 'changed the members',
    config: 'changed the settings of the vault',
    prune: 'pruned the history',
    drop: 'dropped packs that nothing needs',
    checkpoint: 'wrote a checkpoint',
    invite: 'invited somebody',
    accept: 'a device joined',
    cancel: 'cancelled an invitation',
    revoke: 'revoked a device or a person',
    role: 'changed a role',
    rekey: 'changed the keys',
    recover: 'recovered the vault with the 24 words',
    renew: 'renewed the recovery phrase',
  },
  logJoined: ({ role }) => `joined (${role})`,
  logRemoved: ({ names }) => `took out ${names}`,
  logRole: ({ name, role }) => `gave ${name} the role ${role}`,
  logIdentity: ({ id }) => `the identity ${id}`,
  logVoid: ({ reason }) => `void, counts for nothing (${reason})`,
  logMore: ({ count, text }) => `and ${text} ${some(count, 'path', 'paths')} more (--verbose shows all)`,
  restoredInto: ({ count, already, files, bytes, path, until, sequence }) =>
    `${files} ${some(count, 'file', 'files')}, ${bytes}, in ${path}, as of ${asOf(until, sequence)}${already > 0 ? `; ${already} of them ${some(already, 'was', 'were')} there already` : ''}.`,
  restored: ({ count, files, until, sequence, head }) =>
    `${files} ${some(count, 'path is', 'paths are')} as of ${asOf(until, sequence)} again. The vault is at #${head} now: \`grenier restore\` with an entry before undoes it.`,
  restoredNothing: ({ until, sequence }) =>
    `Nothing to bring back: it is as it was at ${asOf(until, sequence)}.`,
  helpRestoreExact: () => 'remove what was not there then, too',
  conflictKept: ({ path, keptAs, device }) => `${keptAs}\n    is the version of ${device}, beside ${path}`,
  conflictAlone: ({ path, keptAs, device }) =>
    `${keptAs}\n    is the version of ${device}; ${path} itself is gone`,
  conflictsNone: () => 'No conflict copies.',
  helpConflicts: () => 'the copies that were kept of conflicts, and what they conflict with',
  helpLog: () => 'the history: when, which device, which change',
  helpLogPath: () => 'only what happened to this file, or below this directory',
  helpLogLimit: () => 'how many entries, the latest first; 50 if not given',
  helpLogAll: () => 'entries too that change neither files nor members',
  helpLs: () => 'list a directory of the vault, now or as it was',
  helpLsRecursive: () => 'everything below, too',
  helpCat: () => 'write a file of the vault to standard output, now or as it was',
  helpAt: () => 'the moment: 2026-11-22, "2026-11-22 14:03", "2 hours ago", or the number of an entry',
  helpRestore: () =>
    'bring a file, a directory or everything back as it was; with --into, without --at, as it is now',
  helpRestorePath: () => 'only this file or directory',
  helpRestoreInto: () => 'write it there, and leave the folder as it is; nothing is overwritten',
}

/** The entry, and its time where that is known. */
function asOf(until: string | undefined, sequence: number): string {
  return until === undefined ? `#${sequence}, whose time nobody keeps any more` : `${until} (#${sequence})`
}
