// What a client may say. A message that fits no schema here is refused whole: an unknown type or field is `malformed`.
import * as v from 'valibot'
import { deletionWishes } from './delete-vault.ts'
import {
  bytesOf,
  bytesUpTo,
  entryBytes,
  id32,
  ids32UpTo,
  packLength,
  packOffset,
  partBytes,
  protocolVersion,
  requestId,
  textUpTo,
  whole,
  wholeBetween,
} from './fields.ts'
import { keyKinds } from './key-kind.ts'
import { limits } from './limits.ts'

const certificate = bytesUpTo(limits.certificateBytes)

const login = v.strictObject({
  type: v.literal('login'),
  id: requestId,
  version: v.literal(protocolVersion),
  keyKind: v.picklist(keyKinds),
  key: id32,
  clientNonce: id32,
  /** Over `loginLabel` and `loginBytes`. */
  signature: bytesOf(limits.signatureBytes),
  /** A device's, the first time that it logs in, so that the relay knows whose it is. */
  certificate: v.optional(certificate),
  /** The `session` of an earlier connection of the same key, whose unfinished puts go on. */
  resume: v.optional(bytesOf(limits.tokenBytes)),
  /** A device that nobody knows here is let in with its certificate alone, to open the account of its identity anew. */
  reopen: v.optional(v.literal(true)),
})

/** Logged in by the identity, or by the certified device itself: makes the account, or adds the device to it. */
const openAccount = v.strictObject({
  type: v.literal('open-account'),
  id: requestId,
  certificate,
  /** The hoster's registration code. */
  invite: v.optional(textUpTo(limits.inviteChars)),
})

const head = v.strictObject({ type: v.literal('head'), id: requestId, vault: id32 })

const entries = v.strictObject({
  type: v.literal('entries'),
  id: requestId,
  vault: id32,
  from: whole,
  /** The answer ends with the entry that reaches this, or with the head. At least one entry comes if there is one. */
  limitBytes: wholeBetween(1, limits.entriesBytes),
})

const append = v.strictObject({ type: v.literal('append'), id: requestId, vault: id32, entry: entryBytes })

/** An entry that the log once had, and this relay lost: as `append`, but packs need not be here, and anybody who may read gives it. */
const putBack = v.strictObject({
  type: v.literal('put-back'),
  id: requestId,
  vault: id32,
  entry: entryBytes,
})

/** An owner's entry behind some that are to be put back on this connection: with it they stood here, and with them their packs. */
const vouch = v.strictObject({
  type: v.literal('vouch'),
  id: requestId,
  vault: id32,
  /** Body hashes of all entries between the head and this one. */
  bodyHashes: ids32UpTo(limits.vouchBytes),
  entry: entryBytes,
})

/** Packs that the log claims and this relay does not hold. */
const lost = v.strictObject({
  type: v.literal('lost'),
  id: requestId,
  vault: id32,
  /** The last one of the answer before. */
  after: v.optional(id32),
})

const have = v.strictObject({
  type: v.literal('have'),
  id: requestId,
  vault: id32,
  packs: v.pipe(v.array(id32), v.minLength(1), v.maxLength(limits.havePacks)),
})

const put = v.strictObject({
  type: v.literal('put'),
  id: requestId,
  vault: id32,
  pack: id32,
  sizeBytes: packLength,
})

/** Bytes of the put with this id, from `offset`. Has no answer of its own. */
const part = v.strictObject({
  type: v.literal('part'),
  id: requestId,
  offset: packOffset,
  bytes: partBytes,
})

const get = v.strictObject({
  type: v.literal('get'),
  id: requestId,
  vault: id32,
  pack: id32,
  offset: packOffset,
  length: packLength,
  /** How much may come before the first `more`. */
  creditBytes: packLength,
})

/** Credit for the get with this id: so many bytes more may come. Has no answer of its own. */
const more = v.strictObject({ type: v.literal('more'), id: requestId, bytes: packLength })

const subscribe = v.strictObject({ type: v.literal('subscribe'), id: requestId, vault: id32 })

const vaults = v.strictObject({
  type: v.literal('vaults'),
  id: requestId,
  /** The last one of the answer before. */
  after: v.optional(id32),
})

const account = v.strictObject({ type: v.literal('account'), id: requestId })

/** Logged in by the identity: this device's certificate counts no more. */
const withdrawDevice = v.strictObject({ type: v.literal('withdraw-device'), id: requestId, device: id32 })

/** Logged in by the identity: its account is that of another identity from here on, which signs too. */
const renewAccount = v.strictObject({
  type: v.literal('renew-account'),
  id: requestId,
  /** The new one. */
  identity: id32,
  /** By it, over `renewAccountLabel` and `renewAccountBytes`. */
  signature: bytesOf(limits.signatureBytes),
})

/** What the vault takes up, and whether an owner asked that it be deleted. */
const vaultFacts = v.strictObject({ type: v.literal('vault-facts'), id: requestId, vault: id32 })

/** An owner's: the vault is to be deleted once its floor has passed; or not after all. */
const deleteVault = v.strictObject({
  type: v.literal('delete-vault'),
  id: requestId,
  vault: id32,
  wish: v.picklist(deletionWishes),
  /** The signer's estimate of the relay's clock, ms since 1970; later than that of any wish before about this vault. */
  at: whole,
  /** By the key that logged in, over `deleteVaultLabel` and `deleteVaultBytes`. */
  signature: bytesOf(limits.signatureBytes),
})

const ping = v.strictObject({ type: v.literal('ping'), id: requestId })

/** All that a client may say. */
export const clientMessage = v.variant('type', [
  login,
  openAccount,
  head,
  entries,
  append,
  putBack,
  vouch,
  lost,
  have,
  put,
  part,
  get,
  more,
  subscribe,
  vaults,
  account,
  withdrawDevice,
  renewAccount,
  vaultFacts,
  deleteVault,
  ping,
])

/** A message from client to relay. */
export type ClientMessage = v.InferOutput<typeof clientMessage>
/** The message of one type. */
export type ClientMessageOf<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>
/** A message that is answered: all but `part` and `more`. */
export type ClientRequest = Exclude<ClientMessage, { type: 'part' | 'more' }>

/** The types of client messages, in the order of the documents. */
export const clientMessageTypes: readonly ClientMessage['type'][] = clientMessage.options.map(
  (option) => option.entries.type.literal,
)
