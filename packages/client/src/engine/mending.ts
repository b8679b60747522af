// What keeps the relay honest about one vault: what it lost is given back, what it holds is looked at now and then, and what is hurt there is sent
// anew from what this device has.
import { toHex, type PackId } from '@grenier/crypto'
import type { Fetch } from '../content/fetch.ts'
import type { FileSystem } from '../disk/file-system.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { forgetLost, isNeedless, keepHurt } from '../state/lost-packs.ts'
import { claimsOf } from '../state/pack-table.ts'
import { Audit, type AuditProgress, type AuditSize, type HurtFiles } from './audit.ts'
import { pause, type Connection } from './connection.ts'
import type { EntryWriter } from './entry-writer.ts'
import { bounded, chunksOnlyIn, olderVersionsWith, type HurtPack } from './hurt-packs.ts'
import { LostPacks } from './lost-packs.ts'
import type { Receiver } from './receiver.ts'
import type { Vault } from './vault.ts'
import { vaultFetch } from './vault-fetch.ts'
import { auditDueIn, noteAuditDue, noteVerified, type Verified } from './verified-note.ts'

/** A watching client looks at this much of what the relay holds, this often. */
const dailyBytes = 16 << 20
const dailyMs = 24 * 3_600_000
/** After one that broke off. */
const dailyAgainMs = 3_600_000
/** How often in a row something is asked of a relay that is busy. */
const attemptsMax = 5
const attemptMs = 1000

/**
 * What an audit came to. `hurtFiles`: by path in the log; of these `left` could not be healed from here. `hurtPacks`: what was found hurt, now or before
 * and not made good since, and `morePacks` others.
 */
export interface Verification extends Verified {
  readonly lacking: number
  readonly wrong: number
  readonly hurtFiles: readonly string[]
  readonly left: readonly string[]
  readonly hurtPacks: readonly HurtPack[]
  readonly morePacks: number
}

/** What was given back. */
export interface GivenBack {
  readonly entries: number
  readonly packs: number
  readonly bytes: number
}

/** What an audit found, before anything is sent anew. `named`: packs that are hurt, now or since before; of these `wrong` are something else. */
interface Found {
  readonly counted: Omit<Verification, 'hurtFiles' | 'left' | 'files' | 'lost' | 'hurtPacks' | 'morePacks'>
  readonly named: readonly PackId[]
  readonly wrong: readonly PackId[]
  readonly files: HurtFiles
  /** Nobody reads which older versions are lost: the log is not gone through for them. */
  readonly isUnasked?: boolean
}

export interface MendingParts {
  readonly vault: Vault
  readonly files: FileSystem
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly connection: Connection
  readonly isBusy: () => boolean
  /** Whether no run goes on. */
  readonly isAlone: () => boolean
  /** Does something when nothing else goes on in this folder. */
  readonly ask: <T>(work: () => Promise<T>) => Promise<T>
}

/** `share`: 0 to 1. */
export interface VerifyOptions {
  readonly share: number
  readonly progress?: AuditProgress | undefined
}

/** The duties, and what a person may ask for, of one open vault. */
export class Mending {
  readonly lost: LostPacks
  readonly #fetch: Fetch
  readonly #parts: MendingParts
  readonly #audit: Audit
  #given: GivenBack = { entries: 0, packs: 0, bytes: 0 }

  constructor(parts: MendingParts) {
    this.#parts = parts
    const { fetch } = vaultFetch(parts.vault, parts.connection)
    this.lost = new LostPacks({ ...parts, fetch })
    this.#fetch = fetch
    this.#audit = new Audit(parts.vault, fetch)
  }

  /** Something was given back. */
  gave({ entries, packs, bytes }: GivenBack): void {
    const given = this.#given
    this.#given = { entries: given.entries + entries, packs: given.packs + packs, bytes: given.bytes + bytes }
  }

  /** Puts back what is missing in the log, and deals with all that the relay lacks, also with what was before. */
  async heal(): Promise<GivenBack> {
    const before = this.#given
    const { receiver, ask } = this.#parts
    await ask(async () => {
      await this.lost.again()
      await this.#patiently(async (session) => {
        receiver.missed()
        await receiver.receive(session)
        await this.#mendAll(session)
      })
    })
    const { entries, packs, bytes } = this.#given
    return { entries: entries - before.entries, packs: packs - before.packs, bytes: bytes - before.bytes }
  }

  /** Checks packs by content, and sends anew what is hurt. */
  async verify({ share, progress }: VerifyOptions): Promise<Verification> {
    const { ask, isAlone, receiver, connection } = this.#parts
    const check = (): Promise<Found> => this.#check({ share }, progress)
    // To look takes long, and changes nothing that a run works with: it goes on meanwhile.
    if (!isAlone()) {
      const found = await check()
      return await ask(() => this.#mend(found))
    }
    return await ask(async () => {
      receiver.missed()
      await receiver.receive(await connection.session())
      return await this.#mend(await check())
    })
  }

  async #check(size: AuditSize, progress?: AuditProgress): Promise<Found> {
    const { vault, connection } = this.#parts
    const findings = await this.#audit.check(await connection.session(), size, progress)
    const { packs, of, bytes, lacking, wrong } = findings
    const hurt = [...lacking, ...wrong]
    // What is still hurt since an earlier look is named again, in whatever sample.
    const named = [...hurt, ...(await this.#audit.hurtBefore())]
    const files = await this.#audit.hurtFiles(named)
    // What could not be sent anew then perhaps can be now.
    await vault.trees.write({ flush: false }, (rows) => forgetLost(rows, hurt))
    this.lost.hurt(hurt)
    const atMs = vault.platform.clock.now()
    const counts = { lacking: lacking.length, wrong: wrong.length, hurt: hurt.length }
    return { counted: { atMs, packs, of, bytes, ...counts }, named, wrong, files }
  }

  async #mendAll(session: RelaySession): Promise<void> {
    while (await this.lost.step(session));
  }

  /** Sends anew what was found hurt. Nothing else may go on meanwhile. Gives what is left hurt then, and writes it down. */
  async #mend(found: Found): Promise<Verification> {
    const { counted, files } = found
    if (counted.hurt > 0) await this.#patiently((session) => this.#mendAll(session))
    const hurt = [...this.lost.hurtSoFar, ...(await this.#audit.hurtBefore())]
    const now: HurtFiles = files.size === 0 ? files : await this.#audit.hurtFiles(hurt)
    const hurtFiles = [...files.keys()]
    const left = hurtFiles.filter((path) => now.has(path))
    const packs = await this.#hurtPacks(found, now)
    const lost = packs.filter((pack) => pack.lost !== 'nothing').length
    const hurtPacks = bounded(packs)
    const morePacks = packs.length - hurtPacks.length
    const verified = { ...counted, hurtFiles, left, files: left.length, lost, hurtPacks, morePacks }
    const { trees } = this.#parts.vault
    await trees.write({ flush: false }, (rows) => keepHurt(rows, this.lost.hurtSoFar))
    await noteVerified(trees, verified)
    // Whatever a person had looked at counts for the day as well.
    await noteAuditDue(trees, verified.atMs + dailyMs)
    return verified
  }

  /** What became of each pack. `now`: files that still lack something. */
  async #hurtPacks(
    { named, wrong, files, isUnasked }: Found,
    now: HurtFiles,
  ): Promise<Omit<HurtPack, 'more'>[]> {
    if (named.length === 0) return []
    const { vault, connection } = this.#parts
    const { trees } = vault
    const session = (): Promise<RelaySession> => connection.session()
    const packs = [...new Map(named.map((pack) => [toHex(pack), pack])).values()]
    const lostAlone = packs.filter((pack) => !isNeedless(trees, pack))
    const [before, present] = [pathsByPack(files), pathsByPack(now)]
    const isPast = isUnasked !== true && lostAlone.some((pack) => !present.has(toHex(pack)))
    const older = isPast
      ? await olderVersionsWith({ vault, session, fetch: this.#fetch }, chunksOnlyIn(trees, lostAlone))
      : new Map<string, ReadonlySet<string>>()
    const gone = new Set(lostAlone.map(toHex))
    const bad = new Set(wrong.map(toHex))
    const told: Omit<HurtPack, 'more'>[] = []
    for (const id of packs) {
      const pack = toHex(id)
      const [claim] = claimsOf(trees, id)
      if (claim === undefined) continue
      const code = bad.has(pack) ? 'relay-corrupt' : 'pack-unavailable'
      const of = { pack, code, sequence: claim.place.sequence, atMs: claim.at } as const
      const [files = [], versions = []] = [present.get(pack), older.get(pack)].map(
        (some) => some && [...some].sort(),
      )
      if (files.length > 0) told.push({ ...of, lost: 'present', paths: files })
      else if (gone.has(pack)) told.push({ ...of, lost: 'older', paths: versions })
      else if (claim.chunkCount === 0 && (await this.#audit.isHurt(await session(), claim)))
        told.push({ ...of, lost: 'entry', paths: [] })
      else told.push({ ...of, lost: 'nothing', paths: [...(before.get(pack) ?? [])] })
    }
    return told
  }

  /** The small audit of each day, when nothing else is to be done. */
  async daily(): Promise<void> {
    const { vault } = this.#parts
    const { trees, platform, report } = vault
    const due = auditDueIn(trees)
    const nowMs = platform.clock.now()
    // The first one comes a day after this device has begun. A time that lies further ahead than that is of a clock that was wrong.
    if (due === undefined || due - nowMs > dailyMs) {
      await noteAuditDue(trees, nowMs + dailyMs)
      return
    }
    if (nowMs < due) return
    // A line that breaks in the middle of it is not drained by one try after the other.
    await noteAuditDue(trees, nowMs + dailyAgainMs)
    const found = await this.#check({ bytesMax: dailyBytes })
    const done = await this.#mend({ ...found, isUnasked: true })
    for (const path of done.left) report({ event: 'problem', path, code: 'pack-unavailable' })
  }

  async #patiently(work: (session: RelaySession) => Promise<void>): Promise<void> {
    const { vault, connection } = this.#parts
    for (let attempt = 1; ; attempt += 1) {
      try {
        await work(await connection.session())
        return
      } catch (error) {
        if (!(error instanceof ClientError) || !error.retryable || attempt >= attemptsMax) throw error
        const askedMs = Number(error.data['retryAfterMs'] ?? 0)
        await pause(
          { clock: vault.platform.clock, signal: vault.signal },
          Math.max(askedMs, attemptMs * attempt),
        )
      }
    }
  }
}

function pathsByPack(files: HurtFiles): ReadonlyMap<string, ReadonlySet<string>> {
  const packs = new Map<string, Set<string>>()
  for (const [path, missed] of files)
    for (const pack of missed) packs.set(pack, (packs.get(pack) ?? new Set()).add(path))
  return packs
}
