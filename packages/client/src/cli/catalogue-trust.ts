// What is said about a relay that does not hold what it should: the part of the catalogue of heal, adopt and verify.
import type { Text } from './catalogue-text.ts'

/** The words of heal, adopt, verify, and of a halt. */
export interface TrustCatalogue {
  adoptDone: Text<{ folder: string; base: number; left: number; path: string }>
  adoptNothing: Text<{ folder: string }>
  healDone: Text<{ folder: string; entries: string; packs: string; bytes: string }>
  healNothing: Text<{ folder: string }>
  verifyDone: Text<{
    folder: string
    count: number
    all: number
    packs: string
    of: string
    bytes: string
  }>
  verifyGood: Text
  verifyHurt: Text<{ lacking: number; wrong: number }>
  verifyHealed: Text<{ path: string }>
  verifyLeft: Text<{ path: string }>
  /** What older versions lack; `paths`: some of the files, and whether there are `others`. */
  verifyLost: Text<{ count: number; packs: string; paths: readonly string[]; others: boolean }>
  verifyLostEntries: Text<{ count: number; packs: string }>
  verifyProgress: Text<{ done: string; total: string; bytesDone: string; bytesTotal: string }>
  hintPathUnavailable: Text
  statusVerified: Text<{
    when: string
    count: number
    all: number
    packs: string
    of: string
    hurt: number
    files: number
    lost: number
  }>
  statusRefused: Text<{ since: string; message: string }>
  statusHalted: Text<{ since: string; message: string }>
  statusEvidence: Text<{ path: string }>
  helpAdopt: Text
  helpHeal: Text
  helpVerify: Text
  helpVerifySample: Text
  errorRelayContradicts: Text<{ detail: string }>
  hintRelayContradicts: Text
  errorRelayCorrupt: Text<{ detail: string }>
  hintRelayCorrupt: Text
  errorRelayRollback: Text<{ detail: string }>
  hintRelayRollback: Text
  /** What the judge of the log saw at an entry; `what` is a code of docs/ERRORS.md. */
  faultAtEntry: Text<{ sequence: number; what: string }>
  faultAtPack: Text<{ pack: string }>
  /** After `adopt`: what the history that was left had, and only an owner can say again. */
  errorKeysOwed: Text
  hintKeysOwed: Text
  /** The same, where nothing but invitations is open that were done with there: their ids, in short. */
  errorCancelOwed: Text<{ invitations: readonly string[] }>
  hintCancelOwed: Text<{ invitations: readonly string[] }>
  /** An entry of the relay that is none of the history that is known here. */
  faultOther: Text<{ sequence: number }>
  /** The head that it states is not in the log that it gave. */
  faultUnheld: Text<{ sequence: number }>
  faultOlder: Text<{ came: number; expected: number }>
  /** `entries` of the log were put back, `packs` of content sent anew. */
  healedLog: Text<{ count: number; entries: string }>
  healedContent: Text<{ count: number; packs: string; bytes: string }>
  /** The state that new devices start from was made again; not `whole`: without the versions before it. */
  stateRemade: Text<{ through: number; whole: boolean }>
  /** `count` entries that this device alone knew were left; `path`: the file that keeps them. */
  wentOn: Text<{ count: number; path: string }>
  /** Why such entries do not go back; `count` of them. */
  errorStranded: Text<{ count: number }>
  /** `minutes` until this device goes on without them; undefined: an owner's device has to be waited for. */
  hintStranded: Text<{ minutes: string | undefined }>
  /** The relay knows neither this device nor its vaults. */
  hintAccountLost: Text
  statusHealed: Text<{ when: string; entries: string; packs: string; bytes: string }>
}
