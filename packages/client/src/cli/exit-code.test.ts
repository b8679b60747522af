import { describe, expect, test } from 'vitest'
import { ClientError, type ClientErrorCode, type ExitCode } from '../errors.ts'
import { exitCodeOf, heaviestExitCode, isClientErrorCode } from './exit-code.ts'

describe('exit codes', () => {
  const cases: [ExitCode, ClientErrorCode[]][] = [
    [6, ['relay-contradicts', 'relay-corrupt', 'relay-rollback']],
    [
      7,
      [
        'brake',
        'folder-unmarked',
        'state-foreign',
        'key-withheld',
        'checkpoint-broken',
        'update-needed',
        'home-unsafe',
        'keys-locked',
      ],
    ],
    [5, ['relay-refused', 'code-wrong']],
    [4, ['relay-unreachable']],
    [2, ['usage', 'folder-unknown', 'folder-taken', 'home-missing', 'home-exists', 'name-ambiguous']],
    [1, ['home-locked', 'folder-unusable', 'state-broken', 'pack-unavailable', 'disk-full', 'disk-failed']],
    [130, ['interrupted']],
  ]
  test.each(cases)('%i is what these errors make: %j', (exitCode, codes) => {
    for (const code of codes) expect(exitCodeOf(new ClientError(code, ''))).toBe(exitCode)
  })

  test('anything that is no error of ours is 1', () => {
    expect(exitCodeOf(new Error('x'))).toBe(1)
    expect(exitCodeOf('x')).toBe(1)
  })

  test('of several folders the gravest counts: 6, 7, 5, 4, 1, 3', () => {
    const order: ExitCode[] = [6, 7, 5, 4, 1, 3, 0]
    for (const [at, code] of order.entries()) {
      expect(heaviestExitCode(order.slice(at).reverse())).toBe(code)
    }
  })

  test('a stop that was asked for hides no failure, and is not hidden by conflicts', () => {
    expect(heaviestExitCode([130, 4])).toBe(4)
    expect(heaviestExitCode([3, 130, 0])).toBe(130)
  })

  test('no folder at all is done', () => {
    expect(heaviestExitCode([])).toBe(0)
  })

  test('knows which codes there are', () => {
    expect(isClientErrorCode('brake')).toBe(true)
    expect(isClientErrorCode('toString')).toBe(false)
  })
})
