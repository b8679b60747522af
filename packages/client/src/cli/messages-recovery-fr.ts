// The French of catalogue-recovery.ts.
import type { RecoveryCatalogue, RecoveryUsage } from './catalogue-recovery.ts'

/** Wrong usage. */
export const recoveryFrenchUsage: RecoveryUsage = {
  'phrase-count': {
    error: ({ text }) => `il faut 24 mots, et il y en a ${text}`,
    hint: 'donnez-les tous, dans l’ordre, séparés par des espaces : sur une ligne au clavier, sur autant de lignes que vous voulez dans un fichier',
  },
  'phrase-word': {
    error: ({ text }) =>
      text.includes(',')
        ? `les mots ${text} ne sont pas de la même liste que les autres`
        : `le mot ${text} n’est pas de la même liste que les autres`,
    hint: 'mal tapé, ou mal lu ? Regardez cette place sur le papier : les 24 sont d’une même liste, avec ou sans accents',
  },
  'phrase-wrong': {
    error: () => 'ce ne sont pas les 24 mots : l’un d’eux est faux, ou n’est pas à sa place',
    hint: 'comparez-les au papier, un à un et dans l’ordre ; tous sont d’une même liste',
  },
  'phrase-both': {
    error: () =>
      '--phrase-file prend des mots qui existent, --phrase-out en écrit de nouveaux : un seul des deux',
  },
  'phrase-out-needed': {
    error: () => 'il n’y a pas de terminal où montrer les 24 mots',
    hint: 'ajoutez --phrase-out FICHIER (lisible par vous seul), ou --phrase-file FICHIER pour prendre des mots qui existent',
  },
  'new-phrase-needed': {
    error: () => 'il n’y a pas de terminal où montrer les 24 nouveaux mots',
    hint: 'ajoutez --phrase-out FICHIER (lisible par vous seul), ou --new-phrase-file FICHIER avec les nouveaux mots d’un renouvellement interrompu',
  },
  'phrase-needed': {
    error: () => 'il faut les 24 mots, et il n’y a pas de terminal pour les demander',
    hint: 'ajoutez --phrase-file FICHIER, ou --phrase-file - pour l’entrée standard',
  },
  'vault-into': {
    error: () => '--vault et --into vont ensemble',
    hint: 'comme --vault documents --into ~/Documents ; sans l’un ni l’autre, les coffres sont listés',
  },
  'keep-unasked': {
    error: ({ text }) => `personne à qui demander qui peut rester dans « ${text} »`,
    hint: 'ajoutez --keep-device NOM… pour les appareils et les personnes qui restent : tous les autres sont retirés, définitivement ; ou --yes pour n’en garder aucun (sans --vault ni --into, tous sont listés)',
  },
  'vault-unknown': {
    error: ({ text }) => `aucun coffre de ces mots ne s’appelle ${text}`,
    hint: 'sans --vault ni --into, les coffres sont listés',
  },
  'device-unknown': {
    error: ({ text }) => `aucun appareil de ce coffre ne peut être gardé sous le nom ${text}`,
    hint: 'sans --keep-device, dans un terminal, la question est posée pour chaque appareil',
  },
}

/** Sentences. */
export const recoveryFrench: RecoveryCatalogue = {
  recoverFound: ({ count, relay }) =>
    count === 0
      ? `Aucun coffre de ces mots chez ${relay}.`
      : `${count} ${count === 1 ? 'coffre' : 'coffres'} de ces mots chez ${relay} :`,
  recoverVault: ({ name, role, made, device, sequence, words, id }) =>
    `  « ${name} » (${role}) : créé le ${made} sur « ${device} » ; journal : entrée ${sequence}, « ${words} »\n    ${id}`,
  recoverPlanted: ({ id }) =>
    `refusé : le relais montre un coffre auquel ces mots n’ont jamais eu part ; quelqu’un d’autre l’a fait, pour qu’on le remplisse : ${id}`,
  recoverRevoked: ({ id }) => `n’est plus à vous : un propriétaire a retiré votre identité du coffre ${id}`,
  recoverRenewed: ({ id }) =>
    `ces mots ont été remplacés par de nouveaux : eux seuls ouvrent le coffre ${id}`,
  recoverFaulty: ({ id, message }) => `refusé : coffre ${id} : ${message}`,
  recoverWithheld: ({ name, id }) =>
    `manquant : vos autres coffres nomment « ${name} » (${id}), et le relais ne le montre pas : il le retient, ou on l’a supprimé`,
  recoverElsewhere: ({ name, id, relay }) =>
    `vos coffres nomment aussi « ${name} » (${id}), chez un autre relais : ${relay}`,
  errorWordsUnknown: () => 'ce relais ne connaît ni compte ni coffre pour ces mots',
  hintWordsUnknown: () =>
    'est-ce le bon relais, et s’agit-il bien des derniers mots ? Après un `grenier recovery renew`, les anciens n’ouvrent plus rien',
  recoverNext: ({ relay }) =>
    `Ensuite : grenier recover ${relay} --vault NOM --into DOSSIER, une fois par coffre.`,
  recoverDone: ({ folder, name }) => `${folder} est de nouveau le coffre « ${name} ».`,
  recoverKept: ({ devices }) => `Appareils qui restent : ${devices}.`,
  recoverGone: ({ devices }) =>
    `Appareils retirés : ${devices}. Ils ne peuvent plus ni lire ni écrire ce qui viendra. Leurs clés ne reviennent pas : pour réinviter une de ces machines, qu’elle rejoigne depuis un autre dossier de clés (\`grenier join CODE DOSSIER --home AUTRE_DOSSIER\`).`,
  recoverKeeps: ({ name }) =>
    `Qui peut rester dans « ${name} » : les autres sont retirés, et les clés changent. Gardez qui vous connaissez, admis par un appareil qui était encore à vous ce jour-là.`,
  recoverFriends: ({ ids, own }) =>
    own
      ? `Autres personnes qui restent, par identité : ${ids}.`
      : `Autres personnes qui en sont, par identité : ${ids}. Le coffre est à quelqu’un d’autre : ce sont ses propriétaires qui retirent qui n’a rien à y faire (\`grenier revoke\`).`,
  recoverStrangers: ({ ids }) =>
    `Autres personnes retirées, par identité : ${ids}. Qui y avait sa place peut être invité de nouveau, depuis un autre dossier de clés.`,
  recoverInvitation: ({ id, role, by, made, until }) =>
    `invitation ouverte ${id} (${role} ; faite par ${by}, ${made} ; jusqu’au ${until})`,
  recoverVoids: ({ count }) =>
    count === 1
      ? 'L’invitation ouverte est annulée dans tous les cas, puisque personne ne peut dire qui en a le code : réinvitez qui vous voulez encore faire entrer.'
      : `Les ${count} invitations ouvertes sont annulées dans tous les cas, puisque personne ne peut dire qui en a les codes : réinvitez qui vous voulez encore faire entrer.`,
  recoverVoided: ({ count, ids }) =>
    count === 1
      ? `Une invitation ouverte est annulée : ${ids}. Réinvitez qui vous voulez encore faire entrer.`
      : `${count} invitations ouvertes sont annulées : ${ids}. Réinvitez qui vous voulez encore faire entrer.`,
  recoverStillOpen: ({ invitation }) =>
    `Toujours valable : ${invitation}. Le coffre est à quelqu’un d’autre : si l’un de vos appareils perdus l’a faite, ou si son code y a été pris, c’est à un propriétaire de l’annuler (\`grenier invite DOSSIER --cancel ID\`).`,
  askKeep: ({ member }) => `Garder ${member} ? [o/N]`,
  recoverDevice: ({ device, id, role, own, arrival, since }) =>
    `${device} (${id} ; ${role}${own ? ' ; à vous' : ''} ; ${arrival}, ${since})`,
  recoverIdentity: ({ id, role, own, arrival, since, devices }) =>
    `identité ${id} (${role}${own ? ' ; à vous' : ''} ; ${arrival}, ${since}${devices === '' ? '' : ` ; avec ${devices}`})`,
  arrivedMade: () => 'a créé le coffre',
  arrivedWords: () => 'venu par les mots',
  arrivedInvited: ({ by }) => `admis par ${by}`,
  deviceNamed: ({ name }) => `« ${name} »`,
  deviceUnnamed: ({ key }) => `un appareil sans nom (${key})`,
  askWritten: () =>
    'Quand tout est sur papier, appuyez sur Entrée : l’écran est effacé, et deux des mots sont demandés.',
  askWordAgain: ({ place }) => `Pour être sûr qu’ils sont notés : quel est le mot ${place} ?`,
  wordAgainWrong: ({ place }) => `Ce n’est pas le mot ${place}.`,
  askOldWords: () => 'Les 24 mots actuels, sur une ligne :',
  renewWords: () =>
    'Voici vos 24 nouveaux mots. Notez-les sur papier, maintenant : ensuite, les anciens n’ouvriront plus rien.',
  renewVaults: ({ relay, names }) => `Chez ${relay}, les nouveaux mots ouvrent désormais : ${names}.`,
  renewDone: () =>
    'Les nouveaux mots sont en vigueur. Les anciens n’ouvrent plus rien de ce qui viendra : détruisez-les.',
  renewWithheld: () =>
    'Gardez les anciens mots. Un coffre que le relais ne montre pas ne s’ouvre encore qu’avec eux. Quand il sera de nouveau là, relancez avec --new-phrase-file.',
  hintRenewAgain: () =>
    'une partie est peut-être faite : gardez les deux jeux de mots, et relancez avec --phrase-file ANCIENS --new-phrase-file NOUVEAUX',
  sheet: {
    language: 'fr',
    title: 'Grenier : feuille de secours',
    purpose:
      'Avec cette page, et rien d’autre, on peut ramener tous les fichiers que son propriétaire gardait avec Grenier. Ils sont scellés chez un relais, dont l’exploitant ne peut les lire. Si vous tenez cette page en tant qu’héritier ou ami : c’est la clé.',
    wordsTitle: 'Les 24 mots, dans cet ordre',
    relayTitle: 'Où sont les fichiers',
    todoTitle: 'Que faire',
    steps: [
      'Procurez-vous le programme. Il s’appelle Grenier : sa source est libre pour tous (licence AGPL-3.0-or-later), sa commande est « grenier », et son paquet pour Node.js s’appelle « @grenier/client ». Cherchez-le sous ces noms, ou demandez à l’exploitant du relais, ou à quelqu’un qui s’y connaît. Il lui faut un ordinateur sous Linux ou macOS, et Node.js 24.7 ou plus récent ; son README dit le reste.',
      'Lancez la commande ci-dessous. Elle demande les 24 mots et liste les coffres (dossiers) qui sont là, chacun avec son nom, sa date et l’appareil qui l’a créé.',
      'Pour chaque coffre, relancez-la avec --vault NOM --into DOSSIER : les fichiers apparaissent dans ce dossier.',
      'Le relais ne répond plus ? Demandez à son exploitant, ou cherchez une archive scellée (FICHIER.grenier) parmi les affaires du propriétaire : « grenier decrypt FICHIER.grenier --into DOSSIER » l’ouvre avec les mêmes mots.',
    ],
    command: 'grenier recover',
    keepTitle: 'À garder en lieu sûr',
    keep: 'Qui lit ces mots peut tout lire, et peut exclure les appareils du propriétaire. Gardez cette page là où vous gardez un testament ou un passeport. Supprimez le fichier après l’impression. Si elle a été vue ou perdue : « grenier recovery renew » fait de nouveaux mots, et il faut une nouvelle page.',
    made: ({ made }) => `Faite le ${made}.`,
  },
  sheetWritten: ({ path }) =>
    `La feuille de secours est dans ${path} (vous seul pouvez la lire). Ouvrez-la dans un navigateur, imprimez-la, et supprimez le fichier.`,
  helpRecoverySheet: () => 'écrire aussi une page à imprimer, avec les mots et ce qu’il faut en faire (0600)',
  usageAt: ({ relay, plan, used, quota }) => `${relay} : ${used} sur ${quota} (formule ${plan})`,
  usageOf: ({ relay }) => `${relay} :`,
  helpUsage: () => 'octets chez chaque relais, et quota',
  helpRecovery: () => 'renew : de nouveaux mots à la place des anciens, dans tous les coffres',
  helpRecoveryRenew: () => 'ce qu’il faut faire',
  helpNewPhraseFile: () => 'prendre les nouveaux mots dans FICHIER : reprend ce qui a été interrompu',
  helpRecover: () => 'sur une machine neuve, avec les seuls 24 mots : liste vos coffres et en ramène un',
  helpRecoverVault: () => 'ramener ce coffre (nom ou identifiant) ; avec --into',
  helpRecoverInto: () => 'le dossier où le ramener',
  helpKeepDevice: () =>
    'appareils, et identités d’autres personnes, qui restent (noms ou identifiants) ; tous les autres sont retirés, et les clés changent',
  setupNext: () =>
    'Ensuite : `grenier add DOSSIER` fait d’un dossier un coffre ; `grenier join CODE DOSSIER` ramène celui d’un autre appareil.',
  hintSetupStopped: () =>
    'l’installation est faite, inutile de la relancer : une fois les mots ci-dessus sur papier, continuez avec `grenier add DOSSIER`. Perdus de vue avant ? Recommencez avec un autre --home, avant de rien mettre dans celui-ci',
  hintUndecided: () =>
    'rien n’a été décidé : personne n’a été retiré, et aucun coffre n’est revenu. Relancez la commande',
  setupDone: ({ name, relay }) => `Cet appareil est « ${name} », son relais est ${relay}.`,
  setupWords: () =>
    'Ces 24 mots sont le seul chemin vers vos fichiers si vous perdez vos appareils. Notez-les sur papier, maintenant. Ils ne seront plus montrés.',
  setupWordsWritten: ({ path }) =>
    `Les 24 mots sont dans ${path} (vous seul pouvez le lire). Recopiez-les sur papier et supprimez ce fichier.`,
  setupWordsUncertain: () =>
    'La connexion s’est rompue pendant l’ouverture du compte : il existe peut-être. Gardez ces mots, avec eux l’installation reprendra où elle en était.',
  setupWordsUnchecked: () =>
    'Arrêté avant d’être sûr que les mots sont sur papier. Cet appareil est prêt, et ils sont en vigueur : notez-les, maintenant. Ils ne seront plus montrés.',
  hintSetupUncertain: () => 'relancez setup avec --phrase-file FICHIER, ces mots dans le fichier',
  askWords: () => 'Les 24 mots, sur une ligne :',
  setupWordsTaken: () => 'L’identité est celle des mots que vous avez donnés.',
  helpSetup: () => 'créer cet appareil, son identité et son compte chez un relais',
  helpSetupInvite: () => 'code pour ouvrir un compte, donné par l’hébergeur',
  helpPhraseOut: () => 'écrire les 24 mots dans FICHIER (0600) au lieu de les montrer',
  helpPhraseFile: () => 'prendre l’identité des 24 mots de FICHIER (- pour l’entrée standard)',
}
