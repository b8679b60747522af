// Somebody on the line between a client and its relay, who reads and changes every message as the relay itself could.
import {
  decodeClientMessage,
  decodeRelayMessage,
  encodeMessage,
  type ClientMessage,
  type RelayMessage,
  type Wire,
} from '@grenier/protocol'

/** What is done with messages. Each may be passed on as it is, changed, or dropped (undefined). */
export interface Tap {
  /** `answer` speaks to the client in the relay's place. */
  readonly toRelay?: (
    message: ClientMessage,
    answer: (message: RelayMessage) => void,
  ) => ClientMessage | undefined
  readonly toClient?: (message: RelayMessage) => RelayMessage | undefined
  /** What a message waits for before it is passed on; those behind it overtake it. */
  readonly holds?: (message: ClientMessage) => Promise<unknown> | undefined
  /** Every frame that leaves the client, as it left it. */
  readonly seen?: (frame: Uint8Array) => void
}

/** The client's end of a wire, tapped. */
export function tapped(wire: Wire, tap: Tap): Wire {
  let listener: (frame: Uint8Array) => void = () => undefined
  const answer = (message: RelayMessage): void => listener(encodeMessage(message))
  return {
    get bufferedBytes() {
      return wire.bufferedBytes
    },
    send(frame) {
      tap.seen?.(frame)
      const message = decodeClientMessage(frame.slice())
      const held = tap.holds?.(message)
      if (held !== undefined) {
        void held.then(() => wire.send(encodeMessage(message)))
        return
      }
      const passed = tap.toRelay === undefined ? message : tap.toRelay(message, answer)
      if (passed !== undefined) wire.send(passed === message ? frame : encodeMessage(passed))
    },
    onFrame(given) {
      listener = given
      wire.onFrame((frame) => {
        const message = decodeRelayMessage(frame.slice())
        const passed = tap.toClient === undefined ? message : tap.toClient(message)
        if (passed !== undefined) given(passed === message ? frame : encodeMessage(passed))
      })
    },
    onDrain: (given) => wire.onDrain(given),
    onClose: (given) => wire.onClose(given),
    close: (code, reason) => wire.close(code, reason),
  }
}
