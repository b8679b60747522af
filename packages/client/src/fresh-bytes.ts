// Memory that is not zeroed. Fresh memory from the system is zeros already, and what is used again would be cleared for nothing:
// all of it is written before anybody reads it.

/** Memory of its own with anything in it, so that it may be moved to a thread: for bytes that are all written before one is read or handed on. */
export function freshBytes(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer)
}
