// What the relay says of itself: one line an event. No address, no name, no key that opens anything; ids are cut short.
import { toHex } from '@grenier/crypto/verify'

/** Fields of an event: short, and nothing secret. */
export type EventFields = Readonly<Record<string, string | number>>

/** Where events go. */
export type EventLog = (event: string, fields?: EventFields) => void

/** Says nothing. */
export const silentLog: EventLog = () => undefined

/** Writes `time event name=value …` lines. */
export function lineLog(write: (line: string) => void, now: () => number): EventLog {
  return (event, fields = {}) => {
    const parts = Object.entries(fields).map(([name, value]) => `${name}=${plain(value)}`)
    write(`${[new Date(now()).toISOString(), event, ...parts].join(' ')}\n`)
  }
}

/** The first bytes of an id: enough to tell two apart, and to find it in `account show`. */
export function shortId(id: Uint8Array): string {
  return toHex(id.subarray(0, 6))
}

// A value stays on its line whatever it holds.
function plain(value: string | number): string {
  return typeof value === 'number' || /^[\w.:/@#=+-]+$/.test(value) ? String(value) : JSON.stringify(value)
}
