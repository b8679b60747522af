// The catalogue in French: what is about history.
import type { HistoryWords } from './catalogue-history.ts'
import { frenchForm as some } from './plurals.ts'

export const frenchHistory: HistoryWords = {
  errorMomentBefore: ({ begins }) => `le coffre a commencé le ${begins} : avant, il n’y avait rien`,
  errorMomentAfter: ({ head }) => `le journal n’a pas cette entrée : la dernière est la nº ${head}`,
  hintMoment: () => '`grenier log DOSSIER` montre les entrées et leurs dates',
  hintMomentArchive: () => 'sans --at vient ce que l’archive a en dernier',
  errorPathUnknown: ({ path }) =>
    `il n’y a pas de « ${path} » dans le coffre à ce moment (maintenant, sans --at)`,
  errorPathDirectory: ({ path }) => `${path} est un dossier`,
  errorPathLink: ({ path }) => `${path} est un lien symbolique, et n’a pas d’octets à lui`,
  hintPath: () =>
    '`grenier ls DOSSIER [CHEMIN] [--at MOMENT]` montre ce qu’il y a ; les chemins sont relatifs au dossier',
  errorHistoryGone: () => 'cette partie de l’historique a été élaguée, et n’est plus au relais',
  hintHistoryGone: () =>
    'un moment plus récent est possible : `grenier log DOSSIER` montre à partir de quelle entrée',
  historyOffline: ({ until }) =>
    `le relais est injoignable : voici ce que cet appareil savait${until === undefined ? '' : ` le ${until}`}`,
  awaitsReaders: ({ count }) =>
    count === 1
      ? 'synchronisé ; une autre commande attend encore sa réponse : celle-ci reste tant qu’elle la lit'
      : `synchronisé ; ${count} autres commandes attendent encore leur réponse : celle-ci reste tant qu’elles la lisent`,
  logKinds: {
    genesis: 'a commencé le coffre',
    member: 'a changé les membres',
    config: 'a changé les réglages du coffre',
    prune: 'a élagué l’historique',
    drop: 'a lâché des paquets dont rien n’a besoin',
    checkpoint: 'a écrit un point de contrôle',
    invite: 'a invité quelqu’un',
    accept: 'un appareil a rejoint',
    cancel: 'a annulé une invitation',
    revoke: 'a révoqué un appareil ou une personne',
    role: 'a changé un rôle',
    rekey: 'a changé les clés',
    recover: 'a récupéré le coffre avec les 24 mots',
    renew: 'a renouvelé la phrase de récupération',
  },
  logJoined: ({ role }) => `a rejoint (${role})`,
  logRemoved: ({ names }) => `a retiré ${names}`,
  logRole: ({ name, role }) => `a donné à ${name} le rôle ${role}`,
  logIdentity: ({ id }) => `l’identité ${id}`,
  logVoid: ({ reason }) => `nulle, ne compte pas (${reason})`,
  logMore: ({ count, text }) =>
    `et ${text} ${some(count, 'autre chemin', 'autres chemins')} (--verbose les montre tous)`,
  restoredInto: ({ count, already, files, bytes, path, until, sequence }) =>
    `${files} ${some(count, 'fichier', 'fichiers')}, ${bytes}, dans ${path}, état ${asOf('du', until, sequence)}${already > 0 ? ` ; ${already} s’y ${some(already, 'trouvait', 'trouvaient')} déjà` : ''}.`,
  restored: ({ count, files, until, sequence, head }) =>
    `${files} ${some(count, 'chemin est', 'chemins sont')} de nouveau comme ${asOf('le', until, sequence)}. Le coffre en est à la nº ${head} : \`grenier restore\` avec une entrée d’avant le défait.`,
  restoredNothing: ({ until, sequence }) => `Rien à ramener : tout est comme ${asOf('le', until, sequence)}.`,
  helpRestoreExact: () => 'supprimer aussi ce qui n’y était pas alors',
  conflictKept: ({ path, keptAs, device }) => `${keptAs}\n    est la version de ${device}, à côté de ${path}`,
  conflictAlone: ({ path, keptAs, device }) =>
    `${keptAs}\n    est la version de ${device} ; ${path} lui-même n’est plus là`,
  conflictsNone: () => 'Pas de copies de conflit.',
  helpConflicts: () => 'les copies gardées des conflits, et avec quoi elles sont en conflit',
  helpLog: () => 'l’historique : quand, quel appareil, quel changement',
  helpLogPath: () => 'seulement ce qui est arrivé à ce fichier, ou sous ce dossier',
  helpLogLimit: () => 'combien d’entrées, les plus récentes d’abord ; 50 par défaut',
  helpLogAll: () => 'aussi les entrées qui ne changent ni fichiers ni membres',
  helpLs: () => 'lister un dossier du coffre, maintenant ou tel qu’il était',
  helpLsRecursive: () => 'et tout ce qu’il y a dessous',
  helpCat: () => 'écrire un fichier du coffre sur la sortie standard, maintenant ou tel qu’il était',
  helpAt: () => 'le moment : 2026-11-22, "2026-11-22 14:03", "il y a 2 heures", ou le numéro d’une entrée',
  helpRestore: () =>
    'ramener un fichier, un dossier ou tout, tel que c’était ; avec --into et sans --at, tel que c’est maintenant',
  helpRestorePath: () => 'seulement ce fichier ou ce dossier',
  helpRestoreInto: () => 'l’écrire là, et laisser le dossier tel quel ; rien n’est écrasé',
}

/** The entry, and its time where that is known. */
function asOf(article: 'du' | 'le', until: string | undefined, sequence: number): string {
  const entry = `nº ${sequence}`
  if (until !== undefined) return `${article} ${until} (${entry})`
  return `${article === 'du' ? 'de' : 'à'} l’entrée ${entry}, dont plus personne ne garde l’heure`
}
