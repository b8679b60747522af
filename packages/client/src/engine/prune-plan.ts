// Which packs go, and which are written anew, from how much of each is needed. Pure: bytes in, names out.
import { packBytesMax, type PackId } from '@grenier/crypto'

/** How a pack is used. `liveBytes`: stored bytes of chunks that a retained version needs, and that this pack is to serve. */
export interface PackUse {
  readonly id: PackId
  readonly sizeBytes: number
  readonly liveBytes: number
  /** Neither dropped nor written anew: too young, or it holds a checkpoint or a payload that is needed. */
  readonly isSpared: boolean
  /** Spared for its age alone. */
  readonly isYoung?: boolean
}

/** What a prune does with packs. */
export interface PackPlan {
  /** Nothing in them is needed. */
  readonly dead: readonly PackUse[]
  /** What is needed in them goes into new packs first. Those with the smallest share come first. */
  readonly rewritten: readonly PackUse[]
  readonly liveBytes: number
  /** Of packs in which nothing is needed, and which go once they are older. */
  readonly youngBytes: number
}

/** Bytes that nobody needs, as a share of those that somebody does, that are left where they are: beyond, packs are written anew. */
const wasteShareMax = 0.08
/** A pack with less to be won than this is not worth reading and sending. */
const wonShareMin = 0.1
/** Nor is a small one with less than this. */
const wonBytesMin = 16 * 1024
/** Packs up to this are small: together they are merged. */
const smallPackBytes = packBytesMax / 4

/** Plans. Spared packs count as they are. */
export function planPacks(uses: readonly PackUse[]): PackPlan {
  const free = uses.filter(({ isSpared }) => !isSpared)
  const dead = free.filter(({ liveBytes }) => liveBytes === 0)
  const partly = free.filter(({ liveBytes }) => liveBytes > 0)
  const liveBytes = uses.reduce((sum, one) => sum + one.liveBytes, 0)
  const small = partly.filter(({ sizeBytes }) => sizeBytes <= smallPackBytes)
  const smallLiveBytes = small.reduce((sum, one) => sum + one.liveBytes, 0)
  const merged = new Set(smallLiveBytes >= packBytesMax ? small : [])
  const wasted = (one: PackUse): number => one.sizeBytes - one.liveBytes
  let wasteBytes = partly.filter((one) => !merged.has(one)).reduce((sum, one) => sum + wasted(one), 0)
  const byShare = partly
    .filter((one) => !merged.has(one) && wasted(one) > one.sizeBytes * wonShareMin)
    .sort((a, b) => a.liveBytes / a.sizeBytes - b.liveBytes / b.sizeBytes)
  const rewritten = [...merged]
  for (const one of byShare) {
    if (wasteBytes <= liveBytes * wasteShareMax) break
    // A small pack only becomes another one: for next to nothing that is not done each time.
    if (one.sizeBytes <= smallPackBytes && wasted(one) < wonBytesMin) continue
    rewritten.push(one)
    wasteBytes -= wasted(one)
  }
  const young = uses.filter((one) => one.isYoung === true && one.liveBytes === 0)
  const youngBytes = young.reduce((sum, one) => sum + one.sizeBytes, 0)
  return { dead, rewritten, liveBytes, youngBytes }
}

/** Packs in the order in which they are written anew, a few at a time. */
export function* stepsOf(
  packs: readonly PackUse[],
  most: { readonly packs: number; readonly bytes: number },
): Generator<readonly PackUse[]> {
  let step: PackUse[] = []
  let liveBytes = 0
  for (const one of packs) {
    step.push(one)
    liveBytes += one.liveBytes
    if (liveBytes < most.bytes && step.length < most.packs) continue
    yield step
    step = []
    liveBytes = 0
  }
  if (step.length > 0) yield step
}
