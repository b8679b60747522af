// French messages about the passphrase of this device's keys.
import type { PassphraseCatalogue } from './catalogue-passphrase.ts'

/** Spread into the catalogue. */
export const frenchPassphrase: PassphraseCatalogue = {
  errorKeysLocked: () => 'les clés de cet appareil sont scellées par une phrase secrète',
  hintKeysLocked: () =>
    'dans un terminal elle est demandée ; ailleurs : --passphrase-file FICHIER, ou - pour l’entrée standard',
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
  helpPassphrase: () =>
    'sceller les clés de cet appareil par une phrase secrète, ou les garder de nouveau en clair',
  helpPassphraseWhat: () => '`set` : une première phrase secrète, ou une autre ; `remove` : aucune',
  helpPassphraseFile: () =>
    'un fichier avec la phrase secrète de cet appareil, ou - pour l’entrée standard ; scelle les clés d’un nouvel appareil',
  helpNewPassphraseFile: () =>
    'un fichier avec la phrase secrète à mettre, ou - pour l’entrée standard ; sinon elle est demandée',
}
