import { describe, expect, test } from 'vitest'
import { ClientError } from '../errors.ts'
import { decodeInvitationCode, encodeInvitationCode, invitationWords } from './invitation-code.ts'

const relay = 'wss://relay.example.org'
const secret = new Uint8Array(16).map((_, at) => at * 7)
const words = invitationWords({ relay, secret }, 'english')

function faultOf(text: string): ClientError['data'] {
  try {
    decodeInvitationCode(text)
  } catch (error) {
    if (error instanceof ClientError && error.code === 'code-wrong') return error.data
    throw error
  }
  throw new Error('it is a code')
}

describe('an invitation code', () => {
  test('is read as text, with or without a pin, and as twelve words in any case', () => {
    const pinned = `${relay}#sha256=${'A'.repeat(43)}`
    for (const at of [relay, pinned])
      expect(decodeInvitationCode(encodeInvitationCode({ relay: at, secret }))).toEqual({ relay: at, secret })
    expect(decodeInvitationCode(words)).toEqual({ relay, secret })
    const [url = '', ...rest] = words.split(' ')
    expect(decodeInvitationCode(` ${url}\n${rest.join('  ').toUpperCase()}\n`)).toEqual({ relay, secret })
  })

  test('that was not typed right is told apart from one that nobody waits for', () => {
    for (const text of [
      '',
      'nonsense',
      relay,
      `${relay}#invite=short`,
      'http://[#invite=x',
      `not-a-url ${words}`,
    ])
      expect(faultOf(text), text).toEqual({ what: 'text' })
    expect(faultOf(`${words} more`)).toEqual({ what: 'words', words: 13 })
    expect(faultOf(words.split(' ').slice(0, -1).join(' '))).toEqual({ what: 'words', words: 11 })
    expect(faultOf(words.replace(/\S+$/, 'grenier'))).toEqual({ what: 'words' })
  })
})
