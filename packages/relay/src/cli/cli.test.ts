// What can be said to the command: quantities, configuration, words in both languages.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { RelayError } from '../errors.ts'
import { main } from './main.ts'
import { adviceOf, catalogueTexts, langOf } from './messages.ts'
import { formatSize, parseDuration, parseSize } from './quantities.ts'
import { defaultDataFolder, serveConfig, type ServeFlags } from './serve-config.ts'

const config = (flags: ServeFlags) => serveConfig(flags, {})

function refusal(flags: ServeFlags): string {
  try {
    config(flags)
  } catch (error) {
    return error instanceof RelayError ? `${error.code}/${String(error.data['what'])}` : 'other'
  }
  return 'taken'
}

function file(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'grenier-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('quantities', () => {
  it.each([
    ['1024', 1024],
    ['5GiB', 5 * 2 ** 30],
    ['5 Gio', 5 * 2 ** 30],
    ['1.5MB', 1_500_000],
    ['10 go', 10_000_000_000],
  ])('reads the size %s', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  it.each([
    ['90s', 90_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['7j', 604_800_000],
  ])('reads the duration %s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', 'GiB', '-1', '5XB', '1e99TiB'])('refuses the size %j', (text) =>
    expect(() => parseSize(text)).toThrow(RelayError),
  )

  it('writes sizes as each language does', () => {
    expect(formatSize(1.5 * 2 ** 30, 'en')).toBe('1.5 GiB')
    expect(formatSize(1.5 * 2 ** 30, 'fr')).toBe('1,5 Gio')
    expect(formatSize(12, 'en')).toBe('12 B')
  })
})

describe('the configuration of serve', () => {
  it('listens on loopback, openly, unless told otherwise', () => {
    expect(config({})).toMatchObject({
      host: '127.0.0.1',
      port: 8090,
      tls: 'none',
      registration: 'open',
      registrationByDefault: true,
    })
  })

  it('wants an invitation where others can reach it', () => {
    expect(config({ listen: '0.0.0.0:443', tlsSelf: true }).registration).toBe('invite')
    expect(config({ publicUrl: 'https://relay.example' }).registration).toBe('invite')
    expect(config({ publicUrl: 'https://relay.example', registration: 'open' })).toMatchObject({
      registration: 'open',
      registrationByDefault: false,
    })
  })

  it('never serves in the clear beyond loopback', () => {
    expect(refusal({ listen: '0.0.0.0:80' })).toBe('config-wrong/clear')
    expect(refusal({ listen: '[::]:80' })).toBe('config-wrong/clear')
    expect(refusal({ listen: '[::1]:80' })).toBe('taken')
    expect(refusal({ listen: '10.0.0.1:80', publicUrl: 'https://relay.example' })).toBe('taken')
  })

  it.each<[string, ServeFlags, string]>([
    ['an address without a port', { listen: '127.0.0.1' }, 'usage/listen'],
    ['a port that there is not', { listen: '127.0.0.1:70000' }, 'usage/listen'],
    ['a public URL with a path', { publicUrl: 'https://a.example/relay' }, 'usage/public-url'],
    ['a public URL in the clear', { publicUrl: 'http://a.example' }, 'usage/public-url'],
    ['a certificate without a key', { tlsCert: 'a.pem' }, 'usage/tls-half'],
    ['two kinds of certificate', { tlsCert: 'a.pem', tlsKey: 'b.pem', tlsSelf: true }, 'usage/tls-both'],
    ['an unknown registration', { registration: 'perhaps' }, 'usage/registration'],
    ['a quota that is no size', { quota: 'much' }, 'usage/size'],
    ['a file that is not there', { config: '/nonexistent.toml' }, 'config-wrong/file'],
  ])('refuses %s', (_, flags, wrong) => expect(refusal(flags)).toBe(wrong))

  it('takes a file, and flags over it; its paths are relative to it', () => {
    const path = file('relay.toml', 'listen = "127.0.0.1:7000"\nquota = "2GiB"\ndata = "there"\n')
    const read = config({ config: path, listen: '127.0.0.1:7001' })
    expect(read).toMatchObject({ port: 7001, quotaBytes: 2 * 2 ** 30, dataFolder: join(path, '..', 'there') })
    expect(refusal({ config: file('relay.toml', 'lisen = "x"') })).toBe('config-wrong/file')
    expect(refusal({ config: file('relay.toml', 'listen = ') })).toBe('config-wrong/file')
  })

  it('finds its data folder where the platform keeps such things', () => {
    expect(defaultDataFolder({ GRENIER_RELAY_DATA: '/srv/grenier' })).toBe('/srv/grenier')
    expect(defaultDataFolder({})).toMatch(/grenier-relay$/)
  })
})

describe('the catalogue', () => {
  it('has every sentence in both languages, with the same blanks', () => {
    const blanks = (sentence: string) => [...sentence.matchAll(/\{\w+\}/g)].map(([blank]) => blank).sort()
    for (const { en, fr } of catalogueTexts()) {
      expect(en).not.toBe('')
      expect(fr).not.toBe('')
      expect(blanks(fr)).toEqual(blanks(en))
    }
  })

  it('speaks the language of the flag, else of the locale, else English', () => {
    expect(langOf('fr', { LANG: 'en_GB.UTF-8' })).toBe('fr')
    expect(langOf(undefined, { LANG: 'fr_FR.UTF-8' })).toBe('fr')
    expect(langOf(undefined, { LANG: 'de_DE.UTF-8' })).toBe('en')
    expect(langOf(undefined, { LC_ALL: '', LANG: 'fr_FR.UTF-8' })).toBe('fr')
  })

  it.each(['data-broken', 'data-unsafe', 'version-unknown', 'disk-full', 'no-relay'] as const)(
    'says %s in both languages, with a hint',
    (what) => {
      const code = what === 'no-relay' ? 'usage' : what
      const error = new RelayError(code, 'plain', {
        data: { what, folder: '/srv', path: '/srv/key', version: 2 },
      })
      const [en, fr] = [adviceOf('en', error), adviceOf('fr', error)]
      expect(en.error).not.toContain('plain')
      expect(fr.error).not.toBe(en.error)
      expect(en.hint).toBeDefined()
    },
  )

  it('says what the system refused, and to which file', () => {
    const error = Object.assign(new Error('EACCES: permission denied, mkdir'), {
      code: 'EACCES',
      path: '/srv',
    })
    expect(adviceOf('fr', error)).toMatchObject({ error: 'impossible d’utiliser /srv\u00a0: EACCES' })
  })

  it('says what is wrong, and how to go on', () => {
    const error = new RelayError('config-wrong', 'x', { data: { what: 'clear', listen: '0.0.0.0:80' } })
    expect(adviceOf('fr', error).error).toBe('0.0.0.0:80 serait joignable sans chiffrement')
    expect(adviceOf('en', error).hint).toContain('--tls-self')
    expect(adviceOf('en', new Error('plain'))).toEqual({ error: 'plain' })
  })
})

describe('the command', () => {
  async function said(...argv: string[]): Promise<string> {
    let out = ''
    const take = (text: unknown) => ((out += String(text)), true)
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation(take),
    )
    await main(argv)
    for (const spy of spies) spy.mockRestore()
    process.exitCode = 0
    return out
  }
  const commands = ['serve', 'invite create', 'invite list', 'invite revoke', 'account list', 'account show']

  it.each([...commands, 'clock confirm'])(
    'shows an example and the common flags in the help of %s',
    async (name) => {
      const [en, fr] = [
        await said(...name.split(' '), '--help', '--lang', 'en'),
        await said('--lang', 'fr', ...name.split(' '), '--help'),
      ]
      expect(en).toContain(`Example: grenier-relay ${name}`)
      expect(en).toContain('--data <dir>')
      expect(fr).toContain(`Exemple\u00a0: grenier-relay ${name}`)
      expect(fr).not.toMatch(/default|choices|Options:|Usage:/)
    },
  )

  it.each([
    [['--lang', 'de', 'serve'], 'not understood: de'],
    [['serve', 'extra'], 'not understood: extra'],
    [['serve', '--bogus'], 'not understood: --bogus'],
    [[], 'no command given'],
    [['invite', 'revoke'], 'missing: id'],
    [['invite', 'create', '--uses', '20000'], 'not a number of accounts: 20000'],
    [['invite', 'create', '--expires', '999d'], 'not a duration: 999d'],
  ])('names what was wrong about %j', async (argv, wrong) => {
    expect(await said(...argv)).toContain(wrong)
  })
})
