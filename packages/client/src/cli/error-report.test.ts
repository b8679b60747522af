import { describe, expect, test } from 'vitest'
import { CryptoError } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { errorReport } from './error-report.ts'
import { english } from './messages-en.ts'
import { french } from './messages-fr.ts'
import { stoppedAt } from './standard-input.ts'
import { usageError } from './usage-error.ts'

const told = (error: unknown): string => {
  const { message, hint } = errorReport(english, error)
  return `${message} | ${hint ?? ''}`
}

describe('what people are told about an error', () => {
  test('says in words of ours why there is no keyring, and keeps what a library said for who asks', () => {
    const detail = 'DBus error: The name is not activatable'
    for (const code of ['keyring-unavailable', 'keys-locked'] as const) {
      const error = new ClientError(code, 'x', {
        data: { what: code === 'keys-locked' ? 'keyring-away' : 'away', detail },
      })
      for (const words of [english, french]) {
        const report = errorReport(words, error)
        expect(report.message).not.toContain('DBus')
        expect(report.message).toMatch(/keyring|trousseau/)
        expect(report.detail).toBe(detail)
      }
    }
  })

  test('names what the judge of the log saw, by entry and code', () => {
    const data = { sequence: 12, what: 'signature-wrong' }
    expect(told(new ClientError('relay-contradicts', 'x', { data }))).toContain('entry 12 (signature-wrong)')
  })

  test('sends nobody from an archive to a folder, nor who takes a mirror off the list to another relay', () => {
    const data = { what: 'after', head: 7 }
    expect(told(new ClientError('moment-unknown', 'x', { data }))).toContain('FOLDER')
    const ofArchive = told(new ClientError('moment-unknown', 'x', { data: { ...data, of: 'archive' } }))
    expect(ofArchive).toContain('#7 | without --at')
    const relay = 'wss://relay.example'
    for (const what of ['first', 'here']) {
      const said = told(new ClientError('mirror-refused', 'x', { data: { what, relay } }))
      expect(said.includes('a mirror is another relay')).toBe(what === 'first')
      expect(said.includes('`grenier mirror list`')).toBe(what === 'here')
    }
  })

  test('promises nobody that an export goes on of which nothing is left', () => {
    expect(told(new ClientError('interrupted', 'x'))).toContain('goes on where this one stopped')
    expect(told(new ClientError('interrupted', 'x', { data: { what: 'export' } }))).toContain('begins anew')
  })

  test('says how much older a log is', () => {
    const data = { came: 5, expected: 9 }
    expect(told(new ClientError('relay-rollback', 'x', { data }))).toContain(
      'entry 5 is its last, 9 was seen',
    )
  })

  test('tells a key that does not open from what an owner owes after a fork', () => {
    const data = { what: 'adopted', detail: 'internal', keys: 1, members: 0, invitations: 'ab'.repeat(32) }
    const owed = told(new ClientError('key-withheld', 'x', { data }))
    const open = told(new ClientError('key-withheld', 'x', { data: { ...data, keys: 0 } }))
    expect(open).toContain('--cancel abababababab`')
    expect(open).not.toContain('grenier join')
    expect(owed).toContain('grenier adopt')
    expect(owed).not.toContain('internal')
    expect(told(new ClientError('key-withheld', 'x', { data: { detail: 'epoch 3' } }))).toContain('epoch 3')
  })

  test('sends who may not do something to the owners, and not to the hoster', () => {
    const report = told(new ClientError('relay-refused', 'x', { data: { reason: 'no-right' } }))
    expect(report).toContain('grenier devices FOLDER')
    expect(report).not.toContain('hoster')
  })

  test('names the join that a relay never heard of, but not where a relay was named by hand', () => {
    const reason = 'vault-unknown'
    expect(told(new ClientError('relay-refused', 'x', { data: { reason } }))).toContain('grenier join')
    const named = told(new ClientError('relay-refused', 'x', { data: { reason, what: 'told' } }))
    expect(named).not.toContain('grenier join')
  })

  test('sends who brings the archive of somebody else to them', () => {
    const data = { reason: 'no-right', what: 'import' }
    const report = told(new ClientError('relay-refused', 'x', { data }))
    expect(report).toContain('24 words')
    expect(report).not.toContain('grenier devices')
  })

  test('shows how a file in a folder is named', () => {
    const data = { path: '/f/a/b', folder: '/f', inside: 'a/b' }
    expect(told(new ClientError('folder-unknown', 'x', { data }))).toMatch(/\/f: .*“a\/b”.*--path/)
  })

  test('warns of somebody in between when certificate or pin are wrong', () => {
    const report = told(new ClientError('relay-unreachable', 'x', { data: { reason: 'pin' } }))
    expect(report).toContain('#sha256=')
    expect(report).toContain('nothing was sent')
  })

  test('says which process holds a folder', () => {
    const data = { path: '/f', pid: 77 }
    expect(told(new ClientError('home-locked', 'x', { data }))).toContain('process 77')
  })

  test('says what is wrong with what was typed, and shows it harmless', () => {
    expect(told(usageError('duration', 'ten\u001b[2J'))).toBe(
      'not a duration: ten\\x1b[2J | as in 30m, 24h or 7d',
    )
  })

  test('says of a stop what it left behind, and not that the next run goes on where nothing does', () => {
    const stopped = (what: 'set-up' | 'account' | 'undecided'): string =>
      told(stoppedAt(new ClientError('interrupted', 'stopped'), what))
    expect(stopped('set-up')).toContain('grenier add FOLDER')
    expect(stopped('account')).toContain('--phrase-file FILE')
    expect(stopped('undecided')).toContain('nobody was taken out')
    expect(told(new ClientError('interrupted', 'stopped'))).toContain('goes on where this one stopped')
    const other = new ClientError('disk-full', 'x')
    expect(stoppedAt(other, 'set-up')).toBe(other)
  })

  test('names the place of a word that is none', () => {
    expect(told(usageError('phrase-word', '7'))).toContain('word 7 is not of the list')
    expect(told(usageError('phrase-word', '7, 9'))).toContain('the words 7, 9 are not of the list')
  })

  test('has words for what should not happen, without a code of ours', () => {
    const report = errorReport(english, new CryptoError('malformed', 'odd'))
    expect(report).toMatchObject({ code: 'unexpected', message: expect.stringContaining('odd') as string })
  })
})
