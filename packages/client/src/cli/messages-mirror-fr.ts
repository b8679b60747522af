// The catalogue in French, as far as it is about mirrors. No-break spaces as in messages-fr.ts.
import type { MirrorCatalogue } from './catalogue-mirror.ts'

export const frenchMirror: MirrorCatalogue = {
  mirrorAdded: ({ relay }) =>
    `${relay} est désormais un miroir de ce coffre. La synchronisation en cours, ou la prochaine, y porte tout.`,
  mirrorRemoved: ({ relay }) =>
    `${relay} n’est plus un miroir. Ce qu’il a y reste ; plus rien ne lui est envoyé.`,
  mirrorNone: () => 'Pas de miroir. « grenier mirror add DOSSIER URL_DU_RELAIS » en nomme un.',
  mirrorThere: ({ relay }) => `miroir ${relay} : a tout`,
  mirrorBehind: ({ relay, count, entries, bytes, since }) =>
    `miroir ${relay} : en retard de ${entries} ${count > 1 ? 'entrées' : 'entrée'} et de ${bytes}${since === undefined ? '' : `, depuis le ${since}`}`,
  mirrorFailing: ({ since, message }) => `  ne peut être mis à jour depuis le ${since} : ${message}`,
  mirrorTrouble: ({ relay, message }) =>
    `Le miroir ${relay} ne peut être mis à jour (${message}) ; la synchronisation continue, et un nouvel essai aura lieu.`,
  helpMirror: () => 'un second relais tenu à jour : en nommer un, montrer où ils en sont, ou en laisser un',
  helpMirrorWhat: () =>
    '« add » et « remove » avec DOSSIER et URL (propriétaires), « list » avec ou sans DOSSIER',
  helpMirrorInvite: () => 'le code que son hébergeur vous a donné, pour y ouvrir un compte',
}
