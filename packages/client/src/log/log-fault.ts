// Whose fault it is: what the judge of the log says, turned into what the run does about it.
import { CryptoError } from '@grenier/crypto'
import { ClientError } from '../errors.ts'

/**
 * A fault of the relay's, or an update that is needed, as the error that halts the folder. Anything else is given back as it is.
 * `isAuthentic`: asked of an entry that this program does not know; one that nobody signed asks for no update.
 */
export function logFault(cause: unknown, at: { sequence: number; isAuthentic?: () => boolean }): unknown {
  if (!(cause instanceof CryptoError)) return cause
  const { sequence } = at
  const data = { sequence, what: cause.code }
  const isUnknown = cause.code === 'version-unknown' || cause.code === 'kind-unknown'
  if (isUnknown && at.isAuthentic?.() !== false) {
    return new ClientError('update-needed', 'an entry of a format that this version does not know', {
      cause,
      data,
    })
  }
  return new ClientError('relay-contradicts', `entry ${sequence}: ${cause.message}`, { cause, data })
}
