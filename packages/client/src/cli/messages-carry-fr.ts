// The catalogue in French, as far as it is about carrying a vault to a relay. Spaces before « ; : ! ? » are no-break ones.
import type { CarryCatalogue } from './catalogue-carry.ts'
import { frenchForm as some } from './plurals.ts'

const unfinishedElse = 'le nouveau relais n’a pas tout le coffre'
const unfinished: Readonly<Record<string, string>> = {
  hurt: 'quelque chose du coffre est abîmé sur le nouveau relais',
  open: 'le journal de l’ancien relais ne finit pas par ce départ : quelqu’un peut encore y écrire, ou l’a fait',
  going: 'la copie qui doit rester va elle-même être supprimée, ou les deux adresses sont d’un même relais',
}
const unfinishedHintElse =
  'l’ancienne copie reste telle quelle ; `grenier heal DOSSIER`, puis la même commande, quand les autres auront aussi synchronisé'
const unfinishedHint: Readonly<Record<string, string>> = {
  open: 'l’ancienne copie reste telle quelle : ce qui y a été écrit n’est peut-être que là. Quand plus personne ne s’en sert : `grenier vault delete ID --relay ANCIEN_RELAIS`',
  going: 'l’ancienne copie reste telle quelle ; `grenier vaults` montre ce qui va être supprimé',
}

export const frenchCarry: CarryCatalogue = {
  errorVaultDiffers: () => 'le relais a une autre histoire de ce coffre',
  hintVaultDiffers: () =>
    'rien n’y a été changé : l’archive date d’avant une bifurcation, ou quelqu’un est reparti d’une autre copie',
  errorPrunedCarry: () =>
    'ce coffre a été élagué : des entrées retirées il ne reste ici que l’empreinte, qu’aucun autre relais n’accepte encore',
  hintPrunedCarry: () =>
    'rien n’a changé là où est le coffre. Un appareil qui synchronisait avant l’élagage a encore ces entrées, et peut le faire ; `grenier export` sort tous les fichiers',
  errorVaultMoved: ({ relay }) =>
    `un propriétaire a emmené ce coffre sur un autre relais${relay === undefined ? '' : ` : ${relay}`}`,
  hintVaultMoved: () => 'suivez-le : avec `grenier recover RELAIS`, ou avec une nouvelle invitation',
  errorMoveUnfinished: ({ what }) => unfinished[what] ?? unfinishedElse,
  hintMoveUnfinished: ({ what }) => unfinishedHint[what] ?? unfinishedHintElse,
  movedOn: ({ relay }) =>
    `un propriétaire a emmené ce coffre sur un autre relais : ce dossier continue avec ${relay}`,
  moveDone: ({ entries, packs, bytes, relay }) =>
    `Le coffre continue sur ${relay} : ${entries} ${entries === '1' ? 'entrée' : 'entrées'} et ${packs} ${packs === '1' ? 'paquet' : 'paquets'}, ${bytes}, y ont été portés.`,
  moveThere: ({ relay }) => `Le coffre est sur ${relay}, en entier.`,
  moveLacking: ({ pack }) =>
    `le paquet ${pack} n’est pas sur l’ancien relais non plus : qui en a le contenu l’envoie à nouveau`,
  moveOldStays: ({ from, relay }) =>
    `Les autres appareils suivent d’eux-mêmes, tant que ${from} répond. Sa copie n’accepte plus rien, et y reste jusqu’à \`grenier move DOSSIER ${relay} --remove-old\`.`,
  moveOldGoes: ({ from, until }) =>
    `La copie sur ${from} disparaît pour de bon le ${until} ; d’ici là les autres y apprennent où est le coffre.`,
  relayTold: ({ relay }) => `ce dossier est désormais synchronisé avec ${relay}`,
  helpMove: () => 'emmener un coffre, avec son historique et ses membres, sur un autre relais',
  helpMoveRemoveOld: () => 'faire supprimer la copie de l’ancien relais, une fois la nouvelle prouvée',
  helpSyncRelay: () =>
    'le coffre est désormais sur ce relais, et l’ancien ne peut plus le dire : continuer là-bas',
  importDone: ({ count, entries, packCount, packs, bytes, relay }) =>
    `${entries} ${some(count, 'entrée', 'entrées')} et ${packs} ${some(packCount, 'paquet', 'paquets')}, ${bytes}, remis sur ${relay}.`,
  importThere: ({ relay }) => `Tout ce que contient l’archive est déjà sur ${relay}.`,
  importAfter: ({ relay }) =>
    `Les appareils qui synchronisent le coffre avec ce relais continuent avec lui ; un nouveau le reprend par \`grenier recover ${relay}\` et les 24 mots.`,
  importLacking: ({ pack }) =>
    `le paquet ${pack} n’est pas dans l’archive, ou y est abîmé : le coffre est remis sans lui`,
  importUnfinished: () =>
    'l’archive n’a jamais été terminée, ou sa fin est perdue : des changements récents manquent peut-être',
  importUnasked: ({ relay }) =>
    `${relay} n’a pas dit si un propriétaire y a demandé la suppression du coffre\u00a0: \`grenier vaults\` le redemande`,
  errorImportOthers: () =>
    'le coffre de cette archive a été commencé par quelqu’un d’autre : cette personne seule peut le mettre sur un relais',
  hintImportOthers: () =>
    'sur un appareil avec ses 24 mots (`grenier setup RELAIS --phrase-file FICHIER`) ; `grenier decrypt` écrit les fichiers de toute archive que vos mots ouvrent',
  importGap: ({ sequence, reason }) =>
    `l’entrée ${sequence} du journal ne compte pas (${reason}) : rien n’a été remis ; \`grenier decrypt\` en sort ce qui est entier`,
  helpImport: () => 'remettre un export scellé sur un relais, en coffre, avec tout l’historique',
  helpImportRelay: () => 'le relais ; sinon celui de cet appareil',
}
