// Prunes by itself, as an idle duty of an owner's client that watches a folder that it began: looks once a day whether enough has died to be worth
// it, lets go of it in small steps, and stops where there is something better to do. One owner at a time; who comes second finds it done.
import { CryptoError, packBytesMax, roleOf, toHex } from '@grenier/crypto'
import { ClientError, type ClientErrorCode } from '../errors.ts'
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows } from '../state/state-rows.ts'
import { rootPath } from '../sync/name.ts'
import { prunesUnasked } from './prune-consent.ts'
import { sparedMs } from './prune-look.ts'
import { Pruning, type PruneManner, type PruningParts } from './pruning.ts'
import { headerOf } from './pruned-history.ts'
import { heldMs } from './retention-floor.ts'
import { isOwn, type Vault } from './vault.ts'

const dayMs = 86_400_000
/** After one that something better cut off. */
const againMs = 3_600_000
/** Each owner before this one, by key, gets so much of a head start. */
const headStartMs = dayMs / 4
/** A relay whose clock is further from this device's, either way, does not say what is old. */
const clockOffsetMaxMs = 3_600_000
/** Faults of the log, and what ends a run that asks for nothing: all else that goes wrong here is told, and waits a day. */
const notOurs: ReadonlySet<ClientErrorCode> = new Set([
  'relay-contradicts',
  'relay-corrupt',
  'relay-rollback',
  'relay-unreachable',
  'interrupted',
])
/** Worth it are so many entries, */
const entriesWorth = 1_000
/** or bytes that are this share of what is needed, */
const deadShare = 0.1
/** and no less than this. */
const deadBytesLeast = 1 << 20
/** One step drops so many packs, and writes so many bytes anew before; one day no more than that in all. */
const stepPacks = 64
const stepBytes = 2 * packBytesMax
const dailyBytes = 64 * packBytesMax

export interface GentlePruneParts extends PruningParts {
  /** Whether something else waits to be done. */
  readonly isBusy: () => boolean
}

/** When this device looked last, and at what. `atMs`: since 1970; `head`: the last entry then. */
interface Looked {
  readonly atMs: number
  readonly head: number
}

/** The duty of one open vault. */
export class GentlePrune {
  readonly #parts: GentlePruneParts

  constructor(parts: GentlePruneParts) {
    this.#parts = parts
  }

  /** Does what is due. Nothing else may receive or append meanwhile. @throws ClientError `relay-unreachable`, `interrupted`, a fault of the log */
  async work(): Promise<void> {
    const { vault } = this.#parts
    const nowMs = vault.platform.clock.now()
    const rank = rankOf(vault)
    if (rank === undefined || vault.record.backup !== undefined || !prunesUnasked(vault.trees)) return
    const noted = lookedIn(vault.trees)
    // A clock that was ahead and is right again: what it noted says nothing.
    const last = noted !== undefined && noted.atMs > nowMs ? undefined : noted
    // The first time comes a day after this device has begun. Nothing was looked at yet.
    if (last === undefined) {
      await this.#note(nowMs, -1)
      return
    }
    if (nowMs - last.atMs < dayMs + rank * headStartMs || this.#isAsItWas(last)) return
    const others = this.#lastOfOthers(last.head)
    if (others !== undefined && Math.abs(nowMs - others) < dayMs) {
      await this.#note(Math.min(nowMs, Math.max(last.atMs, others)))
      return
    }
    // A line that breaks in the middle of it, or a user who works on, is not met by one try after the other.
    await this.#note(nowMs - dayMs - rank * headStartMs + againMs, last.head)
    if (await this.#prune()) await this.#note(nowMs)
  }

  /** Whether it came to its end. */
  async #prune(): Promise<boolean> {
    const { vault } = this.#parts
    const isBusy = (): boolean => this.#parts.isBusy() || vault.signal.aborted
    const giveWay = (): void => {
      if (isBusy()) throw new GaveWay()
    }
    const manner: PruneManner = { stepPacks, stepBytes, bytesMax: dailyBytes, isBusy, giveWay, isWorth }
    try {
      const { clockOffsetMs } = await this.#parts.session()
      if (Math.abs(clockOffsetMs) > clockOffsetMaxMs) return true
      const keepMs = heldMs(vault, vault.platform.clock.now() + clockOffsetMs)
      await new Pruning(this.#parts, manner).prune({ keepMs, dryRun: false })
      return true
    } catch (error) {
      if (error instanceof GaveWay) return false
      // What cannot be read, or finds no room, may another day: syncing goes on meanwhile.
      this.#tell(error)
      return true
    }
  }

  /** @throws the error itself, where it is not one of this duty alone */
  #tell(error: unknown): void {
    const { vault } = this.#parts
    if (!(error instanceof ClientError || error instanceof CryptoError)) throw error
    if (error instanceof ClientError && notOurs.has(error.code)) throw error
    const detail = error instanceof ClientError ? String(error.data['reason'] ?? error.code) : error.code
    vault.report({ event: 'problem', path: rootPath, code: 'not-pruned', detail })
  }

  /** Nothing came since, and what was too young then has had its time. */
  #isAsItWas({ atMs, head }: Looked): boolean {
    const { vault } = this.#parts
    const { log, platform } = vault
    const ripeMs = log.state.head.at + Math.max(sparedMs, heldMs(vault, platform.clock.now()))
    return log.state.head.sequence === head && atMs > ripeMs + dayMs
  }

  /** When another owner's device last dropped or named something, behind an entry. */
  #lastOfOthers(after: number): number | undefined {
    const { vault } = this.#parts
    for (let sequence = vault.log.nextSequence - 1; sequence > after; sequence -= 1) {
      const header = headerOf(vault, sequence)
      if (header === undefined || (header.kind !== 'drop' && header.kind !== 'prune')) continue
      if (!isOwn(vault, header.device)) return header.at
    }
    return undefined
  }

  async #note(atMs: number, head = this.#parts.vault.log.nextSequence - 1): Promise<void> {
    const { trees } = this.#parts.vault
    const writer = new ItemWriter(32)
    writer.uint(Math.max(0, Math.round(atMs)))
    writer.uint(head + 1)
    const row = writer.take()
    await trees.write({ flush: false }, (rows) => rows.put(key, row))
  }
}

/** Not an error: a user who works goes first. */
class GaveWay extends Error {}

const key = otherKey('gentle-prune')

function lookedIn(rows: StateRows): Looked | undefined {
  const bytes = rows.other(key)
  if (bytes === undefined) return undefined
  const reader = new ItemReader(bytes)
  return { atMs: reader.uint(), head: reader.uint() - 1 }
}

function isWorth(
  { entries, packBytes, rewrittenBytes }: { entries: number; packBytes: number; rewrittenBytes: number },
  liveBytes: number,
): boolean {
  const wonBytes = packBytes - rewrittenBytes
  return entries >= entriesWorth || wonBytes >= Math.max(deadBytesLeast, liveBytes * deadShare)
}

/** The place of this device among the owners' devices, by key; undefined for who is none. */
function rankOf({ log, home }: Vault): number | undefined {
  const { spine } = log.state
  if (roleOf(spine, home.device.sign.publicKey) !== 'owner') return undefined
  const own = toHex(home.device.sign.publicKey)
  return [...spine.devices].filter(
    ([id, { role, until }]) => until === undefined && role === 'owner' && id < own,
  ).length
}
