// Every number that bounds the wire, each with its reason. Both sides hold them at the door; docs/PROTOCOL.md lists them and a
// test compares. What a relay limits by plan or configuration (quota, connections, rates) is not here.

const KiB = 1024
const MiB = 1024 * KiB

/** The limits of the protocol's version 1. Bytes, milliseconds, counts. */
export const limits = {
  /** One frame: the largest entry, or a batch of entries that ends with the largest, with room to spare. */
  frameBytes: 2 * MiB,
  /** A frame before login: a login with its certificate is under 4 KiB, and a stranger gets no more memory than that. */
  loginFrameBytes: 16 * KiB,
  /** Tokens of CBOR in one frame: what the largest batch of entries needs, so that 2 MiB of empty lists cost nothing. */
  frameTokens: 16_384,
  /** Nesting in a frame: message, list, item, field; one to spare. */
  frameDepth: 5,
  /** Bytes of a pack in one `part` or `data`: a cell. Small enough that a request waits behind few, large enough to be cheap. */
  partBytes: 64 * KiB,
  /** A pack: the size of a bulk pack (FORMAT.md); nothing larger exists. */
  packBytes: 4 * MiB,
  /** An entry: header of 1 MiB, payload of 64 KiB, signature, framing. */
  entryBytes: MiB + 65 * KiB,
  /** Body hashes in one `vouch`: of 2,048 entries, some 20 ms of hashing. With the largest entry they fit a frame. */
  vouchBytes: 64 * KiB,
  /** A certificate: two keys (the KEM key is 1,216 bytes), a hash and a signature, encoded. */
  certificateBytes: 4 * KiB,
  /** Every id, key, hash and nonce. */
  idBytes: 32,
  /** A relay's incarnation and a session's token: 128 bits nobody guesses. */
  tokenBytes: 16,
  /** An Ed25519 signature. */
  signatureBytes: 64,
  /** Request ids are 32-bit and count up: at a thousand a second a connection lasts 49 days, then reconnects. */
  requestId: 0xffff_ffff,
  /** Packs asked about in one `have`: 35 KiB of ids, one read of the relay's table. */
  havePacks: 1024,
  /** Entries in one `entries-part`: bounds the tokens of a frame. */
  partEntries: 1024,
  /** Bytes of entries after which an `entries-part` is sent on: with one largest entry more it still fits a frame. */
  entriesPartBytes: 512 * KiB,
  /** Bytes of entries that one `entries` may ask for: what a reader must be ready to hold. */
  entriesBytes: 8 * MiB,
  /** Vaults in one answer to `vaults`; more are asked for with `after`. */
  vaultsListed: 1024,
  /** A registration code of the hoster's, characters. */
  inviteChars: 128,
  /** The words that go with an error, characters. */
  messageChars: 500,
  /** Facts that go with an error. */
  errorFacts: 8,
  /** A text among these facts, or a plan's name; characters. */
  factChars: 128,
  /** Requests of one connection without an answer, puts and gets included: the request table stays small. */
  openRequests: 256,
  /** Puts of one connection without an answer. */
  openPuts: 64,
  /** The sizes of these puts together, each counted up to `putFreeBytes`: what a relay may have to take in without having given credit. */
  freeBytes: 4 * MiB,
  /** Gets of one connection without an answer. */
  openGets: 64,
  /** Vaults that one connection may subscribe to. */
  subscriptions: 1024,
  /** Bytes of a put that may be sent before its first `credit`: a small edit needs one round trip, not two. */
  putFreeBytes: 128 * KiB,
  /** From challenge to a whole `login`: single use, and a half-open connection does not stay. */
  loginMs: 30_000,
  /** A client that sent or received nothing for this long sends `ping`: home routers forget a quiet connection after 60 s and more. */
  pingEveryMs: 25_000,
  /** Either side takes a connection for dead when it received nothing for this long: three pings. */
  silenceMs: 75_000,
  /** A put, a get or an answer that does not move for this long is given up by the side that waits. */
  stallMs: 120_000,
  /** How long a relay keeps the parts of unfinished puts after a connection broke, for `resume`. */
  resumeMs: 600_000,
  /** A relay's URL with its pin, characters: host names have at most 253. */
  relayUrlChars: 512,
} as const
