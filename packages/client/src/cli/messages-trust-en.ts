// What is said in English about a relay that does not hold what it should: healing, going on after a fork, audits, and why a folder stands still.
import type { TrustCatalogue } from './catalogue-trust.ts'
import { englishForm as some } from './plurals.ts'

/** English. */
export const englishTrust: TrustCatalogue = {
  adoptDone: ({ folder, base, left, path }) =>
    `${folder} goes on with the relay’s history. Both agree up to entry ${base}; what this device knew after that, up to entry ${left}, is kept in ${path}. No file was touched: what differs here is sent now like any other change.`,
  adoptNothing: ({ folder }) =>
    `${folder}: nothing to adopt, the relay’s history goes on from the one known here.`,
  healDone: ({ folder, entries, packs, bytes }) =>
    `${folder}: given back to the relay: entries ${entries}, packs ${packs} (${bytes}).`,
  healNothing: ({ folder }) => `${folder}: the relay lacks nothing that this device could give back.`,
  verifyDone: ({ folder, all, packs, of, bytes }) =>
    `${folder}: ${packs} of ${of} ${all === 1 ? 'pack' : 'packs'} fetched and checked by content, ${bytes}.`,
  verifyGood: () => 'All as it was put there.',
  verifyHurt: ({ lacking, wrong }) =>
    `The relay lacks ${lacking} of them and holds ${wrong} that ${wrong === 1 ? 'is' : 'are'} not what was put there.`,
  verifyHealed: ({ path }) => `was hurt, and is sent anew from here: ${path}`,
  verifyLeft: ({ path }) => `is hurt, and cannot be sent anew from here: ${path}`,
  verifyLost: ({ count, packs, paths, others }) =>
    `Lost: contents of older versions${paths.length === 0 ? '' : ` of ${paths.join(', ')}`}${
      others ? ' and others' : ''
    }, which no device has given back (${packs} ${some(count, 'pack', 'packs')}; --json lists each). Files as they are now do not need them.`,
  verifyLostEntries: ({ count, packs }) =>
    `Lost: ${packs} ${some(count, 'pack', 'packs')} in which entries of the history are written. This device has read them; no file needs them.`,
  verifyProgress: ({ done, total, bytesDone, bytesTotal }) =>
    `${done}/${total} packs, ${bytesDone} of ${bytesTotal}`,
  hintPathUnavailable: () =>
    'a device that still has this very content gives it back with its next sync; an older version that no device has stays lost: `grenier verify` tells what is',
  statusVerified: ({ when, all, packs, of, hurt, files, lost }) =>
    `  relay checked by content: ${packs} of ${of} ${all === 1 ? 'pack' : 'packs'}, ${[
      ...(hurt > 0 ? [`${hurt} hurt`] : []),
      ...(files > 0 ? [`files still hurt: ${files}`] : []),
      ...(lost > 0 ? [`packs lost: ${lost}`] : []),
      ...(files + lost === 0 ? [hurt === 0 ? 'all good' : 'healed'] : []),
    ].join(', ')}, ${when}`,
  statusRefused: ({ since, message }) => `  since ${since}: ${message}`,
  statusHalted: ({ since, message }) => `  halted since ${since}: ${message}`,
  statusEvidence: ({ path }) => `  what was expected and what came, to show to somebody: ${path}`,
  helpAdopt: () => 'go on with the relay’s history after a fork, once you have decided to; nothing is lost',
  helpHeal: () => 'give back now what the relay lost (a sync does so by itself)',
  helpVerify: () => 'fetch what the relay holds and check it by content; send anew what is hurt',
  helpVerifySample: () => 'only so much of it, picked at random: 5%',
  errorRelayContradicts: ({ detail }) => `what the relay answered contradicts what was signed: ${detail}`,
  hintRelayContradicts: () =>
    'no file was touched, and this folder stands still. An honest relay shows this too, where it was restored from an older copy and another device wrote before this one gave back what it lacks. Compare `grenier status` on your other devices, and show your hoster what is kept as evidence. If the relay’s history and this one have parted, and you have decided to go on with the relay’s: grenier adopt FOLDER',
  errorRelayCorrupt: ({ detail }) => `the relay holds bytes that are not what was put there: ${detail}`,
  hintRelayCorrupt: () => 'no file was touched. Your hoster should check the disk and its backups',
  errorRelayRollback: ({ detail }) => `the relay shows an older log than this device knows: ${detail}`,
  hintRelayRollback: () =>
    'no file was touched. What is missing was offered to it, and it does not keep it: ask your hoster',
  faultAtEntry: ({ sequence, what }) => `entry ${sequence} (${what})`,
  faultAtPack: ({ pack }) => `pack ${pack}`,
  errorKeysOwed: () =>
    'this device went on with the relay’s history, which lacks keys or removals of the one that it left: it sends nothing until an owner has made up for them',
  hintKeysOwed: () =>
    'an owner runs `grenier adopt` on a device that still has the history that was left. Where there is none, an owner takes out again whom it had taken out (`grenier devices`), and this machine joins anew: `grenier forget FOLDER`, then `grenier join CODE FOLDER`. Files stay as they are',
  errorCancelOwed: ({ invitations }) =>
    invitations.length === 1
      ? 'an invitation that was used or cancelled in the history that this device left is open in the relay’s: it sends nothing as long as it is open'
      : 'invitations that were used or cancelled in the history that this device left are open in the relay’s: it sends nothing as long as they are open',
  hintCancelOwed: ({ invitations }) =>
    `an owner cancels ${invitations.length === 1 ? 'it' : 'each'}: ${invitations.map((id) => `\`grenier invite FOLDER --cancel ${id}\``).join(', ')}. Then \`grenier sync\` goes on here. Files stay as they are`,
  faultOther: ({ sequence }) =>
    `its entry ${sequence} does not go on from what this device knows: another history, or an altered one`,
  faultUnheld: ({ sequence }) => `it states entry ${sequence} as the last one, and its log does not have it`,
  faultOlder: ({ came, expected }) => `entry ${came} is its last, ${expected} was seen before`,
  healedLog: ({ count, entries }) =>
    `the relay had lost the newest part of the history, as after a backup was restored: ${entries} ${
      count === 1 ? 'entry was' : 'entries were'
    } put back from this device, exactly as ${count === 1 ? 'it was' : 'they were'}; no file was touched`,
  healedContent: ({ count, packs, bytes }) =>
    `the relay had lost contents too: what this device holds of them was sent again, ${packs} ${
      count === 1 ? 'pack' : 'packs'
    }, ${bytes}`,
  stateRemade: ({ through, whole }) =>
    `the relay had lost the state that new devices start from: this device made it again, as after entry ${through}. ${
      whole
        ? 'New devices can join again'
        : 'New devices can join again, and have no versions from before it: no device kept the log for them'
    }`,
  wentOn: ({ count, path }) =>
    `the relay had lost what ${count === 1 ? 'a change' : `${count} changes`} from here held, and no owner’s device put ${
      count === 1 ? 'it' : 'them'
    } back: this folder goes on with the relay’s history. Files here stay as they are, and what differs is sent again; what was left is kept in ${path}`,
  errorStranded: ({ count }) =>
    `the relay lost contents of the last ${count === 1 ? 'entry' : `${count} entries`} that this device knows, and only an owner’s device may put such back`,
  hintStranded: ({ minutes }) =>
    minutes === undefined
      ? 'an owner’s device knows them, too: once it syncs, this one goes on. Where that device is gone for good: `grenier adopt FOLDER` goes on without them; files here stay, and are sent again'
      : `no file was touched. If no owner’s device does it, the first sync after ${minutes} minutes goes on without them: files here stay, and are sent again`,
  hintAccountLost: () =>
    'did the relay lose its data? Sync first on a device of whoever made the vault: it puts everything back, and this device goes on by itself. Was `grenier join` cut off here? Say it once more, with the same code. Else an owner of the vault knows whether this device was taken out of it, and your hoster whether it has an account',
  statusHealed: ({ when, entries, packs, bytes }) =>
    `  given back to the relay, which had lost it: entries ${entries}, packs ${packs} (${bytes}), ${when}`,
}
