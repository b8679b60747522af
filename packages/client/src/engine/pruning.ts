// Prunes a vault: an owner names a checkpoint, up to which entries retire; what no retained version needs is dropped, and what is needed of
// mostly dead packs is written anew first. Each entry stands on the head for which it was planned: others may write at any time.
import {
  makeDrop,
  makePrune,
  packBytesMax,
  roleOf,
  toHex,
  type CheckpointRef,
  type ChunkId,
  type PackId,
  type PrunePoint,
} from '@grenier/crypto'
import type { Fetch } from '../content/fetch.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { ownPlaceOf } from '../state/chunk-index.ts'
import { chunksOf, claimsInOrder, claimsOf, type Claim } from '../state/pack-table.ts'
import { isAgreed } from './agreed-checkpoints.ts'
import { CheckpointWriter } from './checkpoint-writer.ts'
import type { EntryWriter } from './entry-writer.ts'
import { LiveChunks } from './live-chunks.ts'
import { namedCheckpoint, type NamedCheckpoint } from './named-checkpoint.ts'
import { rewrite, type MovedChunk } from './pack-rewriter.ts'
import { planPacks, type PackPlan, type PackUse } from './prune-plan.ts'
import { headerOf, historyFrom, type History } from './pruned-history.ts'
import type { Receiver } from './receiver.ts'
import { isOwn, type Vault } from './vault.ts'

/** Packs claimed more lately are spared: somebody may be in the middle of something large. */
export const sparedMs = 14 * 86_400_000
/** Packs that one entry drops, and that are written anew together: small steps, between which others get their turn. */
const stepPacks = 256
const stepRewritten = 16
/** A checkpoint for the next time is written after so many entries: of a few small changes a whole state is not worth it. */
const entriesBetween = 100
/** So often everything is looked at anew because somebody else prunes too; then it is left to the next time. */
const looksMax = 5

/** `keepMs`: how far back versions stay. `dryRun`: only says what would go. */
export interface PruneOptions {
  readonly keepMs: number
  readonly dryRun: boolean
}

/** What went, or would go. Bytes are as stored at the relay. */
export interface Pruned {
  /** The sequence up to which entries retire; undefined when none do. */
  readonly through: number | undefined
  /** Versions that cannot be brought back any more, once the floor has passed. */
  readonly versions: number
  readonly entries: number
  readonly entryBytes: number
  readonly packs: number
  readonly packBytes: number
  readonly rewrittenPacks: number
  /** Bytes of new packs, about. */
  readonly rewrittenBytes: number
  /** How long the relay keeps all this, ms. */
  readonly floorMs: number
}

export interface PruningParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly fetch: Fetch
  readonly session: () => Promise<RelaySession>
}

interface Look {
  readonly live: LiveChunks
  readonly plan: PackPlan
  /** The last entry that it knows of. */
  readonly head: number
}

/** Prunes. Nothing else may receive or append meanwhile. */
export class Pruning {
  readonly #parts: PruningParts

  constructor(parts: PruningParts) {
    this.#parts = parts
  }

  /** @throws ClientError `relay-refused` (reason `no-right`) for who is no owner; `pack-unavailable`; as `Receiver.receive` */
  async prune({ keepMs, dryRun }: PruneOptions): Promise<Pruned> {
    const { vault, receiver } = this.#parts
    const session = await this.#parts.session()
    await receiver.receive(session)
    requireOwner(vault)
    if (dryRun && this.#wanted(session, keepMs) === 'for-this') return await this.#foresee(session)
    if (!dryRun) await this.#checkpointWhenWanted(session, keepMs)
    const chosen = await this.#choose(session, keepMs)
    const before = vault.log.state.spine.prune
    const history = historyFrom(vault, before?.through ?? -1, chosen?.holds)
    const named =
      chosen === undefined || dryRun ? chosen && pointOf(chosen) : await this.#name(session, chosen)
    let look = await this.#look(session, named ?? before)
    // Two who prune at once may each count on the very place that the other one drops: whoever comes second looks again.
    for (let looks = 1; !dryRun && !(await this.#carryOut(session, look)) && looks < looksMax; looks += 1)
      look = await this.#look(session, vault.log.state.spine.prune)
    return said(history, { look, through: chosen?.holds, floorMs: floorOf(vault) })
  }

  /** What would go with a checkpoint of now: nothing but the tree as it stands is needed. */
  async #foresee(session: RelaySession): Promise<Pruned> {
    const { vault, fetch } = this.#parts
    const { head, spine } = vault.log.state
    const live = new LiveChunks(vault, fetch, head.sequence)
    await live.markTree()
    const look = {
      live,
      plan: await this.#plan(session, live, { through: head.sequence, pinned: new Set() }),
      head: head.sequence,
    }
    const history = historyFrom(vault, spine.prune?.through ?? -1, head.sequence)
    return said(history, { look, through: head.sequence, floorMs: floorOf(vault) })
  }

  /** Whether a checkpoint is to be written: since everything is older than what is to be kept, or since none is there for the next time. */
  #wanted(session: RelaySession, keepMs: number): 'for-this' | 'for-later' | undefined {
    const { vault, entries } = this.#parts
    const { head, checkpoints } = vault.log.state
    const latest = checkpoints.findLast(({ sequence }) => isAgreed(vault.trees, sequence))
    const since = historyFrom(vault, latest?.sequence ?? -1, head.sequence).entries
    if (since === 0) return undefined
    if (head.at <= entries.atNow(session) - keepMs) return 'for-this'
    return latest === undefined || since >= entriesBetween ? 'for-later' : undefined
  }

  async #checkpointWhenWanted(session: RelaySession, keepMs: number): Promise<void> {
    const { vault, entries, receiver } = this.#parts
    const writer = new CheckpointWriter({ vault, entries, every: 1, isBusy: () => false })
    while (this.#wanted(session, keepMs) !== undefined && !(await writer.write(session)))
      await receiver.receive(session)
  }

  /** The furthest checkpoint that is old enough, holds what this device folded itself, and can be read. */
  async #choose(session: RelaySession, keepMs: number): Promise<CheckpointRef | undefined> {
    const { vault, entries } = this.#parts
    const { checkpoints, spine } = vault.log.state
    const until = entries.atNow(session) - keepMs
    for (const ref of checkpoints.toReversed()) {
      if (ref.holds <= (spine.prune?.through ?? -1) || !isAgreed(vault.trees, ref.sequence)) continue
      const at = headerOf(vault, ref.holds)?.at ?? headerOf(vault, ref.sequence)?.at
      if (at === undefined || at > until) continue
      if (this.#isHere(await this.#open(session, pointOf(ref)))) return ref
    }
    return undefined
  }

  async #name(session: RelaySession, chosen: CheckpointRef): Promise<PrunePoint | undefined> {
    const { vault, entries, receiver } = this.#parts
    for (;;) {
      const { entry } = makePrune({ ...entries.on(session), checkpoint: chosen })
      if ((await entries.append(session, entry)) === 'appended') return vault.log.state.spine.prune
      await receiver.receive(session)
      requireOwner(vault)
      // Somebody else pruned as far, or dropped what the checkpoint lies in.
      if ((vault.log.state.spine.prune?.through ?? -1) >= chosen.holds) return vault.log.state.spine.prune
      if (!this.#isHere(await this.#open(session, pointOf(chosen)))) return vault.log.state.spine.prune
    }
  }

  async #open(session: RelaySession, point: PrunePoint): Promise<NamedCheckpoint> {
    const { vault } = this.#parts
    const { keys, state } = vault.log
    return await namedCheckpoint(vault, session, { point, spine: state.spine, keys })
  }

  /** All that a checkpoint lies in is claimed. */
  #isHere({ entry, payload }: NamedCheckpoint): boolean {
    const { trees } = this.#parts.vault
    const packs = [...entry.header.added, ...payload.earlier]
    return packs.every(({ id }) => claimsOf(trees, id).length > 0)
  }

  /** What is needed, and so what is not. */
  async #look(session: RelaySession, point: PrunePoint | undefined): Promise<Look> {
    const { vault, fetch } = this.#parts
    const live = new LiveChunks(vault, fetch, point?.through ?? -1)
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
    return { live, plan, head: vault.log.state.head.sequence }
  }

  async #plan(
    session: RelaySession,
    live: LiveChunks,
    kept: { readonly through: number; readonly pinned: ReadonlySet<string> },
  ): Promise<PackPlan> {
    const { vault, entries } = this.#parts
    const youngest = entries.atNow(session) - sparedMs
    const isSpared = (claim: Claim): boolean =>
      claim.at > youngest || kept.pinned.has(toHex(claim.id)) || isPayload(vault, claim, kept.through)
    return planPacks(await this.#uses(live, isSpared))
  }

  async #uses(live: LiveChunks, isSpared: (claim: Claim) => boolean): Promise<PackUse[]> {
    const { trees } = this.#parts.vault
    const uses: PackUse[] = []
    for await (const claim of claimsInOrder(trees)) {
      const all = claimsOf(trees, claim.id)
      const [first] = all
      if (first?.place.sequence !== claim.place.sequence || first.place.position !== claim.place.position)
        continue
      const liveBytes = all.reduce((sum, one) => sum + live.liveBytes(one), 0)
      uses.push({ id: claim.id, sizeBytes: claim.sizeBytes, liveBytes, isSpared: all.some(isSpared) })
    }
    return uses
  }

  /** Whether it came to its end: not where somebody else pruned meanwhile. */
  async #carryOut(session: RelaySession, look: Look): Promise<boolean> {
    const { live, plan } = look
    for (let at = 0; at < plan.dead.length; at += stepPacks)
      if (!(await this.#drop(session, look, plan.dead.slice(at, at + stepPacks)))) return false
    for (const step of stepsOf(plan.rewritten)) {
      await rewrite(this.#parts, session, this.#chunksIn(live, step))
      if (!(await this.#drop(session, look, step))) return false
    }
    return true
  }

  /** Whether another device dropped or named something since this was looked at. */
  #isOld({ head }: Look): boolean {
    const { vault } = this.#parts
    for (let sequence = head + 1; sequence < vault.log.nextSequence; sequence += 1) {
      const header = headerOf(vault, sequence)
      const isPruning = header === undefined || ['drop', 'prune', 'checkpoint'].includes(header.kind)
      if (isPruning && !(header !== undefined && isOwn(vault, header.device))) return true
    }
    return false
  }

  /** The marked chunks of these packs, each once, in the order in which they lie. */
  #chunksIn(live: LiveChunks, packs: readonly PackUse[]): MovedChunk[] {
    const { trees } = this.#parts.vault
    const found = new Map<string, MovedChunk>()
    for (const claim of packs.flatMap(({ id }) => claimsOf(trees, id))) {
      const chunks = chunksOf(trees, claim.place)
      for (const chunk of live.marked(claim).flatMap((at) => chunks[at] ?? []))
        found.set(toHex(chunk.id), chunk)
    }
    return [...found.values()]
  }

  /** Drops those of the packs that can be spared at the very head on which the entry stands; false where the look is old. */
  async #drop(session: RelaySession, look: Look, uses: readonly PackUse[]): Promise<boolean> {
    const { vault, entries, receiver } = this.#parts
    const { live } = look
    for (;;) {
      await live.catchUp(session)
      requireOwner(vault)
      if (this.#isOld(look)) return false
      const packs = this.#dispensable(live, uses)
      if (packs.length === 0) return true
      const { entry } = makeDrop({ ...entries.on(session), packs })
      if ((await entries.append(session, entry)) === 'appended') return true
      await receiver.receive(session)
    }
  }

  /** Packs of which each needed chunk has a place elsewhere that this device made or checked itself. */
  #dispensable(live: LiveChunks, uses: readonly PackUse[]): PackId[] {
    const { trees } = this.#parts.vault
    const going = new Set(uses.map(({ id }) => toHex(id)))
    const isElsewhere = (id: ChunkId): boolean => {
      const place = ownPlaceOf(trees, id)
      return place !== undefined && !going.has(toHex(place.pack))
    }
    return uses.flatMap(({ id }) => {
      const claims = claimsOf(trees, id)
      const isFree = claims.every((claim) => {
        const chunks = chunksOf(trees, claim.place)
        return live.marked(claim).every((at) => {
          const chunk = chunks[at]
          return chunk === undefined || isElsewhere(chunk.id)
        })
      })
      return claims.length > 0 && isFree ? [id] : []
    })
  }
}

/** @throws ClientError `relay-refused` (reason `no-right`) */
export function requireOwner({ log, home }: Vault): void {
  if (roleOf(log.state.spine, home.device.sign.publicKey) === 'owner') return
  const data = { reason: 'no-right' }
  throw new ClientError('relay-refused', 'only an owner prunes', { data })
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

function* stepsOf(packs: readonly PackUse[]): Generator<readonly PackUse[]> {
  let step: PackUse[] = []
  let liveBytes = 0
  for (const one of packs) {
    step.push(one)
    liveBytes += one.liveBytes
    if (liveBytes < stepRewritten * packBytesMax && step.length < stepPacks) continue
    yield step
    step = []
    liveBytes = 0
  }
  if (step.length > 0) yield step
}

function pointOf({ holds, sequence, hash }: CheckpointRef): PrunePoint {
  return { through: holds, checkpoint: { sequence, hash }, since: 0 }
}

/** The longest floor that may hold: of those in force and before, whatever their time. */
function floorOf({ log }: Vault): number {
  const floors = log.state.spine.retention
  return Math.max(0, ...floors.slice(-2).map(({ floorMs }) => floorMs))
}

function said(
  history: History,
  { look, through, floorMs }: { look: Look; through: number | undefined; floorMs: number },
): Pruned {
  const { dead, rewritten } = look.plan
  const sum = (uses: readonly PackUse[], of: (use: PackUse) => number): number =>
    uses.reduce((total, use) => total + of(use), 0)
  return {
    ...history,
    through,
    packs: dead.length + rewritten.length,
    packBytes: sum(dead, ({ sizeBytes }) => sizeBytes) + sum(rewritten, ({ sizeBytes }) => sizeBytes),
    rewrittenPacks: rewritten.length,
    rewrittenBytes: sum(rewritten, ({ liveBytes }) => liveBytes),
    floorMs,
  }
}
