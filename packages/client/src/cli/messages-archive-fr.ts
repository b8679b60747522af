// The catalogue in French, as far as it is about archives. Spaces before « ; : ! ? » are no-break ones.
import type { ArchiveCatalogue } from './catalogue-archive.ts'
import { frenchForm as some } from './plurals.ts'

export const frenchArchive: ArchiveCatalogue = {
  errorArchiveBroken: () => 'ce n’est pas une archive de Grenier, ou plus rien n’y est lisible',
  hintArchiveBroken: () => 'un export scellé se termine par .grenier ; essayez une autre copie',
  errorArchiveClosed: () => 'ces 24 mots n’ouvrent pas cette archive',
  hintArchiveClosed: () => 'ce sont ceux de quelqu’un d’autre, ou ils ont été remplacés par de nouveaux',
  errorArchiveForeign: () =>
    'le fichier contient l’archive d’un autre coffre, ou une autre histoire de celui-ci',
  hintArchiveForeign: () => 'donnez un autre fichier ; celui-ci reste tel quel',
  errorArchiveBusy: () => 'un autre export est en train d’écrire ce fichier',
  hintArchiveBusy: () => 'attendez qu’il soit terminé, ou donnez un autre fichier',
  problemNotOverwritten: ({ path }) => `${path} : autre chose s’y trouve déjà, et reste tel quel`,
  problemArchiveDamaged: ({ path }) => `${path} : une partie se trouve là où l’archive est abîmée`,
  lostAtRelay: ({ path }) => `${path} : il en manque une partie au relais`,
  damagedAtRelay: ({ path }) => `${path} : une partie en est abîmée au relais`,
  untrueOfIt: ({ path }) => `${path} : une partie n’est pas ce qu’un membre en a dit`,
  salvagedBeside: ({ problem, keptAs, ...lost }) =>
    `${problem}. Le reste est à sa place dans ${keptAs} ; ${zerosIn(lost)}`,
  salvagedInPlace: ({ problem, ...lost }) =>
    `${problem}. Cela ne s’est vu qu’en l’écrivant : il porte son propre nom, mais n’est pas entier ; ${zerosIn(lost)}`,
  salvagedNothing: ({ problem }) => `${problem} ; il est laissé de côté`,
  exportTroubles: ({ count, files }) =>
    `${files} ${some(count, 'fichier n’y est pas, ou pas entier', 'fichiers n’y sont pas, ou pas entiers')} : voir plus haut. \`grenier heal\` sur un appareil qui ${some(count, 'l’a encore', 'les a encore')} rend au relais ce qu’il a perdu.`,
  sealedDone: ({ count, entries, packCount, packs, bytes, path }) =>
    `${entries} ${some(count, 'entrée', 'entrées')} et ${packs} ${some(packCount, 'paquet', 'paquets')}, ${bytes}, dans ${path}.`,
  sealedLacking: ({ pack }) => `le paquet ${pack} manque au relais : l’archive ne l’a pas`,
  sealedGoesOn: ({ path }) => `${path} : reprise de ce qui s’y trouve.`,
  exportAsOf: ({ bytes, sequence, path, note }) =>
    `${bytes} s’y trouvent : le coffre tel qu’il était après l’entrée ${sequence} du journal. Pour recommencer plutôt, supprimez ${path} et ${note}.`,
  exportReads: ({ bytes, path }) => `${path} : ${bytes} s’y trouvent, et sont d’abord relus.`,
  exportAnew: ({ path, why }) => `${path} : ${why} ; l’export recommence.`,
  begunAnew: {
    other: 'ce qui y était commencé est un autre export',
    touched: 'ce qui y était commencé a été modifié depuis',
    wrapped: 'ce qui y était commencé est enveloppé dans age, et personne ne peut reprendre cela',
    gone: 'ce qui y était commencé date d’un moment que le coffre ne garde plus',
    lost: 'il manque à présent de quoi reprendre ce qui y était commencé',
    old: 'ce qui y était commencé a été laissé il y a plus de 20 heures, et le coffre a pu continuer',
  },
  exportAlone: ({ path, reason }) =>
    `S’il est interrompu, cet export recommencera : ${path} n’a pas pu servir (${reason}).`,
  exportNotOurs: () =>
    'autre chose porte ce nom, ou ce qui reste d’un export interrompu : supprimez-le alors',
  exportUnnamed: ({ path }) =>
    `L’archive est entière, seul son nom n’a pas pu lui être donné : elle se trouve dans ${path}, lisible par vous seul.`,
  hintExportStopped: () => 'il n’en reste rien ; le prochain export recommence',
  exportKept: ({ path }) =>
    `Ce qu’il y a déjà de l’archive se trouve dans ${path}, en clair, lisible par vous seul ; la même commande reprend là.`,
  uncertainEntry: ({ sequence, reason, name }) =>
    name === undefined
      ? `l’entrée ${sequence} du journal ne compte pas (${reason}) : ce qui suit n’est peut-être plus ce qu’il était`
      : `${name} : ce que l’entrée ${sequence} en dit ne s’applique plus (${reason})`,
  archiveUnfinished: () =>
    'l’archive n’a jamais été terminée, ou sa fin est perdue : des changements récents manquent peut-être',
  decryptDone: ({ count, files, bytes, path }) =>
    `${files} ${some(count, 'fichier', 'fichiers')}, ${bytes}, dans ${path}.`,
  decryptTroubles: ({ problems, uncertain }) =>
    `${problems} ${some(problems, 'problème', 'problèmes')}, ${uncertain} ${some(uncertain, 'incertitude', 'incertitudes')} : voir plus haut.`,
  askArchiveWords: () => 'Les 24 mots, sur une ligne :',
  helpExportSealed: () =>
    'l’écrire tel qu’il est au relais, scellé, avec tout l’historique ; les 24 mots l’ouvrent',
  askAgePassphrase: () => 'La phrase secrète :',
  helpExportAge: () => 'envelopper le tar dans age pour ce destinataire ; `age -d | tar -x` l’ouvre',
  helpExportAgePassphrase: () =>
    'envelopper le tar dans age avec la phrase secrète de FICHIER (- pour l’entrée standard)',
  helpDecrypt: () => 'ouvrir un export scellé avec les 24 mots : sans relais, sans compte, sans réseau',
  helpDecryptInto: () => 'le dossier où écrire ; rien n’y est écrasé',
  helpDecryptList: () => 'seulement énumérer ce qu’il contient',
  helpDecryptPath: () => 'seulement ce fichier ou ce dossier du coffre ; peut se répéter',
  helpDecryptAt: () => 'tel qu’il était alors : une date, ou le numéro d’une entrée du journal',
  helpDecryptPhrase: () => 'le fichier qui contient les 24 mots (- pour l’entrée standard)',
}

function zerosIn({
  bytes,
  ranges,
  more,
}: Omit<Parameters<ArchiveCatalogue['salvagedInPlace']>[0], 'problem'>): string {
  if (ranges.length === 0) return 'à la seconde demande, rien n’en manquait'
  const others = more > 0 ? `, et ${more} ${some(more, 'autre plage', 'autres plages')}` : ''
  return `${bytes} de zéros tiennent lieu de ce qui est perdu : octets ${ranges.join(', ')}${others}`
}
