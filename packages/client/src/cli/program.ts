// What can be said to `grenier`: its commands, their options, and a help page for each, in the language of the user.
import { readFileSync } from 'node:fs'
import { Argument, Command, Option, type CommanderError } from 'commander'
import * as v from 'valibot'
import * as commands from './commands.ts'
import type { ClientError, ExitCode } from '../errors.ts'
import type { Catalogue, CommandName, HelpTitle } from './catalogue.ts'
import type { Invocation } from './invocation.ts'
import { openKeysFor } from './key-opening.ts'
import { addArchive } from './program-archive.ts'
import { addBackup } from './program-backup.ts'
import { addCarry } from './program-carry.ts'
import { addHistory } from './program-history.ts'
import { addMirror } from './program-mirror.ts'
import { addPassphrase } from './program-passphrase.ts'
import { addVaults } from './program-vaults.ts'
import { usageError } from './usage-error.ts'

/** Hands the exit code of a command over. */
export type Done = (exitCode: ExitCode) => void

interface Building {
  readonly invocation: Invocation
  readonly words: Catalogue
  readonly root: Command
  readonly done: Done
}

/** The program, ready to parse. */
export function program(invocation: Invocation, done: Done): Command {
  const { words } = invocation.output
  const root = plain(words, new Command('grenier'))
    .description(words.helpProgram({}))
    .usage(`${words.value.command} [${words.value.options}]`)
    .version(packageVersion(), '-V, --version', words.helpVersion({}))
    .option(`--home <${words.value.directory}>`, words.helpHome({}))
    .option(`--passphrase-file <${words.value.file}>`, words.helpPassphraseFile({}))
    .option('--json', words.helpJson({}))
    .option('--yes', words.helpYes({}))
    .addOption(new Option(`--lang <${words.value.language}>`, words.helpLang({})).choices(['fr', 'en']))
    .option('--verbose', words.helpVerbose({}))
    .hook('preAction', async (_root, command) => await openKeysFor(invocation, topName(command)))
    // What no command takes is the name of one that there is not.
    .allowExcessArguments(true)
    .action(() => {
      const [unknown] = root.args
      throw unknown === undefined ? usageError('no-command') : usageError('not-understood', unknown)
    })
  const on: Building = { invocation, words, root, done }
  for (const build of [
    addSetup,
    addAdd,
    addInvite,
    addJoin,
    addRecover,
    addRecovery,
    addUsage,
    addSync,
    addStatus,
    addDevices,
    addRevoke,
    addRole,
    addApprove,
    addAdopt,
    addHeal,
    addVerify,
    addLimit,
    addForget,
  ])
    build(on)
  addPrune(on)
  addRetention(on)
  const others = { ...on, sub: (name: CommandName, help: string) => sub(on, name, help) }
  addArchive(others)
  addBackup(others)
  addCarry(others)
  addMirror(others)
  addHistory(others)
  addVaults(others)
  addPassphrase(others)
  for (const command of [root, ...root.commands]) refuseTwice(command)
  return root
}

/** The last one of two values would count, and the first one be passed over without a word. */
function refuseTwice(command: Command): void {
  for (const option of command.options) {
    // What gathers all that is said has words of its own for it; so has commander for what is to be chosen, and those gather nothing.
    const gathers = option.parseArg !== undefined && option.argChoices === undefined
    if (!option.required || option.variadic || gathers) continue
    let isGiven = false
    command.on(`option:${option.name()}`, () => {
      if (isGiven) throw usageError('twice', option.long ?? option.name())
      isGiven = true
    })
  }
}

/** The command of which this is a part, or is itself. */
function topName(command: Command): string {
  const { parent } = command
  return parent === null || parent.parent === null ? command.name() : topName(parent)
}

/** What commander says of wrong usage, as our error: its sentences are English, what they quote is what was typed. */
export function misuse(error: CommanderError): ClientError {
  const quotes = [...error.message.matchAll(/'([^']+)'/g)].map((match) => match[1])
  const quoted = quotes.length > 0 ? quotes.join(' ') : error.message.replace(/^error: /, '')
  if (error.code === 'commander.excessArguments') {
    const [, given] = / but got \d+: (.*)\.$/s.exec(error.message) ?? []
    return usageError('too-many', given ?? quoted, error)
  }
  const missing = /^commander\.(missing|optionMissing)/.test(error.code)
  return usageError(missing ? 'argument-missing' : 'not-understood', quoted, error)
}

function addSetup({ invocation, words, done, ...on }: Building): void {
  const { relay, name, file, code } = words.value
  const command = sub({ ...on, words }, 'setup', words.helpSetup({}))
  command
    .argument(`<${relay}>`)
    .option(`--invite <${code}>`, words.helpSetupInvite({}))
    .option(`--device-name <${name}>`, words.helpDeviceName({}))
    .option(`--phrase-out <${file}>`, words.helpPhraseOut({}))
    .option(`--phrase-file <${file}>`, words.helpPhraseFile({}))
    .option(`--recovery-sheet <${file}>`, words.helpRecoverySheet({}))
    .action(async (url: string, flags: unknown) => {
      const optional = v.optional(v.string())
      const phrases = { phraseOut: optional, phraseFile: optional, recoverySheet: optional }
      const shape = { invite: optional, deviceName: optional, ...phrases }
      done(await commands.setup(invocation, url, v.parse(v.object(shape), flags)))
    })
}

function addAdd({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'add', words.helpAdd({}))
    .argument(`<${words.value.folder}>`)
    .option(`--name <${words.value.name}>`, words.helpAddName({}))
    .action(async (folder: string, flags: unknown) => {
      done(await commands.add(invocation, folder, v.parse(v.object({ name: v.optional(v.string()) }), flags)))
    })
}

function addInvite({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'invite', words.helpInvite({}))
    .argument(`<${words.value.folder}>`)
    .option(`--role <${words.value.role}>`, words.helpInviteRole({}), 'writer')
    .option(`--expires <${words.value.duration}>`, words.helpInviteExpires({}), '24h')
    .option('--qr', words.helpInviteQr({}))
    .option(`--cancel <${words.value.invitation}>`, words.helpInviteCancel({}))
    .action(async (folder: string, flags: unknown) => {
      const [qr, cancel] = [v.optional(v.boolean()), v.optional(v.string())]
      const shape = v.object({ role: v.string(), expires: v.string(), qr, cancel })
      done(await commands.invite(invocation, folder, v.parse(shape, flags)))
    })
}

function addDevices({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'devices', words.helpDevices({}))
    .argument(`<${words.value.folder}>`)
    .action(async (folder: string) => done(await commands.devices(invocation, folder)))
}

function addRevoke({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'revoke', words.helpRevoke({}))
    .argument(`<${words.value.folder}>`)
    .argument(`<${words.value.device}>`)
    .action(async (folder: string, member: string) => done(await commands.revoke(invocation, folder, member)))
}

function addRole({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'role', words.helpRole({}))
    .argument(`<${words.value.folder}>`)
    .argument(`<${words.value.device}>`)
    .argument(`<${words.value.role}>`)
    .action(async (folder: string, member: string, wanted: string) =>
      done(await commands.role(invocation, folder, { member, role: wanted })),
    )
}

function addJoin({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'join', words.helpJoin({}))
    .argument(`<${words.value.code}>`)
    .argument(`<${words.value.folder}>`)
    .option(`--device-name <${words.value.name}>`, words.helpDeviceName({}))
    .action(async (code: string, folder: string, flags: unknown) => {
      const checked = v.parse(v.object({ deviceName: v.optional(v.string()) }), flags)
      done(await commands.join(invocation, { code, folder }, checked))
    })
}

function addRecover({ invocation, words, done, ...on }: Building): void {
  const { relay, name, file, folder } = words.value
  sub({ ...on, words }, 'recover', words.helpRecover({}))
    .argument(`<${relay}>`)
    .option(`--phrase-file <${file}>`, words.helpPhraseFile({}))
    .option(`--vault <${name}>`, words.helpRecoverVault({}))
    .option(`--into <${folder}>`, words.helpRecoverInto({}))
    .option(`--keep-device <${name}...>`, words.helpKeepDevice({}))
    .option(`--device-name <${name}>`, words.helpDeviceName({}))
    .action(async (url: string, flags: unknown) => {
      const optional = v.optional(v.string())
      const shape = { phraseFile: optional, vault: optional, into: optional, deviceName: optional }
      const keepDevice = v.optional(v.array(v.string()))
      done(await commands.recover(invocation, url, v.parse(v.object({ ...shape, keepDevice }), flags)))
    })
}

function addRecovery({ invocation, words, done, ...on }: Building): void {
  const { file } = words.value
  sub({ ...on, words }, 'recovery', words.helpRecovery({}))
    .addArgument(new Argument('<renew>', words.helpRecoveryRenew({})).choices(['renew']))
    .option(`--phrase-file <${file}>`, words.helpPhraseFile({}))
    .option(`--phrase-out <${file}>`, words.helpPhraseOut({}))
    .option(`--new-phrase-file <${file}>`, words.helpNewPhraseFile({}))
    .option(`--recovery-sheet <${file}>`, words.helpRecoverySheet({}))
    .action(async (_what: string, flags: unknown) => {
      const optional = v.optional(v.string())
      const files = { phraseFile: optional, phraseOut: optional, newPhraseFile: optional }
      const shape = { ...files, recoverySheet: optional }
      done(await commands.recoveryRenew(invocation, v.parse(v.object(shape), flags)))
    })
}

function addUsage({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'usage', words.helpUsage({})).action(async () =>
    done(await commands.usage(invocation)),
  )
}

function addSync({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'sync', words.helpSync({}))
    .argument(`[${words.value.folder}...]`)
    .option('--once', words.helpOnce({}))
    .option(`--relay <${words.value.relay}>`, words.helpSyncRelay({}))
    .action(async (folders: string[], flags: unknown) => {
      const schema = v.object({ once: v.optional(v.boolean()), relay: v.optional(v.string()) })
      done(await commands.sync(invocation, folders, v.parse(schema, flags)))
    })
}

function addStatus({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'status', words.helpStatus({}))
    .argument(`[${words.value.folder}]`)
    .action(async (folder: string | undefined) => done(await commands.status(invocation, folder)))
}

function addApprove({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'approve', words.helpApprove({}))
    .argument(`<${words.value.folder}>`)
    .action(async (folder: string) => done(await commands.approve(invocation, folder)))
}

function addAdopt({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'adopt', words.helpAdopt({}))
    .argument(`<${words.value.folder}>`)
    .action(async (folder: string) => done(await commands.adopt(invocation, folder)))
}

function addHeal({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'heal', words.helpHeal({}))
    .argument(`[${words.value.folder}]`)
    .action(async (folder: string | undefined) => done(await commands.heal(invocation, folder)))
}

function addVerify({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'verify', words.helpVerify({}))
    .argument(`[${words.value.folder}]`)
    .option(`--sample <${words.value.share}>`, words.helpVerifySample({}))
    .action(async (folder: string | undefined, flags: unknown) => {
      const shape = v.object({ sample: v.optional(v.string()) })
      done(await commands.verify(invocation, folder, v.parse(shape, flags)))
    })
}

function addLimit({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'limit', words.helpLimit({}))
    .option(`--up <${words.value.rate}>`, words.helpLimitUp({}))
    .option(`--down <${words.value.rate}>`, words.helpLimitDown({}))
    .action(async (flags: unknown) => {
      const optional = v.optional(v.string())
      done(await commands.limit(invocation, v.parse(v.object({ up: optional, down: optional }), flags)))
    })
}

function addPrune({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'prune', words.helpPrune({}))
    .argument(`[${words.value.folder}]`)
    .option(`--keep <${words.value.duration}>`, words.helpPruneKeep({}))
    .option('--dry-run', words.helpPruneDryRun({}))
    .option('--undo', words.helpPruneUndo({}))
    .action(async (folder: string | undefined, flags: unknown) => {
      const flag = v.optional(v.boolean())
      const shape = { keep: v.optional(v.string()), dryRun: flag, undo: flag }
      done(await commands.prune(invocation, folder, v.parse(v.object(shape), flags)))
    })
}

function addRetention({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'retention', words.helpRetention({}))
    .argument(`<${words.value.folder}>`)
    .argument(`[${words.value.duration}]`)
    .action(async (folder: string, floor: string | undefined) =>
      done(await commands.retention(invocation, folder, floor)),
    )
}

function addForget({ invocation, words, done, ...on }: Building): void {
  sub({ ...on, words }, 'forget', words.helpForget({}))
    .argument(`<${words.value.folder}>`)
    .action(async (folder: string) => done(await commands.forget(invocation, folder)))
}

function sub({ root, words }: Pick<Building, 'root' | 'words'>, name: CommandName, help: string): Command {
  const example = `\n${words.help['Example:']}\n  ${words.example[name]}`
  return plain(words, root.command(name)).description(help).addHelpText('after', example)
}

/** What all commands share: our words, our exits, our errors. */
function plain(words: Catalogue, command: Command): Command {
  return command
    .helpOption('-h, --help', words.helpHelp({}))
    .helpCommand(false)
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({ outputError: () => undefined })
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: (title) => (isTitle(words, title) ? words.help[title] : title),
      // The default of an option stands in its words where it matters.
      optionDescription: (option) => option.description,
      commandUsage: (of) => usageOf(words, of),
      subcommandTerm: (of) => `${of.name()} ${argumentsOf(of)}`.trimEnd(),
    })
}

function usageOf(words: Catalogue, command: Command): string {
  if (command.parent === null) return `${command.name()} ${command.usage()}`
  return `${command.parent.name()} ${command.name()} ${argumentsOf(command)} [${words.value.options}]`
}

function argumentsOf(command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}…` : argument.name()
    return argument.required ? name : `[${name}]`
  })
  return names.join(' ')
}

function isTitle(words: Catalogue, title: string): title is HelpTitle {
  return Object.hasOwn(words.help, title)
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return v.parse(v.object({ version: v.string() }), JSON.parse(manifest)).version
}
