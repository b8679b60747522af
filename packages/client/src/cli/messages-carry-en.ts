// The catalogue in English, as far as it is about carrying a vault to a relay.
import type { CarryCatalogue } from './catalogue-carry.ts'

export const englishCarry: CarryCatalogue = {
  errorVaultDiffers: () => 'the relay has another history of this vault',
  hintVaultDiffers: () =>
    'nothing was changed there: the archive is older than a fork, or somebody went on from another copy',
  importDone: ({ entries, packs, bytes, relay }) =>
    `${entries} entries and ${packs} packs, ${bytes}, put onto ${relay}.`,
  importThere: ({ relay }) => `Everything in the archive is at ${relay} already.`,
  importAfter: ({ relay }) =>
    `Devices that sync the vault with this relay go on with it; a new one takes it up with \`grenier recover ${relay}\` and the 24 words.`,
  importLacking: ({ pack }) => `pack ${pack} is not in the archive, or damaged: the vault is put without it`,
  importUnfinished: () => 'the archive was never finished, or its end is lost: later changes may be missing',
  importGap: ({ sequence, reason }) =>
    `entry ${sequence} of the log does not count (${reason}): nothing was put; \`grenier decrypt\` gets out what is whole`,
  helpImport: () => 'put a sealed export back onto a relay as a vault, with all history',
  helpImportRelay: () => 'the relay; otherwise the one of this device',
}
