import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { phraseOf } from '@grenier/crypto'
import { phraseTable, readPhrase, refuseUnwritable, writePhrase } from './phrase.ts'

const entropy = Uint8Array.from({ length: 32 }, (_, at) => at)
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'grenier-phrase-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const usage = expect.objectContaining({ code: 'usage' }) as Error

describe('the file of words', () => {
  test('can be read by its owner alone', () => {
    const file = join(folder, 'words')
    writePhrase(file, phraseOf(entropy, 'english'))
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('is never overwritten', () => {
    const file = join(folder, 'words')
    writeFileSync(file, 'mine')
    expect(() => refuseUnwritable(file)).toThrow(usage)
    expect(() => writePhrase(file, 'other words')).toThrow(usage)
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })

  test('needs a folder to be in', () => {
    expect(() => refuseUnwritable(join(folder, 'not there', 'words'))).toThrow(usage)
  })

  test.each(['english', 'french'] as const)('brings the same entropy back in %s', async (language) => {
    const file = join(folder, language)
    writePhrase(file, phraseOf(entropy, language))
    expect(await readPhrase(file, '')).toEqual(entropy)
  })

  test('with wrong words, too long or not there is wrong usage', async () => {
    const file = join(folder, 'words')
    writeFileSync(file, 'apple '.repeat(24))
    await expect(readPhrase(file, '')).rejects.toThrow(usage)
    writeFileSync(file, 'apple '.repeat(2400))
    await expect(readPhrase(file, '')).rejects.toThrow(usage)
    await expect(readPhrase(join(folder, 'none'), '')).rejects.toThrow(usage)
  })

  test('never shows the words in an error', async () => {
    const file = join(folder, 'words')
    writeFileSync(file, 'secretword '.repeat(24))
    const error = await readPhrase(file, '').catch((cause: unknown) => cause)
    expect(JSON.stringify(error) + String(error)).not.toContain('secretword')
  })
})

describe('the table of words', () => {
  test('numbers all twenty-four, four in a row', () => {
    const table = phraseTable(phraseOf(entropy, 'english'))
    expect(table.split('\n')).toHaveLength(6)
    expect(table).toMatch(/^ {3}1 abandon +2 amount/)
    expect(table).toContain('24 ')
  })
})
