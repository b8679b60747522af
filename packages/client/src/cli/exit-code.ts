// Exit codes: a contract with scripts. Which error makes which, and which one wins when several folders end in different ways.
import { ClientError, type ClientErrorCode, type ExitCode } from '../errors.ts'

const exitCodes: Readonly<Record<ClientErrorCode, ExitCode>> = {
  usage: 2,
  'home-missing': 2,
  'home-exists': 2,
  'folder-unknown': 2,
  'folder-taken': 2,
  'name-ambiguous': 2,
  'moment-unknown': 2,
  'path-unknown': 2,
  'history-gone': 1,
  'relay-unreachable': 4,
  'relay-refused': 5,
  'code-wrong': 5,
  'device-revoked': 5,
  'vault-moved': 5,
  'member-refused': 5,
  'relay-contradicts': 6,
  'relay-corrupt': 6,
  'relay-rollback': 6,
  brake: 7,
  'source-empty': 7,
  'backup-running': 1,
  'hook-failed': 1,
  'folder-unmarked': 7,
  'state-foreign': 7,
  'key-withheld': 7,
  'checkpoint-broken': 7,
  'update-needed': 7,
  'archive-broken': 1,
  'archive-closed': 5,
  'archive-foreign': 1,
  'archive-busy': 1,
  'vault-differs': 5,
  'move-unfinished': 1,
  'mirror-refused': 2,
  'home-unsafe': 7,
  'keys-locked': 7,
  'keyring-unavailable': 1,
  'unlock-failed': 1,
  'home-locked': 1,
  'holder-ended': 1,
  'folder-unusable': 1,
  'state-broken': 1,
  'pack-unavailable': 1,
  'disk-full': 1,
  'disk-failed': 1,
  interrupted: 130,
}

/** What weighs most comes first. A stop that was asked for weighs less than a failure, and more than a run with conflicts. */
const byWeight: readonly ExitCode[] = [6, 7, 5, 4, 2, 1, 143, 130, 3, 0]

/** The exit code of an error; 1 for what is none of ours. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof ClientError ? exitCodes[error.code] : 1
}

/** The one exit code of several folders; 0 of none. */
export function heaviestExitCode(codes: readonly ExitCode[]): ExitCode {
  return byWeight.find((code) => codes.includes(code)) ?? 0
}

/** Whether it is a code of `ClientError`: what another process says is checked. */
export function isClientErrorCode(code: string): code is ClientErrorCode {
  return Object.hasOwn(exitCodes, code)
}
