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
  return (key, parts) => {
    const out = new Uint8Array(32)
    library.crypto_generichash_batch(out, parts, key)
    return out
  }
}

/** Not imported: that would be waited for by every process, and end one for which it is not there. */
function required(): SodiumNative | undefined {
  try {
    return createRequire(import.meta.url)('sodium-native') as SodiumNative
  } catch {
    return undefined
  }
}
