// Whose fault it is: what the judge of the log says, turned into what the run does about it.
import { CryptoError } from '@grenier/crypto'
import { ClientError } from '../errors.ts'

/** A fault of the relay's, or an update that is needed, as the error that halts the folder. Anything else is given back as it is. */
export function logFault(cause: unknown, at: { sequence: number }): unknown {
  if (!(cause instanceof CryptoError)) return cause
  const data = { ...at, what: cause.code }
  if (cause.code === 'version-unknown' || cause.code === 'kind-unknown') {
    return new ClientError('update-needed', 'an entry of a format that this version does not know', {
      cause,
      data,
    })
  }
  return new ClientError('relay-contradicts', `entry ${at.sequence}: ${cause.message}`, { cause, data })
}
