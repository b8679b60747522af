import { describe, expect, test } from 'vitest'
import { ClientError } from '../errors.ts'
import { Output, type OutputOptions } from './output.ts'
import { barLine, type BarStream } from './progress-bar.ts'

class Captured implements BarStream {
  text = ''
  readonly isTTY: boolean
  readonly columns = 80
  constructor(isTTY = false) {
    this.isTTY = isTTY
  }
  write(text: string): void {
    this.text += text
  }
}

function made(options: Partial<OutputOptions> = {}): { output: Output; out: Captured; err: Captured } {
  const [out, err] = [new Captured(), new Captured()]
  const rest = { language: 'en', json: false, verbose: false, environment: {} } as const
  return { output: new Output({ ...rest, stdout: out, stderr: err, ...options }), out, err }
}

describe('output', () => {
  test('results go to stdout, words for people to stderr', () => {
    const { output, out, err } = made()
    output.result('code')
    output.note('careful')
    output.line({ event: 'x' })
    expect(out.text).toBe('code\n')
    expect(err.text).toBe('careful\n')
  })

  test('with --json stdout has JSON lines and nothing else', () => {
    const { output, out } = made({ json: true })
    output.result('for people')
    output.line({ event: 'one', of: undefined })
    output.failure(new ClientError('folder-unknown', 'x', { data: { path: '/p' } }), { folder: '/p' })
    const lines = out.text
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(lines).toEqual([
      { event: 'one' },
      expect.objectContaining({ event: 'error', code: 'folder-unknown', folder: '/p' }),
    ])
    expect(lines[1]).toHaveProperty('hint')
    expect(lines[1]).toHaveProperty('message')
  })

  test('once stdout is data, JSON goes to stderr and words are left out of it', () => {
    const { output, out, err } = made({ json: true })
    output.giveStdoutAway()
    output.note('for people')
    output.line({ event: 'summary' })
    expect(out.text).toBe('')
    expect(err.text).toBe('{"event":"summary"}\n')
  })

  test('an error reads error: then hint:, with no stack unless asked for', () => {
    const error = new ClientError('relay-unreachable', 'x', { data: { reason: 'network' } })
    const quiet = made()
    expect(quiet.output.failure(error)).toBe(4)
    expect(quiet.err.text).toMatch(/^error: the relay cannot be reached: .*\nhint: .*\n$/)
    const verbose = made({ verbose: true })
    verbose.output.failure(error)
    expect(verbose.err.text).toContain('output.test.ts')
  })

  test('what a foreign library said is in JSON, and told to who wants more', () => {
    const error = new ClientError('keyring-unavailable', 'x', {
      data: { what: 'away', detail: 'DBus error' },
    })
    const json = made({ json: true })
    json.output.failure(error)
    expect(JSON.parse(json.out.text)).toMatchObject({ code: 'keyring-unavailable', detail: 'DBus error' })
    expect(json.err.text).not.toContain('DBus')
    const verbose = made({ verbose: true })
    verbose.output.failure(error)
    expect(verbose.err.text).toContain('DBus error')
  })

  test('in French the words are French and the code is the same', () => {
    const { output, out, err } = made({ language: 'fr', json: true })
    output.failure(new ClientError('relay-refused', 'x', { data: { reason: 'quota' } }))
    expect(err.text).toContain('erreur\u00a0: le relais a refusé\u00a0: le compte est plein')
    expect(JSON.parse(out.text)).toMatchObject({ code: 'relay-refused' })
  })

  test('a failure names the folder that the command is about, whoever told it', () => {
    const { output, out, err } = made({ json: true, language: 'fr' })
    output.concern({ folder: '/a', vault: 'ab' })
    output.failure(new ClientError('code-wrong', 'x'))
    expect(JSON.parse(out.text)).toMatchObject({ folder: '/a', vault: 'ab' })
    expect(err.text).toContain('/a\u00a0: ce code')
  })

  test('a failure names its folder once, however odd its name', () => {
    const odd = '/a\u001b[31m'
    const { output, err } = made()
    output.failure(new ClientError('folder-taken', 'x', { data: { path: odd } }), { folder: odd })
    expect(err.text.split('\n')[0]?.match(/\/a/g)).toHaveLength(1)
  })

  test('a failure names its folder once', () => {
    const { output, err } = made()
    output.failure(new ClientError('code-wrong', 'x'), { folder: '/a' })
    expect(err.text).toMatch(/^error: \/a: /)
    const other = made()
    other.output.failure(new ClientError('folder-taken', 'x', { data: { path: '/a' } }), { folder: '/a' })
    expect(other.err.text.split('\n')[0]?.match(/\/a/g)).toHaveLength(1)
  })
})

describe('the progress bar', () => {
  test('is not there where the output is no terminal, or cannot redraw', () => {
    const { output, err } = made()
    output.progress(0.5, 'half')
    expect(err.text).toBe('')
    const dumb = new Captured(true)
    made({ stderr: dumb, environment: { TERM: 'dumb' } }).output.progress(0.5, 'half')
    expect(dumb.text).toBe('')
  })

  test('gives way to lines and comes back, without colours', () => {
    const terminal = new Captured(true)
    const { output } = made({ stderr: terminal, environment: {} })
    output.progress(0.5, 'half')
    output.note('a line')
    output.progressDone()
    expect(terminal.text).toMatch(/half\r\u001b\[Ka line\n.*half\r\u001b\[K$/)
    expect(terminal.text.replaceAll('\r\u001b[K', '')).not.toContain('\u001b')
  })

  test('never fills the last column, whatever the width', () => {
    for (const columns of [1, 20, 69, 70, 200]) {
      const line = barLine(1.5, 'x'.repeat(100), columns)
      expect(line.length).toBeLessThan(columns)
    }
    expect(barLine(0.5, 'text', 100)).toBe('[############------------] text')
    expect(barLine(Number.NaN, 'text', 40)).toBe('text')
  })
})
