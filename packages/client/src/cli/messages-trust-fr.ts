// What is said in French about a relay that does not hold what it should: healing, going on after a fork, audits, and why a folder stands still.
import type { TrustCatalogue } from './catalogue-trust.ts'
import { frenchForm as some } from './plurals.ts'

/** French. */
export const frenchTrust: TrustCatalogue = {
  adoptDone: ({ folder, base, left, path }) =>
    `${folder} continue avec l’histoire du relais. Les deux s’accordent jusqu’à l’entrée ${base} ; ce que cet appareil savait ensuite, jusqu’à l’entrée ${left}, est gardé dans ${path}. Aucun fichier n’a été touché : ce qui diffère ici part maintenant comme tout autre changement.`,
  adoptNothing: ({ folder }) =>
    `${folder} : rien à adopter, l’histoire du relais prolonge celle que l’on connaît ici.`,
  healDone: ({ folder, entries, packs, bytes }) =>
    `${folder} : rendu au relais : entrées ${entries}, paquets ${packs} (${bytes}).`,
  healNothing: ({ folder }) => `${folder} : il ne manque rien au relais que cet appareil puisse lui rendre.`,
  verifyDone: ({ folder, count, packs, of, bytes }) =>
    `${folder} : ${packs} sur ${of} ${some(count, 'paquet relu et vérifié', 'paquets relus et vérifiés')} par leur contenu, ${bytes}.`,
  verifyGood: () => 'Tout est tel qu’on l’y a mis.',
  verifyHurt: ({ lacking, wrong }) =>
    `Il en manque ${lacking} au relais, et ${wrong} ${some(wrong, 'n’est pas celui', 'ne sont pas ceux')} qu’on y a mis.`,
  verifyHealed: ({ path }) => `était abîmé, et repart d’ici : ${path}`,
  verifyLeft: ({ path }) => `est abîmé, et ne peut repartir d’ici : ${path}`,
  verifyLost: ({ count, packs, paths, others }) =>
    `Perdus : des contenus d’anciennes versions${paths.length === 0 ? '' : ` de ${paths.join(', ')}`}${
      others ? ' et d’autres' : ''
    }, qu’aucun appareil n’a rendus (${packs} ${some(count, 'paquet', 'paquets')} ; --json les donne un à un). Les fichiers tels qu’ils sont n’en ont pas besoin.`,
  verifyLostEntries: ({ count, packs }) =>
    `${some(count, 'Perdu', 'Perdus')} : ${packs} ${some(count, 'paquet', 'paquets')} où sont écrites des entrées de l’historique. Cet appareil les a lues ; aucun fichier n’en a besoin.`,
  verifyProgress: ({ done, total, bytesDone, bytesTotal }) =>
    `${done}/${total} paquets, ${bytesDone} sur ${bytesTotal}`,
  hintPathUnavailable: () =>
    'un appareil qui a encore ce contenu précis le rend à sa prochaine synchronisation ; une ancienne version qu’aucun appareil n’a plus reste perdue : `grenier verify` dit ce qui l’est',
  statusVerified: ({ when, count, packs, of, hurt, files, lost }) =>
    `  relais vérifié par le contenu : ${packs} ${some(count, 'paquet', 'paquets')} sur ${of}, ${[
      ...(hurt > 0 ? [`${hurt} ${some(hurt, 'abîmé', 'abîmés')}`] : []),
      ...(files > 0 ? [`fichiers encore abîmés : ${files}`] : []),
      ...(lost > 0 ? [`${some(lost, 'paquet perdu', 'paquets perdus')} : ${lost}`] : []),
      ...(files + lost === 0 ? [hurt === 0 ? 'tout est bon' : some(hurt, 'réparé', 'réparés')] : []),
    ].join(', ')}, ${when}`,
  statusRefused: ({ since, message }) => `  depuis le ${since} : ${message}`,
  statusHalted: ({ since, message }) => `  à l’arrêt depuis le ${since} : ${message}`,
  statusEvidence: ({ path }) => `  ce qui était attendu et ce qui est venu, à montrer à quelqu’un : ${path}`,
  helpAdopt: () =>
    'continuer avec l’histoire du relais après une bifurcation, quand vous l’avez décidé ; rien n’est perdu',
  helpHeal: () => 'rendre maintenant au relais ce qu’il a perdu (une synchronisation le fait d’elle-même)',
  helpVerify: () =>
    'relire ce que le relais détient et le vérifier par le contenu ; renvoyer ce qui est abîmé',
  helpVerifySample: () => 'une part seulement, tirée au hasard : 5%',
  errorRelayContradicts: ({ detail }) => `la réponse du relais contredit ce qui a été signé : ${detail}`,
  hintRelayContradicts: () =>
    'aucun fichier n’a été touché, et ce dossier est à l’arrêt. Un relais honnête peut le montrer aussi : restauré d’une copie plus ancienne, quand un autre appareil a écrit avant que celui-ci lui rende ce qui manque. Comparez `grenier status` sur vos autres appareils, et montrez à votre hébergeur ce qui est gardé comme preuve. Si l’histoire du relais et celle d’ici se sont séparées, et que vous avez décidé de continuer avec celle du relais : grenier adopt DOSSIER',
  errorRelayCorrupt: ({ detail }) =>
    `le relais détient des octets qui ne sont pas ceux qu’on y a mis : ${detail}`,
  hintRelayCorrupt: () =>
    'aucun fichier n’a été touché. Votre hébergeur devrait vérifier le disque et ses sauvegardes',
  errorRelayRollback: ({ detail }) =>
    `le relais montre un journal plus ancien que celui que cet appareil connaît : ${detail}`,
  hintRelayRollback: () =>
    'aucun fichier n’a été touché. Ce qui manque lui a été proposé, et il ne le garde pas : demandez à votre hébergeur',
  faultAtEntry: ({ sequence, what }) => `entrée ${sequence} (${what})`,
  faultAtPack: ({ pack }) => `paquet ${pack}`,
  errorKeysOwed: () =>
    'cet appareil a repris l’historique du relais, où manquent des clés ou des retraits de celui qu’il a quitté : il n’envoie rien tant qu’un propriétaire n’y a pas remédié',
  hintKeysOwed: () =>
    'un propriétaire lance `grenier adopt` sur un appareil qui a encore l’historique quitté. S’il n’y en a plus, il retire de nouveau qui l’avait été (`grenier devices`), et cette machine rejoint à nouveau : `grenier forget DOSSIER`, puis `grenier join CODE DOSSIER`. Les fichiers restent tels quels',
  errorCancelOwed: ({ invitations }) =>
    invitations.length === 1
      ? 'une invitation utilisée ou annulée dans l’historique que cet appareil a quitté est ouverte dans celui du relais : il n’envoie rien tant qu’elle l’est'
      : 'des invitations utilisées ou annulées dans l’historique que cet appareil a quitté sont ouvertes dans celui du relais : il n’envoie rien tant qu’elles le sont',
  hintCancelOwed: ({ invitations }) =>
    `un propriétaire ${invitations.length === 1 ? 'l’annule' : 'annule chacune'} : ${invitations.map((id) => `\`grenier invite DOSSIER --cancel ${id}\``).join(', ')}. Ensuite, \`grenier sync\` reprend ici. Les fichiers restent tels quels`,
  faultOther: ({ sequence }) =>
    `son entrée ${sequence} ne prolonge pas ce que cet appareil connaît : une autre histoire, ou une histoire retouchée`,
  faultUnheld: ({ sequence }) => `il donne l’entrée ${sequence} pour la dernière, et son journal ne l’a pas`,
  faultOlder: ({ came, expected }) => `l’entrée ${came} est sa dernière, la ${expected} avait été vue`,
  healedLog: ({ count, entries }) =>
    `le relais avait perdu la fin de l’historique, comme après la restauration d’une sauvegarde : ${entries} ${
      count === 1 ? 'entrée a été remise telle quelle' : 'entrées ont été remises telles quelles'
    } depuis cet appareil ; aucun fichier n’a été touché`,
  healedContent: ({ count, packs, bytes }) =>
    `le relais avait aussi perdu des contenus : ce que cet appareil en détient a été renvoyé, ${packs} ${
      count === 1 ? 'paquet' : 'paquets'
    }, ${bytes}`,
  stateRemade: ({ through, whole }) =>
    `le relais avait perdu l’état dont partent les nouveaux appareils : cet appareil l’a refait, tel qu’après l’entrée ${through}. ${
      whole
        ? 'De nouveaux appareils peuvent de nouveau rejoindre le coffre'
        : 'De nouveaux appareils peuvent de nouveau rejoindre le coffre, sans les versions d’avant : aucun appareil n’en avait gardé le journal'
    }`,
  wentOn: ({ count, path }) =>
    `le relais avait perdu le contenu de ${
      count === 1 ? 'la modification faite' : `${count} modifications faites`
    } ici, et aucun appareil d’un propriétaire ne l’a remis : ce dossier poursuit avec l’historique du relais. Les fichiers d’ici restent tels quels, et ce qui diffère est renvoyé ; ce qui a été quitté est gardé dans ${path}`,
  errorStranded: ({ count }) =>
    `le relais a perdu des contenus ${
      count === 1 ? 'de la dernière entrée' : `des ${count} dernières entrées`
    } que connaît cet appareil, et seul l’appareil d’un propriétaire peut les remettre`,
  hintStranded: ({ minutes }) =>
    minutes === undefined
      ? 'l’appareil d’un propriétaire les connaît aussi : dès qu’il se synchronise, celui-ci poursuit. Si cet appareil a disparu pour de bon : `grenier adopt DOSSIER` poursuit sans elles ; les fichiers d’ici restent, et sont renvoyés'
      : `aucun fichier n’a été touché. Si aucun appareil d’un propriétaire ne le fait, la première synchronisation après ${minutes} minutes poursuit sans elles : les fichiers d’ici restent, et sont renvoyés`,
  hintAccountLost: () =>
    'le relais a-t-il perdu ses données ? Synchronisez d’abord un appareil de la personne qui a créé le coffre : il remet tout en place, et celui-ci reprend de lui-même. Un `grenier join` a été interrompu ? Relancez-le avec le même code. Sinon, un propriétaire du coffre sait si cet appareil en a été retiré, et votre hébergeur s’il a un compte',
  statusHealed: ({ when, entries, packs, bytes }) =>
    `  rendu au relais, qui l’avait perdu : entrées ${entries}, paquets ${packs} (${bytes}), ${when}`,
}
