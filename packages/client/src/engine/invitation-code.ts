// The text of an invitation: the relay's URL with the secret in its fragment, beside the pin; or the URL and twelve words to read out.
import {
  CryptoError,
  invitationSecretBytes,
  secretOfWords,
  wordsOf,
  type PhraseLanguage,
} from '@grenier/crypto'
import { parseRelayUrl, ProtocolError } from '@grenier/protocol'
import { ClientError } from '../errors.ts'

/** What a code says. `relay`: URL with its pin; `secret`: 16 bytes. */
export interface InvitationCode {
  readonly relay: string
  readonly secret: Uint8Array
}

/** `wss://host#sha256=…&invite=…`. */
export function encodeInvitationCode({ relay, secret }: InvitationCode): string {
  const separator = relay.includes('#') ? '&' : '#'
  return `${relay}${separator}invite=${Buffer.from(secret).toString('base64url')}`
}

/** The relay's URL and the twelve words. */
export function invitationWords({ relay, secret }: InvitationCode, language: PhraseLanguage): string {
  return `${relay} ${wordsOf(secret, language)}`
}

/** Reads either form. @throws ClientError `code-wrong`; `what`: `text`, or `words` with how many there are where that is wrong */
export function decodeInvitationCode(text: string): InvitationCode {
  const [first = '', ...words] = text.trim().split(/\s+/)
  try {
    if (words.length > 0) return { relay: parseRelayUrl(first).text, secret: secretOfWords(words.join(' ')) }
    return decodeUrl(first)
  } catch (cause) {
    if (!(cause instanceof CryptoError || cause instanceof ProtocolError)) throw cause
    if (words.length === 0 || cause instanceof ProtocolError) throw noCode(cause)
    const { words: count } = cause.data
    const data = { what: 'words', ...(count === undefined ? {} : { words: Number(count) }) }
    throw new ClientError('code-wrong', 'not the words of an invitation', { cause, data })
  }
}

function decodeUrl(text: string): InvitationCode {
  const match = /^([^#]+)#(?:(sha256=[\w-]+)&)?invite=([\w-]{22})$/.exec(text)
  const [, url, pin, encoded] = match ?? []
  if (url === undefined || encoded === undefined) throw noCode()
  const secret = new Uint8Array(Buffer.from(encoded, 'base64url'))
  if (secret.length !== invitationSecretBytes) throw noCode()
  return { relay: parseRelayUrl(pin === undefined ? url : `${url}#${pin}`).text, secret }
}

function noCode(cause?: unknown): ClientError {
  return new ClientError('code-wrong', 'not an invitation code', { cause, data: { what: 'text' } })
}
