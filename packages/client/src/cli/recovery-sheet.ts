// One printed page that somebody who has never heard of Grenier can act on: the words, the relay, and what to do. HTML that asks nobody for anything.
import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Output } from './output.ts'
import { phraseWordsOf, refuseUnwritable, writePrivate } from './phrase.ts'
import { printable } from './printable.ts'
import { formatMoment } from './quantities.ts'
import { usageError } from './usage-error.ts'

/** What stands on the page. `words`: its texts, in one language. */
export interface SheetFacts {
  readonly phrase: string
  readonly relays: readonly string[]
  /** When it was made, for people. */
  readonly made: string
}

/** The texts of the page. `command` is shown as it is typed. */
export interface SheetWords {
  readonly language: string
  readonly title: string
  readonly purpose: string
  readonly wordsTitle: string
  readonly relayTitle: string
  readonly todoTitle: string
  readonly steps: readonly string[]
  readonly command: string
  readonly keepTitle: string
  readonly keep: string
  readonly made: (values: { made: string }) => string
}

const style = `
@page { size: A4; margin: 15mm 18mm }
body { font: 10.5pt/1.35 Georgia, 'Times New Roman', serif; color: #111; background: #fff; max-width: 174mm; margin: 0 auto; padding: 8mm 0 }
h1 { font-size: 18pt; margin: 0 0 2mm } h2 { font-size: 12pt; margin: 4mm 0 1.5mm } p { margin: 0 0 1.5mm } ol { margin: 0 0 2mm }
ol.words { columns: 3; border: 1pt solid #111; padding: 3mm 4mm 3mm 14mm; margin: 0; font-size: 13pt; line-height: 1.5 }
ol.words li { break-inside: avoid } ol.words, code { font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace }
code { font-size: 10pt; overflow-wrap: anywhere } .relay { font-size: 11pt } footer { margin-top: 4mm; font-size: 9pt; color: #444 }
@media print { body { padding: 0 } }`

/** The page, whole. */
export function recoverySheet({ phrase, relays, made }: SheetFacts, words: SheetWords): string {
  const list = phraseWordsOf(phrase).map((word) => `<li>${escaped(word)}</li>`)
  const steps = words.steps.map((step) => `<li>${escaped(step)}</li>`)
  return `<!doctype html>
<html lang="${escaped(words.language)}">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(words.title)}</title>
<style>${style}
</style>
<h1>${escaped(words.title)}</h1>
<p>${escaped(words.purpose)}</p>
<h2>${escaped(words.wordsTitle)}</h2>
<ol class="words">
${list.join('\n')}
</ol>
<h2>${escaped(words.relayTitle)}</h2>
${relays.map((relay) => `<p><code class="relay">${escaped(relay)}</code></p>`).join('\n')}
<h2>${escaped(words.todoTitle)}</h2>
<ol>
${steps.join('\n')}
</ol>
${relays.map((relay) => `<p><code>${escaped(words.command)} ${escaped(relay)}</code></p>`).join('\n')}
<h2>${escaped(words.keepTitle)}</h2>
<p>${escaped(words.keep)}</p>
<footer>${escaped(words.made({ made }))}</footer>
</html>
`
}

/** Before anything is begun: the page would be refused once the words are in force, or take their file. @throws ClientError `usage` */
export function refuseSheet(sheet: string | undefined, phraseOut: string | undefined): void {
  if (sheet === undefined) return
  if (phraseOut !== undefined && resolve(phraseOut) === resolve(sheet)) throw usageError('sheet-same', sheet)
  if (isTaken(sheet)) throw usageError('sheet-exists', sheet)
  refuseUnwritable(sheet)
}

/** Also by a link to nowhere, which would be refused when the page is written. Where it cannot be told, the trial to write tells why. */
function isTaken(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** Writes the page to a new file, 0600, and says where it is. @throws ClientError `usage` */
export function writeSheet(output: Output, file: string, of: Omit<SheetFacts, 'made'>): void {
  const { words, language } = output
  const made = formatMoment(Date.now(), language)
  writePrivate(file, recoverySheet({ ...of, made }, words.sheet))
  output.note(words.sheetWritten({ path: printable(file) }))
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
