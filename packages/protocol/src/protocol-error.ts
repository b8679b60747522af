// The one error class of this package: a frame, a relay URL or a message that breaks the protocol. Its codes are among the relay's
// error codes, so that what a relay could not decode it can answer with the same word.

/** What can be wrong with bytes from the other side. */
export type ProtocolErrorCode = 'malformed' | 'version-unknown' | 'too-large'

/** An error of `@grenier/protocol`. Never carries the bytes themselves. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ProtocolErrorCode

  constructor(code: ProtocolErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
  }
}
