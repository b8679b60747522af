import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { catalogueOf } from './messages.ts'
import { recoverySheet } from './recovery-sheet.ts'

const phrase = Array.from({ length: 24 }, (_, at) => `word${at + 1}`).join(' ')
const relay = 'wss://relay.example:8443#sha256=<&">'

describe.each(['en', 'fr'] as const)('the recovery sheet (%s)', (language) => {
  const html = recoverySheet(
    { phrase, relays: [relay, 'wss://second.example'], made: '1 May 2026' },
    catalogueOf(language).sheet,
  )

  test('has each word once, in order, and the relay, escaped', () => {
    const [, list = ''] = /<ol class="words">([\s\S]*?)<\/ol>/.exec(html) ?? []
    expect([...list.matchAll(/<li>(.*?)<\/li>/g)].map(([, word]) => word)).toEqual(phrase.split(' '))
    expect(html).toContain('wss://relay.example:8443#sha256=&#60;&#38;&#34;&#62;')
    expect(html).not.toContain('<&">')
    expect(html.split('wss://second.example')).toHaveLength(3)
    expect(html).toContain(`<html lang="${language}">`)
  })

  test('says what the program is called, that it is free, and what it needs, as its package says it', () => {
    const { name, license, bin, engines } = packageJson()
    const text = html.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    for (const fact of [
      'Grenier',
      name,
      license,
      ...Object.keys(bin),
      engines.node.replace('>=', 'Node.js '),
    ])
      expect(text).toContain(fact)
  })

  test('asks nobody for anything', () => {
    expect(html).toContain("default-src 'none'")
    expect(html).not.toMatch(/<(script|link|img|iframe|object|form|base)|url\(|@import|\bsrc=|\bhref=/i)
  })
})

interface PackageFacts {
  readonly name: string
  readonly license: string
  readonly bin: Readonly<Record<string, string>>
  readonly engines: { readonly node: string }
}

function packageJson(): PackageFacts {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as PackageFacts
}
