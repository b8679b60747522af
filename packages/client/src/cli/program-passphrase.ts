// What can be said to `grenier` about the passphrase of this device's keys.
import { Argument } from 'commander'
import * as v from 'valibot'
import * as commands from './commands.ts'
import type { HistoryBuilding } from './program-history.ts'

/** Adds the command. */
export function addPassphrase({ invocation, words, done, sub }: HistoryBuilding): void {
  sub('passphrase', words.helpPassphrase({}))
    .addArgument(new Argument('<set|remove>', words.helpPassphraseWhat({})).choices(['set', 'remove']))
    .option(`--new-passphrase-file <${words.value.file}>`, words.helpNewPassphraseFile({}))
    .action(async (what: string, flags: unknown) => {
      const { newPassphraseFile } = v.parse(v.object({ newPassphraseFile: v.optional(v.string()) }), flags)
      done(
        what === 'set'
          ? await commands.setPassphrase(invocation, newPassphraseFile)
          : await commands.removePassphrase(invocation),
      )
    })
}
