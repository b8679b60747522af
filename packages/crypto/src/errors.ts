// The one error class of this package. Codes are stable: they are listed in docs/ERRORS.md and a test holds the list complete.

/** What can go wrong with bytes. The code says what was seen, never which secret it was seen with. */
export type CryptoErrorCode =
  | 'malformed' // not the bytes of the format: truncated, over-long, not canonical, out of range
  | 'version-unknown' // a format version that this program does not know: update needed
  | 'kind-unknown' // an entry kind or header field that this program does not know: update needed
  | 'seal-broken' // a seal, cell or commitment does not open: altered, or not meant for this key
  | 'signature-wrong' // a signature, certificate or MAC does not check out
  | 'chain-broken' // sequence, previous hash, spine hash or time does not follow
  | 'no-right' // the signer has no right to this at this place of the log
  | 'public-part-wrong' // a public part breaks a rule of the spine
  | 'phrase-wrong' // not 24 words of a known list, or the checksum is off
  | 'limit' // larger than a stated limit

/** An error of `@grenier/crypto`. `data` names the thing (ids, positions), never a key or content. */
export class CryptoError extends Error {
  override readonly name = 'CryptoError'
  readonly code: CryptoErrorCode
  readonly data: Readonly<Record<string, string | number>>

  constructor(
    code: CryptoErrorCode,
    message: string,
    options: { cause?: unknown; data?: Record<string, string | number> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.data = options.data ?? {}
  }
}
