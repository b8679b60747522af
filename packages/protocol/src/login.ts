// What a login signs, and the relay's address that it is bound to. The signing itself is the caller's: no key comes near this package.
import { keyKinds, type KeyKind } from './key-kind.ts'
import { limits } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'

/** The label that goes in front of `loginBytes` when they are signed and checked. */
export const loginLabel = 'grenier/v1/login'

/** The label that goes in front of `renewAccountBytes` when they are signed and checked. */
export const renewAccountLabel = 'grenier/v1/renew-account'

/** What the new identity of an account signs: the old key (32 bytes) ‖ its own (32 bytes). */
export function renewAccountBytes(old: Uint8Array, renewed: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * limits.idBytes)
  out.set(old)
  out.set(renewed, limits.idBytes)
  return out
}

/** What a login commits to. */
export interface LoginFacts {
  /** The origin that the client dialled; at the relay, the one of its configuration. */
  readonly origin: string
  /** Of the challenge, 32 bytes. */
  readonly relayNonce: Uint8Array
  /** Of the login, 32 bytes. */
  readonly clientNonce: Uint8Array
  readonly keyKind: KeyKind
  /** The Ed25519 key that signs, 32 bytes. */
  readonly key: Uint8Array
}

/**
 * The bytes to be signed under `loginLabel`: length of the origin (2 bytes, big-endian) ‖ origin ‖ relay nonce ‖ client nonce ‖
 * kind of key (1 byte: 1 device, 2 identity, 3 one-time) ‖ key.
 * @throws ProtocolError `malformed` when a nonce or the key has not 32 bytes.
 */
export function loginBytes(facts: LoginFacts): Uint8Array {
  const origin = new TextEncoder().encode(facts.origin)
  if (origin.length > limits.relayUrlChars) throw new ProtocolError('malformed', 'the origin is too long')
  const fixed = [facts.relayNonce, facts.clientNonce, facts.key]
  if (fixed.some((field) => field.length !== limits.idBytes))
    throw new ProtocolError('malformed', 'a login has two nonces and a key of 32 bytes')
  const out = new Uint8Array(2 + origin.length + 3 * limits.idBytes + 1)
  new DataView(out.buffer).setUint16(0, origin.length)
  out.set(origin, 2)
  let at = 2 + origin.length
  out.set(facts.relayNonce, at)
  at += limits.idBytes
  out.set(facts.clientNonce, at)
  at += limits.idBytes
  out[at] = keyKinds.indexOf(facts.keyKind) + 1
  out.set(facts.key, at + 1)
  return out
}

/** A relay's address, as people hand it around. */
export interface RelayUrl {
  /** What is dialled: `wss://…` (or `ws://…` to loopback), without the pin. */
  readonly url: string
  /** `https://host[:port]`: what a login is bound to. */
  readonly origin: string
  /** SHA-256 of the public key (SPKI, DER) that the relay's certificate must have, 32 bytes; then no authority is asked. */
  readonly pin?: Uint8Array
  /** The one way to write it, with the pin. */
  readonly text: string
}

/**
 * Reads `wss://host[:port][/path][#sha256=<base64url>]`. `ws://` is for loopback only: elsewhere nothing goes in the clear.
 * @throws ProtocolError `malformed` for anything else: credentials, query, other schemes, a pin that is not 32 bytes.
 */
export function parseRelayUrl(text: string): RelayUrl {
  const url = parseWebSocketUrl(text)
  if (url.username !== '' || url.password !== '' || url.search !== '')
    throw new ProtocolError('malformed', 'a relay URL has neither credentials nor a query')
  if (url.protocol === 'ws:' && !isLoopback(url.hostname))
    throw new ProtocolError('malformed', 'ws:// is for loopback only; use wss://')
  const pin = parsePin(url.hash)
  if (pin !== undefined && url.protocol === 'ws:') throw new ProtocolError('malformed', 'a pin needs wss://')
  const path = url.pathname === '/' ? '' : url.pathname
  const dialled = `${url.protocol}//${url.host}${path}`
  const fields = { url: dialled, origin: originOf(dialled) }
  return pin === undefined
    ? { ...fields, text: dialled }
    : { ...fields, pin, text: `${dialled}#${pinText(pin)}` }
}

/**
 * The origin of a relay's `wss:`, `ws:`, `https:` or `http:` URL: wss and ws become https and http, lower case, default port left out.
 * @throws ProtocolError `malformed` for anything else.
 */
export function originOf(url: string): string {
  const parsed = parseUrl(url)
  const scheme = { 'wss:': 'https:', 'ws:': 'http:', 'https:': 'https:', 'http:': 'http:' }[parsed.protocol]
  if (scheme === undefined || parsed.hostname === '')
    throw new ProtocolError('malformed', 'a relay has a wss:// or https:// address')
  return new URL(`${scheme}//${parsed.host}`).origin
}

/** The fragment that pins a public key: `sha256=` and base64url, no padding. */
export function pinText(pin: Uint8Array): string {
  return `sha256=${Buffer.from(pin).toString('base64url')}`
}

function parseUrl(text: string): URL {
  if (text.length > limits.relayUrlChars)
    throw new ProtocolError('malformed', 'a URL of this length is no relay')
  const url = URL.parse(text)
  if (url === null) throw new ProtocolError('malformed', 'not a URL')
  return url
}

function parseWebSocketUrl(text: string): URL {
  const url = parseUrl(text)
  if ((url.protocol !== 'wss:' && url.protocol !== 'ws:') || url.hostname === '')
    throw new ProtocolError('malformed', 'a relay URL begins with wss://')
  return url
}

function parsePin(fragment: string): Uint8Array | undefined {
  if (fragment === '') return undefined
  const encoded = /^#sha256=([A-Za-z0-9_-]{43})$/.exec(fragment)?.[1]
  const pin = encoded === undefined ? undefined : new Uint8Array(Buffer.from(encoded, 'base64url'))
  // 43 digits hold 258 bits: the two left over must be zero, or one pin could be written four ways.
  if (pin?.length !== limits.idBytes || pinText(pin) !== `sha256=${encoded ?? ''}`)
    throw new ProtocolError('malformed', 'a pin is #sha256= and 43 characters of base64url')
  return pin
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
