// French messages about the vaults there are, and deleting one. No-break spaces as in messages-fr.ts.
import type { VaultsCatalogue } from './catalogue-vaults.ts'

/** Spread into the catalogue. */
export const frenchVaults: VaultsCatalogue = {
  vaultsNone: ({ relay }) =>
    `Aucun coffre de cet appareil chez ${relay}. \`grenier recover ${relay}\` montre ceux de vos 24 mots.`,
  vaultAt: ({ name, role, relay, bytes, changed, folder }) =>
    `${name}${role === undefined ? '' : ` (${role})`} : ${bytes} chez ${relay}, ${changed === undefined ? '' : `dernière modification le ${changed}, `}${folder === undefined ? 'pas synchronisé sur cet appareil' : `dans ${folder}`}`,
  vaultLeft: ({ name, relay, bytes, wentTo }) =>
    `${name} : ${bytes} chez ${relay}, la copie restée là quand le coffre est parti chez ${wentTo}`,
  vaultNotThere: ({ name, relay, isDeleted, folder }) =>
    `${name} : ${isDeleted ? 'un propriétaire l’a fait supprimer chez' : 'introuvable chez'} ${relay}${folder === undefined ? '' : ` ; les fichiers de ${folder} restent`}`,
  vaultGoes: ({ name, by, at, until, signed, elsewhere }) =>
    signed
      ? `${name} y sera supprimé après le ${until} : la clé ${by} l’a demandé le ${at}. Les fichiers des appareils restent ; un propriétaire y renonce avec « grenier vault delete NOM --undo${elsewhere === undefined ? '' : ` --relay ${elsewhere}`} ».`
      : `Le relais dit que ${name} sera supprimé après le ${until}, mais pas qui l’a demandé : la signature est fausse.`,
  errorVaultDeleted: ({ when }) =>
    `le relais a refusé : un propriétaire y a fait supprimer ce coffre${when === undefined ? '' : `, demandé le ${when}`} ; vos fichiers restent ici tels quels`,
  hintVaultDeleted: () =>
    'il n’en reste rien là-bas. On peut l’y remettre, à tout moment : un propriétaire, ou un appareil qui a les mots de celui qui l’a créé, le dit avec « grenier vault delete NOM_OU_ID --undo » ; puis « grenier import FICHIER » d’une archive scellée, ou « grenier sync » sur l’appareil qui en a le plus',
  deletionWished: ({ by, name, at, until, signed }) =>
    signed
      ? `ce coffre va être supprimé chez son relais : ${name === undefined ? `la clé ${by}` : `${name} (${by})`} l’a demandé le ${at}. Après le ${until}, il n’y sera plus pour personne, ni rien de son historique`
      : `le relais dit que ce coffre sera supprimé après le ${until}, mais ne prouve pas qu’un propriétaire l’a demandé (clé ${by}, le ${at})`,
  hintDeletion: () =>
    'si vous ne le voulez pas, un propriétaire y renonce avec « grenier vault delete NOM --undo » ; un appareil volé s’exclut d’abord, avec « grenier revoke »',
  vaultDeleteAsk: ({ name, relay }) =>
    `Supprimer ${name} chez ${relay}, avec tout son historique, pour tout le monde ? Les fichiers des appareils restent. (o/N) `,
  vaultDeleted: ({ name, relay, until }) =>
    `${name} sera supprimé chez ${relay} après le ${until}. D’ici là tout continue, et « grenier vault delete NOM --undo » y renonce. Les fichiers des appareils restent.`,
  vaultStays: ({ name, relay }) => `${name} reste chez ${relay}.`,
  vaultRevived: ({ name, relay }) =>
    `${name} était déjà supprimé chez ${relay}, et il n’y en reste rien. Il peut y être remis : \`grenier sync\` sur l’appareil qui en a le plus, ou \`grenier import\` d’un export scellé.`,
  helpVaults: () => 'les coffres chez vos relais et ici : tailles, dossiers, et ceux qui seront supprimés',
  helpVault: () =>
    'faire supprimer un coffre chez son relais (propriétaires) ; les fichiers des appareils restent',
  helpVaultDelete: () =>
    '« delete » : définitif une fois passée la durée de conservation, 30 jours sauf réglage',
  helpVaultRelay: () => 'la copie de ce relais, et non là où le coffre est synchronisé',
  helpVaultUndo: () => 'y renoncer ; tant que ce n’est pas définitif, rien n’est parti',
}
