// The English of catalogue-recovery.ts.
import type { RecoveryCatalogue, RecoveryUsage } from './catalogue-recovery.ts'

/** Wrong usage. */
export const recoveryEnglishUsage: RecoveryUsage = {
  'phrase-count': {
    error: ({ text }) => `24 words are needed, and there are ${text}`,
    hint: 'give all of them, in their order, with spaces between: on one line when they are typed, on as many as you like in a file',
  },
  'phrase-word': {
    error: ({ text }) =>
      text.includes(',')
        ? `the words ${text} are not of the list that the others are of`
        : `word ${text} is not of the list that the others are of`,
    hint: 'mistyped, or misread? Look at that place on the paper: all 24 are of one list, with or without accents',
  },
  'phrase-wrong': {
    error: () => 'these are not the 24 words: one of them is wrong, or not in its place',
    hint: 'compare them with the paper, one by one and in order; every word is of one list',
  },
  'phrase-both': {
    error: () => '--phrase-file takes words that exist, --phrase-out writes new ones: only one of the two',
  },
  'phrase-out-needed': {
    error: () => 'there is no terminal to show the 24 words on',
    hint: 'add --phrase-out FILE (written for you alone), or --phrase-file FILE to take words that exist',
  },
  'new-phrase-needed': {
    error: () => 'there is no terminal to show the new 24 words on',
    hint: 'add --phrase-out FILE (written for you alone), or --new-phrase-file FILE with the new words of a renewal that was cut off',
  },
  'phrase-needed': {
    error: () => 'the 24 words are needed, and there is no terminal to ask for them',
    hint: 'add --phrase-file FILE, or --phrase-file - for standard input',
  },
  'vault-into': {
    error: () => '--vault and --into belong together',
    hint: 'as in --vault documents --into ~/Documents; without both, the vaults are listed',
  },
  'keep-unasked': {
    error: ({ text }) => `there is nobody to ask who may stay in “${text}”`,
    hint: 'add --keep-device NAME… for the devices and people that stay: all others are taken out, for good; or --yes to keep none (without --vault and --into, everybody is listed)',
  },
  'vault-unknown': {
    error: ({ text }) => `no vault of these words is called ${text}`,
    hint: 'without --vault and --into, the vaults are listed',
  },
  'device-unknown': {
    error: ({ text }) => `no device of that vault can be kept by the name ${text}`,
    hint: 'leave --keep-device out on a terminal, and each device is asked about',
  },
}

/** Sentences. */
export const recoveryEnglish: RecoveryCatalogue = {
  recoverFound: ({ count, relay }) =>
    count === 0
      ? `No vault of these words at ${relay}.`
      : `${count} ${count === 1 ? 'vault' : 'vaults'} of these words at ${relay}:`,
  recoverVault: ({ name, role, made, device, sequence, words, id }) =>
    `  “${name}” (${role}): made ${made} on “${device}”; log: entry ${sequence}, “${words}”\n    ${id}`,
  recoverPlanted: ({ id }) =>
    `refused: the relay shows a vault that these words never had a part in; somebody else made it, to be filled: ${id}`,
  recoverRevoked: ({ id }) => `not yours any more: an owner took your identity out of the vault ${id}`,
  recoverRenewed: ({ id }) => `these words were replaced by new ones: only those open the vault ${id}`,
  recoverFaulty: ({ id, message }) => `refused: vault ${id}: ${message}`,
  recoverWithheld: ({ name, id }) =>
    `missing: your other vaults name “${name}” (${id}), and the relay does not show it: it is withheld, or was deleted`,
  recoverElsewhere: ({ name, id, relay }) =>
    `your vaults also name “${name}” (${id}), at another relay: ${relay}`,
  errorWordsUnknown: () => 'this relay knows neither an account nor a vault of these words',
  hintWordsUnknown: () =>
    'is it the right relay, and are these the latest words? After a `grenier recovery renew` the old ones open nothing',
  recoverNext: ({ relay }) =>
    `Next: grenier recover ${relay} --vault NAME --into FOLDER, once for each vault.`,
  recoverDone: ({ folder, name }) => `${folder} is the vault “${name}” again.`,
  recoverKept: ({ devices }) => `Devices that stay: ${devices}.`,
  recoverGone: ({ devices }) =>
    `Devices taken out: ${devices}. They can neither read nor write what comes from now on, and their keys never come back: to invite one of these machines again, let it join from another home (\`grenier join CODE FOLDER --home OTHER_DIR\`).`,
  recoverKeeps: ({ name }) =>
    `Who may stay in “${name}”: the others are taken out, with new keys. Keep whom you know, let in by a device that was still yours that day.`,
  recoverFriends: ({ ids, own }) =>
    own
      ? `Other people that stay, by identity: ${ids}.`
      : `Other people in it, by identity: ${ids}. The vault is somebody else's: its owners take out whoever does not belong there (\`grenier revoke\`).`,
  recoverStrangers: ({ ids }) =>
    `Other people taken out, by identity: ${ids}. Whoever of them belongs there can be invited again, from another home.`,
  recoverInvitation: ({ id, role, by, made, until }) =>
    `open invitation ${id} (${role}; made by ${by}, ${made}; until ${until})`,
  recoverVoids: ({ count }) =>
    count === 1
      ? 'The open invitation is void in any case, since nobody can tell who has its code: invite anew whom you still want to let in.'
      : `The ${count} open invitations are void in any case, since nobody can tell who has their codes: invite anew whom you still want to let in.`,
  recoverVoided: ({ count, ids }) =>
    count === 1
      ? `An open invitation is void: ${ids}. Invite anew whom you still want to let in.`
      : `${count} open invitations are void: ${ids}. Invite anew whom you still want to let in.`,
  recoverStillOpen: ({ invitation }) =>
    `Still in force: ${invitation}. The vault is somebody else's: if one of your lost devices made it, or somebody took its code there, an owner has to take it back (\`grenier invite FOLDER --cancel ID\`).`,
  askKeep: ({ member }) => `Keep ${member}? [y/N]`,
  recoverDevice: ({ device, id, role, own, arrival, since }) =>
    `${device} (${id}; ${role}${own ? '; yours' : ''}; ${arrival}, ${since})`,
  recoverIdentity: ({ id, role, own, arrival, since, devices }) =>
    `identity ${id} (${role}${own ? '; yours' : ''}; ${arrival}, ${since}${devices === '' ? '' : `; with ${devices}`})`,
  arrivedMade: () => 'made the vault',
  arrivedWords: () => 'came by the words',
  arrivedInvited: ({ by }) => `let in by ${by}`,
  deviceNamed: ({ name }) => `“${name}”`,
  deviceUnnamed: ({ key }) => `a device without a name (${key})`,
  askWritten: () =>
    'When all of it is on paper, press Enter: it leaves the screen, and two of the words are asked for.',
  askWordAgain: ({ place }) => `To be sure that they are written down: which is word ${place}?`,
  wordAgainWrong: ({ place }) => `That is not word ${place}.`,
  askOldWords: () => 'The 24 words so far, on one line:',
  renewWords: () =>
    'These are your new 24 words. Write them on paper, now: once this is done, the old ones open nothing any more.',
  renewVaults: ({ relay, names }) => `At ${relay}, the new words now open: ${names}.`,
  renewDone: () =>
    'The new words are in force. The old ones open nothing that comes from now on: destroy them.',
  renewWithheld: () =>
    'Keep the old words. A vault that the relay does not show still opens with them, and with nothing else. When it is there again, run this once more with --new-phrase-file.',
  hintRenewAgain: () =>
    'some of it may be done: keep both sets of words, and run it again with --phrase-file OLD --new-phrase-file NEW',
  sheet: {
    language: 'en',
    title: 'Grenier: recovery sheet',
    purpose:
      'With this page, and nothing else, all the files that its owner kept with Grenier can be brought back. They lie sealed at a relay, whose operator cannot read them. If you hold this page as an heir or a friend: this is the key.',
    wordsTitle: 'The 24 words, in this order',
    relayTitle: 'Where the files are',
    todoTitle: 'What to do',
    steps: [
      'Get the program. It is called Grenier: its source is free for everybody (licence AGPL-3.0-or-later), its command is “grenier”, and its package for Node.js is called “@grenier/client”. Look for it by these names, or ask whoever runs the relay, or somebody who knows computers. It needs a computer with Linux or macOS, and Node.js 24.7 or newer; its README says the rest.',
      'Run the command below. It asks for the 24 words and lists the vaults (folders) that are there, each with its name, its date and the device that made it.',
      'For each vault, run it again with --vault NAME --into FOLDER: the files appear in that folder.',
      'Does the relay not answer any more? Ask its operator, or look for a sealed export (FILE.grenier) among the owner’s things: “grenier decrypt FILE.grenier --into FOLDER” opens it with the same words.',
    ],
    command: 'grenier recover',
    keepTitle: 'Keep it safe',
    keep: 'Whoever reads these words can read everything, and can throw the owner’s devices out. Keep the page where you keep a will or a passport. Delete the file after printing. If it was seen or lost: “grenier recovery renew” makes new words, and a new page is needed.',
    made: ({ made }) => `Made on ${made}.`,
  },
  sheetWritten: ({ path }) =>
    `The recovery sheet is in ${path} (readable by you alone). Open it in a browser, print it, and delete the file.`,
  helpRecoverySheet: () => 'also write a page to print, with the words and what to do with them (0600)',
  usageAt: ({ relay, plan, used, quota }) => `${relay}: ${used} of ${quota} (plan ${plan})`,
  usageOf: ({ relay }) => `${relay}:`,
  helpUsage: () => 'bytes at each relay, against the quota',
  helpRecovery: () => 'renew: new words in the place of the old ones, in every vault',
  helpRecoveryRenew: () => 'what to do',
  helpNewPhraseFile: () => 'take the new words from FILE: goes on with what was cut off',
  helpRecover: () => 'on a new machine, from the 24 words alone: list your vaults, and bring one back',
  helpRecoverVault: () => 'bring this vault back (name or id); with --into',
  helpRecoverInto: () => 'the folder to bring it back into',
  helpKeepDevice: () =>
    'devices, and identities of other people, that stay (names or ids); all others are taken out, with new keys',
  setupNext: () =>
    'Next: `grenier add FOLDER` makes a vault of a folder; `grenier join CODE FOLDER` fetches one of another device.',
  hintSetupStopped: () =>
    'setup is done, and need not run again: once the words above are on paper, go on with `grenier add FOLDER`. Out of sight before that? Start anew with another --home, before anything is in this one',
  hintUndecided: () =>
    'nothing was decided: nobody was taken out, and no vault came back. Run the command again',
  setupDone: ({ name, relay }) => `This device is “${name}”, its relay is ${relay}.`,
  setupWords: () =>
    'These 24 words are the only way back to your files if you lose your devices. Write them on paper, now. They are not shown again.',
  setupWordsWritten: ({ path }) =>
    `The 24 words are in ${path} (readable by you alone). Put them on paper and delete the file.`,
  setupWordsUncertain: () =>
    'Cut off while the account was being opened, so it may exist. Keep these words: with them setup goes on where it stopped.',
  setupWordsUnchecked: () =>
    'Stopped before it was sure that the words are on paper. This device is set up, and they are in force: write them down, now. They are not shown again.',
  hintSetupUncertain: () => 'run setup again with --phrase-file FILE, with these words in the file',
  askWords: () => 'The 24 words, on one line:',
  setupWordsTaken: () => 'The identity is that of the words you gave.',
  helpSetup: () => 'make this device, its identity and its account at a relay',
  helpSetupInvite: () => 'code to open an account, from the hoster',
  helpPhraseOut: () => 'write the 24 words to FILE (0600) instead of showing them',
  helpPhraseFile: () => 'take the identity of the 24 words in FILE (- for standard input)',
}
