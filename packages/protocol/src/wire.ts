// What carries frames between client and relay: a WebSocket on both sides, the pair in memory in tests and the simulation.
// Knows nothing of what is in a frame.

/**
 * One end of a connection. Frames arrive whole, once, in the order they were sent, or not at all once the wire is closed.
 * Each `on…` keeps one listener, the last given; frames that arrive before the first `onFrame` wait for it.
 */
export interface Wire {
  /**
   * Hands a frame over; the bytes belong to the wire from then on. After the wire closed it does nothing. `sent` is called when they
   * have left and the wire lets go of their memory; a wire that cannot tell never calls it.
   */
  send(frame: Uint8Array, sent?: () => void): void
  /** Bytes handed over that have not yet left this end. */
  readonly bufferedBytes: number
  /** A frame is the listener's: nobody else looks at its bytes any more. */
  onFrame(listener: (frame: Uint8Array) => void): void
  /** Called when `bufferedBytes` has fallen (to how much is up to the wire) after it was above nothing. */
  onDrain(listener: () => void): void
  /** Called once, when the wire has closed from either end; at once (but never inside this call) if it has already. */
  onClose(listener: (reason?: string) => void): void
  /** Ends the connection; what was sent before still arrives where the wire can. `code` is a WebSocket close code. */
  close(code?: number, reason?: string): void
}
