// The address of a relay, as people type it.
import { parseRelayUrl, ProtocolError } from '@grenier/protocol'
import { usageError } from './usage-error.ts'

/** The one way to write it. @throws ClientError `usage` */
export function relayText(relay: string): string {
  try {
    return parseRelayUrl(relay).text
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw usageError('relay-url', relay, cause)
  }
}
