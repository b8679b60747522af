// Headers from bytes: shape, lengths, ranges, order and limits. An unknown version, kind, action, role or field means "update needed";
// whether an entry has the right to what it says is for the judge of the log.
import { entryHash, packId, signingKey, vaultId } from './bytes.ts'
import { decodeCbor } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { asArray, asBytes, asTuple, asUint, ascending, Fields, malformed } from './fields.ts'
import {
  entryKinds,
  headerVersion,
  type EntryKind,
  type Header,
  type Link,
  type PackClaim,
} from './header.ts'
import { decodeGenesisPart, decodeMemberPart } from './header-member.ts'
import type { CheckpointPart, ConfigPart, DropPart, LinkedHeader, PrunePart } from './header.ts'
import {
  claimsMax,
  dropsMax,
  epochMax,
  headerBytesMax,
  payloadVersionLimit,
  retentionMsMax,
  urlBytesMax,
} from './limits.ts'
import { isAllowedPackSize, packBytesMax } from './sizes.ts'

const sharedKeys = ['version', 'kind', 'sequence', 'device', 'at', 'added', 'restored']
const linkKeys = ['vault', 'previous', 'spine']

function decodeKind(value: unknown): EntryKind {
  if (typeof value !== 'string') malformed('kind of a header is no text')
  const kind = entryKinds.find((known) => known === value)
  if (kind === undefined) throw new CryptoError('kind-unknown', 'an entry of a kind that is not known')
  return kind
}

function decodeClaim(value: unknown): PackClaim {
  const [id, size, epoch] = asTuple(value, 3, 'a pack claim')
  const sizeBytes = asUint(size, packBytesMax, 'size of a pack')
  if (!isAllowedPackSize(sizeBytes)) malformed('a pack of a size that none has')
  return {
    id: packId(asBytes(id, 32, 'a pack id')),
    sizeBytes,
    epoch: asUint(epoch, epochMax, 'epoch of a pack'),
  }
}

function decodeLink(fields: Fields): Link {
  return {
    vault: vaultId(fields.bytes('vault', 32)),
    previous: entryHash(fields.bytes('previous', 32)),
    spine: entryHash(fields.bytes('spine', 32)),
  }
}

function decodeConfig(part: Fields): ConfigPart {
  part.only(['retentionMs', 'payloadVersionMax', 'continuation'], 'kind-unknown')
  return {
    ...(part.has('retentionMs') && { retentionMs: part.uint('retentionMs', retentionMsMax) }),
    ...(part.has('payloadVersionMax') && {
      payloadVersionMax: part.uint('payloadVersionMax', payloadVersionLimit),
    }),
    ...(part.has('continuation') && { continuation: decodeContinuation(part.sub('continuation')) }),
  }
}

function decodeContinuation(fields: Fields): NonNullable<ConfigPart['continuation']> {
  fields.only(['relay', 'sequence', 'hash'], 'kind-unknown')
  return {
    relay: fields.text('relay', urlBytesMax),
    sequence: fields.uint('sequence'),
    hash: entryHash(fields.bytes('hash', 32)),
  }
}

function decodePrune(part: Fields): PrunePart {
  part.only(['through', 'checkpoint'], 'kind-unknown')
  const checkpoint = part.sub('checkpoint').only(['sequence', 'hash'], 'kind-unknown')
  return {
    through: part.uint('through'),
    checkpoint: {
      sequence: checkpoint.uint('sequence'),
      hash: entryHash(checkpoint.bytes('hash', 32)),
    },
  }
}

function decodeDrop(part: Fields): DropPart {
  part.only(['packs'], 'kind-unknown')
  const packs = part.array('packs', dropsMax).map((id) => packId(asBytes(id, 32, 'a pack id')))
  if (packs.length === 0) malformed('a drop of nothing')
  ascending(packs, 'packs of a drop')
  return { packs }
}

function decodeCheckpoint(part: Fields): CheckpointPart {
  part.only(['holds'], 'kind-unknown')
  return { holds: part.uint('holds') }
}

type Common = Pick<Header, 'sequence' | 'device' | 'at' | 'added' | 'restored'>

function decodeLinked(kind: LinkedHeader['kind'], fields: Fields, common: Common): LinkedHeader {
  const base = { ...common, ...decodeLink(fields) }
  switch (kind) {
    case 'member':
      return { kind, ...base, part: decodeMemberPart(fields.sub('public')) }
    case 'config':
      return { kind, ...base, part: decodeConfig(fields.sub('public')) }
    case 'prune':
      return { kind, ...base, part: decodePrune(fields.sub('public')) }
    case 'drop':
      return { kind, ...base, part: decodeDrop(fields.sub('public')) }
    case 'checkpoint':
      return { kind, ...base, part: decodeCheckpoint(fields.sub('public')) }
    case 'change':
      return { kind, ...base }
  }
}

/** Whether the kind may add packs, and restore them: `change` alone brings packs back. */
function checkClaims(kind: EntryKind, common: Common): void {
  const adds = kind === 'change' || kind === 'checkpoint' || kind === 'config' || kind === 'member'
  if (common.added.length > 0 && !adds) malformed(`a ${kind} adds no packs`)
  if (common.restored.length > 0 && kind !== 'change') malformed(`a ${kind} restores no packs`)
}

/**
 * The header in these bytes, which are its one encoding.
 * @throws CryptoError `version-unknown`, `kind-unknown` (update needed); `malformed`; `limit`
 */
export function decodeHeader(bytes: Uint8Array): Header {
  const fields = new Fields(decodeCbor(bytes, { maxBytes: headerBytesMax }), 'a header')
  if (fields.uint('version') !== headerVersion)
    throw new CryptoError('version-unknown', 'an entry of a version that is not known')
  const kind = decodeKind(fields.get('kind'))
  const own = kind === 'genesis' ? ['nonce'] : linkKeys
  fields.only([...sharedKeys, ...own, ...(kind === 'change' ? [] : ['public'])], 'kind-unknown')
  const common: Common = {
    sequence: fields.uint('sequence'),
    device: signingKey(fields.bytes('device', 32)),
    at: fields.uint('at'),
    added: asArray(fields.get('added'), claimsMax, 'packs added').map(decodeClaim),
    restored: asArray(fields.get('restored'), claimsMax, 'packs restored').map(decodeClaim),
  }
  checkClaims(kind, common)
  if (kind !== 'genesis') return decodeLinked(kind, fields, common)
  return { kind, ...common, nonce: fields.bytes('nonce', 32), part: decodeGenesisPart(fields.sub('public')) }
}
