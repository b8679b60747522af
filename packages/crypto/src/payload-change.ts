// The payload of a `change`: operations on the tree, and the index of the packs that the entry adds and restores. Everything that one
// entry can show is checked here; what needs the state before it (does the node exist?) is for the fold.
import { encodeCounted } from './cbor-writer.ts'
import { decodeCbor } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { asArray, Fields } from './fields.ts'
import type { PackClaim } from './header.ts'
import { operationsMax, payloadItemsMax, payloadPlainBytesMax } from './limits.ts'
import { checkIndex, decodeIndex, indexValue, type PackIndex } from './payload-index.ts'
import { checkOperation, decodeOperation, operationValue, type Operation } from './payload-operation.ts'

/** What a `change` says. */
export interface ChangePayload {
  readonly operations: readonly Operation[]
  readonly index: readonly PackIndex[]
}

/** The body of a `change`. @throws CryptoError `limit` on more than one entry may say; `malformed` on values without an encoding */
export function encodeChange({ operations, index }: ChangePayload): Uint8Array {
  const value = { operations: operations.map(operationValue), index: indexValue(index) }
  const { bytes, items } = encodeCounted(value)
  if (items > payloadItemsMax)
    throw new CryptoError('limit', `a change of more than ${payloadItemsMax} items`)
  return bytes
}

/**
 * What the body of a `change` says. `claims`: the packs that its header adds, then those that it restores.
 * @throws CryptoError `malformed`, `limit`: the entry is void
 */
export function decodeChange(body: Uint8Array, claims: readonly PackClaim[]): ChangePayload {
  const limits = { maxBytes: payloadPlainBytesMax, maxItems: payloadItemsMax }
  const fields = new Fields(decodeCbor(body, limits), 'a change')
  fields.only(['operations', 'index'], 'malformed')
  const index = decodeIndex(fields.get('index'), claims)
  const operations = fields
    .array('operations', operationsMax)
    .map((value, position) => decodeOperation(value, { position, index }))
  return { operations, index }
}

/**
 * What everybody will read in `body`, which is what `encodeChange` made of this: refuses what `decodeChange` would refuse, and does not decode what
 * is at hand. @throws CryptoError `malformed`, `limit`: the entry would be void
 */
export function asRead(change: ChangePayload, body: Uint8Array, claims: readonly PackClaim[]): ChangePayload {
  const { operations, index } = change
  if (operations.some(({ unknown }) => unknown !== undefined)) return decodeChange(body, claims)
  if (body.length > payloadPlainBytesMax)
    throw new CryptoError('limit', `a change of more than ${payloadPlainBytesMax} bytes`)
  checkIndex(index, claims)
  asArray(operations, operationsMax, 'operations of a change')
  for (const [position, operation] of operations.entries()) checkOperation(operation, { position, index })
  return change
}
