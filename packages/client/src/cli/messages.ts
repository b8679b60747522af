// The catalogue by language: all that people read, in two languages. The library knows codes only.
import type { Catalogue } from './catalogue.ts'
import { english } from './messages-en.ts'
import { french } from './messages-fr.ts'

/** The languages there are. */
export type Language = 'en' | 'fr'

/** The catalogue of a language. */
export function catalogueOf(language: Language): Catalogue {
  return language === 'fr' ? french : english
}

/** The language that was asked for, else that of the locale, else English. */
export function languageOf(asked: string | undefined, environment: NodeJS.ProcessEnv): Language {
  const { LC_ALL: all, LC_MESSAGES: messages, LANG: lang } = environment
  if (asked === 'fr' || asked === 'en') return asked
  // An empty variable is one that is not set: POSIX. What else was asked for is wrong usage, told in the language of the locale.
  const locale = [all, messages, lang].find((value) => value !== undefined && value !== '') ?? ''
  return locale.toLowerCase().startsWith('fr') ? 'fr' : 'en'
}
