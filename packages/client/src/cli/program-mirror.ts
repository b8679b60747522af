// What can be said to `grenier` about mirrors.
import * as v from 'valibot'
import * as commands from './commands.ts'
import type { HistoryBuilding } from './program-history.ts'
import { usageError } from './usage-error.ts'

const shape = v.object({ invite: v.optional(v.string()), force: v.optional(v.boolean()) })

/** Adds the command. */
export function addMirror({ invocation, words, done, sub }: HistoryBuilding): void {
  const { folder, relay, code } = words.value
  sub('mirror', words.helpMirror({}))
    .argument('<add|list|promote|remove>', words.helpMirrorWhat({}))
    .argument(`[${folder}]`)
    .argument(`[${relay}]`)
    .option(`--invite <${code}>`, words.helpMirrorInvite({}))
    .option('--force', words.helpMirrorForce({}))
    .action(async (what: string, ...rest: [string | undefined, string | undefined, unknown, unknown]) => {
      const [given, url, flags] = rest
      const { invite, force } = v.parse(shape, flags)
      if (what !== 'add' && what !== 'promote' && invite !== undefined)
        throw usageError('too-many', '--invite')
      if (what !== 'promote' && force === true) throw usageError('too-many', '--force')
      if (what === 'list') {
        if (url !== undefined) throw usageError('too-many', url)
        done(await commands.mirrorList(invocation, given))
        return
      }
      if (what !== 'add' && what !== 'remove' && what !== 'promote') throw usageError('mirror-what', what)
      if (given === undefined || url === undefined)
        throw usageError('argument-missing', given === undefined ? folder : relay)
      const on = { folder: given, relay: url }
      if (what === 'add') done(await commands.mirrorAdd(invocation, on, { invite }))
      else if (what === 'promote') done(await commands.mirrorPromote(invocation, on, { invite, force }))
      else done(await commands.mirrorRemove(invocation, on))
    })
}
