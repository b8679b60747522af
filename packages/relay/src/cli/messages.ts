// Everything that people read of grenier-relay, in English and French. Nothing else in this package writes a sentence for people.
import type { EventFields } from '../core/event-log.ts'
import { RelayError } from '../errors.ts'

/** The languages there are. */
export type Lang = 'en' | 'fr'

/** What went wrong, and what to do next. */
export interface Advice {
  readonly error: string
  readonly hint?: string | undefined
}

/** One sentence in each language; `{name}` is replaced by the field of that name. */
export type Text = Readonly<Record<Lang, string>>

const text = (en: string, fr: string): Text => ({ en, fr })

function fill(template: string, fields: EventFields): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(fields[name] ?? ''))
}

const catalogue = {
  ready: text('grenier-relay is ready at {url}', 'grenier-relay est prêt à l’adresse {url}'),
  registrationOpen: text(
    'note: registration is open: whoever reaches this address may open an account{default}',
    'note : inscriptions ouvertes : qui atteint cette adresse peut ouvrir un compte{default}',
  ),
  registrationInvite: text(
    'note: registration is by invitation: `grenier-relay invite create --data {folder}` makes one{default}',
    'note : inscriptions sur invitation : « grenier-relay invite create --data {folder} » en fait une{default}',
  ),
  registrationClosed: text(
    'note: registration is closed: nobody can open an account{default}',
    'note : inscriptions fermées : personne ne peut ouvrir de compte{default}',
  ),
  byDefault: text(' (the default here)', ' (par défaut ici)'),
  open: text('open', 'ouvert'),
  suspended: text('suspended', 'suspendu'),
  valid: text('valid', 'valable'),
  used: text('used up', 'épuisée'),
  expired: text('expired', 'expirée'),
  revoked: text('revoked', 'révoquée'),
  withdrawn: text('withdrawn', 'retiré'),
  helpProgram: text(
    'The relay of Grenier: it keeps what it cannot read, orders it, and tells the other devices.',
    'Le relais de Grenier : il garde ce qu’il ne peut pas lire, l’ordonne et prévient les autres appareils.',
  ),
  helpServe: text('run the relay', 'faire marcher le relais'),
  helpServeExample: text(
    'Example: grenier-relay serve --listen 0.0.0.0:8443 --tls-self',
    'Exemple : grenier-relay serve --listen 0.0.0.0:8443 --tls-self',
  ),
  helpData: text('data folder (default: {folder})', 'dossier de données (par défaut : {folder})'),
  helpListen: text(
    'address to listen on (default: 127.0.0.1:8090); port 0: any free one',
    'adresse d’écoute (par défaut : 127.0.0.1:8090) ; port 0 : un port libre',
  ),
  helpPublicUrl: text(
    'what clients dial, behind a proxy or a router: https://…',
    'ce que les clients composent, derrière un mandataire ou un routeur : https://…',
  ),
  helpTlsCert: text('certificate chain, PEM', 'chaîne de certificats, PEM'),
  helpTlsKey: text('its private key, PEM', 'sa clé privée, PEM'),
  helpTlsSelf: text(
    'a certificate of the relay’s own making; the URL then carries its pin',
    'un certificat fait par le relais ; l’adresse porte alors son empreinte',
  ),
  helpRegistration: text(
    'who may open an account: open, invite or closed (default: open on loopback, else invite)',
    'qui peut ouvrir un compte : open, invite ou closed (par défaut : open en local, sinon invite)',
  ),
  helpQuota: text('bytes of an account, as in 5GiB', 'octets d’un compte, comme 5GiB'),
  helpConfig: text('the same settings as TOML', 'les mêmes réglages en TOML'),
  helpJson: text('one JSON object a line on stdout', 'un objet JSON par ligne sur la sortie standard'),
  helpLang: text('fr or en; default: the locale', 'fr ou en ; par défaut : la locale'),
  helpHelp: text('show this help', 'afficher cette aide'),
  helpInvite: text('invitations to open an account', 'invitations à ouvrir un compte'),
  helpInviteCreate: text(
    'make an invitation; its code is shown once',
    'faire une invitation ; son code est affiché une fois',
  ),
  helpInviteExample: text(
    'Example: grenier-relay invite create --uses 5 --expires 7d',
    'Exemple : grenier-relay invite create --uses 5 --expires 7d',
  ),
  helpInviteListExample: text(
    'Example: grenier-relay invite list --json',
    'Exemple : grenier-relay invite list --json',
  ),
  helpInviteRevokeExample: text(
    'Example: grenier-relay invite revoke 143e93448979171a',
    'Exemple : grenier-relay invite revoke 143e93448979171a',
  ),
  helpAccountListExample: text(
    'Example: grenier-relay account list --json',
    'Exemple : grenier-relay account list --json',
  ),
  helpInviteList: text('list invitations', 'lister les invitations'),
  helpInviteRevoke: text('revoke an invitation, by id or code', 'révoquer une invitation, par id ou code'),
  helpPlan: text('plan of the accounts it opens', 'formule des comptes qu’elle ouvre'),
  helpUses: text(
    'how many accounts it may open (default: 1)',
    'combien de comptes elle peut ouvrir (par défaut : 1)',
  ),
  helpExpires: text(
    'how long it is valid (default: 7d)',
    'combien de temps elle est valable (par défaut : 7d)',
  ),
  helpAccount: text('accounts', 'comptes'),
  helpAccountList: text('list accounts', 'lister les comptes'),
  helpAccountShow: text('all that the relay knows of an account', 'tout ce que le relais sait d’un compte'),
  helpAccountExample: text(
    'Example: grenier-relay account show 3fb2c41d',
    'Exemple : grenier-relay account show 3fb2c41d',
  ),
  helpClock: text('the clock of this machine', 'l’horloge de cette machine'),
  helpClockConfirm: text(
    'say that the clock is right after a jump: final deletions go on',
    'dire que l’horloge est juste après un saut : les suppressions définitives reprennent',
  ),
  helpClockExample: text('Example: grenier-relay clock confirm', 'Exemple : grenier-relay clock confirm'),
  clockConfirmed: text('final deletions go on', 'les suppressions définitives reprennent'),
  'Usage:': text('Usage:', 'Usage :'),
  'Options:': text('Options:', 'Options :'),
  'Commands:': text('Commands:', 'Commandes :'),
  'Arguments:': text('Arguments:', 'Arguments :'),
  'Global Options:': text('For all commands:', 'Pour toutes les commandes :'),
  pin: text(
    'note: the certificate is self-made; give the URL with its #sha256= part, it is what clients check',
    'note : certificat fait par le relais ; donnez l’adresse avec sa partie #sha256=, c’est elle que les clients vérifient',
  ),
  stopping: text('stopping: finishing what is under way', 'arrêt : fin des opérations en cours'),
  adminOff: text(
    'note: no administration socket here; stop the relay before using invite or account',
    'note : pas de socket d’administration ici ; arrêtez le relais avant d’utiliser invite ou account',
  ),
  invitationRevoked: text('invitation {id} revoked', 'invitation {id} révoquée'),
  invitationNote: text(
    'valid until {expires}, for {uses} account(s); shown only now',
    'valable jusqu’au {expires}, pour {uses} compte(s) ; affichée seulement maintenant',
  ),
  invitationLine: text(
    '{id}  {left}/{uses} left  until {expires}  {state}',
    '{id}  reste {left}/{uses}  jusqu’au {expires}  {state}',
  ),
  invitationsNone: text('no invitations', 'aucune invitation'),
  accountLine: text(
    '{identity}  {used} of {quota}  {devices} device(s)  since {since}  {state}',
    '{identity}  {used} sur {quota}  {devices} appareil(s)  depuis {since}  {state}',
  ),
  accountsNone: text('no accounts', 'aucun compte'),
  deviceLine: text('  device {device}  {state}', '  appareil {device}  {state}'),
  vaultLine: text('  vault {vault}', '  coffre {vault}'),
} satisfies Record<string, Text>

/** A sentence of the catalogue. */
export type MessageKey = keyof typeof catalogue

/** One sentence, in the language asked for. */
export function say(lang: Lang, key: MessageKey, fields: EventFields = {}): string {
  return fill(catalogue[key][lang], fields)
}

/** `--lang`, else the locale of the environment, else English. */
export function langOf(flag: string | undefined, env: NodeJS.ProcessEnv): Lang {
  // One that is set to nothing counts as not set (POSIX §8.2).
  const named =
    flag ??
    [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find((one) => one !== undefined && one !== '') ??
    ''
  return /^fr/i.test(named) ? 'fr' : 'en'
}

/** What to tell people about an error: what happened to what, and what to do next. */
export function adviceOf(lang: Lang, error: unknown): Advice {
  if (!(error instanceof RelayError)) return systemAdvice(lang, error)
  const { what } = error.data
  const found = advices[typeof what === 'string' ? what : error.code] ?? advices[error.code]
  if (found === undefined) return { error: error.message }
  const fields = { message: error.message, ...error.data }
  const hint = found.hint === undefined ? undefined : fill(found.hint[lang], fields)
  return { error: fill(found.error[lang], fields), hint }
}

// What the file system refuses: a folder that is a file, that belongs to somebody else.
function systemAdvice(lang: Lang, error: unknown): Advice {
  if (!(error instanceof Error)) return { error: String(error) }
  const path = 'path' in error ? error.path : undefined
  const code = 'code' in error ? error.code : undefined
  if (typeof path !== 'string' || typeof code !== 'string') return { error: error.message }
  const { error: said, hint } = systemRefusal
  return { error: fill(said[lang], { path, code }), hint: hint[lang] }
}

const systemRefusal = {
  error: text('cannot use {path}: {code}', 'impossible d’utiliser {path} : {code}'),
  hint: text(
    'look at its owner and permissions, or name another folder with --data',
    'regardez son propriétaire et ses droits, ou donnez un autre dossier avec --data',
  ),
}

const advices: Readonly<Record<string, { error: Text; hint?: Text }>> = {
  clear: {
    error: text('{listen} would be reached without encryption', '{listen} serait joignable sans chiffrement'),
    hint: text(
      'add --tls-self, or --tls-cert and --tls-key, or --public-url https://… behind a proxy',
      'ajoutez --tls-self, ou --tls-cert et --tls-key, ou --public-url https://… derrière un mandataire',
    ),
  },
  file: {
    error: text(
      'cannot use the configuration {file}: {detail}',
      'configuration {file} inutilisable : {detail}',
    ),
  },
  listen: {
    error: text('not an address to listen on: {text}', 'pas une adresse d’écoute : {text}'),
    hint: text('HOST:PORT, as in 127.0.0.1:8090 or [::]:443', 'HÔTE:PORT, comme 127.0.0.1:8090 ou [::]:443'),
  },
  'public-url': {
    error: text('not a public URL: {text}', 'pas une adresse publique : {text}'),
    hint: text('https://relay.example.org, with no path', 'https://relais.example.org, sans chemin'),
  },
  registration: {
    error: text('unknown registration: {text}', 'mode d’inscription inconnu : {text}'),
    hint: text('open, invite or closed', 'open, invite ou closed'),
  },
  'tls-both': {
    error: text('--tls-self and --tls-cert exclude each other', '--tls-self et --tls-cert s’excluent'),
  },
  'tls-half': {
    error: text('--tls-cert and --tls-key come together', '--tls-cert et --tls-key vont ensemble'),
  },
  'data-locked': {
    error: text('another process uses this data folder', 'un autre processus utilise ce dossier de données'),
    hint: text(
      'stop the other grenier-relay, or name another folder with --data',
      'arrêtez l’autre grenier-relay, ou donnez un autre dossier avec --data',
    ),
  },
  'data-broken': {
    error: text('the data folder cannot be read: {folder}', 'dossier de données illisible : {folder}'),
    hint: text(
      'look at the disk; restore the folder from a backup',
      'vérifiez le disque ; restaurez le dossier depuis une sauvegarde',
    ),
  },
  'data-unsafe': {
    error: text('others may read the key {path}', 'd’autres peuvent lire la clé {path}'),
    hint: text('chmod 600 that file', 'chmod 600 sur ce fichier'),
  },
  'version-unknown': {
    error: text(
      'the data folder is of another version ({version})',
      'le dossier de données est d’une autre version ({version})',
    ),
    hint: text('update grenier-relay', 'mettez grenier-relay à jour'),
  },
  'disk-full': {
    error: text('no space left for the data folder', 'plus de place pour le dossier de données'),
    hint: text('make room and start again', 'faites de la place et recommencez'),
  },
  'no-relay': {
    error: text('no relay runs on this data folder', 'aucun relais ne tourne sur ce dossier de données'),
    hint: text('start it first: grenier-relay serve', 'démarrez-le d’abord : grenier-relay serve'),
  },
  'command-missing': {
    error: text('no command given', 'aucune commande donnée'),
    hint: text('as in grenier-relay serve --help', 'comme grenier-relay serve --help'),
  },
  uses: {
    error: text('not a number of accounts: {text}', 'pas un nombre de comptes : {text}'),
    hint: text('--uses takes 1 to 10000', '--uses va de 1 à 10000'),
  },
  'data-missing': {
    error: text('no relay has its data in {folder}', 'aucun relais n’a ses données dans {folder}'),
    hint: text(
      'name the folder of `grenier-relay serve` with --data',
      'donnez le dossier de « grenier-relay serve » avec --data',
    ),
  },
  'listen-failed': {
    error: text('cannot listen on {listen}: {reason}', 'impossible d’écouter sur {listen} : {reason}'),
    hint: text('choose another address with --listen', 'choisissez une autre adresse avec --listen'),
  },
  'tls-failed': {
    error: text(
      'the certificate or its key cannot be used: {message}',
      'certificat ou clé inutilisable : {message}',
    ),
    hint: text(
      'both are PEM files; the key must belong to the certificate',
      'deux fichiers PEM ; la clé doit être celle du certificat',
    ),
  },
  'admin-failed': {
    error: text(
      'the running relay did not answer: {message}',
      'le relais en marche n’a pas répondu : {message}',
    ),
  },
  'unknown-name': {
    error: text('unknown: {name}', 'inconnu : {name}'),
    hint: text('the list command shows what there is', 'la commande list montre ce qu’il y a'),
  },
  'not-understood': {
    error: text('not understood: {text}', 'pas compris : {text}'),
    hint: text('see grenier-relay --help', 'voir grenier-relay --help'),
  },
  'argument-missing': {
    error: text('missing: {text}', 'il manque : {text}'),
    hint: text('see grenier-relay --help', 'voir grenier-relay --help'),
  },
  size: {
    error: text('not a size: {text}', 'pas une taille : {text}'),
    hint: text('as in 500MB or 5GiB', 'comme 500MB ou 5GiB'),
  },
  duration: {
    error: text('not a duration: {text}', 'pas une durée : {text}'),
    hint: text('as in 24h or 7d, at most a year', 'comme 24h ou 7d, un an au plus'),
  },
  usage: {
    error: text('{message}', '{message}'),
    hint: text('see grenier-relay --help', 'voir grenier-relay --help'),
  },
}

/** Every text there is, for the test that holds both languages complete. */
export function catalogueTexts(): readonly Text[] {
  const told = Object.values(advices).flatMap(({ error, hint }) =>
    hint === undefined ? [error] : [error, hint],
  )
  return [...Object.values(catalogue), ...told, systemRefusal.error, systemRefusal.hint]
}
