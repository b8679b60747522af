// Every number that keeps the relay from growing without bound, each with its reason. What both sides of the wire hold is the protocol's.

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** An entry may be dated this far ahead of the relay's clock: clocks of small machines drift by minutes. */
export const futureMaxMs = 10 * minute

/** Half-received puts kept of all broken connections together: each holds a file handle. */
export const parkedPutsMax = 128

/** How far a client may run ahead of the relay's disk in one put: what keeps a line of 100 Mbit/s busy over 80 ms there and back. */
export const putWindowBytes = MiB

/** The same while more than `generousBytes` are on their way: many puts keep a line busy together. */
export const putWindowSmallBytes = 256 * KiB

/** As long as less than this is on its way to the whole process, a put has its whole window. */
export const generousBytes = 2 * MiB

/** Received but not yet written bytes, and requests being worked on, of one connection. */
export const connectionReceiveBytes = 12 * MiB

/** The same over the whole process: what the smallest machine that we expect (1 GiB) spares. */
export const processReceiveBytes = 192 * MiB

/**
 * Hashes that connections remember of owners' words, over the whole process: of 128 connections at once. Of its own, so that who vouches for what is
 * only made up takes nothing from what others send.
 */
export const processVouchBytes = 8 * MiB

/** An owner's word for entries holds for so long: what it covers follows at once, and who needs longer gives it again. */
export const vouchedMs = minute

/** Bulk waits while more than this is queued towards a client, so that a push never waits behind more. */
export const bulkQueueBytes = 512 * KiB

/** Everything else waits above this. */
export const sendQueueBytes = 2 * MiB

/** A get reads so much of a pack at once, where credit allows: less would be mostly system calls. */
export const readBytes = 256 * KiB

/** Pieces that the gets of one connection hold in memory; above, each reads them one by one. */
export const piecesHeldMax = 16

/** Frames with pieces of packs whose memory is kept for the next ones: as much as a handful of fast readers have under way. */
export const framesKeptMax = 64

/** What is received of packs is gathered in blocks of this: less would be mostly system calls, more would be memory that waits to be full. */
export const blockBytes = 64 * KiB

/** Such blocks whose memory is kept for the next ones: 12 MiB, what some fifty busy puts have under way. */
export const blocksKeptMax = 192

/** Answers that nobody reads: a connection with more than this queued is cut. */
export const sendCutBytes = 16 * MiB

/** The same for small answers: each takes about a kilobyte of memory while it is queued, whatever it says. */
export const sendCutFrames = 16_384

/** Queued bytes of all connections; above, each sends only what its reader has taken. */
export const processSendBytes = 256 * MiB

/** Vaults that one connection may be seen in: an account has at most so many. */
export const connectionVaultsMax = 4096

/** States of logs kept in memory; others are read again from the store. */
export const liveVaultsMax = 4096

/** Appends that wait for one vault: more means that clients do not wait for answers. */
export const vaultAppendsMax = 1024

/** Connections in all; beyond, new ones are told `busy`. */
export const connectionsMax = 10_000

/** Connections that have not logged in yet: each may hold one small frame. */
export const strangersMax = 512

/** The same of one peer: a household that comes back after a power cut has some dozens of devices behind one address. */
export const peerStrangersMax = 64

/** Wrong logins or invitations from one peer within `failureWindowMs` before it has to wait. */
export const failuresMax = 10

/** The time over which failures are counted; nothing about a peer is remembered longer. */
export const failureWindowMs = 10 * minute

/** Peers whose failures are counted at once. */
export const failurePeersMax = 10_000

/** Wishes about the deletion of one vault that one key may say within `wishWindowMs`: a person changes their mind once or twice. */
export const wishesMax = 6

/** By key, so that a thief's wishes do not keep the owner's from being heard. */
export const wishWindowMs = minute

/** Packs that nothing claimed are swept after this (DESIGN §4). */
export const pendingMaxMs = 24 * hour

/** Each entry is charged this besides its bytes: a row, its index, its body hash for good. */
export const entryOverheadBytes = 256

/**
 * Beyond the bytes of its plan, entries that protect or free space (revocations, drops, prunes) may take this much of a full account:
 * some ten thousand of them, and not a way to fill the disk.
 */
export const protectingBytes = 64 * MiB

/** How often the sweep runs. */
export const sweepEveryMs = 10 * minute

/** Packs or entries that the sweep looks at together. */
export const sweepBatch = 1000

/** Wall clock against monotonic clock: a difference beyond this between two sweeps is a jump. */
export const clockJumpMs = hour

/** A relay that was off for longer asks before it deletes: the clock may have jumped meanwhile. */
export const restartGapMs = 14 * 24 * hour

/** The default plan of a new relay, unless `--quota` says otherwise. */
export const quotaDefaultBytes = 10 * GiB

/** Entries from the store in one read: two full answers' worth would only sit in memory. */
export const entriesReadBytes = 512 * KiB

/** Time that a clean stop gives to what is under way. */
export const stopGraceMs = 10 * second

/** Time for TLS and HTTP before there is a WebSocket. */
export const handshakeTimeoutMs = 15 * second

/** All that a connection may send before its login is right: TLS, HTTP and a login come to under 16 KiB. */
export const strangerBytes = 64 * KiB

/** How long a stopping relay waits for clients to say goodbye. */
export const closeGraceMs = second

/** One request or answer on the administration socket: lists come in pieces. */
export const adminLineBytes = MiB

/** How long the administration socket waits for a request, and the command for an answer. */
export const adminTimeoutMs = 10 * second

/** Uses of one invitation. */
export const invitationUsesMax = 10_000

/** An invitation is valid for at least this long: less is a slip of the keyboard. */
export const invitationLifeMinMs = second

/** And at most a year: nobody remembers older ones. */
export const invitationLifeMaxMs = 366 * 24 * hour

/** Accounts in one answer to `account list`. */
export const accountsListed = 500

/**
 * After a lost entry was put back, the log takes no new ones for so long: a device that knows more of it has to put that back before
 * anybody goes on. Most devices are there within seconds after the relay is.
 */
export const healingMs = 30 * second
/** And in all for so long, from the first one on: whoever signs new entries and puts them back must not hold the others up for ever. */
export const healingMsMax = 10 * 60 * second
/** After so long, what is put back is taken for another loss. */
export const healingAgainMs = 24 * 3600 * second
