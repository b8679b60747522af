// The catalogue in French, as far as it is about mirrors. No-break spaces as in messages-fr.ts.
import type { MirrorCatalogue } from './catalogue-mirror.ts'

const refused: Readonly<Record<string, { error: (relay: string) => string; hint: string }>> = {
  unknown: {
    error: (relay) => `${relay} n’est pas un miroir de ce coffre`,
    hint: '`grenier mirror list` les montre',
  },
  first: {
    error: (relay) => `${relay} est le relais où est ce coffre`,
    hint: 'un miroir est un autre relais : celui d’un autre hébergeur, ou un relais chez vous',
  },
  here: {
    error: (relay) => `${relay} est le relais où est ce coffre, et non un de ses miroirs`,
    hint: '`grenier mirror list` montre les miroirs ; `grenier move DOSSIER RELAIS` emmène le coffre ailleurs',
  },
  stranger: {
    error: (relay) => `le miroir ${relay} ne connaît pas cet appareil`,
    hint: 'il a entendu parler du coffre avant que cet appareil n’y entre : c’est à un autre propriétaire, qu’il connaît, d’y continuer, ou à un appareil propriétaire de la personne qui a créé le coffre',
  },
  kept: {
    error: (relay) => `${relay} est un miroir de ce coffre : ce qu’il a y reste`,
    hint: 's’il doit partir, d’abord `grenier mirror remove DOSSIER URL_DU_RELAIS`',
  },
  'first-works': {
    error: (relay) => `${relay}, où est ce coffre, répond et l’a : il n’y a pas lieu de continuer sans lui`,
    hint: '`grenier move DOSSIER RELAIS` y emmène le coffre, et les autres appareils l’apprennent aussitôt. Si le premier relais ne sert plus à rien bien qu’il réponde : --force',
  },
}

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
  mirrorAccountLost: () =>
    'il ne connaît pas cet appareil. A-t-il perdu ses données ? Encore une fois `grenier mirror add DOSSIER RELAIS`, sur un appareil de la personne qui a créé le coffre, et il a tout de nouveau',
  mirrorStranger: () =>
    'depuis un jour, il n’a pas entendu parler de cet appareil. Les autres appareils l’annoncent là-bas en synchronisant. Si le coffre continue sur ce miroir, et eux avec : `grenier forget DOSSIER`, puis `grenier join CODE DOSSIER` avec un nouveau code d’un propriétaire. Les fichiers restent tels quels',
  mirrorTrouble: ({ relay, message }) =>
    `Le miroir ${relay} ne peut être mis à jour (${message}) ; la synchronisation continue, et un nouvel essai aura lieu.`,
  mirrorPromoted: ({ relay, isThere }) =>
    isThere ? `Le coffre est sur ${relay}.` : `Le coffre continue sur ${relay}, pour tous ses appareils.`,
  mirrorGiven: ({ entries, packs, bytes }) =>
    `Apporté d’ici : entrées qui lui manquaient : ${entries}, paquets de contenu qui lui manquaient : ${packs} (${bytes}).`,
  mirrorLacking: ({ count, packs }) =>
    `${packs} ${count === 1 ? 'paquet du coffre n’était pas encore arrivé' : 'paquets du coffre n’étaient pas encore arrivés'} au miroir, et cet appareil n’a pas tout ce qu’${count === 1 ? 'il contenait' : 'ils contenaient'}. Ce qu’il en avait a été renvoyé ; les autres appareils envoient ce qu’ils ont quand ils synchronisent.`,
  mirrorFollow: ({ relay, from }) =>
    `Les autres appareils l’apprennent d’eux-mêmes quand ${from} ne répond pas : « sync » regarde alors les miroirs. Si l’un d’eux n’y arrive pas : \`grenier sync DOSSIER --relay ${relay}\`.`,
  errorMirrorRefused: ({ what, relay }) => refused[what]?.error(relay) ?? `pas fait : ${what}`,
  hintMirrorRefused: ({ what }) => refused[what]?.hint ?? '`grenier mirror list` montre les miroirs',
  hintRelayMirror: ({ mirror }) =>
    `vérifiez la connexion et l’adresse ; rien n’est perdu, le prochain passage continue. Si le relais n’est plus, pour de bon, un propriétaire continue sur le miroir : \`grenier mirror promote DOSSIER ${mirror}\``,
  hintMirrorUnknown: ({ mirror }) =>
    `vérifiez la connexion et l’adresse ; rien n’est perdu, le prochain passage continue. Le relais n’est plus, pour de bon ? Le miroir ${mirror} n’a pas encore entendu parler de cet appareil : une fois qu’un propriétaire a continué là-bas (\`grenier mirror promote\`), réessayez ; s’il refuse encore, \`grenier forget DOSSIER\`, puis \`grenier join CODE DOSSIER\` avec un nouveau code d’un propriétaire. Les fichiers restent tels quels`,
  formerParted: ({ relay }) =>
    `${relay}, où ce coffre était avant, répond de nouveau, et un appareil y a écrit sans savoir que le coffre continue ailleurs. Ces changements ne sont pas encore dans le coffre. Cet appareil l’apprend à sa prochaine synchronisation et s’arrête ; \`grenier adopt DOSSIER\` sur cet appareil apporte ses fichiers.`,
  helpMirror: () =>
    'un second relais tenu à jour : en nommer un, montrer où ils en sont, en laisser un, ou continuer sur un miroir quand le premier relais n’est plus',
  helpMirrorForce: () => 'pour « promote » : bien que le relais où est le coffre réponde',
  helpMirrorWhat: () =>
    '« add », « remove » et « promote » avec DOSSIER et URL (propriétaires), « list » avec ou sans DOSSIER',
  helpMirrorInvite: () => 'le code que son hébergeur vous a donné, pour y ouvrir un compte',
}
