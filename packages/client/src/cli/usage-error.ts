// Wrong usage, by what is wrong: the catalogue has the words.
import { ClientError } from '../errors.ts'

/** What can be wrong with what was typed. */
export const usageFaults = [
  'no-command', // nothing was asked for
  'not-understood', // an option or command that there is not
  'argument-missing', // an argument or the value of an option
  'too-many', // more arguments than the command takes
  'twice', // an option that takes one value
  'relay-url',
  'duration',
  'rate',
  'share', // a part of the whole, as 5%
  'role',
  'relay-of-one', // `sync --relay` without the one folder that it is about
  'undo-alone', // `--undo` with what to keep
  'moment', // a point in time, or the number of an entry
  'count',
  'into-synced', // a directory inside of a synced folder, or around one
  'into-source', // a directory that a backup is made from
  'name', // a name for a device or vault: empty, too long, or with control characters
  'phrase-count', // not 24 words
  'phrase-word', // words that no list has, by their places
  'phrase-wrong', // not the words of a known list, or not in their order
  'phrase-both', // words to be taken and words to be written at once
  'phrase-out-needed', // nowhere to show the words
  'new-phrase-needed', // nowhere to show the new words of a renewal
  'phrase-needed', // words to be asked for, and nobody to ask
  'vault-into', // one of the two without the other
  'vault-unknown', // a vault by a name that none has
  'device-unknown', // a device by a name that none has
  'keep-unasked', // who stays at a recovery, and nobody to ask
  'file-exists', // a file that would be overwritten
  'sheet-exists', // the same of a page for paper
  'sheet-same', // words and page in one file
  'file-unreadable',
  'file-unwritable',
  'home-inside', // the folder holds the keys of this device, or lies among them
  'device', // no device or identity of that name or id
  'revoke-unasked', // a revocation, and nobody to ask
  'delete-unasked', // a vault to be deleted, and nobody to ask
  'yes-needed', // a question, and nobody to ask
  'age-both', // a recipient and a passphrase
  'age-sealed', // age around what is sealed already
  'recipient', // no recipient of age
  'passphrase', // none, or more than a line
  'passphrase-needed', // a passphrase to be set, and nobody to ask
  'passphrase-late', // a passphrase for a device that is made, and one is here
  'lock-clear', // keys to be locked that nothing seals
  'unlock-platform', // no sockets that are one user's alone
  'passphrase-differs', // typed twice, and not the same
  'into-needed', // nowhere to write to
  'backup-kind', // a vault of streams for a folder, or the reverse
  'backup-source', // a vault that keeps another source
  'backup-in-place', // restoring to where nothing is ever written
  'keep-count', // no number of versions
  'mirror-what', // neither add, remove, promote nor list
  'not-in-vault', // a path that the vault did not have
] as const

/** @see usageFaults */
export type UsageFault = (typeof usageFaults)[number]

/** An error of exit code 2. `text`: what was given, as it was given. */
export function usageError(what: UsageFault, text = '', cause?: unknown): ClientError {
  return new ClientError('usage', `${what}: ${text}`, { cause, data: { what, text } })
}

const known: ReadonlySet<unknown> = new Set(usageFaults)

/** Whether it is one of them. */
export function isUsageFault(value: unknown): value is UsageFault {
  return known.has(value)
}
