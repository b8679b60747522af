// What can be said to `grenier` about the vaults there are.
import { Argument } from 'commander'
import * as v from 'valibot'
import * as commands from './commands.ts'
import type { HistoryBuilding } from './program-history.ts'

/** Adds the commands. */
export function addVaults({ invocation, words, done, sub }: HistoryBuilding): void {
  sub('vaults', words.helpVaults({})).action(async () => done(await commands.vaults(invocation)))
  sub('vault', words.helpVault({}))
    .addArgument(new Argument('<delete>', words.helpVaultDelete({})).choices(['delete']))
    .argument(`<${words.value.name}>`)
    .option('--undo', words.helpVaultUndo({}))
    .option('--relay <url>', words.helpVaultRelay({}))
    .action(async (_what: string, name: string, flags: unknown) => {
      done(
        await commands.deleteVault(
          invocation,
          name,
          v.parse(v.object({ undo: v.optional(v.boolean()), relay: v.optional(v.string()) }), flags),
        ),
      )
    })
}
