// The one error class of this package. A code that the wire knows goes to the client as it is; the others stay on this machine.
import type { RelayErrorCode as WireErrorCode } from '@grenier/protocol'

/** What can go wrong on this side of the wire only. */
export type LocalErrorCode =
  | 'usage' // wrong arguments of the command
  | 'config-wrong' // a configuration file or flag that does not make sense
  | 'data-locked' // another process holds the data folder
  | 'data-broken' // the store cannot be read, or contradicts itself
  | 'data-unsafe' // a key file that others may read
  | 'store-closed' // asked of a store that was closed
  | 'listen-failed' // the address cannot be listened on
  | 'tls-failed' // a certificate or key that cannot be used
  | 'admin-failed' // the running relay refused or could not be understood
  | 'unknown-name' // no such account, invitation or plan

/** What can go wrong in the relay. */
export type RelayErrorCode = WireErrorCode | LocalErrorCode

const local: ReadonlySet<string> = new Set<LocalErrorCode>([
  'usage',
  'config-wrong',
  'data-locked',
  'data-broken',
  'data-unsafe',
  'store-closed',
  'listen-failed',
  'tls-failed',
  'admin-failed',
  'unknown-name',
])

/** An error of the relay. `data` names the thing (ids, sizes, reasons): it may go to the client, so it holds nothing else. */
export class RelayError extends Error {
  override readonly name = 'RelayError'
  readonly code: RelayErrorCode
  /** Whether the same request may succeed later with nothing changed by who asks. Decided where the error is made. */
  readonly retryable: boolean
  readonly data: Readonly<Record<string, string | number>>

  constructor(
    code: RelayErrorCode,
    message: string,
    options: { cause?: unknown; retryable?: boolean; data?: Record<string, string | number> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.data = options.data ?? {}
  }
}

/** Whether a code stays on this machine: the client hears `internal` instead. */
export function isLocalCode(code: RelayErrorCode): code is LocalErrorCode {
  return local.has(code)
}
