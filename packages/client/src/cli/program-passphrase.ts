// What can be said to `grenier` about how this device's keys are sealed.
import { Argument } from 'commander'
import * as v from 'valibot'
import * as commands from './commands.ts'
import type { HistoryBuilding } from './program-history.ts'

/** Adds the commands. */
export function addPassphrase(on: HistoryBuilding): void {
  addSet(on)
  addKeyring(on)
  addUnlock(on)
}

function addUnlock({ invocation, words, done, sub }: HistoryBuilding): void {
  sub('unlock', words.helpUnlock({}))
    .option(`--for <${words.value.duration}>`, words.helpUnlockFor({}))
    .action(async (flags: unknown) => {
      done(await commands.unlock(invocation, v.parse(v.object({ for: v.optional(v.string()) }), flags)))
    })
  sub('lock', words.helpLock({})).action(async () => done(await commands.lock(invocation)))
}

function addKeyring({ invocation, words, done, sub }: HistoryBuilding): void {
  sub('keyring', words.helpKeyring({}))
    .addArgument(new Argument('<on|off>', words.helpKeyringWhat({})).choices(['on', 'off']))
    .action(async (what: string) => {
      done(what === 'on' ? await commands.keyringOn(invocation) : await commands.keyringOff(invocation))
    })
}

function addSet({ invocation, words, done, sub }: HistoryBuilding): void {
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
