// The part of the catalogue that is about the passphrase of this device's keys.
import type { Text } from './catalogue-text.ts'

type Plain = Text

/** What people read about the passphrase of this device. */
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
  helpPassphrase: Plain
  helpPassphraseWhat: Plain
  helpPassphraseFile: Plain
  helpNewPassphraseFile: Plain
}
