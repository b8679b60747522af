// What the demonstration says, in English and French.

export type Language = 'en' | 'fr'

/** `--lang`, else the locale, else English. */
export function languageOf(asked: string | undefined, environment: NodeJS.ProcessEnv): Language {
  const { LC_ALL: all, LC_MESSAGES: messages, LANG: lang } = environment
  const locale = [asked, all, messages, lang].find((value) => value !== undefined && value !== '') ?? ''
  return locale.toLowerCase().startsWith('fr') ? 'fr' : 'en'
}

/** Names of the two devices, which are also those of their folders. */
const names: readonly [string, string] = ['first', 'second']

const english = {
  usage: 'usage: npm start -- [FOLDER [OTHER]] [--once] [--lang fr|en]',
  noFolder: (path: string) => `error: ${path} is no folder`,
  sameFolder: 'error: the two folders must be different, and neither inside the other',
  title: 'Grenier: two devices and a blind relay, all on this machine; nothing leaves it.',
  startRelay: 'starting a relay…',
  startDevices: 'making two devices with their keys…',
  sending: (path: string) => `sealing and sending ${path}…`,
  fetching: (path: string) => `joining with a one-time code, and fetching into ${path}…`,
  relay: 'relay',
  devices: names,
  dropHere: '← change files here…',
  orHere: '← …or here: each change goes across',
  relayHolds: 'What the relay holds, and all that it can see: packs, named by their own hash, in dull sizes.',
  relayRest: (size: string) =>
    `${size} of database: the signed log with sealed entries, packs up to 64 KiB, one account`,
  more: (count: number) => `… and ${count} more`,
  relayNow: (size: string, entries: string) =>
    `relay: ${size} of sealed packs, ${entries} entries in the log`,
  howToStop: 'Ctrl-C stops everything.',
  actions: { put: 'put', remove: 'removed', move: 'moved' },
  agree: (files: string, size: string) => `Both folders agree: ${files} files, ${size}.`,
  conflict: (path: string, keptAs: string) => `conflict: ${path}, kept as ${keptAs}`,
  problem: (path: string, code: string) => `problem: ${path} (${code})`,
  offline: 'the relay is out of reach',
  stopping: 'stopping…',
  ended: (what: string, code: string) => `error: ${what} ended by itself (${code})`,
  failed: (what: string) => `error: ${what} failed`,
  leftRelay: 'The relay, both devices and their keys are gone: they were temporary.',
  leftNothing: 'The two folders held nothing but the sample: they are removed as well.',
  left: (path: string) => `Your files stay in ${path}; this demonstration has let go of it.`,
  leftCopy: (path: string) => `The copy stays in ${path}; remove it when you like.`,
  leftMark: (path: string) => `${path}/.grenier could not be removed: remove it by hand.`,
}

export type Words = typeof english

const french: Words = {
  usage: 'usage : npm start -- [DOSSIER [AUTRE]] [--once] [--lang fr|en]',
  noFolder: (path) => `erreur : ${path} n’est pas un dossier`,
  sameFolder: 'erreur : les deux dossiers doivent être différents, et aucun dans l’autre',
  title: 'Grenier : deux appareils et un relais aveugle, tous sur cette machine ; rien n’en sort.',
  startRelay: 'démarrage d’un relais…',
  startDevices: 'création de deux appareils avec leurs clés…',
  sending: (path) => `scellement et envoi de ${path}…`,
  fetching: (path) => `adhésion par un code à usage unique, et réception dans ${path}…`,
  relay: 'relais',
  devices: ['premier', 'second'],
  dropHere: '← changez des fichiers ici…',
  orHere: '← …ou ici : chaque changement traverse',
  relayHolds:
    'Ce que le relais détient, et tout ce qu’il peut voir : des paquets, nommés par leur empreinte, aux tailles ternes.',
  relayRest: (size) =>
    `${size} de base : le journal signé aux entrées scellées, les paquets jusqu’à 64 Kio, un compte`,
  more: (count) => `… et ${count} de plus`,
  relayNow: (size, entries) => `relais : ${size} de paquets scellés, ${entries} entrées au journal`,
  howToStop: 'Ctrl-C arrête tout.',
  actions: { put: 'écrit', remove: 'supprimé', move: 'déplacé' },
  agree: (files, size) => `Les deux dossiers s’accordent : ${files} fichiers, ${size}.`,
  conflict: (path, keptAs) => `conflit : ${path}, gardé sous ${keptAs}`,
  problem: (path, code) => `problème : ${path} (${code})`,
  offline: 'le relais est hors d’atteinte',
  stopping: 'arrêt…',
  ended: (what, code) => `erreur : ${what} s’est terminé de lui-même (${code})`,
  failed: (what) => `erreur : ${what} a échoué`,
  leftRelay: 'Le relais, les deux appareils et leurs clés ont disparu : ils étaient temporaires.',
  leftNothing: 'Les deux dossiers ne contenaient que l’échantillon : ils sont supprimés aussi.',
  left: (path) => `Vos fichiers restent dans ${path} ; cette démonstration l’a lâché.`,
  leftCopy: (path) => `La copie reste dans ${path} ; supprimez-la quand vous voudrez.`,
  leftMark: (path) => `${path}/.grenier n’a pas pu être supprimé : supprimez-le à la main.`,
}

export function wordsOf(language: Language): Words {
  return language === 'fr' ? french : english
}

/** A size for people. */
export function sizeText(bytes: number, language: Language): string {
  const units = language === 'fr' ? ['o', 'Kio', 'Mio', 'Gio'] : ['B', 'KiB', 'MiB', 'GiB']
  let [value, unit] = [bytes, 0]
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1]
  const maximumFractionDigits = unit === 0 || value >= 100 ? 0 : 1
  const space = language === 'fr' ? '\u00a0' : ' '
  return `${value.toLocaleString(language, { maximumFractionDigits })}${space}${units[unit] ?? ''}`
}

/** A name must not move the cursor: what a terminal would act on is written out. */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
