// One zstd context a thread and direction, kept from chunk to chunk. Node's `zstdCompressSync` makes a stream, a context and its tables for each
// call, which takes several times what compressing a small file does; `zstdDecompressSync` likewise. What is asked here is what that call itself asks of the stream: names that Node
// does not promise. Where they are not as they were, or anything is not as it must be, the answer is undefined or false and the caller takes the public call.
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib'

/** Compresses, or decompresses, one buffer into another in one call; what is left of both afterwards stands in `left`: first the room, then the input. */
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

let decompressing: { readonly windowLogMax: number; readonly engine: Engine | undefined } | undefined

/**
 * Decompresses one whole frame of just `plainBytes` to the front of `out`, which has room for one byte more. False when it is not that, or this
 * Node cannot. What a frame left behind that ended too early would spoil the next one: whoever finds the bytes to be wrong calls
 * `forgetDecompressing`, and asks the public call before anything is said of them.
 */
export function decompressInto(
  stored: Uint8Array,
  {
    out,
    plainBytes,
    windowLogMax,
  }: { readonly out: Uint8Array; readonly plainBytes: number; readonly windowLogMax: number },
): boolean {
  if (decompressing?.windowLogMax !== windowLogMax)
    decompressing = {
      windowLogMax,
      engine: kept(createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: windowLogMax } })),
    }
  const { engine } = decompressing
  if (engine === undefined) return false
  engine.left.fill(stored.length + 1)
  engine.handle.writeSync(constants.ZSTD_e_end, stored, 0, stored.length, out, 0, plainBytes + 1)
  const [roomLeft = 0, inputLeft = 1] = engine.left
  if (inputLeft === 0 && roomLeft === 1) return true
  forgetDecompressing()
  return false
}

/** The next frame has a context of its own. */
export function forgetDecompressing(): void {
  decompressing = undefined
}

function engineOf(level: number): Engine | undefined {
  return kept(createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } }))
}

function kept(
  stream: ReturnType<typeof createZstdCompress | typeof createZstdDecompress>,
): Engine | undefined {
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
