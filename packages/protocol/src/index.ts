// The public face of @grenier/protocol: the messages between client and relay, their limits and errors. No I/O here or below.
export { bulkFrameBytes, layBulk, type BulkOutline } from './bulk-frame.ts'
export {
  clientMessageTypes,
  type ClientMessage,
  type ClientMessageOf,
  type ClientRequest,
} from './client-message.ts'
export { decodeClientMessage, decodeRelayMessage, encodeMessage, type Message } from './codec.ts'
export {
  deleteVaultBytes,
  deleteVaultLabel,
  deletionWishes,
  type DeletionFacts,
  type DeletionWish,
} from './delete-vault.ts'
export { isRetryable, relayErrorCodes, type RelayErrorCode } from './error-codes.ts'
export { protocolVersion } from './fields.ts'
export { keyKinds, type KeyKind } from './key-kind.ts'
export { limits } from './limits.ts'
export {
  loginBytes,
  loginLabel,
  renewAccountBytes,
  renewAccountLabel,
  originOf,
  parseRelayUrl,
  pinText,
  type LoginFacts,
  type RelayUrl,
} from './login.ts'
export { ProtocolError, type ProtocolErrorCode } from './protocol-error.ts'
export {
  packStates,
  relayMessageTypes,
  type ListedEntry,
  type OkMessage,
  type OkOf,
  type RelayAnswer,
  type RelayMessage,
  type RelayMessageOf,
} from './relay-message.ts'
export { memoryWirePair } from './wire-memory.ts'
export type { Wire } from './wire.ts'
export { OneWrite, type Corkable } from './one-write.ts'
