// What a client hears of an error: a code of the protocol, and nothing about this machine.
import { CryptoError } from '@grenier/crypto/verify'
import {
  isRetryable,
  limits,
  ProtocolError,
  type RelayErrorCode,
  type RelayMessageOf,
} from '@grenier/protocol'
import { isLocalCode, RelayError } from '../errors.ts'

/** The `error` message for a failure, without the id of a request. */
export function failureMessage(error: unknown): RelayMessageOf<'error'> {
  if (error instanceof RelayError && !isLocalCode(error.code)) return told(error.code, error)
  if (error instanceof ProtocolError) return refusal(error.code)
  if (error instanceof CryptoError) return refusal('malformed')
  return refusal('internal')
}

/** Whether nobody but this machine is to blame, so that its log should say so. */
export function isOurs(error: unknown): boolean {
  if (error instanceof RelayError)
    return isLocalCode(error.code) || error.code === 'internal' || error.code === 'disk-full'
  return !(error instanceof ProtocolError || error instanceof CryptoError)
}

function refusal(code: RelayErrorCode): RelayMessageOf<'error'> {
  return { type: 'error', code, retryable: isRetryable(code) }
}

// What went wrong on this machine may name its folders: those codes go bare.
const bare: ReadonlySet<RelayErrorCode> = new Set(['internal', 'disk-full'])

function told(code: RelayErrorCode, error: RelayError): RelayMessageOf<'error'> {
  if (bare.has(code)) return refusal(code)
  const retryable = error.retryable || isRetryable(code)
  const message = { ...refusal(code), message: error.message.slice(0, limits.messageChars), retryable }
  const { retryAfterMs, ...data } = error.data
  const later = typeof retryAfterMs === 'number' ? { ...message, retryAfterMs } : message
  return Object.keys(data).length === 0 ? later : { ...later, data }
}
