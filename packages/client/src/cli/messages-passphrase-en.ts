// English messages about how this device's keys are sealed.
import type { PassphraseCatalogue } from './catalogue-passphrase.ts'

/** Spread into the catalogue. */
export const englishPassphrase: PassphraseCatalogue = {
  errorKeysLocked: () => 'the keys of this device are sealed by a passphrase',
  hintKeysLocked: () =>
    'on a terminal it is asked for; elsewhere: `grenier unlock` beforehand, or --passphrase-file FILE (- for standard input)',
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
  passphraseUnused: () =>
    'The passphrase was not used: none seals the keys of this device (`grenier passphrase set` does).',
  errorKeyringAway: () =>
    "what opens the keys of this device lies in the desktop's keyring, and none answers here, or it stays closed",
  hintKeyringAway: () =>
    'log in to the desktop, and unlock its keyring; for cron and services, `grenier unlock` from there. Is it gone for good? No file is lost: set this home aside, and `grenier recover` with the 24 words makes a new device',
  errorKeyringMissing: () => "the desktop's keyring has nothing that opens the keys of this device",
  errorKeyringWrong: () =>
    "what the desktop's keyring has does not open the keys of this device, or their file was altered",
  hintKeyringLost: () =>
    'nothing was changed, and no file is lost. Was the keyring reset, or this home copied from another machine? Set the home aside, and `grenier recover` with the 24 words makes a new device (without words: a new invitation)',
  errorKeyringUnavailable: ({ isThere }) =>
    isThere
      ? 'the desktop keyring here does not give back what it is given to keep'
      : 'no desktop keyring answers here, or it stays closed: that takes a session of the desktop, with its keyring unlocked',
  errorUnlockFailed: () => 'the process that would hold the keys open did not start',
  hintUnlockFailed: () =>
    'the keys are as sealed as before, and nothing holds them open. Is there room for one more process, and is the folder of its socket writable (XDG_RUNTIME_DIR, else the home)? Commands still take the passphrase: --passphrase-file FILE',
  hintKeyringUnavailable: () =>
    'nothing was changed. `grenier passphrase set` seals the keys with a passphrase instead',
  keyringSet: () =>
    "The keys of this device are sealed; what opens them lies in the desktop's keyring, which your log-in opens. Nothing is asked, and a stolen disk opens nothing. What is running goes on.",
  keyringWarning: ({ hasWords }) =>
    hasWords
      ? 'Should the keyring ever lose it, no file is lost, but these keys are: the 24 words make a new device. Be sure that you have them.'
      : 'Should the keyring ever lose it, no file is lost, but these keys are. This device joined without words of its own: somebody would have to invite it again.',
  keyringNone: () => "Nothing in the desktop's keyring opens the keys of this device; nothing to take out.",
  keyringLeft: () =>
    "An entry of `grenier` could not be taken out of the desktop's keyring. It opens nothing any more: remove it when you like.",
  unlockClear: () =>
    'The keys of this device lie in clear: nothing is to be unlocked. `grenier passphrase set` seals them.',
  unlockDone: ({ idle, logout }) => {
    const ends = [
      '`grenier lock`',
      ...(idle === undefined ? [] : [`${idle} without use`]),
      ...(logout ? ['you log out'] : []),
    ]
    return `The keys of this device are open to every program of yours until ${ends.join(', ')}, or the machine restarts.`
  },
  unlockUsual: () =>
    'It cannot be noticed here that you log out: without use for 8 hours they are locked again. `--for` sets another time.',
  lockDone: () => 'Locked: what was open is gone from memory.',
  lockNothing: () => 'Nothing was unlocked.',
  lockKeyring: () => "The desktop's keyring opens these keys whenever it is open itself: lock that as well.",
  lockRunning: ({ pid }) => `Process ${pid} syncs, and has the keys until it ends.`,
  statusKeys: {
    locked: 'Keys: sealed by a passphrase, locked (`grenier unlock`)',
    unlocked: 'Keys: sealed, and unlocked for now (`grenier lock`)',
    keyring: "Keys: sealed; the desktop's keyring opens them",
  },
  helpUnlock: () => 'open sealed keys for the commands that follow, until `lock`, logout or restart',
  helpUnlockFor: () => 'and until nothing used them for so long, as in 8h',
  helpLock: () => 'end what `unlock` began',
  helpKeyring: () =>
    "seal the keys of this device with a secret that the desktop's keyring keeps, or keep them in clear again",
  helpKeyringWhat: () => '`on`: the log-in of the desktop opens them; `off`: in clear again',
  helpPassphrase: () => 'seal the keys of this device with a passphrase, or keep them in clear again',
  helpPassphraseWhat: () => '`set`: a first or another passphrase; `remove`: none',
  helpPassphraseFile: () =>
    'a file with the passphrase of this device, or - for standard input; seals the keys of a new device',
  helpNewPassphraseFile: () =>
    'a file with the passphrase to be set, or - for standard input; else it is asked for',
}
