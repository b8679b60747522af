import { describe, expect, it } from 'vitest'
import { loginBytes, originOf, parseRelayUrl, pinText } from './login.ts'
import { filled } from './messages.vectors.ts'
import { ProtocolError } from './protocol-error.ts'

const pin = Buffer.alloc(32, 0xa5)
const pinned = `sha256=${pin.toString('base64url')}`

describe('a relay URL', () => {
  it.each([
    ['wss://relay.example', 'wss://relay.example', 'https://relay.example'],
    ['WSS://Relay.Example:443/', 'wss://relay.example', 'https://relay.example'],
    ['wss://relay.example:8443', 'wss://relay.example:8443', 'https://relay.example:8443'],
    ['wss://relay.example/grenier', 'wss://relay.example/grenier', 'https://relay.example'],
    ['wss://[2001:DB8::1]:8443', 'wss://[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
    ['ws://localhost:8080', 'ws://localhost:8080', 'http://localhost:8080'],
    ['ws://127.0.0.1:80', 'ws://127.0.0.1', 'http://127.0.0.1'],
    ['ws://[::1]:9000', 'ws://[::1]:9000', 'http://[::1]:9000'],
  ])('reads %s', (text, url, origin) => {
    expect(parseRelayUrl(text)).toEqual({ url, origin, text: url })
    expect(parseRelayUrl(url).text).toBe(url)
  })

  it('reads and writes a pin', () => {
    const url = parseRelayUrl(`wss://192.168.1.5:8443#${pinned}`)
    expect(url.pin).toEqual(new Uint8Array(pin))
    expect(url.url).toBe('wss://192.168.1.5:8443')
    expect(url.text).toBe(`wss://192.168.1.5:8443#${pinned}`)
    expect(pinText(pin)).toBe(pinned)
  })

  it.each([
    ['', 'nothing'],
    ['relay.example', 'no scheme'],
    ['https://relay.example', 'another scheme'],
    ['wss://', 'no host'],
    ['wss://me:secret@relay.example', 'credentials'],
    ['wss://relay.example?x=1', 'a query'],
    ['wss://relay.example#x', 'another fragment'],
    ['wss://relay.example#sha256=AAAA', 'a short pin'],
    [`wss://relay.example#${pinned}=`, 'a padded pin'],
    [`wss://relay.example#sha256=${'A'.repeat(42)}B`, 'a pin with loose bits'],
    [`ws://127.0.0.1#${pinned}`, 'a pin without TLS'],
    ['ws://relay.example', 'no TLS over the network'],
    ['ws://127.0.0.1.example', 'a name that looks like loopback'],
    ['ws://localhost.example', 'a name that looks like loopback'],
    ['ws://192.168.1.5', 'no TLS on a local network'],
    ['ws://0.0.0.0', 'no TLS to any address'],
    [`wss://${'a'.repeat(600)}`, 'far too long'],
  ])('refuses %s: %s', (text) => {
    expect(() => parseRelayUrl(text)).toThrow(ProtocolError)
  })
})

describe('the origin', () => {
  it.each([
    ['wss://Relay.Example:443/path', 'https://relay.example'],
    ['https://relay.example', 'https://relay.example'],
    ['ws://localhost:80', 'http://localhost'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['wss://relay.example:80', 'https://relay.example:80'],
    ['wss://exämple.org', 'https://xn--exmple-cua.org'],
  ])('of %s is %s', (url, origin) => {
    expect(originOf(url)).toBe(origin)
  })

  it('is not to be had of other URLs', () => {
    for (const url of ['ftp://relay.example', 'file:///etc', 'x', 'mailto:a@b'])
      expect(() => originOf(url)).toThrow(ProtocolError)
  })
})

describe('what a login signs', () => {
  const facts = {
    origin: 'https://relay.example',
    relayNonce: filled(32, 1),
    clientNonce: filled(32, 2),
    keyKind: 'device',
    key: filled(32, 3),
  } as const

  it('is length, origin, nonces, kind and key', () => {
    const expected = Buffer.concat([
      Buffer.from([0, 21]),
      Buffer.from('https://relay.example'),
      filled(32, 1),
      filled(32, 2),
      Buffer.from([1]),
      filled(32, 3),
    ])
    expect(Buffer.from(loginBytes(facts)).equals(expected)).toBe(true)
  })

  it('differs when any fact differs', () => {
    const others = [
      { ...facts, origin: 'https://relay.example:1' },
      { ...facts, relayNonce: filled(32, 9) },
      { ...facts, clientNonce: filled(32, 9) },
      { ...facts, keyKind: 'identity' as const },
      { ...facts, keyKind: 'one-time' as const },
      { ...facts, key: filled(32, 9) },
    ]
    const all = [facts, ...others].map((one) => Buffer.from(loginBytes(one)).toString('hex'))
    expect(new Set(all).size).toBe(all.length)
  })

  it('refuses a nonce or key of another length', () => {
    expect(() => loginBytes({ ...facts, relayNonce: filled(31) })).toThrow(ProtocolError)
    expect(() => loginBytes({ ...facts, key: filled(33) })).toThrow(ProtocolError)
  })
})
