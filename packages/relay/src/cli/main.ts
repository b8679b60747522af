// The command `grenier-relay`: what can be said to it, and what it answers when it is said wrongly.
import { Command, CommanderError, Option } from 'commander'
import * as v from 'valibot'
import { RelayError } from '../errors.ts'
import { invitationLifeMaxMs, invitationLifeMinMs, invitationUsesMax } from '../limits.ts'
import {
  accountList,
  accountShow,
  clockConfirm,
  inviteCreate,
  inviteList,
  inviteRevoke,
} from './administration.ts'
import { langOf, say, type Lang, type MessageKey } from './messages.ts'
import { Output, type ExitCode } from './output.ts'
import { parseDuration } from './quantities.ts'
import { serve } from './serve.ts'
import { defaultDataFolder, type ServeFlags } from './serve-config.ts'

/** Runs the command with these arguments (without node and script); resolves when it is done, with the exit code set. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whoever reads what is said may go away (a pager, a journal that starts again): no reason for a relay to fall over.
  for (const stream of [process.stdout, process.stderr])
    if (stream.listenerCount('error') === 0) stream.on('error', () => undefined)
  process.exitCode = await run(argv)
}

async function run(argv: readonly string[]): Promise<ExitCode> {
  const output = new Output({
    lang: langOf(flagOf(argv, '--lang'), process.env),
    json: argv.includes('--json'),
  })
  try {
    await program(output).parseAsync([...argv], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    return output.failure(error instanceof CommanderError ? misuse(error) : error)
  }
}

// The language is needed before commander has read the arguments.
function flagOf(argv: readonly string[], name: string): string | undefined {
  const at = argv.findIndex((argument) => argument === name || argument.startsWith(`${name}=`))
  const found = argv[at]
  return found === name ? argv[at + 1] : found?.slice(name.length + 1)
}

// Commander's own sentences are English: what they quote is what we say.
function misuse(error: CommanderError): RelayError {
  const quoted = quotedOf(error) ?? error.message.replace(/^error: /, '')
  const missing =
    error.code.startsWith('commander.missing') || error.code === 'commander.optionMissingArgument'
  const what =
    error.code === 'commander.help' ? 'command-missing' : missing ? 'argument-missing' : 'not-understood'
  return new RelayError('usage', error.message, { data: { what, text: quoted } })
}

// What was wrong about it: of a value, the value and not its option; of one argument too many, that argument.
function quotedOf({ code, message }: CommanderError): string | undefined {
  if (code === 'commander.excessArguments') return /: ([^:]+?)\.?$/.exec(message)?.[1]
  const all = [...message.matchAll(/'([^']+)'/g)].map(([, one]) => one)
  return code === 'commander.invalidArgument' ? (all[1] ?? all[0]) : all[0]
}

function program(output: Output): Command {
  const root = command(output, new Command('grenier-relay'), 'helpProgram')
  root
    .addOption(
      new Option('--data <dir>', text(output, 'helpData', { folder: defaultDataFolder(process.env) })),
    )
    .option('--json', text(output, 'helpJson'))
    .addOption(new Option('--lang <lang>', text(output, 'helpLang')).choices(['fr', 'en']))
  addServe(output, root)
  addInvite(output, root)
  addAccount(output, root)
  addClock(output, root)
  return root
}

function text(output: Output, key: MessageKey, fields = {}): string {
  return output.say(key, fields)
}

const titles = ['Usage:', 'Options:', 'Commands:', 'Arguments:', 'Global Options:'] as const

function translated(lang: Lang, title: string): string {
  const known = titles.find((one) => one === title)
  return known === undefined ? title : say(lang, known)
}

// What all commands share: our words, our exits.
function command(output: Output, made: Command, description: MessageKey): Command {
  return made
    .description(text(output, description))
    .helpOption('-h, --help', text(output, 'helpHelp'))
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({
      showGlobalOptions: true,
      // Defaults and choices stand in our own sentences: commander's are English.
      optionDescription: ({ description: said }) => said,
      styleTitle: (title) => translated(output.lang, title),
    })
}

function sub(output: Output, parent: Command, of: { name: string; help: MessageKey }): Command {
  return command(output, parent.command(of.name), of.help)
}

function addServe(output: Output, root: Command): void {
  sub(output, root, { name: 'serve', help: 'helpServe' })
    .option('--listen <host:port>', text(output, 'helpListen'))
    .option('--public-url <url>', text(output, 'helpPublicUrl'))
    .option('--tls-cert <file>', text(output, 'helpTlsCert'))
    .option('--tls-key <file>', text(output, 'helpTlsKey'))
    .option('--tls-self', text(output, 'helpTlsSelf'))
    .option('--registration <mode>', text(output, 'helpRegistration'))
    .option('--quota <size>', text(output, 'helpQuota'))
    .option('--config <file>', text(output, 'helpConfig'))
    .addHelpText('after', `\n${text(output, 'helpServeExample')}`)
    .action(async (flags: ServeFlags) => {
      await serve(output, { ...flags, data: dataFlag(root) })
    })
}

function addInvite(output: Output, root: Command): void {
  const invite = sub(output, root, { name: 'invite', help: 'helpInvite' })
  invite.addHelpText('after', `\n${text(output, 'helpInviteExample')}`)
  sub(output, invite, { name: 'create', help: 'helpInviteCreate' })
    .option('--plan <name>', text(output, 'helpPlan'))
    .option('--uses <n>', text(output, 'helpUses'), '1')
    .option('--expires <time>', text(output, 'helpExpires'), '7d')
    .addHelpText('after', `\n${text(output, 'helpInviteExample')}`)
    .action(async (flags: { plan?: string; uses: string; expires: string }) => {
      const wanted = { plan: flags.plan, uses: parseUses(flags.uses), lifeMs: parseLife(flags.expires) }
      await inviteCreate(output, folderOf(root), wanted)
    })
  sub(output, invite, { name: 'list', help: 'helpInviteList' })
    .addHelpText('after', `\n${text(output, 'helpInviteListExample')}`)
    .action(async () => {
      await inviteList(output, folderOf(root))
    })
  sub(output, invite, { name: 'revoke', help: 'helpInviteRevoke' })
    .argument('<id>')
    .addHelpText('after', `\n${text(output, 'helpInviteRevokeExample')}`)
    .action(async (id: string) => {
      await inviteRevoke(output, folderOf(root), id)
    })
}

function addAccount(output: Output, root: Command): void {
  const account = sub(output, root, { name: 'account', help: 'helpAccount' })
  account.addHelpText('after', `\n${text(output, 'helpAccountExample')}`)
  sub(output, account, { name: 'list', help: 'helpAccountList' })
    .addHelpText('after', `\n${text(output, 'helpAccountListExample')}`)
    .action(async () => {
      await accountList(output, folderOf(root))
    })
  sub(output, account, { name: 'show', help: 'helpAccountShow' })
    .argument('<identity>')
    .addHelpText('after', `\n${text(output, 'helpAccountExample')}`)
    .action(async (identity: string) => {
      await accountShow(output, folderOf(root), identity)
    })
}

function addClock(output: Output, root: Command): void {
  const clock = sub(output, root, { name: 'clock', help: 'helpClock' })
  clock.addHelpText('after', `\n${text(output, 'helpClockExample')}`)
  sub(output, clock, { name: 'confirm', help: 'helpClockConfirm' })
    .addHelpText('after', `\n${text(output, 'helpClockExample')}`)
    .action(async () => {
      await clockConfirm(output, folderOf(root))
    })
}

const rootFlags = v.object({ data: v.optional(v.string()) })

function dataFlag(root: Command): string | undefined {
  return v.parse(rootFlags, root.opts()).data
}

function folderOf(root: Command): string {
  return dataFlag(root) ?? defaultDataFolder(process.env)
}

function parseUses(given: string): number {
  const uses = /^[1-9]\d{0,4}$/.test(given) ? Number(given) : Infinity
  if (uses <= invitationUsesMax) return uses
  throw new RelayError('usage', given, { data: { what: 'uses', text: given } })
}

function parseLife(given: string): number {
  const lifeMs = parseDuration(given)
  if (lifeMs >= invitationLifeMinMs && lifeMs <= invitationLifeMaxMs) return lifeMs
  throw new RelayError('usage', given, { data: { what: 'duration', text: given } })
}
