// A line between devices and a relay, as many have it at home: slow upwards, some delay, some loss.
import type { Stage } from '../stage.ts'

/** What the line is like. */
export interface Shape {
  readonly upBitsPerSecond: number
  readonly downBitsPerSecond: number
  /** There and back. */
  readonly roundTripMs: number
  readonly lossPercent: number
}

/** 1 Mbit/s up, 8 down, 40 ms there and back, one packet in a hundred lost each way. */
export const homeLine: Shape = {
  upBitsPerSecond: 1_000_000,
  downBitsPerSecond: 8_000_000,
  roundTripMs: 40,
  lossPercent: 1,
}

/** A relay behind a line, and how to be a device on the other side. */
export interface Line {
  /** How it is made, for the report. */
  readonly kind: string
  readonly url: string
  /** What to put before a device's command. */
  readonly prefix: (device: 'one' | 'other') => readonly string[]
  /** Bytes that device `one` has sent over it so far. */
  sentBytes(): number
  /** Ends the line; the relay is ended with the stage. */
  close(): Promise<void>
}

export type OpenLine = (stage: Stage, shape: Shape) => Promise<Line>
