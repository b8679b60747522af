// What a relay may say. A message that fits no schema here is refused whole: an unknown type or field is `malformed`.
import * as v from 'valibot'
import { relayErrorCodes } from './error-codes.ts'
import {
  bytesOf,
  entryBytes,
  id32,
  packOffset,
  partBytes,
  protocolVersion,
  requestId,
  textUpTo,
  whole,
  wholeBetween,
} from './fields.ts'
import { limits } from './limits.ts'

/** What a relay can say of a pack in a vault. */
export const packStates = ['absent', 'pending', 'claimed', 'dropped'] as const

/** The relay's first frame. */
const challenge = v.strictObject({
  type: v.literal('challenge'),
  version: v.literal(protocolVersion),
  /** Single use, for `limits.loginMs`. */
  nonce: id32,
  /** Changes when the relay's store was made anew or restored. */
  incarnation: bytesOf(limits.tokenBytes),
  /** The relay's clock, ms since 1970. */
  now: whole,
})

const ok = <R extends string>(re: R) => ({
  type: v.literal('ok'),
  id: requestId,
  /** The type of the request that this answers. */
  re: v.literal(re),
})

/** Where a log ends. */
const headFields = { sequence: whole, hash: id32, at: whole }

const okLogin = v.strictObject({
  ...ok('login'),
  /** To be given as `resume` when this connection breaks. */
  session: bytesOf(limits.tokenBytes),
  /** Whether the unfinished puts of the session named as `resume` are still there. */
  resumed: v.boolean(),
  /** The relay's clock, ms since 1970. */
  now: whole,
})
const okOpenAccount = v.strictObject(ok('open-account'))
const okHead = v.strictObject({ ...ok('head'), ...headFields })
/** The entry is durable, and is the head with this sequence. */
const okAppend = v.strictObject({ ...ok('append'), sequence: whole })
/** The entry is durable, and stands at this sequence; it may have been there already. */
const okPutBack = v.strictObject({ ...ok('put-back'), sequence: whole })
/** Those entries may be put back on this connection without their packs. */
const okVouch = v.strictObject(ok('vouch'))
const okLost = v.strictObject({
  ...ok('lost'),
  /** Rising. */
  packs: v.pipe(v.array(id32), v.maxLength(limits.havePacks)),
  last: v.boolean(),
})
const okHave = v.strictObject({
  ...ok('have'),
  /** One for each pack asked about, in that order. */
  states: v.pipe(v.array(v.picklist(packStates)), v.minLength(1), v.maxLength(limits.havePacks)),
})
/** The pack is durable. */
const okPut = v.strictObject(ok('put'))
/** Where the log stood when pushing began: what came before is asked for with `entries`. */
const okSubscribe = v.strictObject({ ...ok('subscribe'), ...headFields })
const okVaults = v.strictObject({
  ...ok('vaults'),
  /** Those that this key may see, rising. */
  vaults: v.pipe(v.array(id32), v.maxLength(limits.vaultsListed)),
  last: v.boolean(),
})
const okAccount = v.strictObject({
  ...ok('account'),
  plan: textUpTo(limits.factChars),
  quotaBytes: whole,
  /** Live, pending and kept after a drop. */
  usedBytes: whole,
})
const okWithdrawDevice = v.strictObject(ok('withdraw-device'))
const okRenewAccount = v.strictObject(ok('renew-account'))

/** An owner's signed wish that the vault be deleted, and when it becomes final, by the relay's clock. */
const deletion = v.strictObject({
  key: id32,
  keyKind: v.picklist(['device', 'identity']),
  at: whole,
  signature: bytesOf(limits.signatureBytes),
  finalAt: whole,
})
const okVaultFacts = v.strictObject({
  ...ok('vault-facts'),
  /** Packs that the log claims, bytes. */
  packBytes: whole,
  /** Dropped packs that the floor still keeps, bytes. */
  keptBytes: whole,
  entryBytes: whole,
  /** Entries that are not retired. */
  entries: whole,
  deletion: v.optional(deletion),
})
/** The wish is durable. With `delete`: when it becomes final. `revived`: it came after that, and nothing of the vault is left. */
const okDeleteVault = v.strictObject({
  ...ok('delete-vault'),
  finalAt: v.optional(whole),
  revived: v.optional(v.literal(true)),
})

/** The request (or, without an id, the connection) is refused. */
const error = v.strictObject({
  type: v.literal('error'),
  id: v.optional(requestId),
  code: v.picklist(relayErrorCodes),
  /** For people, in English; clients show their own words for the code. */
  message: v.optional(textUpTo(limits.messageChars)),
  retryable: v.boolean(),
  /** Not before so many ms. */
  retryAfterMs: v.optional(wholeBetween(0, 86_400_000)),
  /** Names the thing: ids in hex, sequences, reasons. */
  data: v.optional(
    v.pipe(
      // A list or a byte string is an object too, as far as `record` can tell; and it leaves out these names without a word.
      v.custom<object>(
        (value) =>
          Object.prototype.toString.call(value) === '[object Object]' &&
          !['constructor', 'prototype'].some((name) => Object.hasOwn(value as object, name)),
      ),
      v.record(
        v.pipe(v.string(), v.regex(/^[a-z][A-Za-z0-9]{0,31}$/)),
        v.union([v.pipe(v.string(), v.maxLength(limits.factChars)), whole]),
      ),
      v.maxEntries(limits.errorFacts),
    ),
  ),
})

/** For the put with this id: bytes before `offset` are taken in, bytes before `offset + bytes` may be sent. */
const credit = v.strictObject({
  type: v.literal('credit'),
  id: requestId,
  offset: packOffset,
  bytes: wholeBetween(0, limits.packBytes),
})

/** Bytes of the pack that the get with this id asked for; `offset` counts from the start of the pack. */
const data = v.strictObject({
  type: v.literal('data'),
  id: requestId,
  offset: packOffset,
  bytes: partBytes,
})

const listedEntry = v.union([
  v.strictObject({ sequence: whole, entry: entryBytes }),
  v.strictObject({ sequence: whole, bodyHash: id32 }),
])

/** Some of the entries that the request with this id asked for, rising without a gap. */
const entriesPart = v.strictObject({
  type: v.literal('entries-part'),
  id: requestId,
  entries: v.pipe(v.array(listedEntry), v.maxLength(limits.partEntries)),
  /** The sequence of the log's head as this was read. */
  head: whole,
  /** Whether the answer ends here. */
  last: v.boolean(),
})

/** Pushed to those who subscribed. */
const entry = v.strictObject({
  type: v.literal('entry'),
  vault: id32,
  sequence: whole,
  entry: entryBytes,
})

const pong = v.strictObject({ type: v.literal('pong'), id: requestId, now: whole })

/** The results of requests, by the request's type. */
const okMessage = v.variant('re', [
  okLogin,
  okOpenAccount,
  okHead,
  okAppend,
  okPutBack,
  okVouch,
  okLost,
  okHave,
  okPut,
  okSubscribe,
  okVaults,
  okAccount,
  okWithdrawDevice,
  okRenewAccount,
  okVaultFacts,
  okDeleteVault,
])

/** All that a relay may say. */
export const relayMessage = v.variant('type', [
  challenge,
  okMessage,
  error,
  credit,
  data,
  entriesPart,
  entry,
  pong,
])

/** A message from relay to client. */
export type RelayMessage = v.InferOutput<typeof relayMessage>
/** The message of one type. */
export type RelayMessageOf<T extends RelayMessage['type']> = Extract<RelayMessage, { type: T }>
/** The result of one type of request. */
export type OkOf<R extends OkMessage['re']> = Extract<OkMessage, { re: R }>
/** The result of a request. */
export type OkMessage = v.InferOutput<typeof okMessage>
/** An entry in an `entries-part`: whole, or retired to its body hash. */
export type ListedEntry = v.InferOutput<typeof listedEntry>
/** Each message of the relay that ends or carries an answer. */
export type RelayAnswer = Exclude<RelayMessage, { type: 'challenge' | 'entry' }>

/** The types of relay messages, in the order of the documents. */
export const relayMessageTypes = [
  'challenge',
  'ok',
  'error',
  'credit',
  'data',
  'entries-part',
  'entry',
  'pong',
] as const satisfies readonly RelayMessage['type'][]
