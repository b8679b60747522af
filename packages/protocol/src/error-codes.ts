// What a relay may answer instead of a result: a closed union, listed in docs/PROTOCOL.md and docs/ERRORS.md, and whether the same
// request may succeed later with nothing changed on the client.

/** Each code with its default for `retryable`. */
const retryableByCode = {
  /** Not a message of this protocol. The relay closes. */
  malformed: false,
  /** A protocol version that the other side does not know: update needed. The relay closes. */
  'version-unknown': false,
  /** Any request but `login` and `ping` before login, or one that this kind of key may not make. */
  'not-logged-in': false,
  /** Signature, origin, nonce or time of a login did not check out. The relay closes. */
  'login-failed': false,
  /** The key belongs to no account, no vault and no open invitation here. */
  'account-unknown': false,
  /** The hoster closed the account, or its owner withdrew the device. */
  'account-closed': false,
  /** The relay takes no new accounts. */
  'registration-closed': false,
  /** The hoster's registration code is unknown, used or expired. */
  'invitation-wrong': false,
  /** No such vault, or none that this key may see: the two are not told apart. */
  'vault-unknown': false,
  /** An owner had the vault deleted, and that became final; `data` has the wish: `key`, `keyKind`, `at`, `signature`. */
  'vault-deleted': false,
  /** An owner took the vault to another relay, `data.relay`: the last entry of this log says so, and nothing follows it here. */
  'vault-moved': false,
  /** The key sees the vault but may not do this. */
  'no-right': false,
  /** The log has grown: read its entries, plan again, sign anew. */
  'head-moved': true,
  /** The entry breaks a rule; `data.reason` has the code of the judge that client and relay share. */
  'entry-refused': false,
  /** The entry's `at` is too far ahead of the relay's clock. */
  'clock-refused': true,
  /** The relay does not hold a pack that the request needs; `data.pack` names it in hex. */
  'pack-missing': false,
  /** The bytes put are not what the pack's name says. */
  'pack-wrong': false,
  /** A size that no pack has, or a range outside the pack. */
  'pack-size': false,
  /** The account that pays for the vault is full. */
  quota: true,
  /** Larger than a limit of this protocol or of the relay's. */
  'too-large': false,
  /** More at once, or in this hour, than a limit allows. */
  'too-many': true,
  /** The relay sheds load. */
  busy: true,
  /** The relay's disk is full. */
  'disk-full': true,
  /** The relay failed; nothing more is said. */
  internal: true,
  /** The relay is stopping. */
  'shutting-down': true,
} as const

/** Why a relay refused. */
export type RelayErrorCode = keyof typeof retryableByCode

/** All codes, in the order of the documents. */
export const relayErrorCodes = Object.keys(retryableByCode) as readonly RelayErrorCode[]

/** Whether the same request may succeed later with nothing changed on the client. */
export function isRetryable(code: RelayErrorCode): boolean {
  return retryableByCode[code]
}
