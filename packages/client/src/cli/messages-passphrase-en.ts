// English messages about the passphrase of this device's keys.
import type { PassphraseCatalogue } from './catalogue-passphrase.ts'

/** Spread into the catalogue. */
export const englishPassphrase: PassphraseCatalogue = {
  errorKeysLocked: () => 'the keys of this device are sealed by a passphrase',
  hintKeysLocked: () =>
    'on a terminal it is asked for; elsewhere: --passphrase-file FILE, or - for standard input',
  errorPassphraseWrong: () =>
    'that passphrase does not open the keys of this device, or their file was altered',
  hintPassphraseWrong: () =>
    'nothing was changed. A passphrase that is forgotten cannot be had back: set the home aside, and `grenier recover` with the 24 words makes a new device',
  askPassphrase: () => 'Passphrase of this device (not shown):',
  askNewPassphrase: () => 'New passphrase (not shown):',
  askPassphraseAgain: () => 'Once more:',
  whatYouTyped: () => 'what was typed',
  passphraseAgain: () => 'That is not it. Try again.',
  passphraseSet: () =>
    'The keys of this device are sealed. The passphrase is kept nowhere: without it only the 24 words help. What is running goes on.',
  passphraseRemoved: () => 'The keys of this device lie in clear again, readable by you alone.',
  passphraseNone: () => 'No passphrase seals the keys of this device; nothing to remove.',
  helpPassphrase: () => 'seal the keys of this device with a passphrase, or keep them in clear again',
  helpPassphraseWhat: () => '`set`: a first or another passphrase; `remove`: none',
  helpPassphraseFile: () =>
    'a file with the passphrase of this device, or - for standard input; seals the keys of a new device',
  helpNewPassphraseFile: () =>
    'a file with the passphrase to be set, or - for standard input; else it is asked for',
}
