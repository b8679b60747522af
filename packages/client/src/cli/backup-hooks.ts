// Commands before and after a backup. One that is only words is run as such; one that needs a shell gets `sh`. What they print goes to stderr.
import { spawn } from 'node:child_process'
import { ClientError, type ExitCode } from '../errors.ts'
import type { Invocation } from './invocation.ts'

export interface Hooks {
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** What a command is told of the backup, in its environment. */
export interface HookFacts {
  readonly vault: string
  readonly source: string
  readonly exitCode?: ExitCode
  readonly problems?: number
}

/** @throws ClientError `hook-failed`; `interrupted` */
export async function beforeHook(
  { interrupt }: Invocation,
  { before }: Hooks,
  facts: HookFacts,
): Promise<void> {
  if (before !== undefined) await run(before, { ...facts, signal: interrupt.signal })
  if (interrupt.signal.aborted) throw new ClientError('interrupted', 'stopped')
}

/** Runs when the backup was stopped, too: what was set up before is to be taken down. @throws ClientError `hook-failed` */
export async function afterHook({ after }: Hooks, facts: HookFacts): Promise<void> {
  if (after !== undefined) await run(after, facts)
}

async function run(
  command: string,
  { signal, ...facts }: HookFacts & { signal?: AbortSignal },
): Promise<void> {
  const [program = 'sh', ...rest] = wordsOf(command) ?? ['sh', '-c', command]
  const env = { ...process.env, ...environmentOf(facts) }
  const child = spawn(program, rest, { stdio: ['ignore', 2, 2], env })
  const stop = (): void => void child.kill('SIGTERM')
  signal?.addEventListener('abort', stop)
  try {
    const how = await new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(codeOf(error)))
      child.on('close', (code, by) => resolve(code === 0 ? '' : String(code ?? by)))
    })
    if (signal?.aborted === true) throw new ClientError('interrupted', 'stopped')
    if (how !== '')
      // The program alone: what else it is told may be a password.
      throw new ClientError('hook-failed', `${program}: ${how}`, { data: { command: program, detail: how } })
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** What the system said, without where in this program it was said. */
function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message
}

function environmentOf({ vault, source, exitCode, problems }: HookFacts): Record<string, string> {
  return {
    GRENIER_VAULT: vault,
    GRENIER_SOURCE: source,
    ...(exitCode === undefined ? {} : { GRENIER_EXIT_CODE: String(exitCode) }),
    ...(problems === undefined ? {} : { GRENIER_PROBLEMS: String(problems) }),
  }
}

/** The words of a command, quotes taken off; undefined when it says something that a shell alone understands. */
export function wordsOf(command: string): string[] | undefined {
  const words: string[] = []
  let rest = command.trim()
  while (rest !== '') {
    const match = /^(?:[\w@%+=:,./-]|'[^']*'|"[^"$`\\]*")+/.exec(rest)
    if (match === null) return undefined
    words.push(match[0].replace(/'([^']*)'|"([^"]*)"/g, (_, one?: string, two?: string) => one ?? two ?? ''))
    const after = rest.slice(match[0].length)
    const gap = /^\s*/.exec(after)?.[0] ?? ''
    // To a shell, a new line is another command.
    if ((after !== '' && gap === '') || gap.includes('\n')) return undefined
    rest = after.trimStart()
  }
  // An assignment in front of a command is a shell's.
  return words.length === 0 || words[0]?.includes('=') === true ? undefined : words
}
