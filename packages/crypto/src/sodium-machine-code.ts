// BLAKE2b of large pieces, by libsodium as machine code: half as fast again as its WebAssembly, and nothing is copied to where WebAssembly can read
// it. Loaded when something large is first hashed; a machine for which there is none goes on with WebAssembly. The one file that knows it.
import { createRequire } from 'node:module'

/** BLAKE2b of parts, one after the other, 32 bytes. `key`: 32 bytes or none. */
export type BulkHash = (key: Uint8Array | null, parts: readonly Uint8Array[]) => Uint8Array

/** What is used of the library. `out` takes the hash, of its length. */
interface SodiumNative {
  crypto_generichash_batch(out: Uint8Array, parts: readonly Uint8Array[], key: Uint8Array | null): void
}

let found: { readonly hash: BulkHash | undefined } | undefined

/** undefined where there is no machine code for this machine. */
export function machineCodeHash(): BulkHash | undefined {
  found ??= { hash: load() }
  return found.hash
}

function load(): BulkHash | undefined {
  const library = required()
  if (library === undefined) return undefined
  const hash: BulkHash = (key, parts) => {
    // The library takes a key without bytes for none.
    if (key?.length === 0) throw new RangeError('a key of no bytes')
    const out = new Uint8Array(32)
    library.crypto_generichash_batch(out, parts, key)
    return out
  }
  return isRight(hash) ? hash : undefined
}

/** Whether what was found is what is meant: one known answer, of a key and two parts. */
function isRight(hash: BulkHash): boolean {
  try {
    const [key, part] = [new Uint8Array(32).fill(7), new Uint8Array(100).fill(1)]
    return Buffer.from(hash(key, [part, part])).toString('hex') === knownHash
  } catch {
    return false
  }
}

const knownHash = 'faab7ef3f4d7e7daa63ab54dc5aa3ae6ddb4a27df3f4835f33a5be8e8b94836e'

/** Not imported: that would be waited for by every process, and end one for which it is not there. */
function required(): SodiumNative | undefined {
  try {
    return createRequire(import.meta.url)('sodium-native') as SodiumNative
  } catch {
    return undefined
  }
}
