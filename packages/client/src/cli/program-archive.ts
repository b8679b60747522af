// What can be said to `grenier` about leaving with everything, and about opening what one left with.
import * as v from 'valibot'
import * as commands from './commands.ts'
import type { HistoryBuilding } from './program-history.ts'
import { usageError } from './usage-error.ts'

/** Adds the commands. */
export function addArchive(on: HistoryBuilding): void {
  addExport(on)
  addDecrypt(on)
}

function addExport({ invocation, words, done, sub }: HistoryBuilding): void {
  sub('export', words.helpExport({}))
    .argument(`<${words.value.folder}>`)
    .requiredOption(`--out <${words.value.file}>`, words.helpExportOut({}))
    .option('--sealed', words.helpExportSealed({}))
    .option(`--at <${words.value.moment}>`, words.helpAt({}))
    .option(`--age <${words.value.recipient}>`, words.helpExportAge({}))
    .option(`--age-passphrase-file <${words.value.file}>`, words.helpExportAgePassphrase({}))
    .action(async (folder: string, flags: unknown) => {
      const text = v.optional(v.string())
      const shape = {
        out: v.string(),
        sealed: v.optional(v.boolean()),
        age: text,
        agePassphraseFile: text,
        at: text,
      }
      const { sealed, ...how } = v.parse(v.object(shape), flags)
      const wraps = how.age !== undefined || how.agePassphraseFile !== undefined
      if (sealed === true && wraps) throw usageError('age-sealed')
      // A sealed one has all of the history, and `decrypt --at` chooses.
      if (sealed === true && how.at !== undefined) throw usageError('too-many', '--at')
      const run = sealed === true ? commands.exportSealedFolder : commands.exportFolder
      done(await run(invocation, folder, how))
    })
}

function addDecrypt({ invocation, words, done, sub }: HistoryBuilding): void {
  const { archive, file, directory, path, moment } = words.value
  sub('decrypt', words.helpDecrypt({}))
    .argument(`<${archive}>`)
    .option(`--phrase-file <${file}>`, words.helpDecryptPhrase({}))
    .option(`--into <${directory}>`, words.helpDecryptInto({}))
    .option('--list', words.helpDecryptList({}))
    .option(`--path <${path}>`, words.helpDecryptPath({}), withAnother)
    .option(`--at <${moment}>`, words.helpDecryptAt({}))
    .action(async (from: string, flags: unknown) => {
      const text = v.optional(v.string())
      const paths = v.optional(v.array(v.string()))
      const shape = { phraseFile: text, into: text, list: v.optional(v.boolean()), path: paths, at: text }
      done(await commands.decrypt(invocation, from, v.parse(v.object(shape), flags)))
    })
}

/** What was said so far, and one more. */
export function withAnother(one: string, before?: readonly string[]): readonly string[] {
  return [...(before ?? []), one]
}
