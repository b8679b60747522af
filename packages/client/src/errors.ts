// The one error class of this package. Codes are stable: they are listed in docs/ERRORS.md and a test holds the list complete.

/** Exit codes of the command, by family of error; docs/ERRORS.md lists them. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130 | 143

/** What can go wrong in the client. */
export type ClientErrorCode =
  | 'usage' // wrong arguments
  | 'home-missing' // no device here yet: `setup` comes first
  | 'home-exists' // a second `setup` on the same home
  | 'home-locked' // another process holds this home's state
  | 'holder-ended' // the process that has the folder was asked, and ended before it answered
  | 'home-unsafe' // a key file that others may read
  | 'keys-locked' // the keys are sealed by a passphrase that was not given, or is another one; or nothing in the desktop's keyring opens them: `data.what`
  | 'keyring-unavailable' // no keyring of the desktop that would keep a secret
  | 'unlock-failed' // the process that would hold the keys open did not start, or could not be asked
  | 'folder-unknown' // not a synced folder of this home
  | 'folder-taken' // already synced, or inside a synced folder, or around one
  | 'folder-unusable' // missing, not a directory, not writable
  | 'source-empty' // what was in the source of a backup is not there: waits for a person
  | 'backup-running' // another process backs up to this vault
  | 'hook-failed' // a command before or after a backup did not go well
  | 'folder-unmarked' // the marker is gone or belongs to another vault: waits for a person
  | 'state-broken' // the state database cannot be read, or belongs to another folder
  | 'state-foreign' // the folder's marker and the state name different vaults
  | 'name-ambiguous' // a name shared by several vaults or devices
  | 'moment-unknown' // a time or entry that the vault's log does not have
  | 'path-unknown' // nothing at this path in the tree of that moment, or no file
  | 'history-gone' // an entry that was retired, and that the relay does not have any more either
  | 'code-wrong' // an invitation code that does not decode, is used, cancelled or expired
  | 'relay-unreachable' // no connection, or it broke and stayed broken
  | 'relay-refused' // the relay said no: `data.reason` has its code
  | 'device-revoked' // taken out of the vault, as its log proves
  | 'vault-moved' // an owner took the vault to another relay: `data.relay`
  | 'member-refused' // a change of members that the rules do not allow: `data.what` says why
  | 'relay-contradicts' // chain, signature, right, fork: not what was signed
  | 'relay-corrupt' // bytes that are not what their name or seal says
  | 'relay-rollback' // an older log than this device knows
  | 'pack-unavailable' // the relay says it lacks a pack: wait, and report
  | 'update-needed' // a version or kind that this program does not know
  | 'key-withheld' // a seal for this device does not open: waits for a rekey
  | 'checkpoint-broken' // what an owner's prune names is no state: waits for another prune
  | 'brake' // an unusual share vanished or changed at once: waits for a person
  | 'archive-broken' // a file that is no archive, or one of which nothing can be read
  | 'archive-closed' // words that open nothing in an archive
  | 'archive-foreign' // an archive of another vault, or of another history
  | 'archive-busy' // another process writes the very file
  | 'vault-differs' // a relay where a vault is to be carried to has another history of it
  | 'move-unfinished' // the old copy was to go, and may not: the new one is not whole, or others may still write to the old one
  | 'mirror-refused' // a relay that is no mirror of this vault, or is the one where it is; or the first one works still: `data.what`
  | 'disk-full'
  | 'disk-failed' // the file system said no to something that no single file explains
  | 'interrupted' // stopped by a signal or by `close`

/** An error of the client. `data` names the thing (path, id), never a key or content. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode
  /** Whether trying again later, with nothing changed here, may succeed. Decided where the error is made. */
  readonly retryable: boolean
  readonly data: Readonly<Record<string, string | number>>

  constructor(
    code: ClientErrorCode,
    message: string,
    options: { cause?: unknown; retryable?: boolean; data?: Record<string, string | number> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.data = options.data ?? {}
  }
}
