// French messages about pruning. No-break spaces as in messages-fr.ts.
import type { PruneCatalogue } from './catalogue-prune.ts'

/** Spread into the catalogue. */
export const frenchPrune: PruneCatalogue = {
  errorCheckpointBroken: ({ device }) =>
    `l’état du coffre que désigne le nettoyage d’un propriétaire est illisible ; l’appareil ${device} l’a écrit`,
  hintCheckpointBroken: () =>
    'aucun fichier n’a été touché ; demandez à un propriétaire dont l’appareil est à jour de lancer « grenier prune », et examinez cet appareil',
  errorPruneBlocked: ({ path }) =>
    `il manque au relais la liste des parties de ${path} : on ne sait ce qu’il lui faut, et rien n’est abandonné`,
  hintPruneBlocked: ({ days }) =>
    `« grenier verify », sur un appareil qui a le fichier, peut la remettre ; dans ${days} jours, un nettoyage s’en passe`,
  pruneUnreadable: ({ path }) => `Sa liste de parties est illisible, on ne l’a pas attendue : ${path}`,
  problemNotPruned: () =>
    'ce qui est ancien n’a pu partir cette fois ; la synchronisation continue, et un nouvel essai aura lieu demain',
  pruneNothing: () => 'Il n’y a rien à laisser partir.',
  pruneDone: ({ dryRun, count, versions, packs, bytes }) =>
    `${versions} ${count > 1 ? 'anciennes versions' : 'ancienne version'} et ${packs} paquets ${dryRun ? 'partiraient' : 'partent'} : ${bytes} au relais.`,
  pruneRewritten: ({ dryRun, bytes }) =>
    `Ce qui en est encore nécessaire (environ ${bytes}) ${dryRun ? 'serait' : 'a été'} d’abord empaqueté à nouveau.`,
  pruneYoung: ({ bytes, days }) =>
    `${bytes} de plus, dont aucune version gardée n’a besoin, ont été envoyés ces ${days} derniers jours, et partiront avec un élagage plus tard.`,
  pruneFloor: ({ days }) =>
    `Le relais garde tout cela ${days} jours à compter de l’abandon. D’ici là, « grenier prune --undo » le fait revenir.`,
  pruneUndoNothing: () => 'Rien de ce qui a été abandonné n’est encore au relais.',
  pruneUndoDone: ({ packs, bytes }) => `${packs} paquets sont revenus : ${bytes}.`,
  pruneUndoGone: ({ packs }) => `${packs} paquets abandonnés ne sont plus au relais.`,
  retentionIs: ({ span }) =>
    `Les anciennes versions restent ${span} ; ce qu’un nettoyage abandonne est gardé au relais aussi longtemps encore.`,
  retentionWas: ({ span }) =>
    `Une durée plus longue valait auparavant : jusqu’à son terme, le relais garde pendant ${span} ce qui est abandonné.`,
  helpRetention: () =>
    'combien de temps restent les anciennes versions et ce qui est abandonné ; une durée la fixe (propriétaires)',
  helpPrune: () =>
    'laisser partir les anciennes versions : abandonner ce dont aucune version gardée n’a besoin (propriétaires)',
  helpPruneKeep: () => 'jusqu’où remontent les versions gardées (la durée de « retention »)',
  helpPruneDryRun: () => 'seulement dire ce qui partirait',
  helpPruneUndo: () => 'faire revenir ce qui a été abandonné, tant que le relais le garde',
}
