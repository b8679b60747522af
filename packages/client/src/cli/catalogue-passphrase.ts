// The part of the catalogue that is about how this device's keys are sealed.
import type { Text } from './catalogue-text.ts'

type Plain = Text

/** What people read about keys under a passphrase, in the keyring, locked and unlocked. */
export interface PassphraseCatalogue {
  errorKeysLocked: Plain
  hintKeysLocked: Plain
  errorPassphraseWrong: Plain
  hintPassphraseWrong: Plain
  askPassphrase: Plain
  askNewPassphrase: Plain
  askPassphraseAgain: Plain
  whatYouTyped: Plain
  passphraseAgain: Plain
  passphraseSet: Plain
  passphraseRemoved: Plain
  passphraseNone: Plain
  passphraseUnused: Plain
  errorKeyringAway: Plain
  hintKeyringAway: Plain
  errorKeyringMissing: Plain
  errorKeyringWrong: Plain
  hintKeyringLost: Plain
  /** `isThere`: it takes a secret, and does not give it back. */
  errorKeyringUnavailable: Text<{ isThere: boolean }>
  hintKeyringUnavailable: Plain
  errorUnlockFailed: Plain
  hintUnlockFailed: Plain
  keyringSet: Plain
  /** `hasWords`: whether this device has an identity, hence its person the 24 words. */
  keyringWarning: Text<{ hasWords: boolean }>
  keyringNone: Plain
  keyringLeft: Plain
  unlockClear: Plain
  /** `idle`: a duration, as it is typed; `logout`: whether a log-out ends it. */
  unlockDone: Text<{ idle: string | undefined; logout: boolean }>
  unlockUsual: Plain
  lockDone: Plain
  lockNothing: Plain
  lockKeyring: Plain
  lockRunning: Text<{ pid: number }>
  statusKeys: Readonly<Record<'locked' | 'unlocked' | 'keyring', string>>
  helpUnlock: Plain
  helpUnlockFor: Plain
  helpLock: Plain
  helpKeyring: Plain
  helpKeyringWhat: Plain
  helpPassphrase: Plain
  helpPassphraseWhat: Plain
  helpPassphraseFile: Plain
  helpNewPassphraseFile: Plain
}
