// What the file system says, in the words of this package.
import { RelayError } from '../errors.ts'

/** The system's code (ENOENT, ENOSPC, …), or nothing. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** `disk-full` where there is no space, else `data-broken` with the system's code. */
export function diskError(cause: unknown): RelayError {
  const system = systemCode(cause)
  if (system === 'ENOSPC' || system === 'EDQUOT')
    return new RelayError('disk-full', 'no space left for packs', { cause, retryable: true })
  return new RelayError('data-broken', 'the folder of packs cannot be used', { cause, data: { system } })
}
