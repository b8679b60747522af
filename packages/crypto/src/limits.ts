// The limits of entries and what they hold, each with its reason. What exceeds one is refused with `limit`, before it costs memory.

/** Bytes of a header: 256 recipients with a new certificate each (1.4 KB) and a seal each (1.2 KB) take 700 KB. */
export const headerBytesMax = 1024 * 1024
/** Bytes of a sealed payload inside an entry; a larger one lies in packs of its own. */
export const payloadBytesMax = 64 * 1024
/** Bytes of an entry: the two above, a signature, and the CBOR around them. */
export const entryBytesMax = headerBytesMax + payloadBytesMax + 128
/** Devices, identities and open invitations that a vault key is sealed to: what fits a header, and more than a household. */
export const recipientsMax = 256
/** Devices and identities that a vault ever had: the spine keeps them all, so that history names its authors. */
export const membersEverMax = 16_384
/** Bytes of a kept log state: 16,384 members of 1.4 KB, and as many epochs. */
export const logStateBytesMax = 64 * 1024 * 1024
/** Packs an entry adds or restores: 16 GiB of full ones, where a commit has about 16. */
export const claimsMax = 4096
/** Packs that one `drop` names: 28,000 names fill a header. */
export const dropsMax = 28_000
/** The highest epoch: what 32 bits hold. */
export const epochMax = 0xffff_ffff
/** How far an epoch may skip: above both branches of any fork, without letting one entry use up the numbers. */
export const epochSkipMax = 65_536
/** Earlier keys that one entry seals under its new one; each is about 120 bytes. */
export const earlierKeysMax = 1024
/** Bytes of a seal of a vault key: X-Wing ciphertext 1,120, commitment 32, sealed key 48. */
export const sealBytes = 1200
/** Bytes of an earlier key under a newer one: name 32, commitment 32, box 48. */
export const wrappedKeyBytes = 112
/** The longest retention floor, in ms: a hundred years, so that sums stay exact. */
export const retentionMsMax = 100 * 365 * 86_400_000
/** The retention floor of a new vault unless it says otherwise, in ms. */
export const retentionMsDefault = 30 * 86_400_000
/** Earlier floors that the spine keeps apart; beyond, the two oldest count as the longer of both. */
export const floorsMax = 16
/** Checkpoints that a `prune` may name: the latest so many that were not retired. */
export const checkpointsMax = 64
/** The highest payload version that can be allowed: what one byte holds. */
export const payloadVersionLimit = 255
/** Bytes of a relay's URL. */
export const urlBytesMax = 2048
/** Bytes of the name of a vault or device. */
export const nameBytesMax = 255
/** Bytes of a payload once it is opened, joined and decompressed: 10,000 operations of 64 chunks take 22 MB. */
export const payloadPlainBytesMax = 32 * 1024 * 1024
/**
 * Items of CBOR in the body of a payload: four times what 10,000 files of one chunk take, and what a few hundred MB of memory hold. A
 * few KB of zstd could otherwise open to 2^25 of them.
 */
export const payloadItemsMax = 1_048_576
/** Packs that one payload lies in: what the above takes in packs of 4 MiB, and room. */
export const payloadPacksMax = 16
/** Operations of a `change`; a client commits every 10,000. */
export const operationsMax = 65_536
/** Chunks of one pack: 4 MiB of chunks of 64 bytes. */
export const chunksInPackMax = 65_536
/** Chunks that a file names in its `put`; a longer list is itself content. */
export const chunksInPutMax = 64
/** Plain bytes of a chunk: what the chunker cuts at most. */
export const chunkBytesMax = 1024 * 1024
/** Levels of lists of chunks: four hold more than any disk. */
export const contentDepthMax = 4
/** Bytes of the target of a link: PATH_MAX. */
export const targetBytesMax = 4096
/** Bytes of the owner's sealed list of vaults: 500 vaults with long names. */
export const vaultListBytesMax = 256 * 1024
/** Vaults in that list. */
export const vaultsMax = 4096
/** Relays and mirrors that a `config` names. */
export const relaysMax = 32
