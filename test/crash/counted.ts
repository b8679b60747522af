// The state and the line to the relay, with a moment before and after what they do to the world. What has no effect goes through as it is.
import type { StateStore } from '@grenier/client'
import { decodeEntry, toHex } from '@grenier/crypto'
import { decodeClientMessage, decodeRelayMessage, type Wire } from '@grenier/protocol'
import type { Effect } from './journal.ts'
import type { Moments } from './moments.ts'

/** Parts of a pack are many and all alike: one in so many bytes is a moment. */
const partEveryBytes = 1 << 20

/** A state store whose batches are moments. */
export function countedStore(store: StateStore, moments: Moments): StateStore {
  return {
    get: (key) => store.get(key),
    range: (range) => store.range(range),
    async batch(writes, options) {
      const what = `batch of ${writes.length}${options.flush ? ', flushed' : ''}`
      moments.reach(what)
      moments.note({ do: 'batch', rows: writes.length })
      await store.batch(writes, options)
      moments.reach(`after ${what}`)
    },
    close: () => store.close(),
  }
}

/** A wire: what leaves is a moment before and after, what comes before it is taken in. */
export function countedWire(wire: Wire, moments: Moments): Wire {
  const sent = sentEffects((effect) => moments.note(effect))
  return {
    get bufferedBytes() {
      return wire.bufferedBytes
    },
    send(frame) {
      const message = decodeClientMessage(frame.slice())
      const counts = message.type !== 'part' || message.offset % partEveryBytes === 0
      if (counts) moments.reach(`send ${message.type}`)
      sent(frame)
      wire.send(frame)
      if (counts) moments.reach(`after send ${message.type}`)
    },
    onFrame(take) {
      wire.onFrame((frame) => {
        const message = decodeRelayMessage(frame.slice())
        const counts = message.type !== 'data' || message.offset % partEveryBytes === 0
        if (counts) moments.reach(`receive ${message.type}${'re' in message ? ` ${message.re}` : ''}`)
        take(frame)
      })
    },
    onDrain: (drained) => wire.onDrain(drained),
    onClose: (closed) => wire.onClose(closed),
    close: (code, reason) => wire.close(code, reason),
  }
}

/** Listens for packs and claims in the frames of one connection. */
export function sentEffects(note: (effect: Effect) => void): (frame: Uint8Array) => void {
  const announced = new Map<number, string>()
  return (frame) => {
    const message = decodeClientMessage(frame.slice())
    if (message.type === 'put') announced.set(message.id, toHex(message.pack))
    if (message.type === 'part' && message.offset === 0)
      note({ do: 'put', pack: announced.get(message.id) ?? '' })
    if (message.type === 'append')
      note({ do: 'append', packs: decodeEntry(message.entry).header.added.map(({ id }) => toHex(id)) })
  }
}
