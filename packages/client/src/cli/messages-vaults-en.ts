// English messages about the vaults there are, and deleting one.
import type { VaultsCatalogue } from './catalogue-vaults.ts'

/** Spread into the catalogue. */
export const englishVaults: VaultsCatalogue = {
  vaultsNone: ({ relay }) =>
    `No vaults of this device at ${relay}. \`grenier recover ${relay}\` shows those of your 24 words.`,
  vaultAt: ({ name, role, relay, bytes, changed, folder }) =>
    `${name}${role === undefined ? '' : ` (${role})`}: ${bytes} at ${relay}, ${changed === undefined ? '' : `last change ${changed}, `}${folder === undefined ? 'not synced on this device' : `in ${folder}`}`,
  vaultLeft: ({ name, relay, bytes, wentTo }) =>
    `${name}: ${bytes} at ${relay}, the copy that stayed there when the vault went to ${wentTo}`,
  vaultNotThere: ({ name, relay, isDeleted, folder }) =>
    `${name}: ${isDeleted ? 'an owner had it deleted at' : 'not to be had at'} ${relay}${folder === undefined ? '' : `; the files in ${folder} stay`}`,
  vaultGoes: ({ name, by, at, until, signed, elsewhere }) =>
    signed
      ? `${name} is to be deleted there after ${until}: the key ${by} asked for it on ${at}. Files on devices stay; an owner takes it back with \`grenier vault delete NAME --undo${elsewhere === undefined ? '' : ` --relay ${elsewhere}`}\`.`
      : `The relay says that ${name} is to be deleted after ${until}, but not who asked for it: the signature is wrong.`,
  errorVaultDeleted: ({ when }) =>
    `the relay refused: an owner had this vault deleted there${when === undefined ? '' : `, asked for on ${when}`}; your files here stay as they are`,
  hintVaultDeleted: () =>
    'nothing of it is left there. It may be put there again, at any time: an owner, or a device with the words of who made it, says so with `grenier vault delete NAME_OR_ID --undo`; then `grenier import FILE` of a sealed export, or `grenier sync` on the device that has most of it',
  deletionWished: ({ by, name, at, until, signed }) =>
    signed
      ? `this vault is to be deleted at its relay: ${name === undefined ? `the key ${by}` : `${name} (${by})`} asked for it on ${at}. After ${until} it is gone there for everybody, with all its history`
      : `the relay says that this vault is to be deleted after ${until}, but does not prove that an owner asked for it (key ${by}, on ${at})`,
  hintDeletion: () =>
    'if you do not want that, an owner takes it back with `grenier vault delete NAME --undo`; a device that was stolen is taken out first, with `grenier revoke`',
  vaultDeleteAsk: ({ name, relay }) =>
    `Delete ${name} at ${relay}, with all its history, for everybody? Files on devices stay. (y/N) `,
  vaultDeleted: ({ name, relay, until }) =>
    `${name} is deleted at ${relay} after ${until}. Until then it works on, and \`grenier vault delete NAME --undo\` takes this back. Files on devices stay.`,
  vaultStays: ({ name, relay }) => `${name} stays at ${relay}.`,
  vaultRevived: ({ name, relay }) =>
    `${name} was deleted at ${relay} already, and nothing of it is left there. It may be put there again: \`grenier sync\` on the device that has most of it, or \`grenier import\` of a sealed export.`,
  helpVaults: () => 'the vaults at your relays and here: sizes, folders, and which are to be deleted',
  helpVault: () => 'have a vault deleted at its relay (owners); files on devices stay',
  helpVaultDelete: () => '`delete`: final once the retention floor has passed, 30 days unless set otherwise',
  helpVaultRelay: () => 'the copy at this relay, and not where the vault is synced',
  helpVaultUndo: () => 'take it back; until it is final, nothing is gone',
}
