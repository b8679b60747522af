// The catalogue in French: what is about members.
import type { MembersCatalogue } from './catalogue-members.ts'
import { frenchForm as some } from './plurals.ts'

export const frenchMembers: MembersCatalogue = {
  joinHistory: () => 'Qui rejoint un coffre peut aussi en lire l’historique conservé.',
  inviteCode: () => 'Donnez ce code à une seule personne, par un moyen sûr. Il sert une fois.',
  inviteWords: () => 'Le même à lire à voix haute : l’adresse du relais et ces douze mots',
  inviteQr: () => 'Le même à scanner :',
  inviteUntil: ({ role, until }) => `Il donne le rôle ${role}, et expire le ${until}.`,

  errorDeviceRevoked: ({ by, when }) =>
    `cet appareil a été retiré du coffre${when === undefined ? '' : ` le ${when}`}${by === undefined ? '' : `, par ${by}`}`,
  byIdentity: ({ id }) => `les 24 mots de quelqu’un (identité ${id})`,
  codeNone: () => 'ceci n’est pas un code d’invitation : rien n’a été demandé à aucun relais',
  codeCount: ({ count }) =>
    `il faut douze mots après l’adresse du relais, et il y en a ${count} : rien n’a été demandé à aucun relais`,
  codeMistyped: () =>
    'l’un des douze mots est mal écrit, ou ils ne sont pas dans l’ordre : rien n’a été demandé à aucun relais',
  hintCodeMistyped: () =>
    'le code entier est un seul argument : wss://HÔTE#invite=…, ou entre guillemets l’adresse et les douze mots ; `-` le lit sur l’entrée standard. Il reste valable',
  hintDeviceRevoked: () =>
    'ses fichiers restent tels quels, et plus rien n’est synchronisé. Une erreur ? Un propriétaire peut inviter de nouveau cette machine : `grenier forget DOSSIER`, puis `grenier join CODE DOSSIER --home AUTRE_DOSSIER`',
  errorWithdrawn: () =>
    'le relais dit que votre identité a retiré cet appareil de son compte. Ce n’est que la parole du relais : aucune entrée signée de ce coffre ne le dit',
  hintWithdrawn: () =>
    'les fichiers restent comme ils sont. Voyez sur un autre appareil (`grenier devices DOSSIER`) si celui-ci a été abandonné ; si personne ne l’a fait, demandez à l’hébergeur',
  errorRejoin: () => 'cet appareil a déjà été retiré de ce coffre, et ses clés n’y sont jamais réadmises',
  hintRejoin: () =>
    'rejoignez-le comme nouvel appareil, avec ses propres clés : `grenier join CODE DOSSIER --home AUTRE_DOSSIER` ; le code sert encore',
  memberRefused: {
    'no-right': {
      error: () => 'seul un propriétaire le peut, et cet appareil ne l’est pas',
      hint: '`grenier devices DOSSIER` montre les propriétaires',
    },
    unknown: {
      error: () => 'aucun membre ni invitation ouverte de ce nom, ou plus maintenant',
      hint: '`grenier devices DOSSIER` en donne la liste',
    },
    self: {
      error: () => 'un appareil ne se retire pas lui-même : qui reste doit faire les nouvelles clés',
      hint: 'faites-le sur l’appareil d’un autre propriétaire ; ou `grenier forget DOSSIER`, pour ne plus synchroniser ici',
    },
    genesis: {
      error: () => 'cette identité a créé le coffre : elle en reste propriétaire, et ne peut être retirée',
      hint: 'ses appareils le peuvent, un par un',
    },
    'last-owner': {
      error: () => 'il ne resterait aucun appareil propriétaire',
      hint: 'donnez d’abord ce rôle à un autre : `grenier role DOSSIER APPAREIL owner`',
    },
    'same-role': { error: () => 'il a déjà ce rôle' },
    'too-many': { error: () => 'le coffre a autant de membres qu’il peut en tenir' },
  },
  stateRevoked: () => 'retiré du coffre : plus rien n’est synchronisé',

  devicesHead: ({ count, role }) => `${count} ${some(count, 'appareil', 'appareils')} ; celui-ci : ${role}`,
  deviceLine: ({ name, role, at, inviter, id, identity, isThis }) =>
    [
      `  ${name}${isThis ? ' (cet appareil)' : ''} : ${role}${at === undefined ? '' : `, depuis le ${at}`}`,
      ...(inviter === undefined ? [] : [`invité par ${inviter}`]),
      `id ${id}`,
      ...(identity === undefined ? [] : [`de l’identité ${identity}`]),
    ].join(', '),
  deviceNameless: () => '(sans nom)',
  identitiesHead: () => 'identités (les 24 mots d’une personne)',
  identityLine: ({ id, role, madeVault, held }) =>
    `  ${id} : ${role}${madeVault ? ', a créé le coffre' : ''}, ${held.length === 0 ? 'aucun appareil ici' : held.join(', ')}`,
  invitationsHead: ({ count }) => `${count} ${some(count, 'invitation ouverte', 'invitations ouvertes')}`,
  invitationLine: ({ id, role, until, inviter }) =>
    `  ${id} : rôle ${role}, jusqu’au ${until}, faite par ${inviter} (\`grenier invite DOSSIER --cancel ${id}\`)`,
  devicesStale: () => 'Le relais est hors d’atteinte : voici ce que cet appareil savait en dernier.',
  askRevoke: ({ name, id, others }) =>
    `Retirer ${name} (id ${id})${others.length === 0 ? '' : `, et avec lui ${others.join(', ')},`} du coffre pour de bon ? [o/N]`,
  revokeDone: ({ revoked, voided }) =>
    `${revoked.join(', ')} : hors du coffre. Les clés sont nouvelles${voided === 0 ? '' : ` ; ${voided} ${some(voided, 'invitation ouverte est annulée', 'invitations ouvertes sont annulées')}`}.`,
  revokeKeeps: () =>
    'Ce qui y était déjà synchronisé y reste ; rien de ce qui est écrit désormais ne se lit avec ses clés.',
  identityStays: ({ id, role, verb, rest }) =>
    `L’identité ${id} de cette personne reste dans le coffre (${role}) : un appareil qu’amènent ses 24 mots a ce rôle. S’il s’agit aussi de la personne : \`grenier ${verb} DOSSIER ${rest}\``,
  makerStays: ({ id }) =>
    `L’identité ${id} a créé le coffre : elle en reste propriétaire, et un appareil qu’amènent ses 24 mots l’est aussi.`,
  roleDone: ({ name, role }) => `${name} : ${role} désormais.`,
  roleReads: ({ name }) => `${name} peut toujours tout lire : seul \`grenier revoke\` y met fin.`,
  roleVoided: ({ voided }) =>
    `${voided} ${some(voided, 'invitation ouverte est annulée', 'invitations ouvertes sont annulées')}.`,
  cancelDone: ({ id }) => `L’invitation ${id} ne sert plus.`,
  roleOwner: () => 'propriétaire',
  roleWriter: () => 'rédacteur',
  roleReader: () => 'lecteur',

  helpInvite: () => 'donner un code avec lequel un appareil de plus rejoint le coffre',
  helpInviteRole: () => 'owner (propriétaire), writer (rédacteur) ou reader (lecteur) ; à défaut writer',
  helpInviteExpires: () => 'combien de temps le code sert : 30m, 7d… ; à défaut 24h',
  helpInviteQr: () => 'montrer aussi le code en QR',
  helpInviteCancel: () => 'reprendre une invitation ouverte, par son id dans `grenier devices DOSSIER`',
  helpDevices: () => 'qui est dans un coffre : appareils, identités, invitations ouvertes',
  helpRevoke: () =>
    'retirer un appareil (ou une identité et tous ses appareils) d’un coffre, et changer les clés',
  helpRole: () => 'donner un autre rôle à un appareil ou une identité : owner, writer ou reader',
}
