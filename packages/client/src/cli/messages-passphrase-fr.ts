// French messages about how this device's keys are sealed.
import type { PassphraseCatalogue } from './catalogue-passphrase.ts'

/** Spread into the catalogue. */
export const frenchPassphrase: PassphraseCatalogue = {
  errorKeysLocked: () => 'les clés de cet appareil sont scellées par une phrase secrète',
  hintKeysLocked: () =>
    'dans un terminal elle est demandée ; ailleurs : `grenier unlock` auparavant, ou --passphrase-file FICHIER (- pour l’entrée standard)',
  errorPassphraseWrong: () =>
    'cette phrase secrète n’ouvre pas les clés de cet appareil, ou leur fichier a été altéré',
  hintPassphraseWrong: () =>
    'rien n’a changé. Une phrase secrète oubliée ne se retrouve pas : mettez ce dossier de clés de côté, et `grenier recover` avec les 24 mots fait un nouvel appareil',
  askPassphrase: () => 'Phrase secrète de cet appareil (non affichée) :',
  askNewPassphrase: () => 'Nouvelle phrase secrète (non affichée) :',
  askPassphraseAgain: () => 'Encore une fois :',
  whatYouTyped: () => 'ce qui a été saisi',
  passphraseAgain: () => 'Ce n’est pas elle. Réessayez.',
  passphraseSet: () =>
    'Les clés de cet appareil sont scellées. La phrase secrète n’est gardée nulle part : sans elle, seuls les 24 mots aident. Ce qui tourne continue.',
  passphraseRemoved: () => 'Les clés de cet appareil sont de nouveau en clair, lisibles par vous seul.',
  passphraseNone: () => 'Aucune phrase secrète ne scelle les clés de cet appareil ; rien à retirer.',
  passphraseUnused: () =>
    'La phrase secrète n’a pas servi : aucune ne scelle les clés de cet appareil (`grenier passphrase set` le fait).',
  errorKeyringAway: () =>
    'ce qui ouvre les clés de cet appareil est dans le trousseau du bureau, et aucun ne répond ici, ou il reste fermé',
  hintKeyringAway: () =>
    'ouvrez votre session, et déverrouillez le trousseau ; pour cron et les services, `grenier unlock` depuis celle-ci. Est-il perdu pour de bon ? Aucun fichier n’est perdu : mettez ce dossier de clés de côté, et `grenier recover` avec les 24 mots fait un nouvel appareil',
  errorKeyringMissing: () => 'le trousseau du bureau n’a rien qui ouvre les clés de cet appareil',
  errorKeyringWrong: () =>
    'ce qu’a le trousseau du bureau n’ouvre pas les clés de cet appareil, ou leur fichier a été altéré',
  hintKeyringLost: () =>
    'rien n’a changé, et aucun fichier n’est perdu. Le trousseau a-t-il été réinitialisé, ou ce dossier de clés copié d’une autre machine ? Mettez-le de côté, et `grenier recover` avec les 24 mots fait un nouvel appareil (sans mots : une nouvelle invitation)',
  errorKeyringUnavailable: ({ isThere }) =>
    isThere
      ? 'le trousseau du bureau ne rend pas ici ce qu’on lui confie'
      : 'aucun trousseau du bureau ne répond ici, ou il reste fermé : il faut une session du bureau, et son trousseau déverrouillé',
  errorUnlockFailed: () => 'le processus qui tiendrait les clés ouvertes n’a pas démarré',
  hintUnlockFailed: () =>
    'les clés sont aussi scellées qu’avant, et rien ne les tient ouvertes. Reste-t-il de la place pour un processus, et le dossier de sa prise est-il inscriptible (XDG_RUNTIME_DIR, sinon le dossier de clés) ? Les commandes prennent toujours la phrase de passe : --passphrase-file FICHIER',
  hintKeyringUnavailable: () =>
    'rien n’a changé. `grenier passphrase set` scelle les clés par une phrase secrète à la place',
  keyringSet: () =>
    'Les clés de cet appareil sont scellées ; ce qui les ouvre est dans le trousseau du bureau, qu’ouvre votre session. Rien n’est demandé, et un disque volé n’ouvre rien. Ce qui tourne continue.',
  keyringWarning: ({ hasWords }) =>
    hasWords
      ? 'Si le trousseau le perdait un jour, aucun fichier ne serait perdu, mais ces clés le seraient : les 24 mots font un nouvel appareil. Assurez-vous de les avoir.'
      : 'Si le trousseau le perdait un jour, aucun fichier ne serait perdu, mais ces clés le seraient. Cet appareil a rejoint sans mots à lui : quelqu’un devrait l’inviter de nouveau.',
  keyringNone: () => 'Rien dans le trousseau du bureau n’ouvre les clés de cet appareil ; rien à en retirer.',
  keyringLeft: () =>
    'Une entrée de `grenier` n’a pas pu être retirée du trousseau du bureau. Elle n’ouvre plus rien : retirez-la quand vous voulez.',
  unlockClear: () =>
    'Les clés de cet appareil sont en clair : il n’y a rien à déverrouiller. `grenier passphrase set` les scelle.',
  unlockDone: ({ idle, logout }) => {
    const ends = [
      '`grenier lock`',
      ...(idle === undefined ? [] : [`${idle} sans usage`]),
      ...(logout ? ['la fin de votre session'] : []),
    ]
    return `Les clés de cet appareil sont ouvertes à tous vos programmes jusqu’à : ${ends.join(', ')}, ou le redémarrage de la machine.`
  },
  unlockUsual: () =>
    'Une fin de session ne se remarque pas ici : sans usage pendant 8 heures, elles sont verrouillées de nouveau. `--for` fixe une autre durée.',
  lockDone: () => 'Verrouillé : ce qui était ouvert n’est plus en mémoire.',
  lockNothing: () => 'Rien n’était déverrouillé.',
  lockKeyring: () =>
    'Le trousseau du bureau ouvre ces clés dès qu’il est ouvert lui-même : verrouillez-le aussi.',
  lockRunning: ({ pid }) => `Le processus ${pid} synchronise, et a les clés jusqu’à sa fin.`,
  statusKeys: {
    locked: 'Clés : scellées par une phrase secrète, verrouillées (`grenier unlock`)',
    unlocked: 'Clés : scellées, et déverrouillées pour l’instant (`grenier lock`)',
    keyring: 'Clés : scellées ; le trousseau du bureau les ouvre',
  },
  helpUnlock: () =>
    'ouvrir les clés scellées aux commandes qui suivent, jusqu’à `lock`, la fin de session ou le redémarrage',
  helpUnlockFor: () => 'et jusqu’à ce que rien ne les ait utilisées pendant cette durée, comme 8h',
  helpLock: () => 'finir ce que `unlock` a commencé',
  helpKeyring: () =>
    'sceller les clés de cet appareil par un secret que garde le trousseau du bureau, ou les garder de nouveau en clair',
  helpKeyringWhat: () => '`on` : l’ouverture de session les ouvre ; `off` : de nouveau en clair',
  helpPassphrase: () =>
    'sceller les clés de cet appareil par une phrase secrète, ou les garder de nouveau en clair',
  helpPassphraseWhat: () => '`set` : une première phrase secrète, ou une autre ; `remove` : aucune',
  helpPassphraseFile: () =>
    'un fichier avec la phrase secrète de cet appareil, ou - pour l’entrée standard ; scelle les clés d’un nouvel appareil',
  helpNewPassphraseFile: () =>
    'un fichier avec la phrase secrète à mettre, ou - pour l’entrée standard ; sinon elle est demandée',
}
