// What can be said to `grenier` about the history: the commands that look into it, and bring it back.
import type { Command } from 'commander'
import * as v from 'valibot'
import * as commands from './commands.ts'
import type { Catalogue, CommandName } from './catalogue.ts'
import type { Invocation } from './invocation.ts'
import type { Done } from './program.ts'

/** What a command is built with. */
export interface HistoryBuilding {
  readonly invocation: Invocation
  readonly words: Catalogue
  readonly done: Done
  readonly sub: (name: CommandName, help: string) => Command
}

const optional = v.optional(v.string())
const flag = v.optional(v.boolean())

/** Adds them. */
export function addHistory(on: HistoryBuilding): void {
  addLog(on)
  addLs(on)
  addCat(on)
  addRestore(on)
  addConflicts(on)
}

function addLog({ invocation, words, done, sub }: HistoryBuilding): void {
  const { folder, path, count } = words.value
  sub('log', words.helpLog({}))
    .argument(`[${folder}]`)
    .option(`--path <${path}>`, words.helpLogPath({}))
    .option(`--limit <${count}>`, words.helpLogLimit({}))
    .option('--all', words.helpLogAll({}))
    .action(async (given: string | undefined, flags: unknown) => {
      const shape = v.object({ path: optional, limit: optional, all: flag })
      done(await commands.log(invocation, given, v.parse(shape, flags)))
    })
}

function addLs({ invocation, words, done, sub }: HistoryBuilding): void {
  const { folder, path, moment } = words.value
  sub('ls', words.helpLs({}))
    .argument(`<${folder}>`)
    .argument(`[${path}]`)
    .option(`--at <${moment}>`, words.helpAt({}))
    .option('-R, --recursive', words.helpLsRecursive({}))
    .action(async (given: string, inside: string | undefined, flags: unknown) => {
      const checked = v.parse(v.object({ at: optional, recursive: flag }), flags)
      done(await commands.ls(invocation, { folder: given, path: inside }, checked))
    })
}

function addCat({ invocation, words, done, sub }: HistoryBuilding): void {
  const { folder, path, moment } = words.value
  sub('cat', words.helpCat({}))
    .argument(`<${folder}>`)
    .argument(`<${path}>`)
    .option(`--at <${moment}>`, words.helpAt({}))
    .action(async (given: string, inside: string, flags: unknown) => {
      const checked = v.parse(v.object({ at: optional }), flags)
      done(await commands.cat(invocation, { folder: given, path: inside }, checked))
    })
}

function addRestore({ invocation, words, done, sub }: HistoryBuilding): void {
  const { folder, path, moment, directory } = words.value
  sub('restore', words.helpRestore({}))
    .argument(`<${folder}>`)
    .option(`--at <${moment}>`, words.helpAt({}))
    .option(`--path <${path}>`, words.helpRestorePath({}))
    .option(`--into <${directory}>`, words.helpRestoreInto({}))
    .option('--exact', words.helpRestoreExact({}))
    .action(async (given: string, flags: unknown) => {
      const shape = v.object({ at: optional, path: optional, into: optional, exact: flag })
      done(await commands.restore(invocation, given, v.parse(shape, flags)))
    })
}

function addConflicts({ invocation, words, done, sub }: HistoryBuilding): void {
  sub('conflicts', words.helpConflicts({}))
    .argument(`[${words.value.folder}]`)
    .action(async (given: string | undefined) => done(await commands.conflicts(invocation, given)))
}
