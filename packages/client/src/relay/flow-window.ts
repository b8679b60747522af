// How many bytes of bulk may be under way in one direction: about a second's worth of the rate that was measured, so that a small
// request never waits much longer than that behind bulk, on a line of any speed.
import { limits } from '@grenier/protocol'
import type { Clock } from '../clock.ts'

const KiB = 1024
/** Before anything is known: a tenth of a second on a home line of 20 Mbit/s. */
const startBytes = 256 * KiB
/** Four of the smallest pieces: below this a slow line would idle between a piece and the news that it arrived. */
const leastBytes = 32 * KiB
/** A second at 128 Mbit/s; enough for 1 Gbit/s over 130 ms. Bounds what either side buffers. */
const mostBytes = 16 * 1024 * KiB
/** Shorter and the rate is the noise of one system call. */
const sampleMs = 50
const pieceBytesLeast = 8 * KiB
/** So many pieces fit a window: another put's piece can go between, and news of the first comes back before the last is sent. */
const piecesInWindow = 4

/** The window of one direction. */
export class FlowWindow {
  private readonly clock: Clock
  private windowBytes = startBytes
  private underWayBytes = 0
  private sampledBytes = 0
  private sampleAtMs = 0
  private filled = false
  private isIdle = true

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** How large the next piece of bulk may be, at most `limits.partBytes`; 0 when it has to wait. */
  pieceBytes(): number {
    return this.fitting(Math.min(limits.partBytes, this.pieceBytesMost))
  }

  /** How much of so many bytes may be asked for at once, which come in frames of their own size; 0 when it has to wait. */
  creditBytes(wantedBytes: number): number {
    return this.fitting(Math.min(wantedBytes, this.pieceBytesMost))
  }

  private get pieceBytesMost(): number {
    const piece = Math.max(pieceBytesLeast, Math.floor(this.windowBytes / piecesInWindow))
    // Whole KiB: ragged pieces would make ragged reads and writes of them.
    return piece - (piece % KiB)
  }

  private fitting(bytes: number): number {
    const fits = this.underWayBytes === 0 || this.underWayBytes + bytes <= this.windowBytes
    if (!fits) this.filled = true
    return fits ? bytes : 0
  }

  /** After so many bytes it is time to ask what has arrived. */
  get probeBytes(): number {
    return this.windowBytes / piecesInWindow
  }

  /** Nothing is waiting to be sent: what passes until the next byte says nothing of the line. */
  idle(): void {
    this.isIdle = true
  }

  /** So many bytes are under way now. */
  began(bytes: number): void {
    if (this.isIdle || this.underWayBytes === 0) this.startSample()
    this.underWayBytes += bytes
  }

  /** So many bytes arrived. */
  arrived(bytes: number): void {
    this.underWayBytes -= bytes
    this.sampledBytes += bytes
    const elapsedMs = this.clock.monotonic() - this.sampleAtMs
    if (elapsedMs < sampleMs) return
    const secondBytes = (this.sampledBytes * 1000) / elapsedMs
    // A rate that we held down ourselves, by having nothing to send, says nothing against the line.
    const windowBytes = this.filled
      ? Math.max(secondBytes, (this.windowBytes + secondBytes) / 2)
      : Math.max(secondBytes, this.windowBytes)
    this.windowBytes = Math.min(mostBytes, Math.max(leastBytes, windowBytes))
    this.startSample()
  }

  /** So many bytes will not come after all. */
  withdrew(bytes: number): void {
    this.underWayBytes -= bytes
  }

  private startSample(): void {
    this.sampleAtMs = this.clock.monotonic()
    this.sampledBytes = 0
    this.filled = false
    this.isIdle = false
  }
}
