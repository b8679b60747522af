// The catalogue in French: what is said of wrong usage.
import type { Catalogue } from './catalogue.ts'
import { recoveryFrenchUsage } from './messages-recovery-fr.ts'

export const frenchUsage: Catalogue['usage'] = {
  ...recoveryFrenchUsage,
  'backup-kind': {
    error: ({ text }) => `${text} ne garde pas cela : un coffre est pour un dossier, ou pour des flux`,
    hint: 'donnez un autre --vault NOM',
  },
  'backup-source': {
    error: ({ text }) => `cette sauvegarde est celle de ${text}`,
    hint: 'donnez un autre --vault NOM ; le contenu d’un coffre n’est jamais mêlé à une autre source',
  },
  'backup-in-place': {
    error: ({ text }) => `rien n’est jamais écrit dans la source de ${text}`,
    hint: 'dites où restaurer : --into DOSSIER',
  },
  'keep-count': {
    error: ({ text }) => `ceci n’est pas un nombre de versions : ${text}`,
    hint: 'un nombre entier, 0 pour aucune',
  },
  'no-command': { error: () => 'pas de commande' },
  'not-understood': { error: ({ text }) => `pas compris : ${text}` },
  'argument-missing': { error: ({ text }) => `il manque : ${text}` },
  'too-many': { error: ({ text }) => `trop d’arguments : ${text}` },
  twice: { error: ({ text }) => `${text} est dit deux fois, et ne prend qu’une valeur` },
  'relay-url': {
    error: ({ text }) => `pas l’adresse d’un relais : ${text}`,
    hint: 'wss://relais.example.org, avec #sha256=… si l’hébergeur l’a donné ; ws:// seulement sur cette machine',
  },
  rate: {
    error: ({ text }) => `pas un débit : ${text}`,
    hint: 'comme 500Kio/s, 2Mo/s ou 8Mbit/s, au moins 10Kio/s ; aucune pour ne pas limiter',
  },
  duration: { error: ({ text }) => `pas une durée : ${text}`, hint: 'comme 30m, 24h ou 7d (7j)' },
  'relay-of-one': {
    error: () => '--relay concerne un seul dossier',
    hint: 'nommez-le : `grenier sync DOSSIER --relay URL`',
  },
  'undo-alone': {
    error: () => '« --undo » fait revenir tout ce qui a été abandonné : aucune autre option ne va avec',
  },
  moment: {
    error: ({ text }) => `ceci n’est pas un moment : ${text}`,
    hint: 'comme 2026-11-22, "2026-11-22 14:03", "il y a 2 heures", ou le numéro d’une entrée de `grenier log`',
  },
  count: {
    error: ({ text }) => `ceci n’est pas un nombre : ${text}`,
    hint: 'un nombre entier, à partir de 1',
  },
  'into-synced': {
    error: ({ text }) => `${text} est dans un dossier synchronisé`,
    hint: 'nommez un dossier ailleurs ; sans --into, le dossier lui-même redevient ce qu’il était',
  },
  'mirror-what': {
    error: ({ text }) => `pas compris : mirror ${text}`,
    hint: '`grenier mirror add DOSSIER URL`, `mirror list`, `mirror remove DOSSIER URL` ou `mirror promote DOSSIER URL`',
  },
  'into-source': {
    error: ({ text }) => `${text} est ce dont une sauvegarde est faite`,
    hint: 'nommez un dossier à l’intérieur ou ailleurs : ce qui est restauré se mêlerait à ce qui s’y trouve, et à la prochaine sauvegarde',
  },
  share: {
    error: ({ text }) => `pas une part : ${text}`,
    hint: 'plus de 0% et au plus 100%, comme 5%',
  },
  role: {
    error: ({ text }) => `pas un rôle : ${text}`,
    hint: 'owner (propriétaire), writer (rédacteur) ou reader (lecteur)',
  },
  name: {
    error: ({ text }) => `ne peut être un nom : ${text}`,
    hint: 'de 1 à 255 octets, sans caractères de commande',
  },
  'file-exists': {
    error: ({ text }) => `${text} existe déjà, et n’est pas écrasé`,
    hint: 'donnez un autre fichier ; s’il a les mots d’une commande coupée en route, reprenez avec eux : `setup --phrase-file FICHIER`, ou `recovery renew --new-phrase-file FICHIER`',
  },
  'sheet-exists': {
    error: ({ text }) => `${text} existe déjà, et n’est pas écrasé`,
    hint: 'donnez un autre fichier pour la page ; si celui-ci vient d’une commande coupée en route, gardez-le : ses mots sont peut-être ceux qui comptent',
  },
  'sheet-same': {
    error: ({ text }) => `${text} ne peut contenir à la fois les mots et la page`,
    hint: 'donnez un autre fichier pour la page',
  },
  'file-unreadable': { error: ({ text }) => `impossible de lire ${text}` },
  'file-unwritable': {
    error: ({ text }) => `impossible d’écrire ${text}`,
    hint: 'vérifiez que son dossier existe et qu’on peut y écrire',
  },
  'home-inside': {
    error: ({ text }) =>
      `${text} contient les clés de cet appareil, ou se trouve parmi elles : elles ne doivent pas être synchronisées`,
    hint: 'choisissez un dossier à côté, ou gardez les clés ailleurs avec --home DOSSIER',
  },
  device: {
    error: ({ text }) => `aucun appareil ni identité de ce nom : ${text}`,
    hint: '`grenier devices DOSSIER` en donne la liste ; qui a déjà été retiré figure dans `grenier log DOSSIER`',
  },
  'revoke-unasked': {
    error: ({ text }) => `personne à qui demander s’il faut retirer ${text}`,
    hint: 'ajoutez --yes',
  },
  'delete-unasked': {
    error: ({ text }) => `personne à qui demander s’il faut supprimer ${text}`,
    hint: 'ajoutez --yes',
  },
  'yes-needed': {
    error: ({ text }) => `${text} existe déjà, et il n’y a personne à qui demander`,
    hint: 'ajoutez --yes pour le remplacer',
  },
  'age-both': { error: () => '--age et --age-passphrase-file : seulement l’un des deux' },
  'age-sealed': { error: () => 'un export scellé l’est déjà : --age est pour le tar en clair' },
  recipient: {
    error: ({ text }) => `n’est pas un destinataire d’age : ${text}`,
    hint: 'tel que `age-keygen` l’affiche : age1…',
  },
  'passphrase-needed': {
    error: () => 'il faut une phrase secrète, et il n’y a personne à qui la demander',
    hint: '--new-passphrase-file FICHIER, ou - pour l’entrée standard',
  },
  'lock-clear': {
    error: () => 'rien ne scelle les clés de cet appareil : elles ne sont pas verrouillées',
    hint: '`grenier passphrase set` ou `grenier keyring on` les scelle',
  },
  'unlock-platform': {
    error: () => 'sur ce système rien ne peut garder des clés ouvertes pour d’autres commandes',
    hint: '--passphrase-file FICHIER, ou `grenier keyring on`',
  },
  'passphrase-late': {
    error: () => 'l’appareil existe déjà, et ceci ne scellerait pas ses clés',
    hint: 'sans --passphrase-file ; `grenier passphrase set` les scelle',
  },
  'passphrase-differs': { error: () => 'les deux ne sont pas les mêmes', hint: 'rien n’a changé' },
  passphrase: {
    error: ({ text }) => `${text} ne contient pas de phrase secrète`,
    hint: 'une ligne, non vide',
  },
  'into-needed': { error: () => 'où donc ? --into DOSSIER écrit, --list énumère seulement' },
  'not-in-vault': {
    error: ({ text }) => `le coffre n’a pas de « ${text} » à ce moment (le dernier, sans --at)`,
    hint: '`grenier decrypt FICHIER --list` montre ce qu’il contient ; les chemins sont relatifs au dossier',
  },
}
