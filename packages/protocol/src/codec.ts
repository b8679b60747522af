// Messages to frames and back: deterministic CBOR (RFC 8949 §4.2.1) through cborg, then the schema. Bulk frames take the short way
// of bulk-frame.ts. A frame that is not exactly what its own message encodes to is refused, whatever is wrong with it.
import { encode } from 'cborg'
import * as v from 'valibot'
import { decodeBulk, decodeMore, encodeBulk } from './bulk-frame.ts'
import { clientMessage, type ClientMessage } from './client-message.ts'
import { protocolVersion } from './fields.ts'
import { readFrame } from './frame-reader.ts'
import { limits } from './limits.ts'
import { MessageNames, type Variant } from './message-names.ts'
import { ProtocolError } from './protocol-error.ts'
import { relayMessage, type RelayMessage } from './relay-message.ts'

/** Anything that goes over the wire. */
export type Message = ClientMessage | RelayMessage

// All keys are text: the order of RFC 8949 is cborg's own then, shorter first, which costs half of what its `rfc8949EncodeOptions` do.
const encodeOptions = { float64: true, ignoreUndefinedProperties: true }

/**
 * The one frame for a message; fields that are undefined are left out. `bytes` of bulk messages are copied once.
 * @throws ProtocolError `too-large` when it exceeds `limits.frameBytes`. The rest is the type's to promise, and the receiver's to check.
 */
export function encodeMessage(message: Message): Uint8Array {
  if (message.type === 'part' || message.type === 'data') return encodeBulk(message)
  const frame = encode(message, encodeOptions)
  if (frame.length > limits.frameBytes)
    throw new ProtocolError('too-large', `a frame of ${frame.length} bytes`)
  return frame
}

/**
 * What a client said. `bytes` of a `part` are a view of the frame; all else is copied out of it.
 * @throws ProtocolError `malformed`, `version-unknown`, `too-large`; never anything else, whatever the frame holds.
 */
export function decodeClientMessage(frame: Uint8Array): ClientMessage {
  const short = decodeBulk(frame, 'part') ?? decodeMore(frame)
  return short ?? checked(clientMessage, clientNames, decodeFrame(frame))
}

/**
 * What a relay said. `bytes` of a `data` are a view of the frame; all else is copied out of it.
 * @throws ProtocolError `malformed`, `version-unknown`, `too-large`; never anything else, whatever the frame holds.
 */
export function decodeRelayMessage(frame: Uint8Array): RelayMessage {
  const data = decodeBulk(frame, 'data')
  return data ?? checked(relayMessage, relayNames, decodeFrame(frame))
}

const clientNames = new MessageNames<ClientMessage>(clientMessage)
const relayNames = new MessageNames<RelayMessage>(relayMessage)

function checked<T>(all: Variant<T>, names: MessageNames<T>, value: unknown): T {
  refuseOtherVersions(value)
  const named = typeof value === 'object' && value !== null ? names.find(value) : undefined
  const result = v.safeParse(named ?? all, value, { abortEarly: true, abortPipeEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  // The path is of field names; what was received stays out of messages.
  throw new ProtocolError('malformed', `no message of this protocol: ${v.getDotPath(issue) ?? 'type'}`)
}

/** The two messages that name a version are looked at before their schema: other fields may be another version's. */
function refuseOtherVersions(value: unknown): void {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('version' in value)) return
  if (value.type !== 'login' && value.type !== 'challenge') return
  const { version } = value
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) return
  if (version !== protocolVersion)
    throw new ProtocolError('version-unknown', 'the other side speaks another version of the protocol')
}

function decodeFrame(frame: Uint8Array): unknown {
  if (frame.length > limits.frameBytes)
    throw new ProtocolError('too-large', `a frame of ${frame.length} bytes`)
  try {
    return readFrame(frame)
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause
    throw new ProtocolError('malformed', 'not deterministic CBOR', { cause })
  }
}
