// Le catalogue en français. The catalogue in French; the same entries as messages-en.ts.
// The space before : ; ? ! » and after « is one that does not break (U+00A0); a test finds those that would.
import type { Catalogue } from './catalogue.ts'
import { frenchArchive } from './messages-archive-fr.ts'
import { recoveryFrench } from './messages-recovery-fr.ts'
import { frenchHistory } from './messages-history-fr.ts'
import { frenchBackup } from './messages-backup-fr.ts'
import { frenchCarry } from './messages-carry-fr.ts'
import { frenchPrune } from './messages-prune-fr.ts'
import { frenchMirror } from './messages-mirror-fr.ts'
import { frenchPassphrase } from './messages-passphrase-fr.ts'
import { frenchVaults } from './messages-vaults-fr.ts'
import { frenchUsage } from './messages-usage-fr.ts'
import { frenchTrust } from './messages-trust-fr.ts'
import { frenchMembers } from './messages-members-fr.ts'
import { frenchForm as some } from './plurals.ts'

export const french: Catalogue = {
  ...frenchArchive,
  ...recoveryFrench,
  ...frenchTrust,
  ...frenchMembers,
  language: 'fr',
  ...frenchHistory,
  ...frenchPrune,
  ...frenchVaults,
  ...frenchPassphrase,
  ...frenchBackup,
  ...frenchCarry,
  ...frenchMirror,
  errorLine: ({ message }) => `erreur : ${message}`,
  errorAt: ({ path, message }) => `${path} : ${message}`,
  hintLine: ({ hint }) => `conseil : ${hint}`,
  listed: ({ items }) => items.join(', '),

  usage: frenchUsage,
  hintUsage: () => 'voir `grenier --help`, ou `grenier COMMANDE --help`',
  errorHomeMissing: ({ path }) => `cette machine n’a pas encore d’appareil Grenier (cherché dans ${path})`,
  hintHomeMissing: () =>
    'lancez d’abord `grenier setup URL_DU_RELAIS`, ou `grenier join CODE DOSSIER` avec un code venu d’un autre appareil',
  errorAccountMissing: ({ path }) =>
    `l’appareil de ${path} n’a fait que rejoindre : il n’a pas de compte à lui où garder un coffre`,
  hintAccountMissing: () =>
    '`grenier setup URL_DU_RELAIS` lui en ouvre un, avec de nouveaux mots ou, par --phrase-file, avec les vôtres',
  errorHomeOther: ({ path }) => `ces mots ne sont pas ceux de l’appareil de ${path}`,
  hintHomeOther: () =>
    'prenez les 24 mots avec lesquels cet appareil a été installé, ou les derniers après un `grenier recovery renew` ; --home DOSSIER fait un autre appareil avec ceux-ci',
  errorHomeExists: ({ path }) => `un appareil est déjà installé dans ${path}`,
  hintHomeExists: () =>
    'utilisez-le tel quel ; `grenier setup AUTRE_RELAIS --phrase-file FICHIER` ajoute un relais ; --home DOSSIER fait un autre appareil',
  errorHomeLocked: () => 'un autre processus Grenier tient l’état de ce dossier',
  hintHomeLocked: () =>
    'sans doute une commande comme `prune` ou `restore` : réessayez quand elle aura fini, ou arrêtez-la',
  errorHomeHeld: ({ path, pid }) => `un grenier en marche (processus ${pid}) synchronise ${path}`,
  hintHomeHeld: () => 'laissez-le faire (`grenier status` montre où il en est), ou arrêtez-le d’abord',
  errorHomeUnsafe: ({ path }) => `d’autres utilisateurs de cette machine peuvent lire ${path}`,
  hintHomeUnsafe: ({ path }) => `chmod 600 ${path}`,
  errorFolderUnknown: ({ path }) => `${path} n’est pas un dossier synchronisé de cet appareil`,
  hintFolderUnknown: () => '`grenier status` montre les dossiers ; `grenier add DOSSIER` en commence un',
  hintFolderInside: ({ folder, inside }) =>
    `c’est dans le dossier synchronisé ${folder} : nommez celui-là, et « ${inside} » à part, avec --path (\`restore\`, \`log\`) ou derrière (\`ls\`, \`cat\`)`,
  errorFolderTaken: ({ path }) =>
    `${path} est déjà synchronisé, ou se trouve dans ou autour d’un dossier synchronisé`,
  hintFolderTaken: () =>
    'sa première synchronisation a-t-elle été coupée ? `grenier sync` la reprend ; sinon choisissez un autre dossier, ou faites d’abord `grenier forget` de l’autre ; aucun fichier n’est touché',
  errorFolderUnusable: ({ path }) => `${path} n’est pas un dossier qu’on peut lire et écrire`,
  hintFolderUnusable: () =>
    'vérifiez qu’il existe, que son disque est monté, et à qui il appartient. A-t-il été déplacé ? `grenier sync NOUVEL_ENDROIT` le retrouve',
  errorFolderUnmarked: ({ path }) => `le marqueur de ${path} a disparu (${path}/.grenier/marker)`,
  hintFolderUnmarked: () =>
    'son disque est-il monté ? Rien n’a été touché. Si c’est bien le dossier, et que seul .grenier a été supprimé : `grenier approve DOSSIER`',
  errorStateBroken: ({ path }) =>
    `l’état de cet appareil est illisible${path === undefined ? '' : ` (${path})`}`,
  hintKeysBroken: () =>
    'ce qui se trouve à device.key dans le dossier de clés n’est pas ce qu’on y avait écrit, et vos fichiers sont intacts : remettez ce fichier d’une sauvegarde ; sinon mettez le dossier de clés de côté, et `grenier recover` avec les 24 mots fait un nouvel appareil',
  hintStateBroken: () =>
    'vos fichiers sont intacts : faites `grenier forget` du dossier et rejoignez-le avec un code',
  errorStateForeign: ({ path }) => `${path} porte le marqueur d’un autre coffre ou d’un autre appareil`,
  errorStateRestored: ({ path }) =>
    `${path} et ce que cet appareil en sait ne sont pas du même moment : l’un des deux vient d’une sauvegarde`,
  hintStateRestored: () =>
    'rien n’a été touché. Ramenez les deux au même moment : remettez l’autre (le dossier, ou le dossier de clés de cet appareil) depuis la même sauvegarde ; ou faites `grenier forget` du dossier et rejoignez-le avec un code : ce qui diffère est gardé à côté',
  errorStateLost: ({ path }) =>
    `l’état que cet appareil gardait de ${path}, dans son dossier de clés (voir --home), a disparu`,
  hintStateLost: () =>
    'aucun fichier n’a été touché. Remettez cet état depuis une sauvegarde ; ou faites `grenier forget` du dossier, puis `grenier join CODE` dans le même, avec un code d’un autre appareil : ce qui est égal des deux côtés reste, et ce qui diffère est gardé à côté',
  folderMoved: ({ from, folder }) =>
    `${folder} est le dossier qui était ${from} ; il est synchronisé ici désormais.`,
  hintStateForeign: () =>
    'le dossier a-t-il été copié ou restauré ? `grenier forget`, supprimez son dossier .grenier, et rejoignez-le',
  errorNameAmbiguous: ({ detail }) => `plusieurs portent ce nom : ${detail}`,
  hintNameAmbiguous: () => 'désignez-le par son identifiant',
  errorCodeWrong: () => 'ce code d’invitation n’est plus valable, ou ne l’a jamais été',
  hintCodeWrong: () => 'un code sert une fois et expire : demandez-en un nouveau (`grenier invite DOSSIER`)',
  errorRelayUnreachable: ({ reason }) =>
    `le relais est injoignable${reason === undefined ? '' : ` : ${reason}`}`,
  unreachable: {
    closed: 'la connexion s’est rompue',
    silent: 'la connexion est devenue muette',
    stalled: 'il ne répond plus',
    malformed: 'ce qui répond là n’est pas un relais de cette version',
    timeout: 'pas de réponse à temps',
    network: 'pas de connexion à cette adresse',
    http: 'quelque chose répond là, mais pas un relais',
    certificate: 'son certificat n’est pas de ceux que cette machine reconnaît',
    pin: 'sa clé n’est pas celle de son adresse (#sha256=…)',
  },
  hintRelayUntrusted: () =>
    'quelqu’un est peut-être entre vous : rien n’a été envoyé. Demandez à votre hébergeur la bonne adresse, avec sa partie #sha256=',
  hintRelayUnreachable: () =>
    'vérifiez la connexion et l’adresse ; rien n’est perdu, la prochaine fois continuera',
  errorRelayRefused: ({ reason }) => `le relais a refusé : ${reason ?? 'sans raison donnée'}`,
  hintRelayRefused: () => 'docs/ERRORS.md explique la raison ; votre hébergeur peut en dire plus',
  refusals: {
    malformed: 'il n’a pas compris le message',
    'version-unknown': 'il ne connaît pas cette version de Grenier',
    'not-logged-in': 'cette clé ne peut pas demander cela',
    'login-failed':
      'la connexion n’a pas été reconnue ; l’adresse est-elle bien celle donnée par l’hébergeur ?',
    'account-unknown': 'il ne connaît pas cet appareil : ni compte, ni coffre ici',
    'account-closed': 'le compte est fermé, ou cet appareil a été retiré',
    'registration-closed': 'il ne prend pas de nouveaux comptes',
    'invitation-wrong':
      'il ouvre les comptes sur invitation, et ce code manque, est faux, a déjà servi ou a expiré',
    'vault-unknown': 'il n’a pas ce coffre pour cet appareil',
    'vault-deleted': 'un propriétaire y a fait supprimer ce coffre ; vos fichiers restent ici tels quels',
    'vault-moved': 'un propriétaire a emmené ce coffre sur un autre relais',
    'no-right': 'cet appareil n’a pas le droit de faire cela',
    'head-moved': 'le journal a avancé entre-temps',
    'entry-refused': 'l’entrée enfreint une règle du journal',
    'clock-refused': 'l’horloge de cette machine, ou la sienne, est fausse',
    'pack-missing': 'un paquet nécessaire n’y est pas',
    'pack-wrong': 'ce qui est arrivé n’est pas ce qui a été envoyé',
    'pack-size': 'aucun paquet n’a cette taille',
    quota: 'le compte est plein',
    'too-large': 'c’est plus que le relais ne permet',
    'too-many': 'trop à la fois',
    busy: 'il est surchargé',
    'disk-full': 'son disque est plein',
    internal: 'il a échoué',
    'shutting-down': 'il s’arrête',
  },
  hintInvitationNeeded: () => 'demandez un code à votre hébergeur et donnez-le avec --invite CODE',
  errorStateUnavailable: () => 'le relais a perdu l’état du coffre dont partent les nouveaux appareils',
  hintStateUnavailable: () =>
    'l’appareil d’un propriétaire le refait de lui-même à sa prochaine synchronisation ; lancez alors `grenier sync` ici, qui reprendra',
  errorPackUnavailable: () => 'il manque au relais un paquet nécessaire',
  hintPackUnavailable: () =>
    'ce qui pouvait être fait l’est ; le reste attend que le relais l’ait de nouveau',
  errorUpdateNeeded: () =>
    'ce coffre, ce relais ou cet appareil utilise un format que cette version ne connaît pas',
  hintUpdateNeeded: () => 'mettez Grenier à jour sur cette machine',
  errorKeyWithheld: ({ detail }) => `une clé destinée à cet appareil ne s’ouvre pas (${detail})`,
  hintKeyWithheld: () => 'ce dossier attend qu’un propriétaire émette de nouvelles clés',
  errorBrake: ({ seen, examples }) =>
    `${seen}, d’un seul coup (${examples.join(', ')}) : rien n’en a été envoyé ni appliqué`,
  hintBrake: ({ direction }) =>
    direction === 'up'
      ? 'regardez le dossier. Si c’est voulu : `grenier approve DOSSIER`. Sinon, remettez les fichiers, et tout reprend seul'
      : 'demandez qui l’a fait. Si c’est voulu : `grenier approve DOSSIER`. Sinon, vos fichiers ici sont intacts : laissez à l’arrêt',
  brakeSeen: ({ direction, gone, changed, goneText, changedText, filesText }) => {
    const where = direction === 'up' ? 'ici' : 'sur les autres appareils'
    const lost = [
      ...(gone > 0 ? [`${goneText} ${some(gone, 'a', 'ont')} disparu`] : []),
      ...(changed > 0 ? [`${changedText} ${some(changed, 'a', 'ont')} un autre contenu`] : []),
    ]
    return `sur ${filesText} fichiers, ${lost.join(' et ')} ${where}`
  },
  errorDiskFull: ({ path }) => `plus de place${path === undefined ? '' : ` pour ${path}`}`,
  hintDiskFull: () => 'libérez de la place ; la prochaine fois continuera où celle-ci s’est arrêtée',
  errorDiskFailed: ({ detail }) => `le système de fichiers a refusé : ${detail}`,
  hintDiskFailed: () => 'vérifiez le disque et ses permissions',
  errorInterrupted: () => 'arrêté',
  hintInterrupted: () => 'la prochaine fois continuera où celle-ci s’est arrêtée',
  errorUnexpected: ({ detail }) => `quelque chose qui ne devrait pas arriver : ${detail}`,
  hintUnexpected: () => 'relancez avec --verbose et signalez-le',
  errorHolderEnded: () => 'le grenier en marche qui était interrogé s’est arrêté avant d’avoir répondu',
  hintHolderEnded: () => 'relancez la commande ; ce qui était déjà fait le reste',
  errorControl: () => 'le grenier en marche de cet emplacement n’a pas répondu comme il devrait',
  hintControl: () => 'est-il d’une autre version ? Arrêtez-le et relancez-le',

  problemNameUnholdable: ({ path }) =>
    `${path} : ce système de fichiers ne peut porter ce nom ; il reste sur les autres appareils`,
  problemNameCollision: ({ path }) =>
    `${path} : ce système de fichiers confond ce nom avec celui d’un voisin ; renommez l’un des deux`,
  problemKindUnsupported: ({ path }) => `${path} : une socket, un tube ou un périphérique ; pas synchronisé`,
  problemUnreadable: ({ path }) => `${path} : pas le droit de le lire ; pas synchronisé`,
  problemUnwritable: ({ path }) => `${path} : ne peut être écrit ici`,
  problemChanging: ({ path }) => `${path} : change pendant la lecture ; nouvel essai plus tard`,
  problemNameReserved: ({ path }) => `${path} : ce nom est réservé à Grenier`,
  problemVanished: ({ path }) => `${path} : a disparu pendant l’envoi`,
  problemDiskFull: ({ path }) => `${path} : plus de place sur le disque`,
  problemPackUnavailable: ({ path }) => `${path} : il en manque une partie au relais ; en attente`,
  problemEntryVoid: ({ path }) => `${path} : un changement inapplicable a été ignoré`,
  problemLostAgain: () =>
    `le relais dit sans cesse avoir perdu les mêmes contenus ; ils ne sont renvoyés que quelques fois par jour : dites-le à l’hébergeur, ou \`grenier heal\` les renvoie aussitôt`,
  problemFolderNested: ({ path }) =>
    `${path} : est un dossier synchronisé à part, et ne l’est pas avec celui-ci ; déplacez-le, ou faites d’abord \`grenier forget\``,
  problemRestless: () =>
    'quelque chose change sans cesse dans le dossier ; ce qui est au repos est synchronisé, le reste sera réessayé',
  problemReadOnly: ({ path }) => `${path} : changé ici, mais cet appareil ne peut que lire ; cela reste ici`,

  changeUp: ({ action, path }) => `↑ ${action} ${path}`,
  changeDown: ({ action, path }) => `↓ ${action} ${path}`,
  changeMoved: ({ from, path }) => `${from} → ${path}`,
  conflict: ({ path, keptAs }) =>
    `conflit : ${path} a changé des deux côtés ; le vôtre est gardé sous ${keptAs}`,
  voidEntry: ({ sequence, device, reason }) =>
    `attention : l’entrée ${sequence} de l’appareil ${device} ne s’applique pas et a été ignorée (${reason})`,
  watchBlind: ({ reason }) =>
    `attention : la surveillance ne voit plus rien (${reason}) ; seuls les parcours trouvent les changements`,
  watchLimit: () =>
    'attention : le système ne laisse plus surveiller de dossiers ; seuls les parcours trouvent les changements, toutes les dix minutes. ' +
    'Relevez sa limite avec `sudo sysctl fs.inotify.max_user_watches=1048576` (pour de bon : dans /etc/sysctl.d/), puis relancez',
  relayAway: () => 'le relais est hors d’atteinte ; nouvel essai',
  relayUnable: ({ reason }) =>
    reason === undefined
      ? 'le relais ne peut ni donner ni prendre ce qu’il faut pour l’instant ; nouvel essai en cours'
      : `le relais refuse pour l’instant : ${reason} ; nouvel essai en cours`,
  relayAble: () => 'le relais donne et prend à nouveau',
  relayBack: () => 'le relais est de nouveau là',
  stateSynced: () => 'à jour',
  stateOffline: () => 'le relais est hors d’atteinte',
  stateSyncing: () => 'synchronisation',
  stateHalted: () => 'à l’arrêt : le relais contredit ce qui a été signé',
  stateBraked: () => 'à l’arrêt : on vous attend',
  statePaused: () => 'en pause',

  askOverwrite: ({ path }) => `${path} existe déjà. Le remplacer ? [o/N]`,
  yesLetters: () => 'oy',
  takenOn: ({ folder, pid }) => `Le grenier en marche (processus ${pid}) prend ${folder} en charge.`,
  addDone: ({ folder, name, relay }) => `${folder} est maintenant le coffre « ${name} » chez ${relay}.`,
  joinDone: ({ folder, name }) => `${folder} a rejoint le coffre « ${name} ».`,
  approveSeen: ({ seen }) => `Approuvé : ${seen}.`,
  approveMarked: ({ folder }) => `${folder} a de nouveau son marqueur.`,
  approveNothing: ({ folder }) => `${folder} : rien n’attend votre accord.`,
  approveNext: () => 'Le prochain `grenier sync` continuera.',
  limits: ({ up, down }) =>
    `Envoie ${up === undefined ? 'aussi vite que la ligne le permet' : `au plus ${up}/s`}, reçoit ${
      down === undefined ? 'aussi vite que la ligne le permet' : `au plus ${down}/s`
    }.`,
  limitUnheard: ({ pid }) =>
    `Le grenier en cours (processus ${pid}) ne l’a pas entendu : il en tiendra compte à son prochain démarrage.`,
  forgetDone: ({ folder }) => `${folder} n’est plus synchronisé sur cet appareil. Ses fichiers restent.`,
  exportDone: ({ count, files, bytes, path }) =>
    `${files} ${some(count, 'fichier', 'fichiers')}, ${bytes}, dans ${path}.`,
  summary: ({ count, files, bytes, sent, received, seconds }) =>
    `À jour : ${files} ${some(count, 'fichier', 'fichiers')}, ${bytes}. Envoyé ${sent}, reçu ${received}, en ${seconds} s.`,
  summaryTroubles: ({ conflicts, problems }) =>
    `${conflicts} ${some(conflicts, 'conflit', 'conflits')}, ${problems} ${some(problems, 'problème', 'problèmes')} : voir ci-dessus.`,
  progress: ({ filesDone, filesTotal, bytesDone, bytesTotal, rate }) =>
    `${filesDone}/${filesTotal} fichiers, ${bytesDone} sur ${bytesTotal}, ${rate}/s`,
  syncWatching: ({ folder }) => `${folder} : surveillance en cours. Ctrl-C arrête.`,
  syncWaiting: ({ folder }) =>
    `${folder} : une autre commande grenier y travaille ; on attend qu’elle ait fini.`,
  syncNothing: () =>
    'Cet appareil ne synchronise encore aucun dossier : `grenier add DOSSIER` ou `grenier join CODE DOSSIER` en commence un.',
  stopping: () => 'arrêt en cours ; encore une fois arrête aussitôt',
  statusNone: () => 'Aucun dossier. `grenier add DOSSIER` en commence un.',
  statusFolder: ({ folder, name, state }) => `${folder}  « ${name} »  ${state}`,
  statusResting: ({ state }) => `aucune synchronisation en cours ; à son arrêt : ${state}`,
  statusHead: ({ sequence, words }) =>
    `  journal : entrée ${sequence}, « ${words} » (les mêmes mots sur chaque appareil)`,
  statusPending: ({ text }) => `  en attente : ${text}`,
  statusTroubles: ({ conflicts, problems }) => `  conflits : ${conflicts}, problèmes : ${problems}`,
  statusHeld: ({ seen }) => `  retenu : ${seen}`,
  statusContact: ({ when }) => `  dernier contact avec le relais : ${when}`,
  statusNever: () => 'jamais',
  actionPut: () => 'écrit',
  actionRemove: () => 'supprimé',
  actionMove: () => 'déplacé',

  helpProgram: () =>
    'Synchronisation de dossiers chiffrée de bout en bout. Le relais ne voit que des octets scellés.',
  helpHome: () => 'où sont les clés, la configuration et l’état de cet appareil (ou GRENIER_HOME)',
  helpJson: () => 'un objet JSON par ligne sur la sortie standard',
  helpYes: () => 'ne jamais demander',
  helpLang: () => 'langue des messages : fr ou en',
  helpVerbose: () => 'montrer d’où vient une erreur',
  helpDeviceName: () => 'nom de cet appareil, tel que les autres le montrent',
  helpAdd: () => 'commencer un coffre à partir d’un dossier et l’envoyer',
  helpAddName: () => 'nom du coffre ; à défaut celui du dossier',
  helpJoin: () => 'rejoindre un coffre avec un code et le recevoir (CODE peut être - pour l’entrée standard)',
  helpSync: () => 'synchroniser des dossiers, en surveillant jusqu’à interruption',
  helpOnce: () => 'revenir quand les deux côtés s’accordent et que tout est durable',
  helpStatus: () => 'ce qui est synchronisé et où on en est',
  helpApprove: () =>
    'continuer après un arrêt (disparition ou changement en masse, marqueur absent), une fois que vous avez regardé',
  helpLimit: () =>
    'à quelle vitesse chaque grenier ici envoie et reçoit, dès maintenant et par la suite ; seul, il le dit',
  helpLimitUp: () => 'à quelle vitesse il envoie : 500Kio/s, 1Mbit/s…, ou aucune',
  helpLimitDown: () => 'à quelle vitesse il reçoit, de même',
  helpForget: () => 'ne plus synchroniser un dossier ici ; les fichiers restent',
  helpExport: () => 'écrire tout le coffre, déchiffré, dans un tar',
  helpExportOut: () => 'le fichier à écrire ; - pour la sortie standard',
  helpHelp: () => 'afficher cette aide',
  helpVersion: () => 'afficher la version',
  help: {
    'Usage:': 'Usage :',
    'Options:': 'Options :',
    'Global Options:': 'Partout :',
    'Commands:': 'Commandes :',
    'Arguments:': 'Arguments :',
    'Example:': 'Exemple :',
  },
  value: {
    options: 'options',
    command: 'COMMANDE',
    relay: 'URL_DU_RELAIS',
    folder: 'DOSSIER',
    directory: 'DOSSIER',
    file: 'FICHIER',
    archive: 'FICHIER.grenier',
    recipient: 'DESTINATAIRE',
    code: 'CODE',
    name: 'NOM',
    role: 'RÔLE',
    duration: 'DURÉE',
    rate: 'DÉBIT',
    share: 'PART',
    device: 'APPAREIL',
    invitation: 'ID',
    language: 'LANGUE',
    path: 'CHEMIN',
    moment: 'MOMENT',
    count: 'N',
  },
  example: {
    setup: 'grenier setup wss://relais.example.org --device-name portable',
    add: 'grenier add ~/Documents --name documents',
    invite: 'grenier invite ~/Documents --role writer --expires 24h',
    join: 'grenier join "wss://relais.example.org#invite=…" ~/Documents',
    usage: 'grenier usage',
    recovery: 'grenier recovery renew --phrase-file anciens.txt --phrase-out nouveaux.txt',
    recover: 'grenier recover wss://relais.example.org --phrase-file mots.txt',
    sync: 'grenier sync ~/Documents',
    status: 'grenier status',
    devices: 'grenier devices ~/Documents',
    revoke: 'grenier revoke ~/Documents ancien-portable',
    role: 'grenier role ~/Documents tablette reader',
    approve: 'grenier approve ~/Documents',
    limit: 'grenier limit --up 500Kio/s --down aucune',
    forget: 'grenier forget ~/Documents',
    backup: 'grenier backup ~/Documents --vault sauvegarde --once',
    move: 'grenier move ~/Documents wss://autre.example.org --invite CODE',
    import: 'grenier import vault.grenier --relay wss://relay.example.org',
    mirror: 'grenier mirror add ~/Documents wss://other.example.org',
    prune: 'grenier prune ~/Documents --keep 90d --dry-run',
    passphrase: 'grenier passphrase set',
    keyring: 'grenier keyring on',
    unlock: 'grenier unlock --for 8h',
    lock: 'grenier lock',
    vaults: 'grenier vaults',
    vault: 'grenier vault delete documents',
    retention: 'grenier retention ~/Documents 90d',
    log: 'grenier log ~/Documents --path notes.txt',
    ls: 'grenier ls ~/Documents notes --at "il y a 2 heures"',
    cat: 'grenier cat ~/Documents notes.txt --at "il y a 2 heures" > notes-old.txt',
    conflicts: 'grenier conflicts ~/Documents',
    restore: 'grenier restore ~/Documents --path notes --at "il y a 2 heures" --into ~/Desktop',
    export: 'grenier export ~/Documents --out documents.tar',
    decrypt: 'grenier decrypt documents.grenier --phrase-file mots.txt --into documents',
    adopt: 'grenier adopt ~/Documents',
    heal: 'grenier heal',
    verify: 'grenier verify ~/Documents --sample 5%',
  },
}
