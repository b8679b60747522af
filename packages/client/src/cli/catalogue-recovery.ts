// What the catalogue has about words, keys and vaults: setup, recovery, passphrases, what lies at a relay. A part of `Catalogue`.
import type { UsageFault } from './usage-error.ts'

import type { SheetWords } from './recovery-sheet.ts'

type Text<P = Record<string, never>> = (values: P) => string

/** Sentences about recovery, the same names in each language. */
export interface RecoveryCatalogue {
  recoverFound: Text<{ count: number; relay: string }>
  recoverVault: Text<{
    name: string
    role: string
    made: string
    device: string
    sequence: number
    words: string
    id: string
  }>
  recoverPlanted: Text<{ id: string }>
  recoverRevoked: Text<{ id: string }>
  recoverRenewed: Text<{ id: string }>
  recoverFaulty: Text<{ id: string; message: string }>
  recoverWithheld: Text<{ name: string; id: string }>
  recoverElsewhere: Text<{ name: string; id: string; relay: string }>
  /** A relay knows neither account nor vault of the words. */
  errorWordsUnknown: Text
  hintWordsUnknown: Text
  recoverNext: Text<{ relay: string }>
  recoverDone: Text<{ folder: string; name: string }>
  recoverKept: Text<{ devices: string }>
  recoverGone: Text<{ devices: string }>
  recoverKeeps: Text<{ name: string }>
  recoverFriends: Text<{ ids: string; own: boolean }>
  recoverStrangers: Text<{ ids: string }>
  recoverInvitation: Text<{ id: string; role: string; by: string; made: string; until: string }>
  recoverVoids: Text<{ count: number }>
  recoverVoided: Text<{ count: number; ids: string }>
  recoverStillOpen: Text<{ invitation: string }>
  askKeep: Text<{ member: string }>
  recoverDevice: Text<{
    device: string
    id: string
    role: string
    own: boolean
    arrival: string
    since: string
  }>
  recoverIdentity: Text<{
    id: string
    role: string
    own: boolean
    arrival: string
    since: string
    devices: string
  }>
  arrivedMade: Text
  arrivedWords: Text
  arrivedInvited: Text<{ by: string }>
  deviceNamed: Text<{ name: string }>
  deviceUnnamed: Text<{ key: string }>
  askWritten: Text
  askWordAgain: Text<{ place: number }>
  wordAgainWrong: Text<{ place: number }>
  askOldWords: Text
  renewWords: Text
  renewVaults: Text<{ relay: string; names: string }>
  renewDone: Text
  renewWithheld: Text
  hintRenewAgain: Text
  /** The printed page. */
  sheet: SheetWords
  sheetWritten: Text<{ path: string }>
  helpRecoverySheet: Text
  usageAt: Text<{ relay: string; plan: string; used: string; quota: string }>
  usageOf: Text<{ relay: string }>
  helpUsage: Text
  helpRecovery: Text
  helpRecoveryRenew: Text
  helpNewPhraseFile: Text
  helpRecover: Text
  helpRecoverVault: Text
  helpRecoverInto: Text
  helpKeepDevice: Text
  setupDone: Text<{ name: string; relay: string }>
  setupNext: Text
  hintSetupStopped: Text
  hintUndecided: Text
  setupWords: Text
  setupWordsWritten: Text<{ path: string }>
  setupWordsUncertain: Text
  setupWordsUnchecked: Text
  hintSetupUncertain: Text
  askWords: Text
  setupWordsTaken: Text
  helpSetup: Text
  helpSetupInvite: Text
  helpPhraseOut: Text
  helpPhraseFile: Text
}

/** Wrong usage that is told here, each with an error and perhaps a hint. */
export type RecoveryUsage = Readonly<
  Record<
    Extract<
      UsageFault,
      | 'phrase-count'
      | 'phrase-word'
      | 'phrase-wrong'
      | 'phrase-both'
      | 'phrase-out-needed'
      | 'new-phrase-needed'
      | 'phrase-needed'
      | 'vault-into'
      | 'keep-unasked'
      | 'vault-unknown'
      | 'device-unknown'
    >,
    { readonly error: Text<{ text: string }>; readonly hint?: string }
  >
>
