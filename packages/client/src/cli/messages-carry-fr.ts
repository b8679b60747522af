// The catalogue in French, as far as it is about carrying a vault to a relay. Spaces before « ; : ! ? » are no-break ones.
import type { CarryCatalogue } from './catalogue-carry.ts'

export const frenchCarry: CarryCatalogue = {
  errorVaultDiffers: () => 'le relais a une autre histoire de ce coffre',
  hintVaultDiffers: () =>
    'rien n’y a été changé : l’archive date d’avant une bifurcation, ou quelqu’un est reparti d’une autre copie',
  importDone: ({ count, entries, packs, bytes, relay }) =>
    `${entries} ${count < 2 ? 'entrée' : 'entrées'} et ${packs} paquets, ${bytes}, remis sur ${relay}.`,
  importThere: ({ relay }) => `Tout ce que contient l’archive est déjà sur ${relay}.`,
  importAfter: ({ relay }) =>
    `Les appareils qui synchronisent le coffre avec ce relais continuent avec lui ; un nouveau le reprend par \`grenier recover ${relay}\` et les 24 mots.`,
  importLacking: ({ pack }) =>
    `le paquet ${pack} n’est pas dans l’archive, ou y est abîmé : le coffre est remis sans lui`,
  importUnfinished: () =>
    'l’archive n’a jamais été terminée, ou sa fin est perdue : des changements récents manquent peut-être',
  importGap: ({ sequence, reason }) =>
    `l’entrée ${sequence} du journal ne compte pas (${reason}) : rien n’a été remis ; \`grenier decrypt\` en sort ce qui est entier`,
  helpImport: () => 'remettre un export scellé sur un relais, en coffre, avec tout l’historique',
  helpImportRelay: () => 'le relais ; sinon celui de cet appareil',
}
