// What a prune has to know before it lets go of anything: which checkpoint is old enough to be named, what the retained versions need, and so
// which packs go. Reads, and writes nothing.
import { packBytesMax, toHex, type CheckpointRef, type PrunePoint } from '@grenier/crypto'
import type { Fetch } from '../content/fetch.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { claimsInOrder, claimsOf, type Claim } from '../state/pack-table.ts'
import { isAgreed } from './agreed-checkpoints.ts'
import type { EntryWriter } from './entry-writer.ts'
import { FormerState } from './former-state.ts'
import { LiveChunks } from './live-chunks.ts'
import { LogReplay } from './log-replay.ts'
import { timeOf } from './moment.ts'
import { namedCheckpoint, type NamedCheckpoint } from './named-checkpoint.ts'
import { planPacks, type PackPlan, type PackUse } from './prune-plan.ts'
import { headerOf, historyFrom } from './pruned-history.ts'
import { longestFloorMs } from './retention-floor.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { UnreadableLists } from './unreadable-lists.ts'
import type { Vault } from './vault.ts'

/** Packs claimed more lately are spared: somebody may be in the middle of something large. */
export const sparedMs = 14 * 86_400_000
/** A checkpoint for the next time is written after so many entries: of a few small changes a whole state is not worth it. */
const entriesBetween = 100
/** Or after so many bytes of new packs, since there is as much that may be won. */
const bytesBetween = 16 * packBytesMax

export interface PruneLookParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly fetch: Fetch
  /** Throws when there is something better to do. */
  readonly giveWay: () => void
}

/** What is needed, and so what is not. */
export interface Look {
  readonly live: LiveChunks
  readonly plan: PackPlan
  /** The last entry that it knows of. */
  readonly head: number
  /** Files whose lists of chunks cannot be read: it goes on without them. */
  readonly unreadable: readonly string[]
}

/** Versions that stay although what lies between them goes. `sinceMs`: since then, everything stays. */
export interface KeptVersions {
  readonly sequences: readonly number[]
  readonly sinceMs: number
}

/** What may retire. It is one moment for all of a prune, however long that takes. */
export interface PruneLimit {
  /** Entries after this stay: ms since 1970, by the relay's clock. */
  readonly untilMs: number
  /** The oldest version that stays: what a checkpoint holds goes no further. */
  readonly through: number
}

/** Looks at one vault. Nothing else may receive or append meanwhile. */
export class PruneLook {
  readonly #parts: PruneLookParts

  constructor(parts: PruneLookParts) {
    this.#parts = parts
  }

  /** What would go with a checkpoint of now: nothing but the tree as it stands is needed. */
  async foresee(session: RelaySession): Promise<Look> {
    const { vault } = this.#parts
    const { head } = vault.log.state
    const { live, unreadable } = this.#marks(session, head.sequence)
    await live.markTree()
    const plan = await this.#plan(session, live, { through: head.sequence, pinned: new Set() })
    return { live, plan, head: head.sequence, unreadable: unreadable.passed }
  }

  /** Whether a checkpoint is to be written: since everything is older than what is to be kept, or since none is there for the next time. */
  async wanted({ untilMs, through }: PruneLimit): Promise<'for-this' | 'for-later' | undefined> {
    const { vault } = this.#parts
    const { head, checkpoints } = vault.log.state
    const latest = checkpoints.findLast(({ sequence }) => isAgreed(vault.trees, sequence))
    const since = historyFrom(vault, latest?.sequence ?? -1, head.sequence).entries
    if (since === 0) return undefined
    if (head.at <= untilMs && head.sequence <= through) return 'for-this'
    if (latest === undefined || since >= entriesBetween) return 'for-later'
    return (await this.#bytesSince(latest.sequence)) >= bytesBetween ? 'for-later' : undefined
  }

  async #bytesSince(sequence: number): Promise<number> {
    let bytes = 0
    for await (const { place, sizeBytes } of claimsInOrder(this.#parts.vault.trees))
      if (place.sequence > sequence) bytes += sizeBytes
    return bytes
  }

  /** The furthest checkpoint that is old enough, holds what this device folded itself, and can be read. */
  async choose(session: RelaySession, { untilMs, through }: PruneLimit): Promise<CheckpointRef | undefined> {
    const { vault } = this.#parts
    const { checkpoints, spine } = vault.log.state
    for (const ref of checkpoints.toReversed()) {
      if (ref.holds <= (spine.prune?.through ?? -1) || !isAgreed(vault.trees, ref.sequence)) continue
      const at = headerOf(vault, ref.holds)?.at ?? headerOf(vault, ref.sequence)?.at
      if (at === undefined || at > untilMs || ref.holds > through) continue
      if (await this.isHere(session, pointOf(ref))) return ref
    }
    return undefined
  }

  async #open(session: RelaySession, point: PrunePoint): Promise<NamedCheckpoint> {
    const { vault } = this.#parts
    const { keys, state } = vault.log
    return await namedCheckpoint(vault, session, { point, spine: state.spine, keys })
  }

  /** Whether all that a checkpoint lies in is claimed. */
  async isHere(session: RelaySession, point: PrunePoint): Promise<boolean> {
    const { entry, payload } = await this.#open(session, point)
    const { trees } = this.#parts.vault
    const packs = [...entry.header.added, ...payload.earlier]
    return packs.every(({ id }) => claimsOf(trees, id).length > 0)
  }

  /** What is needed from a point on, or from that of the latest prune, and so what is not. */
  async from(session: RelaySession, chosen: PrunePoint | undefined, kept?: KeptVersions): Promise<Look> {
    const { vault } = this.#parts
    const point = chosen ?? vault.log.state.spine.prune
    const through = point?.through ?? -1
    const young = kept === undefined ? through : Math.max(through, this.#lastBefore(kept.sinceMs))
    const { live, unreadable } = this.#marks(session, young)
    if (kept !== undefined) await this.#markVersions(session, live, [...kept.sequences, young])
    const pinned = new Set<string>()
    const pin = ({ entry, payload }: NamedCheckpoint): void => {
      for (const { id } of [...entry.header.added, ...payload.earlier]) pinned.add(toHex(id))
    }
    if (point !== undefined) {
      const named = await this.#open(session, point)
      await live.markCheckpoint(named)
      pin(named)
    }
    await live.markTree()
    await live.catchUp(session)
    // What a later prune may name stays readable.
    for (const ref of vault.log.state.checkpoints)
      if (ref.holds > (point?.through ?? -1) && isAgreed(vault.trees, ref.sequence))
        pin(await this.#open(session, pointOf(ref)))
    const plan = await this.#plan(session, live, { through: point?.through ?? -1, pinned })
    return { live, plan, head: vault.log.state.head.sequence, unreadable: unreadable.passed }
  }

  /** The last entry that is older than this. */
  #lastBefore(sinceMs: number): number {
    const { log, trees } = this.#parts.vault
    for (let sequence = log.state.head.sequence; sequence >= 0; sequence -= 1)
      if ((timeOf(trees, sequence) ?? 0) < sinceMs) return sequence
    return -1
  }

  /** What the trees after these entries need: the log is folded once more. */
  async #markVersions(session: RelaySession, live: LiveChunks, sequences: readonly number[]): Promise<void> {
    const { vault, giveWay } = this.#parts
    const wanted = new Set(sequences)
    const last = Math.max(...sequences)
    if (last < 0) return
    const given = (): Promise<RelaySession> => Promise.resolve(session)
    const folded = async (sequence: number, trees: TreesStore): Promise<void> => {
      giveWay()
      if (wanted.has(sequence)) await live.markTree(trees)
    }
    const replay = new LogReplay(vault, given)
    const former = await FormerState.open({ vault, session: given, replay, sequence: last, folded })
    await former.close()
  }

  async #plan(
    session: RelaySession,
    live: LiveChunks,
    kept: { readonly through: number; readonly pinned: ReadonlySet<string> },
  ): Promise<PackPlan> {
    const { vault, entries } = this.#parts
    const youngest = entries.atNow(session) - sparedMs
    const isYoung = (claim: Claim): boolean => claim.at > youngest
    const isNeeded = (claim: Claim): boolean =>
      kept.pinned.has(toHex(claim.id)) || isPayload(vault, claim, kept.through)
    return planPacks(await this.#uses(live, { isYoung, isNeeded }))
  }

  async #uses(
    live: LiveChunks,
    { isYoung, isNeeded }: Readonly<Record<'isYoung' | 'isNeeded', (claim: Claim) => boolean>>,
  ): Promise<PackUse[]> {
    const { trees } = this.#parts.vault
    const uses: PackUse[] = []
    for await (const claim of claimsInOrder(trees)) {
      const all = claimsOf(trees, claim.id)
      const [first] = all
      if (first?.place.sequence !== claim.place.sequence || first.place.position !== claim.place.position)
        continue
      const liveBytes = all.reduce((sum, one) => sum + live.liveBytes(one), 0)
      const [young, needed] = [all.some(isYoung), all.some(isNeeded)]
      const spared = { isSpared: young || needed, isYoung: young && !needed }
      uses.push({ id: claim.id, sizeBytes: claim.sizeBytes, liveBytes, ...spared })
    }
    return uses
  }

  #marks(session: RelaySession, after: number): { live: LiveChunks; unreadable: UnreadableLists } {
    const { vault, entries, fetch, giveWay } = this.#parts
    const { trees } = vault
    const nowMs = entries.atNow(session)
    const unreadable = new UnreadableLists({ trees, floorMs: longestFloorMs(vault), nowMs })
    return { live: new LiveChunks({ vault, fetch, unreadable, giveWay }, after), unreadable }
  }
}

/** How a checkpoint is named. */
export function pointOf({ holds, sequence, hash }: CheckpointRef): PrunePoint {
  return { through: holds, checkpoint: { sequence, hash }, since: 0 }
}

/** A pack with no list of chunks: of a payload that is still needed, or of a void entry that is not retired yet. */
function isPayload(vault: Vault, { place, chunkCount }: Claim, through: number): boolean {
  if (chunkCount > 0) return false
  if (place.sequence > through) return true
  const header = headerOf(vault, place.sequence)
  return (
    header !== undefined && header.kind !== 'change' && header.kind !== 'drop' && header.kind !== 'checkpoint'
  )
}
