// One zstd context a thread, kept from chunk to chunk. Node's `zstdCompressSync` makes a stream, a context and its tables for each call, which
// takes several times what compressing a small file does. What is asked here is what that call itself asks of the stream: names that Node
// does not promise. Where they are not as they were, or anything is not as it must be, the answer is undefined and the caller takes the public call.
import { constants, createZstdCompress } from 'node:zlib'

/** Compresses one buffer into another in one call; what is left of both afterwards stands in `left`: first the room, then the input. */
interface Engine {
  readonly stream: unknown
  readonly handle: Handle
  readonly left: Uint32Array
}

interface Handle {
  writeSync(flush: number, ...ranges: Range): void
}

/** Input, its start and length, then the same of the output. */
type Range = [Uint8Array, number, number, Uint8Array, number, number]

const engines = new Map<number, Engine | undefined>()

/**
 * Compresses `plain` to one whole frame in `out` from `start` on, and gives its length. undefined when it did not fit, or this Node
 * cannot: then what stands in `out` behind `start` is undefined, too.
 */
export function compressInto(
  plain: Uint8Array,
  { out, start, level }: { readonly out: Uint8Array; readonly start: number; readonly level: number },
): number | undefined {
  if (!engines.has(level)) engines.set(level, engineOf(level))
  const engine = engines.get(level)
  if (engine === undefined) return undefined
  const room = out.length - start
  // Where it fails, nothing is written here: what was left the last time must not stand for it.
  engine.left.fill(1)
  engine.handle.writeSync(constants.ZSTD_e_end, plain, 0, plain.length, out, start, room)
  const [roomLeft = 0, inputLeft = 1] = engine.left
  // A frame that stopped for want of room is not at its end: its context is not used again.
  if (inputLeft === 0 && roomLeft > 0) return room - roomLeft
  engines.set(level, engineOf(level))
  return undefined
}

function engineOf(level: number): Engine | undefined {
  const stream = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } })
  const handle: unknown = Reflect.get(stream, '_handle')
  const left: unknown = Reflect.get(stream, '_writeState')
  if (!isHandle(handle) || !(left instanceof Uint32Array) || left.length !== 2) return undefined
  // A refusal is told through the stream, where nobody listens; it shows in what is left.
  stream.on('error', () => undefined)
  return { stream, handle, left }
}

function isHandle(value: unknown): value is Handle {
  return (
    typeof value === 'object' &&
    value !== null &&
    'writeSync' in value &&
    typeof value.writeSync === 'function'
  )
}
