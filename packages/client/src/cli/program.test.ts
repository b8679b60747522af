import { CommanderError } from 'commander'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Interrupt } from './interrupt.ts'
import { catalogueOf, type Language } from './messages.ts'
import { desktopKeyring } from './keyring-desktop.ts'
import { Output } from './output.ts'
import { GivenPassphrase } from './passphrase.ts'
import { misuse, program } from './program.ts'
import { realPlatform } from './real-platform.ts'

const commands = [
  'setup',
  'add',
  'invite',
  'join',
  'recover',
  'recovery',
  'usage',
  'sync',
  'status',
  'forget',
  'export',
  'adopt',
  'heal',
  'verify',
  'passphrase',
] as const
const silent = { write: () => undefined }

afterEach(() => vi.restoreAllMocks())

/** Parses, and gives what was printed and thrown. */
async function said(language: Language, ...argv: string[]): Promise<{ text: string; error: unknown }> {
  let text = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    text += String(piece)
    return true
  })
  const output = new Output({
    language,
    json: false,
    verbose: false,
    stdout: silent,
    stderr: silent,
    environment: {},
  })
  const invocation = {
    output,
    interrupt: new Interrupt(() => undefined),
    homeDirectory: '/nowhere',
    yes: false,
    passphrase: new GivenPassphrase(undefined),
    keyring: desktopKeyring,
    platform: realPlatform,
  }
  const root = program(invocation, () => undefined)
  const error: unknown = await root.parseAsync(argv, { from: 'user' }).then(
    () => undefined,
    (cause: unknown) => cause,
  )
  vi.restoreAllMocks()
  return { text, error }
}

describe('help', () => {
  test.each(['en', 'fr'] as const)('of each command shows an example (%s)', async (language) => {
    const words = catalogueOf(language)
    for (const command of commands) {
      const { text } = await said(language, command, '--help')
      expect(text).toContain(`${words.help['Example:']}\n  ${words.example[command]}`)
      // A long option leaves little room beside it: then its words are on several lines.
      expect(text.replace(/\s+/g, ' ')).toContain(words.helpJson({}))
      expect(text).toMatch(new RegExp(`^${words.help['Usage:']} grenier ${command}`))
    }
  })

  test('in French has no English title left', async () => {
    for (const command of commands) {
      const { text } = await said('fr', command, '--help')
      expect(text).not.toMatch(/Usage:|Options:|Arguments:|Commands:|display help|default/)
    }
    expect((await said('fr', '--help')).text).toContain('Commandes\u00a0:')
  })

  test('lists all commands', async () => {
    const { text } = await said('en', '--help')
    for (const command of commands) expect(text).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
  })
})

describe('wrong usage', () => {
  test.each([
    [['forget', 'one', 'two: three'], 'too-many', 'one, two: three'],
    [['sync', '--bogus'], 'not-understood', '--bogus'],
    [['setup'], 'argument-missing', 'RELAY_URL'],
    [['export', 'x'], 'argument-missing', '--out'],
    [['invite', 'x', '--role'], 'argument-missing', '--role'],
    [['--lang', 'de', 'status'], 'not-understood', 'de'],
  ])('%j is told as %s', async (argv, what, quoted) => {
    const { error } = await said('en', ...argv)
    expect(error).toBeInstanceOf(CommanderError)
    const { code, data } = misuse(error as CommanderError)
    expect(code).toBe('usage')
    expect(data['what']).toBe(what)
    expect(data['text']).toContain(quoted)
    expect(data['text']).not.toMatch(/argument|option/)
  })

  test.each([
    [['restore', 'f', '--path', 'a', '--path', 'b'], '--path'],
    [['ls', 'f', '--at=1', '--at', '1'], '--at'],
    [['status', '--home', '/a', '--home', '/b'], '--home'],
    [['status', '--lang', 'en', '--lang', 'fr'], '--lang'],
  ])('%j: of two values none is passed over in silence', async (argv, text) => {
    expect((await said('en', ...argv)).error).toMatchObject({ code: 'usage', data: { what: 'twice', text } })
  })

  test('each --exclude takes one pattern, and the folder behind it is the folder', async () => {
    const { error } = await said('en', 'backup', '--exclude', '*.tmp', '--exclude', '*.o', 'one', 'two')
    expect(error).toMatchObject({ code: 'usage', data: { what: 'too-many', text: 'two' } })
  })

  test('with no command at all is wrong usage, too', async () => {
    expect((await said('en')).error).toMatchObject({ code: 'usage', data: { what: 'no-command' } })
  })

  test('with a command that there is not names it, and nothing else', async () => {
    for (const argv of [['bogus'], ['bogus', 'FOLDER', '--json']]) {
      const data = { what: 'not-understood', text: 'bogus' }
      expect((await said('fr', ...argv)).error).toMatchObject({ code: 'usage', data })
    }
  })
})
