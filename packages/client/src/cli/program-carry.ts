// What can be said to `grenier` about carrying a vault to a relay.
import * as v from 'valibot'
import * as commands from './commands.ts'
import type { HistoryBuilding } from './program-history.ts'

const optional = v.optional(v.string())

/** Adds the commands. */
export function addCarry(on: HistoryBuilding): void {
  addImport(on)
  addMove(on)
}

function addImport({ invocation, words, done, sub }: HistoryBuilding): void {
  const { archive, relay } = words.value
  sub('import', words.helpImport({}))
    .argument(`<${archive}>`)
    .option(`--relay <${relay}>`, words.helpImportRelay({}))
    .action(async (file: string, flags: unknown) => {
      done(await commands.importFile(invocation, file, v.parse(v.object({ relay: optional }), flags)))
    })
}

function addMove({ invocation, words, done, sub }: HistoryBuilding): void {
  const { folder, relay, code } = words.value
  sub('move', words.helpMove({}))
    .argument(`<${folder}>`)
    .argument(`<${relay}>`)
    .option(`--invite <${code}>`, words.helpSetupInvite({}))
    .option('--remove-old', words.helpMoveRemoveOld({}))
    .action(async (name: string, to: string, flags: unknown) => {
      const schema = v.object({ invite: optional, removeOld: v.optional(v.boolean()) })
      done(await commands.move(invocation, { folder: name, relay: to }, v.parse(schema, flags)))
    })
}
