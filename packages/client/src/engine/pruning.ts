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
} from '@grenier/crypto'
import type { Fetch } from '../content/fetch.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { ownPlaceOf } from '../state/chunk-index.ts'
import { discredit } from '../state/lost-packs.ts'
import { chunksOf, claimsOf } from '../state/pack-table.ts'
import { forgetOthers, retainedOf } from './backup-retention.ts'
import { CheckpointWriter } from './checkpoint-writer.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { LiveChunks } from './live-chunks.ts'
import { rewrite, type MovedChunk } from './pack-rewriter.ts'
import { PruneLook, pointOf, type Look, type PruneLimit } from './prune-look.ts'
import { stepsOf, type PackUse } from './prune-plan.ts'
import { headerOf, historyFrom } from './pruned-history.ts'
import type { Receiver } from './receiver.ts'
import { heldMs, keptMs } from './retention-floor.ts'
import { isOwn, type Vault } from './vault.ts'

/** So often everything is looked at anew because somebody else prunes too; then it is left to the next time. */
const looksMax = 5
/** Packs that one transaction discredits, of some hundred chunks each. */
const lostAtOnce = 64

/** How a prune goes about it. */
export interface PruneManner {
  /** Packs that one entry drops, and that are written anew together: small steps, between which others get their turn. */
  readonly stepPacks: number
  /** Bytes that are written anew before an entry drops what they lay in. */
  readonly stepBytes: number
  /** Bytes that are written anew in all; the rest is left to the next time. */
  readonly bytesMax: number
  /** Whether there is something better to do: a checkpoint that is being written is left at that. */
  readonly isBusy: () => boolean
  /** Called between steps, and now and then while it looks. Throws where there is something better to do. */
  readonly giveWay: () => void
  /** Whether what would go is worth the trouble. */
  readonly isWorth: (foreseen: Pruned, liveBytes: number) => boolean
}

/** Asked for by a person: all of it, now. */
const thorough: PruneManner = {
  stepPacks: 256,
  stepBytes: 16 * packBytesMax,
  bytesMax: Number.POSITIVE_INFINITY,
  isBusy: () => false,
  giveWay: () => undefined,
  isWorth: () => true,
}

/** `keepMs`: how far back versions stay, where it is said; else as a backup was told, else for the vault's own time. `dryRun`: only says what would go. */
export interface PruneOptions {
  readonly keepMs?: number | undefined
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
  /** Bytes of packs that nothing needs either, and that are too young to go. */
  readonly youngBytes: number
  /** How long the relay keeps all this, ms. */
  readonly floorMs: number
  /** Files whose lists of chunks cannot be read: what only they need goes too. Paths, or names where no more is known. */
  readonly unreadable: readonly string[]
}

export interface PruningParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly fetch: Fetch
  readonly session: () => Promise<RelaySession>
}

/** Prunes. Nothing else may receive or append meanwhile. */
export class Pruning {
  readonly #parts: PruningParts
  readonly #manner: PruneManner
  readonly #looks: PruneLook

  constructor(parts: PruningParts, manner: PruneManner = thorough) {
    this.#parts = parts
    this.#manner = manner
    this.#looks = new PruneLook({ ...parts, giveWay: manner.giveWay })
  }

  /** @throws ClientError `relay-refused` (reason `no-right`) for who is no owner; `pack-unavailable`; as `Receiver.receive`; what `giveWay` throws */
  async prune(options: PruneOptions): Promise<Pruned> {
    const { vault, receiver } = this.#parts
    const { dryRun } = options
    const session = await this.#parts.session()
    await receiver.receive(session)
    requireOwner(vault)
    await this.#discreditLost(session)
    const nowMs = this.#parts.entries.atNow(session)
    const sinceMs = nowMs - (options.keepMs ?? vault.record.backup?.keep?.allMs ?? heldMs(vault, nowMs))
    const said = (look: Look, through: number | undefined): Pruned => this.#said(look, through, nowMs)
    const retained = await retainedOf(vault, sinceMs)
    const kept = retained && { sequences: retained.sequences, sinceMs }
    // What is retired cannot be folded again: nothing is, from the oldest version that stays on.
    const limit = {
      untilMs: retained === undefined ? sinceMs : retained.oldestMs - 1,
      through: retained?.sequences[0] ?? Number.POSITIVE_INFINITY,
    }
    const wanted = await this.#looks.wanted(limit)
    if (wanted === 'for-this') {
      const now = await this.#looks.foresee(session)
      const foreseen = said(now, now.head)
      if (dryRun || !this.#manner.isWorth(foreseen, now.plan.liveBytes)) return foreseen
    }
    if (!dryRun && wanted !== undefined) await this.#writeCheckpoint(session, limit)
    const chosen = await this.#looks.choose(session, limit)
    let look = await this.#looks.from(session, chosen && pointOf(chosen), kept)
    // A lost state that was made again as of later, not by anybody's wish: what is to be kept stays, also where no state leads there any more.
    if (chosen === undefined && this.#isNamedSince(sinceMs)) return said(spared(look), undefined)
    const foreseen = said(look, chosen?.holds)
    if (dryRun || !this.#manner.isWorth(foreseen, look.plan.liveBytes)) return foreseen
    if (chosen !== undefined) await this.#name(session, chosen)
    // Two who prune at once may each count on the very place that the other one drops: whoever comes second looks again.
    for (let looks = 1; !(await this.#carryOut(session, look)) && looks < looksMax; looks += 1)
      look = await this.#looks.from(session, undefined, kept)
    if (kept !== undefined) await forgetOthers(vault, sinceMs)
    const { versions, entries, entryBytes, through } = foreseen
    return { ...said(look, undefined), versions, entries, entryBytes, through }
  }

  /** What was sent anew in the place of what the relay lost is not spared for the sake of that, whoever sent either of them. */
  async #discreditLost(session: RelaySession): Promise<void> {
    const { trees, log } = this.#parts.vault
    const lost = (await session.lost(log.vault)).filter((pack) => claimsOf(trees, pack).length > 0)
    for (let at = 0; at < lost.length; at += lostAtOnce) {
      this.#manner.giveWay()
      await trees.write({ flush: false }, (rows) => {
        for (const pack of lost.slice(at, at + lostAtOnce)) discredit(rows, pack)
      })
    }
  }

  /** Whether the latest prune names a state that is younger than this. */
  #isNamedSince(sinceMs: number): boolean {
    const { vault } = this.#parts
    const point = vault.log.state.spine.prune
    if (point === undefined) return false
    const header = headerOf(vault, point.through) ?? headerOf(vault, point.checkpoint.sequence)
    return header !== undefined && header.at > sinceMs
  }

  async #writeCheckpoint(session: RelaySession, limit: PruneLimit): Promise<void> {
    const { vault, entries, receiver } = this.#parts
    const { giveWay, isBusy } = this.#manner
    const writer = new CheckpointWriter({ vault, entries, every: 1, isBusy })
    while ((await this.#looks.wanted(limit)) !== undefined && !(await writer.write(session))) {
      giveWay()
      await receiver.receive(session)
    }
  }

  async #name(session: RelaySession, chosen: CheckpointRef): Promise<void> {
    const { vault, entries, receiver } = this.#parts
    for (;;) {
      const { entry } = makePrune({ ...entries.on(session), checkpoint: chosen })
      if ((await entries.append(session, entry)) === 'appended') return
      await receiver.receive(session)
      requireOwner(vault)
      // Somebody else pruned as far, or dropped what the checkpoint lies in.
      if ((vault.log.state.spine.prune?.through ?? -1) >= chosen.holds) return
      if (!(await this.#looks.isHere(session, pointOf(chosen)))) return
    }
  }

  /** What a look comes to. `through`: up to where entries retire with it; `nowMs`: by the relay's clock. */
  #said(look: Look, through: number | undefined, nowMs: number): Pruned {
    const { vault } = this.#parts
    const { dead, rewritten } = look.plan
    const sum = (uses: readonly PackUse[], of: (use: PackUse) => number): number =>
      uses.reduce((total, use) => total + of(use), 0)
    return {
      ...historyFrom(vault, vault.log.state.spine.prune?.through ?? -1, through),
      through,
      packs: dead.length + rewritten.length,
      packBytes: sum(dead, ({ sizeBytes }) => sizeBytes) + sum(rewritten, ({ sizeBytes }) => sizeBytes),
      rewrittenPacks: rewritten.length,
      rewrittenBytes: sum(rewritten, ({ liveBytes }) => liveBytes),
      youngBytes: look.plan.youngBytes,
      floorMs: keptMs(vault, nowMs),
      unreadable: look.unreadable,
    }
  }

  /** Whether it came to its end: not where somebody else pruned meanwhile. */
  async #carryOut(session: RelaySession, look: Look): Promise<boolean> {
    const { live, plan } = look
    const { stepPacks, stepBytes, bytesMax, giveWay } = this.#manner
    for (let at = 0; at < plan.dead.length; at += stepPacks) {
      giveWay()
      if (!(await this.#drop(session, look, plan.dead.slice(at, at + stepPacks)))) return false
    }
    let bytes = 0
    for (const step of stepsOf(plan.rewritten, { packs: stepPacks, bytes: stepBytes })) {
      if (bytes >= bytesMax) return true
      giveWay()
      await rewrite(this.#parts, session, this.#chunksIn(live, step))
      if (!(await this.#drop(session, look, step))) return false
      bytes += step.reduce((sum, { liveBytes }) => sum + liveBytes, 0)
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
  if (!log.isEmpty && roleOf(log.state.spine, home.device.sign.publicKey) === 'owner') return
  const data = { reason: 'no-right' }
  throw new ClientError('relay-refused', 'only an owner prunes', { data })
}

/** Nothing goes. */
function spared(look: Look): Look {
  return { ...look, plan: { ...look.plan, dead: [], rewritten: [] } }
}
