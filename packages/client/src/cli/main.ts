// The command `grenier`: what was asked for, in which language, and with which exit code it ends.
import { CommanderError } from 'commander'
import type { Platform } from '../engine/platform.ts'
import type { ExitCode } from '../errors.ts'
import { GatheredLines } from './gathered-lines.ts'
import { keepHeapRoom } from './heap-room.ts'
import { homeDirectory } from './home-directory.ts'
import { Interrupt } from './interrupt.ts'
import type { Invocation } from './invocation.ts'
import { desktopKeyring } from './keyring-desktop.ts'
import { languageOf } from './messages.ts'
import { misuse, program } from './program.ts'
import { Output } from './output.ts'
import { GivenPassphrase } from './passphrase.ts'
import { realPlatform } from './real-platform.ts'
import { limitsOf } from '../home/home-files.ts'

/** Runs the command with these arguments (without node and script); resolves when it is done, with `process.exitCode` set. */
export async function main(argv: string[]): Promise<void> {
  process.exitCode = await run(argv)
}

async function run(argv: readonly string[]): Promise<ExitCode> {
  const startMs = performance.now()
  const json = argv.includes('--json')
  const output = new Output({
    language: languageOf(flagOf(argv, '--lang'), process.env),
    json,
    verbose: argv.includes('--verbose'),
    stdout: json ? new GatheredLines(process.stdout) : process.stdout,
    stderr: process.stderr,
    environment: process.env,
  })
  const interrupt = new Interrupt(() => {
    output.progressDone()
    output.note(output.words.stopping({}))
  })
  let platform: Platform | undefined
  const invocation: Invocation = {
    output,
    interrupt,
    homeDirectory: homeDirectory(flagOf(argv, '--home'), process.env),
    yes: argv.includes('--yes'),
    passphrase: new GivenPassphrase(flagOf(argv, '--passphrase-file')),
    keyring: desktopKeyring,
    platform: () => (platform ??= limitedPlatform(invocation.homeDirectory)),
  }
  interrupt.listen()
  // A reader that went away (`| head`) is a wish to stop, not a failure.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupt.stop(130))
  try {
    const exitCode = await attempt(invocation, argv)
    endLines(output, exitCode, startMs)
    return exitCode
  } finally {
    interrupt.dispose()
    await platform?.pool.close()
  }
}

/** The world, at the speed that this home is set to. */
function limitedPlatform(home: string): Platform {
  const platform = realPlatform()
  keepHeapRoom()
  platform.limit(limitsOf(home))
  return platform
}

async function attempt(invocation: Invocation, argv: readonly string[]): Promise<ExitCode> {
  const { output, interrupt } = invocation
  let exitCode: ExitCode = 0
  try {
    const commands = program(invocation, (code) => (exitCode = code))
    await commands.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    output.progressDone()
    const failed = output.failure(error instanceof CommanderError ? misuse(error) : error)
    return interrupt.exitCode ?? failed
  }
}

/** The last line is always `summary`; only `status` is one object and nothing else, when nothing went wrong. */
function endLines(output: Output, exitCode: ExitCode, startMs: number): void {
  if (output.lastEvent === 'summary' || output.lastEvent === 'status') return
  output.line({ event: 'summary', durationMs: Math.round(performance.now() - startMs), exitCode })
}

/** Language, home and form of output are needed before commander has read the arguments. */
function flagOf(argv: readonly string[], name: string): string | undefined {
  const at = argv.findIndex((argument) => argument === name || argument.startsWith(`${name}=`))
  const found = argv[at]
  return found === name ? argv[at + 1] : found?.slice(name.length + 1)
}
