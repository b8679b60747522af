// Labels of hashes, signatures and derivations: what keeps one use of a key from being taken for another.

/** A label: every hash, signature and derivation of the format has one of its own. */
export type Label = `grenier/v1/${string}`

/** Labels are a few dozen, and asked for with each hash. */
const encoded = new Map<Label, Uint8Array>()

/** The label as it is hashed: UTF-8, NUL-terminated. One array for all who ask: only to be read. */
export function labelBytes(label: Label): Uint8Array {
  const known = encoded.get(label)
  if (known !== undefined) return known
  const bytes = new TextEncoder().encode(`${label}\0`)
  encoded.set(label, bytes)
  return bytes
}
