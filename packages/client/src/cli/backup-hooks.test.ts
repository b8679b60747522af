import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ClientError } from '../errors.ts'
import { afterHook, wordsOf } from './backup-hooks.ts'

test('a command is run as words where it is only words, and by a shell where it has lines', () => {
  expect(wordsOf(`  run 'a b'  "c" \n`)).toEqual(['run', 'a b', 'c'])
  expect(wordsOf(`run 'a\nb'`)).toEqual(['run', 'a\nb'])
  for (const command of ['one\ntwo', 'one \n two', 'one | two', 'A=1 one'])
    expect(wordsOf(command)).toBeUndefined()
})

test('of two lines both are run, and a failure names the program alone', async () => {
  const place = mkdtempSync(join(tmpdir(), 'grenier-hook-'))
  const facts = { vault: 'v', source: '/s' }
  try {
    await afterHook({ after: `true secret\ntouch '${place}/done'` }, facts)
    expect(existsSync(join(place, 'done'))).toBe(true)
    const failure: unknown = await afterHook({ after: 'false --password secret' }, facts).catch(
      (e: unknown) => e,
    )
    if (!(failure instanceof ClientError)) throw failure
    expect([failure.code, failure.data]).toEqual(['hook-failed', { command: 'false', detail: '1' }])
    expect(failure.message).not.toContain('secret')
    const missing = afterHook({ after: '/no/such/program' }, facts)
    await expect(missing).rejects.toMatchObject({ data: { command: '/no/such/program', detail: 'ENOENT' } })
  } finally {
    rmSync(place, { recursive: true })
  }
})
