// How a relay's refusals and broken connections read as errors of the client.
import { ProtocolError, type RelayMessageOf } from '@grenier/protocol'
import { ClientError } from '../errors.ts'

/** Why a connection was not there, or ended; stands in `data.reason` of `relay-unreachable`. */
export type UnreachableReason =
  | 'closed' // the connection broke, or the relay closed it
  | 'silent' // nothing came for too long, not even a pong
  | 'stalled' // pongs came, but a request did not move
  | 'malformed' // what came is not this protocol
  | 'timeout' // no login within its time
  | 'network' // no route, refused, name unknown
  | 'http' // something answered, but no relay
  | 'certificate' // the certificate is not one that the system trusts
  | 'pin' // the certificate's key is not the one that the URL pins

const persons: readonly UnreachableReason[] = ['certificate', 'pin']

/** `relay-unreachable`; retryable unless a person has to look at it first. */
export function unreachable(reason: UnreachableReason, cause?: unknown): ClientError {
  return new ClientError('relay-unreachable', `no connection to the relay: ${reason}`, {
    cause,
    retryable: !persons.includes(reason),
    data: { reason },
  })
}

/** The relay said no. `data.reason` has its code, `data.detail` the reason that the relay gave with it, if any. */
export function refused(message: RelayMessageOf<'error'>): ClientError {
  const { reason: detail, ...facts } = message.data ?? {}
  const data = {
    ...facts,
    ...(detail === undefined ? {} : { detail }),
    ...(message.retryAfterMs === undefined ? {} : { retryAfterMs: message.retryAfterMs }),
    reason: message.code,
  }
  const code = message.code === 'version-unknown' ? 'update-needed' : 'relay-refused'
  return new ClientError(code, `the relay refused: ${message.code}`, { retryable: message.retryable, data })
}

/** What a frame that does not decode, or an answer that does not fit, makes of the connection. */
export function broken(cause: unknown): ClientError {
  if (cause instanceof ClientError) return cause
  if (cause instanceof ProtocolError && cause.code === 'version-unknown')
    return new ClientError('update-needed', cause.message, { cause })
  return unreachable('malformed', cause)
}

/** Whether a line broke, or there was none: it may come back. */
export function isLineBroken(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'relay-unreachable' && error.retryable
}
