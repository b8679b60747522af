// The catalogue in English, as far as it is about carrying a vault to a relay.
import type { CarryCatalogue } from './catalogue-carry.ts'
import { englishForm as some } from './plurals.ts'

const unfinishedElse = 'the new relay does not have all of the vault'
const unfinished: Readonly<Record<string, string>> = {
  hurt: 'something of the vault is hurt at the new relay',
  open: 'the log at the old relay does not end with this move: somebody may still write there, or did',
  going: 'the copy that is to stay is to be deleted itself, or both addresses are of one relay',
}
const unfinishedHintElse =
  'the old copy stays as it is; `grenier heal FOLDER`, then the same command again, once the others have synced too'
const unfinishedHint: Readonly<Record<string, string>> = {
  open: 'the old copy stays as it is: it may be the only one of what was written there. When nobody uses it any more: `grenier vault delete ID --relay OLD_RELAY`',
  going: 'the old copy stays as it is; `grenier vaults` shows what is to be deleted',
}

export const englishCarry: CarryCatalogue = {
  errorVaultDiffers: () => 'the relay has another history of this vault',
  hintVaultDiffers: () =>
    'nothing was changed there: the archive is older than a fork, or somebody went on from another copy',
  errorPrunedCarry: () =>
    'this vault was pruned: of entries that retired only a hash is left here, and no other relay takes that yet',
  hintPrunedCarry: () =>
    'nothing was changed where the vault is. A device that synced before the prune has those entries still, and can do it; `grenier export` takes all files out',
  errorVaultMoved: ({ relay }) =>
    `an owner took this vault to another relay${relay === undefined ? '' : `: ${relay}`}`,
  hintVaultMoved: () => 'follow it: with `grenier recover RELAY`, or with a new invitation code',
  errorMoveUnfinished: ({ what }) => unfinished[what] ?? unfinishedElse,
  hintMoveUnfinished: ({ what }) => unfinishedHint[what] ?? unfinishedHintElse,
  movedOn: ({ relay }) => `an owner took this vault to another relay: this folder goes on at ${relay}`,
  moveDone: ({ entries, packs, bytes, relay }) =>
    `The vault goes on at ${relay}: ${entries} ${entries === '1' ? 'entry' : 'entries'} and ${packs} ${packs === '1' ? 'pack' : 'packs'}, ${bytes}, were taken there.`,
  moveThere: ({ relay }) => `The vault is at ${relay}, all of it.`,
  moveLacking: ({ pack }) =>
    `pack ${pack} is not at the old relay either: who has its contents sends them anew`,
  moveOldStays: ({ from, relay }) =>
    `The other devices follow by themselves, as long as ${from} answers. Its copy takes nothing new, and stays there until \`grenier move FOLDER ${relay} --remove-old\`.`,
  moveOldGoes: ({ from, until }) =>
    `The copy at ${from} is gone for good on ${until}; until then the others hear there where the vault is.`,
  relayTold: ({ relay }) => `from now on this folder is synced with ${relay}`,
  helpMove: () => 'take a vault, with its history and members, to another relay',
  helpMoveRemoveOld: () => 'have the copy at the old relay deleted, once the new one is proved',
  helpSyncRelay: () => 'the vault is at this relay now, and the old one can tell nobody: go on there',
  importDone: ({ count, entries, packCount, packs, bytes, relay }) =>
    `${entries} ${some(count, 'entry', 'entries')} and ${packs} ${some(packCount, 'pack', 'packs')}, ${bytes}, put onto ${relay}.`,
  importThere: ({ relay }) => `Everything in the archive is at ${relay} already.`,
  importAfter: ({ relay }) =>
    `Devices that sync the vault with this relay go on with it; a new one takes it up with \`grenier recover ${relay}\` and the 24 words.`,
  importLacking: ({ pack }) =>
    `pack ${pack} is not in the archive, or damaged: the vault is put there without it`,
  importUnfinished: () => 'the archive was never finished, or its end is lost: later changes may be missing',
  importUnasked: ({ relay }) =>
    `${relay} did not say whether an owner wished the vault to be deleted there: \`grenier vaults\` asks again`,
  errorImportOthers: () =>
    'the vault in this archive was started by somebody else: they alone can put it onto a relay',
  hintImportOthers: () =>
    'on a device with their 24 words (`grenier setup RELAY --phrase-file FILE`); `grenier decrypt` writes the files of any archive that your words open',
  importGap: ({ sequence, reason }) =>
    `entry ${sequence} of the log does not count (${reason}): nothing was put there; \`grenier decrypt\` gets out what is whole`,
  helpImport: () => 'put a sealed export back onto a relay as a vault, with all history',
  helpImportRelay: () => 'the relay; otherwise the one of this device',
}
