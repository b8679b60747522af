// The catalogue in English. One entry for each thing that people read; messages-fr.ts has the same entries.
import type { Catalogue } from './catalogue.ts'
import { englishArchive } from './messages-archive-en.ts'
import { recoveryEnglish } from './messages-recovery-en.ts'
import { englishHistory } from './messages-history-en.ts'
import { englishBackup } from './messages-backup-en.ts'
import { englishCarry } from './messages-carry-en.ts'
import { englishPrune } from './messages-prune-en.ts'
import { englishMirror } from './messages-mirror-en.ts'
import { englishPassphrase } from './messages-passphrase-en.ts'
import { englishVaults } from './messages-vaults-en.ts'
import { englishUsage } from './messages-usage-en.ts'
import { englishTrust } from './messages-trust-en.ts'
import { englishMembers } from './messages-members-en.ts'
import { englishForm as some } from './plurals.ts'

export const english: Catalogue = {
  ...englishArchive,
  ...recoveryEnglish,
  ...englishTrust,
  ...englishMembers,
  language: 'en',
  ...englishHistory,
  ...englishPrune,
  ...englishVaults,
  ...englishPassphrase,
  ...englishBackup,
  ...englishCarry,
  ...englishMirror,
  errorLine: ({ message }) => `error: ${message}`,
  errorAt: ({ path, message }) => `${path}: ${message}`,
  hintLine: ({ hint }) => `hint: ${hint}`,
  listed: ({ items }) => items.join(', '),

  usage: englishUsage,
  hintUsage: () => 'see `grenier --help`, or `grenier COMMAND --help`',
  errorHomeMissing: ({ path }) => `this machine has no Grenier device yet (looked in ${path})`,
  hintHomeMissing: () =>
    'run `grenier setup RELAY_URL` first, or `grenier join CODE FOLDER` with a code from another device',
  errorAccountMissing: ({ path }) =>
    `the device in ${path} has only joined: it has no account of its own to keep a vault in`,
  hintAccountMissing: () =>
    '`grenier setup RELAY_URL` gives it one, with new words or, with --phrase-file, with your own',
  errorHomeOther: ({ path }) => `these are not the words of the device in ${path}`,
  hintHomeOther: () =>
    'take the 24 words that this device was set up with, or the latest ones after a `grenier recovery renew`; --home DIR makes another device with these',
  errorHomeExists: ({ path }) => `a device is already set up in ${path}`,
  hintHomeExists: () =>
    'use it as it is; `grenier setup OTHER_RELAY --phrase-file FILE` adds a relay; --home DIR makes another device',
  errorHomeLocked: () => 'another Grenier process holds the state of this folder',
  hintHomeLocked: () =>
    'it is probably a command such as `prune` or `restore`: try again when it is done, or stop it',
  errorHomeHeld: ({ path, pid }) => `a running grenier (process ${pid}) is syncing ${path}`,
  hintHomeHeld: () => 'let it do the work (`grenier status` shows how far it is), or stop it first',
  errorHomeUnsafe: ({ path }) => `other users of this machine may read ${path}`,
  hintHomeUnsafe: ({ path }) => `chmod 600 ${path}`,
  errorFolderUnknown: ({ path }) => `${path} is not a synced folder of this device`,
  hintFolderUnknown: () => '`grenier status` lists the folders; `grenier add FOLDER` starts one',
  hintFolderInside: ({ folder, inside }) =>
    `it lies in the synced folder ${folder}: name that one, and “${inside}” apart, with --path (\`restore\`, \`log\`) or behind it (\`ls\`, \`cat\`)`,
  errorFolderTaken: ({ path }) => `${path} is already synced, or lies inside or around a synced folder`,
  hintFolderTaken: () =>
    'was its first sync cut off? `grenier sync` goes on; else choose another folder, or `grenier forget` the other one first; no file is touched by it',
  errorFolderUnusable: ({ path }) => `${path} is no folder that can be read and written`,
  hintFolderUnusable: () =>
    'check that it exists, that its disk is mounted, and whose it is. Was it moved? `grenier sync NEW_PLACE` finds it',
  errorFolderUnmarked: ({ path }) => `the marker of ${path} is gone (${path}/.grenier/marker)`,
  hintFolderUnmarked: () =>
    'is its disk mounted? Nothing was touched. If this is the folder and only .grenier was removed: `grenier approve FOLDER`',
  errorStateBroken: ({ path }) =>
    `the state of this device cannot be read${path === undefined ? '' : ` (${path})`}`,
  hintKeysBroken: () =>
    'what lies at device.key in the home is not what was written there, and your files are untouched: put that file back from a backup of the home; else set the home aside, and `grenier recover` with the 24 words makes a new device',
  hintStateBroken: () =>
    'your files are untouched: `grenier forget` the folder and join it again with a code',
  errorStateForeign: ({ path }) => `${path} carries the marker of another vault or another device`,
  errorStateRestored: ({ path }) =>
    `${path} and what this device knows of it are not of one time: one of the two came out of a backup`,
  hintStateRestored: () =>
    'nothing was touched. Bring the two to one time: put the other one (the folder, or the home of this device) back from the same backup; or `grenier forget` the folder and join again with a code: what differs is kept beside',
  errorStateLost: ({ path }) =>
    `the state that this device kept of ${path}, in its home (see --home), is gone`,
  hintStateLost: () =>
    'no file was touched. Put that state back from a backup; or run `grenier forget` for the folder, then `grenier join CODE` into the same one, with a code from another device: what is the same on both sides stays, and what differs is kept beside',
  folderMoved: ({ from, folder }) =>
    `${folder} is the folder that was ${from}; it is synced here from now on.`,
  hintStateForeign: () =>
    'was the folder copied or restored? `grenier forget` it, remove its .grenier folder, and join again',
  errorNameAmbiguous: ({ detail }) => `several carry that name: ${detail}`,
  hintNameAmbiguous: () => 'name it by its id',
  errorCodeWrong: () => 'this invitation code is not valid any more, or was never',
  hintCodeWrong: () => 'codes work once and expire: ask for a new one (`grenier invite FOLDER`)',
  errorRelayUnreachable: ({ reason }) =>
    `the relay cannot be reached${reason === undefined ? '' : `: ${reason}`}`,
  unreachable: {
    closed: 'the connection broke',
    silent: 'the connection went silent',
    stalled: 'it stopped answering',
    malformed: 'what answers there is not a relay of this version',
    timeout: 'no answer in time',
    network: 'no connection to that address',
    http: 'something answers there, but no relay',
    certificate: 'its certificate is not one that this machine trusts',
    pin: 'its key is not the one in its address (#sha256=…)',
  },
  hintRelayUntrusted: () =>
    'somebody may be in between: nothing was sent. Ask your hoster for the right address, with its #sha256= part',
  hintRelayUnreachable: () => 'check the connection and the address; nothing is lost, the next run goes on',
  errorRelayRefused: ({ reason }) => `the relay refused: ${reason ?? 'no reason given'}`,
  hintRelayRefused: () => 'docs/ERRORS.md explains the reason; your hoster can tell more',
  refusals: {
    malformed: 'it did not understand the message',
    'version-unknown': 'it does not know this version of Grenier',
    'not-logged-in': 'this key may not ask for that',
    'login-failed': 'the login did not check out; is the address the one the hoster gave?',
    'account-unknown': 'it does not know this device: no account, and no vault here',
    'account-closed': 'the account is closed, or this device was withdrawn',
    'registration-closed': 'it takes no new accounts',
    'invitation-wrong': 'it opens accounts by invitation, and this code is missing, wrong, used or expired',
    'vault-unknown': 'it has no such vault for this device',
    'vault-deleted': 'an owner had this vault deleted there; your files here stay as they are',
    'vault-moved': 'an owner took this vault to another relay',
    'no-right': 'this device has no right to do that',
    'head-moved': 'the log went on meanwhile',
    'entry-refused': 'the entry breaks a rule of the log',
    'clock-refused': 'the clock of this machine, or its own, is wrong',
    'pack-missing': 'a pack that is needed is not there',
    'pack-wrong': 'what arrived is not what was sent',
    'pack-size': 'no pack has that size',
    quota: 'the account is full',
    'too-large': 'it is larger than the relay allows',
    'too-many': 'too much at once',
    busy: 'it is overloaded',
    'disk-full': 'its disk is full',
    internal: 'it failed',
    'shutting-down': 'it is stopping',
  },
  hintInvitationNeeded: () => 'ask your hoster for a code and give it with --invite CODE',
  errorStateUnavailable: () => 'the relay lost the state of the vault that new devices start from',
  hintStateUnavailable: () =>
    'an owner’s device makes it again by itself the next time it syncs; then run `grenier sync` here: it goes on',
  errorPackUnavailable: () => 'the relay lacks a pack that is needed',
  hintPackUnavailable: () => 'what could be done is done; the rest waits until the relay has it again',
  errorUpdateNeeded: () => 'this vault, relay or home uses a format that this version does not know',
  hintUpdateNeeded: () => 'update Grenier on this machine',
  errorKeyWithheld: ({ detail }) => `a key meant for this device does not open (${detail})`,
  hintKeyWithheld: () => 'this folder waits until an owner issues new keys',
  errorBrake: ({ seen, examples }) =>
    `${seen}, all at once (${examples.join(', ')}): nothing of it was sent or applied`,
  hintBrake: ({ direction }) =>
    direction === 'up'
      ? 'look at the folder. Meant so: `grenier approve FOLDER`. If not, put the files back, and it goes on by itself'
      : 'ask who did it. Meant so: `grenier approve FOLDER`. If not, your files here are whole: leave them held',
  brakeSeen: ({ direction, gone, changed, goneText, changedText, filesText }) => {
    const where = direction === 'up' ? 'here' : 'on the other devices'
    const lost = [
      ...(gone > 0 ? [`${goneText} ${some(gone, 'is', 'are')} gone`] : []),
      ...(changed > 0 ? [`${changedText} ${some(changed, 'holds', 'hold')} other contents`] : []),
    ]
    return `of ${filesText} files, ${lost.join(' and ')} ${where}`
  },
  errorDiskFull: ({ path }) => `no space left${path === undefined ? '' : ` for ${path}`}`,
  hintDiskFull: () => 'free some space; the next run goes on where this one stopped',
  errorDiskFailed: ({ detail }) => `the file system said no: ${detail}`,
  hintDiskFailed: () => 'check the disk and its permissions',
  errorInterrupted: () => 'stopped',
  hintInterrupted: () => 'the next run goes on where this one stopped',
  errorUnexpected: ({ detail }) => `something that should not happen: ${detail}`,
  hintUnexpected: () => 'run again with --verbose and report it',
  errorHolderEnded: () => 'the running grenier that was asked ended before it answered',
  hintHolderEnded: () => 'run the command again; what was done by then stays done',
  errorControl: () => 'the running grenier of this home did not answer as it should',
  hintControl: () => 'is it of another version? Stop it and start it again',

  problemNameUnholdable: ({ path }) =>
    `${path}: this file system cannot hold the name; it stays on the other devices`,
  problemNameCollision: ({ path }) =>
    `${path}: this file system takes the name for that of a neighbour; rename one of them`,
  problemKindUnsupported: ({ path }) => `${path}: a socket, pipe or device; not synced`,
  problemUnreadable: ({ path }) => `${path}: no permission to read it; not synced`,
  problemUnwritable: ({ path }) => `${path}: cannot be written here`,
  problemChanging: ({ path }) => `${path}: changes while it is read; tried again later`,
  problemNameReserved: ({ path }) => `${path}: the name is reserved for Grenier`,
  problemVanished: ({ path }) => `${path}: went away while it was being sent`,
  problemDiskFull: ({ path }) => `${path}: no space left on the disk`,
  problemPackUnavailable: ({ path }) => `${path}: the relay lacks a part of it; waiting`,
  problemEntryVoid: ({ path }) => `${path}: a change that does not apply was ignored`,
  problemLostAgain: () =>
    `the relay says again and again that it lost the same contents; they are sent anew a few times a day only: tell the hoster, or \`grenier heal\` sends them at once`,
  problemFolderNested: ({ path }) =>
    `${path}: is a synced folder of its own, and not synced with this one; move it elsewhere, or \`grenier forget\` it first`,
  problemRestless: () =>
    'something in the folder changes all the time; what is at rest is synced, the rest is tried again',
  problemReadOnly: ({ path }) => `${path}: changed here, but this device may only read; it stays here`,

  changeUp: ({ action, path }) => `↑ ${action} ${path}`,
  changeDown: ({ action, path }) => `↓ ${action} ${path}`,
  changeMoved: ({ from, path }) => `${from} → ${path}`,
  conflict: ({ path, keptAs }) => `conflict: ${path} changed on both sides; yours is kept as ${keptAs}`,
  voidEntry: ({ sequence, device, reason }) =>
    `warning: entry ${sequence} of device ${device} does not apply and was ignored (${reason})`,
  watchBlind: ({ reason }) =>
    `warning: the watcher sees nothing any more (${reason}); changes are found by scans only`,
  watchLimit: () =>
    'warning: the system lets no more folders be watched; changes are found by scans only, every ten minutes. ' +
    'Raise its limit with `sudo sysctl fs.inotify.max_user_watches=1048576` (for good: in /etc/sysctl.d/), then start again',
  relayAway: () => 'the relay is out of reach; trying again',
  relayUnable: ({ reason }) =>
    reason === undefined
      ? 'the relay cannot give or take what is needed now; trying again'
      : `the relay refuses for now: ${reason}; trying again`,
  relayAble: () => 'the relay gives and takes again',
  relayBack: () => 'the relay is there again',
  stateSynced: () => 'in sync',
  stateOffline: () => 'the relay is out of reach',
  stateSyncing: () => 'syncing',
  stateHalted: () => 'stopped: the relay contradicts what was signed',
  stateBraked: () => 'stopped: waiting for you',
  statePaused: () => 'paused',

  askOverwrite: ({ path }) => `${path} exists already. Replace it? [y/N]`,
  yesLetters: () => 'y',
  takenOn: ({ folder, pid }) => `The running grenier (process ${pid}) takes ${folder} on.`,
  addDone: ({ folder, name, relay }) => `${folder} is now the vault “${name}” at ${relay}.`,
  joinDone: ({ folder, name }) => `${folder} is joined to the vault “${name}”.`,
  approveSeen: ({ seen }) => `Approved: ${seen}.`,
  approveMarked: ({ folder }) => `${folder} has its marker again.`,
  approveNothing: ({ folder }) => `${folder}: nothing waits for your word.`,
  approveNext: () => 'The next `grenier sync` goes on.',
  limits: ({ up, down }) =>
    `Sends ${up === undefined ? 'as fast as the line takes' : `at most ${up}/s`}, receives ${
      down === undefined ? 'as fast as the line gives' : `at most ${down}/s`
    }.`,
  limitUnheard: ({ pid }) =>
    `The running grenier (process ${pid}) did not hear of it: it is so from its next start on.`,
  forgetDone: ({ folder }) => `${folder} is not synced on this device any more. Its files stay.`,
  exportDone: ({ count, files, bytes, path }) =>
    `${files} ${some(count, 'file', 'files')}, ${bytes}, in ${path}.`,
  summary: ({ count, files, bytes, sent, received, seconds }) =>
    `In sync: ${files} ${some(count, 'file', 'files')}, ${bytes}. Sent ${sent}, received ${received}, in ${seconds} s.`,
  summaryTroubles: ({ conflicts, problems }) =>
    `${conflicts} ${some(conflicts, 'conflict', 'conflicts')}, ${problems} ${some(problems, 'problem', 'problems')}: see above.`,
  progress: ({ filesDone, filesTotal, bytesDone, bytesTotal, rate }) =>
    `${filesDone}/${filesTotal} files, ${bytesDone} of ${bytesTotal}, ${rate}/s`,
  syncWatching: ({ folder }) => `${folder}: watching. Ctrl-C stops.`,
  syncWaiting: ({ folder }) =>
    `${folder}: another grenier command is at work on it; waiting until it is done.`,
  syncNothing: () =>
    'This device syncs no folder yet: `grenier add FOLDER` or `grenier join CODE FOLDER` starts one.',
  stopping: () => 'stopping; once more ends at once',
  statusNone: () => 'No folder yet. `grenier add FOLDER` starts one.',
  statusFolder: ({ folder, name, state }) => `${folder}  “${name}”  ${state}`,
  statusResting: ({ state }) => `no sync is running; when it stopped: ${state}`,
  statusHead: ({ sequence, words }) => `  log: entry ${sequence}, “${words}” (the same words on each device)`,
  statusPending: ({ text }) => `  waiting: ${text}`,
  statusTroubles: ({ conflicts, problems }) => `  conflicts: ${conflicts}, problems: ${problems}`,
  statusHeld: ({ seen }) => `  held: ${seen}`,
  statusContact: ({ when }) => `  last contact with the relay: ${when}`,
  statusNever: () => 'never',
  actionPut: () => 'put',
  actionRemove: () => 'remove',
  actionMove: () => 'move',

  helpProgram: () => 'End-to-end encrypted folder sync. The relay sees sealed bytes only.',
  helpHome: () => 'where keys, configuration and state of this device are (or GRENIER_HOME)',
  helpJson: () => 'one JSON object a line on stdout',
  helpYes: () => 'never ask',
  helpLang: () => 'language of messages: fr or en',
  helpVerbose: () => 'show where an error comes from',
  helpDeviceName: () => 'name of this device, as other devices show it',
  helpAdd: () => 'start a vault from a folder and send it',
  helpAddName: () => 'name of the vault; the folder’s name if not given',
  helpJoin: () => 'join a vault with a code and fetch it (CODE may be - for standard input)',
  helpSync: () => 'sync folders, watching until interrupted',
  helpOnce: () => 'return when both sides agree and everything is durable',
  helpStatus: () => 'what is synced and how it stands',
  helpApprove: () => 'go on after a brake (mass deletion or change, missing marker), once you have looked',
  helpLimit: () => 'how fast each grenier here sends and receives, now and from now on; alone, says it',
  helpLimitUp: () => 'how fast it sends: 500KiB/s, 1Mbit/s…, or none',
  helpLimitDown: () => 'how fast it receives, likewise',
  helpForget: () => 'stop syncing a folder here; files stay',
  helpExport: () => 'write the whole vault, decrypted, as a tar',
  helpExportOut: () => 'the file to write; - for standard output',
  helpHelp: () => 'show this help',
  helpVersion: () => 'show the version',
  help: {
    'Usage:': 'Usage:',
    'Options:': 'Options:',
    'Global Options:': 'Everywhere:',
    'Commands:': 'Commands:',
    'Arguments:': 'Arguments:',
    'Example:': 'Example:',
  },
  value: {
    options: 'options',
    command: 'COMMAND',
    relay: 'RELAY_URL',
    folder: 'FOLDER',
    directory: 'DIR',
    file: 'FILE',
    archive: 'FILE.grenier',
    recipient: 'RECIPIENT',
    code: 'CODE',
    name: 'NAME',
    role: 'ROLE',
    duration: 'TIME',
    rate: 'RATE',
    share: 'SHARE',
    device: 'DEVICE',
    invitation: 'ID',
    language: 'LANG',
    path: 'PATH',
    moment: 'TIME',
    count: 'N',
  },
  example: {
    setup: 'grenier setup wss://relay.example.org --device-name laptop',
    add: 'grenier add ~/Documents --name documents',
    invite: 'grenier invite ~/Documents --role writer --expires 24h',
    join: 'grenier join "wss://relay.example.org#invite=…" ~/Documents',
    usage: 'grenier usage',
    recovery: 'grenier recovery renew --phrase-file old.txt --phrase-out new.txt',
    recover: 'grenier recover wss://relay.example.org --phrase-file words.txt',
    sync: 'grenier sync ~/Documents',
    status: 'grenier status',
    devices: 'grenier devices ~/Documents',
    revoke: 'grenier revoke ~/Documents old-phone',
    role: 'grenier role ~/Documents tablet reader',
    approve: 'grenier approve ~/Documents',
    limit: 'grenier limit --up 500KiB/s --down none',
    forget: 'grenier forget ~/Documents',
    backup: 'grenier backup ~/Documents --vault documents-backup --once',
    move: 'grenier move ~/Documents wss://other.example.org --invite CODE',
    import: 'grenier import vault.grenier --relay wss://relay.example.org',
    mirror: 'grenier mirror add ~/Documents wss://other.example.org',
    prune: 'grenier prune ~/Documents --keep 90d --dry-run',
    passphrase: 'grenier passphrase set',
    keyring: 'grenier keyring on',
    unlock: 'grenier unlock --for 8h',
    lock: 'grenier lock',
    vaults: 'grenier vaults',
    vault: 'grenier vault delete documents',
    retention: 'grenier retention ~/Documents 90d',
    log: 'grenier log ~/Documents --path notes.txt',
    ls: 'grenier ls ~/Documents notes --at "2 hours ago"',
    cat: 'grenier cat ~/Documents notes.txt --at "2 hours ago" > notes-old.txt',
    conflicts: 'grenier conflicts ~/Documents',
    restore: 'grenier restore ~/Documents --path notes --at "2 hours ago" --into ~/Desktop',
    export: 'grenier export ~/Documents --out documents.tar',
    decrypt: 'grenier decrypt documents.grenier --phrase-file words.txt --into documents',
    adopt: 'grenier adopt ~/Documents',
    heal: 'grenier heal',
    verify: 'grenier verify ~/Documents --sample 5%',
  },
}
