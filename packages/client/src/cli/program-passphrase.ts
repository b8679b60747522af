// What can be said to `grenier` about the passphrase of this device's keys.
import { Argument } from 'commander'
import * as v from 'valibot'
import { removePassphrase, setPassphrase } from './passphrase-set.ts'
import type { HistoryBuilding } from './program-history.ts'

/** Adds the command. */
export function addPassphrase({ invocation, words, done, sub }: HistoryBuilding): void {
  sub('passphrase', words.helpPassphrase({}))
    .addArgument(new Argument('<set|remove>', words.helpPassphraseWhat({})).choices(['set', 'remove']))
    .option(`--new-passphrase-file <${words.value.file}>`, words.helpNewPassphraseFile({}))
    .action(async (what: string, flags: unknown) => {
      const { newPassphraseFile } = v.parse(v.object({ newPassphraseFile: v.optional(v.string()) }), flags)
      done(what === 'set' ? await setPassphrase(invocation, newPassphraseFile) : removePassphrase(invocation))
    })
}
