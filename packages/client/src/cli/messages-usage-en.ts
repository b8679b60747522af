// The catalogue in English: what is said of wrong usage.
import type { Catalogue } from './catalogue.ts'
import { recoveryEnglishUsage } from './messages-recovery-en.ts'

export const englishUsage: Catalogue['usage'] = {
  ...recoveryEnglishUsage,
  'backup-kind': {
    error: ({ text }) => `${text} does not keep that kind of thing: a vault is for a folder, or for streams`,
    hint: 'give another --vault NAME',
  },
  'backup-source': {
    error: ({ text }) => `this backup is that of ${text}`,
    hint: 'give another --vault NAME; what is in one is never mixed with another source',
  },
  'backup-in-place': {
    error: ({ text }) => `the source of ${text} is never written to`,
    hint: 'say where to restore: --into DIRECTORY',
  },
  'keep-count': { error: ({ text }) => `no number of versions: ${text}`, hint: 'a whole number, 0 for none' },
  'no-command': { error: () => 'no command' },
  'not-understood': { error: ({ text }) => `not understood: ${text}` },
  'argument-missing': { error: ({ text }) => `missing: ${text}` },
  'too-many': { error: ({ text }) => `too many arguments: ${text}` },
  twice: { error: ({ text }) => `${text} is said twice, and takes one value` },
  'relay-url': {
    error: ({ text }) => `not the address of a relay: ${text}`,
    hint: 'wss://relay.example.org, with #sha256=… if the hoster gave it; ws:// only on this machine',
  },
  duration: { error: ({ text }) => `not a duration: ${text}`, hint: 'as in 30m, 24h or 7d' },
  rate: {
    error: ({ text }) => `not a bandwidth: ${text}`,
    hint: 'as in 500KiB/s, 2MB/s or 8Mbit/s, at least 10KiB/s; none for no limit',
  },
  'relay-of-one': {
    error: () => '--relay is about one folder',
    hint: 'name it: `grenier sync FOLDER --relay URL`',
  },
  'undo-alone': {
    error: () => '`--undo` brings everything back that was dropped: nothing else goes with it',
  },
  moment: {
    error: ({ text }) => `not a moment: ${text}`,
    hint: 'as in 2026-11-22, "2026-11-22 14:03", "2 hours ago", or the number of an entry of `grenier log`',
  },
  count: { error: ({ text }) => `not a count: ${text}`, hint: 'a whole number, from 1 on' },
  'into-synced': {
    error: ({ text }) => `${text} lies in a synced folder`,
    hint: 'name a directory elsewhere; without --into the folder itself goes back to what it was',
  },
  'mirror-what': {
    error: ({ text }) => `not understood: mirror ${text}`,
    hint: '`grenier mirror add FOLDER RELAY_URL`, `mirror list`, `mirror remove FOLDER RELAY_URL` or `mirror promote FOLDER RELAY_URL`',
  },
  'into-source': {
    error: ({ text }) => `${text} is what a backup is made from`,
    hint: 'name a directory in it or elsewhere: what is restored would come over what is there, and into the next backup',
  },
  share: { error: ({ text }) => `not a share: ${text}`, hint: 'more than 0% and up to 100%, as in 5%' },
  role: { error: ({ text }) => `not a role: ${text}`, hint: 'owner, writer or reader' },
  name: {
    error: ({ text }) => `cannot be a name: ${text}`,
    hint: '1 to 255 bytes, without control characters',
  },
  'file-exists': {
    error: ({ text }) => `${text} exists already, and is not overwritten`,
    hint: 'name another file; if it has the words of a run that was cut off, go on with them: `setup --phrase-file FILE`, or `recovery renew --new-phrase-file FILE`',
  },
  'sheet-exists': {
    error: ({ text }) => `${text} exists already, and is not overwritten`,
    hint: 'name another file for the page; if this one is of a run that was cut off, keep it: the words on it may be the ones that count',
  },
  'sheet-same': {
    error: ({ text }) => `${text} cannot hold both the words and the page`,
    hint: 'name another file for the page',
  },
  'file-unreadable': { error: ({ text }) => `cannot read ${text}` },
  'file-unwritable': {
    error: ({ text }) => `cannot write ${text}`,
    hint: 'check that its folder exists and may be written to',
  },
  'home-inside': {
    error: ({ text }) => `${text} holds, or lies among, the keys of this device: they must not be synced`,
    hint: 'choose a folder beside it, or keep the keys elsewhere with --home DIR',
  },
  device: {
    error: ({ text }) => `no such device or identity: ${text}`,
    hint: '`grenier devices FOLDER` lists them; who was taken out already stands in `grenier log FOLDER`',
  },
  'revoke-unasked': {
    error: ({ text }) => `there is nobody to ask whether ${text} is to be taken out`,
    hint: 'add --yes',
  },
  'delete-unasked': {
    error: ({ text }) => `there is nobody to ask whether ${text} is to be deleted`,
    hint: 'add --yes',
  },
  'yes-needed': {
    error: ({ text }) => `${text} exists already, and there is nobody to ask`,
    hint: 'add --yes to replace it',
  },
  'age-both': { error: () => '--age and --age-passphrase-file: only one of the two' },
  'age-sealed': { error: () => 'a sealed export is sealed already: --age is for the plain tar' },
  recipient: {
    error: ({ text }) => `not a recipient of age: ${text}`,
    hint: 'as `age-keygen` prints it: age1…',
  },
  'passphrase-needed': {
    error: () => 'a passphrase is needed, and there is nobody to ask',
    hint: '--new-passphrase-file FILE, or - for standard input',
  },
  'lock-clear': {
    error: () => 'nothing seals the keys of this device: they are not locked',
    hint: '`grenier passphrase set` or `grenier keyring on` seals them',
  },
  'unlock-platform': {
    error: () => 'on this system nothing can hold keys open for other commands',
    hint: '--passphrase-file FILE, or `grenier keyring on`',
  },
  'passphrase-late': {
    error: () => 'the device is here already, and this would not seal its keys',
    hint: 'without --passphrase-file; `grenier passphrase set` seals them',
  },
  'passphrase-differs': { error: () => 'the two are not the same', hint: 'nothing was changed' },
  passphrase: { error: ({ text }) => `${text} does not hold a passphrase`, hint: 'one line, not empty' },
  'into-needed': { error: () => 'where to? --into DIR writes, --list only lists' },
  'not-in-vault': {
    error: ({ text }) =>
      `the vault has no “${text}” at that moment (its last one, where no --at says otherwise)`,
    hint: '`grenier decrypt FILE --list` shows what is in it; paths are relative to the folder',
  },
}
